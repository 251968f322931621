"""The page on which citizens subscribe to notices. It works in WeChat's own browser alone, and says so elsewhere."""

import logging
import re
import secrets
import time
from base64 import b64encode
from collections.abc import Callable, Sequence
from hashlib import sha1, sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates

from bot.channels.base import Reception
from bot.channels.wechat.notices import Template
from bot.errors import ChannelError

log = logging.getLogger(__name__)

_TEMPLATES = Path(__file__).parents[2] / "templates"
_STYLE = re.compile(rb"<style>(.*?)</style>", re.DOTALL)
_INSIDE = "MicroMessenger"  # what WeChat's browser calls itself


def signature(ticket: str, nonce: str, stamp: int, url: str) -> str:
    """By which the platform knows that a page of this address may use its script."""
    return sha1(f"jsapi_ticket={ticket}&noncestr={nonce}&timestamp={stamp}&url={url}".encode()).hexdigest()


def add_page(
    router: APIRouter,
    reception: Reception,
    app_id: str,
    notices: Sequence[Template],
    script: str,
    ticket: Callable[[], str],
) -> None:
    """`script` is the address of the platform's own, `ticket` fetches what pages are signed with."""
    pages, one_at_a_time = Jinja2Templates(_TEMPLATES), CapacityLimiter(1)

    @router.get("/subscribe", response_class=HTMLResponse)
    async def subscribe(request: Request) -> Response:
        """Says what is agreed to; what they then say comes to us as an event of the platform's."""
        shown: dict[str, Any] = {"hall": reception.hall, "notices": notices, "script": script, "signed": None}
        if _INSIDE not in request.headers.get("user-agent", ""):
            return pages.TemplateResponse(request, "subscribe.html", shown | {"inside": False})
        query, host = request.url.query, reception.url or str(request.base_url).rstrip("/")
        url = f"{host}{request.url.path}" + (f"?{query}" if query else "")
        try:
            held = await to_thread.run_sync(ticket, limiter=one_at_a_time)
        except ChannelError as error:
            log.warning("no ticket for the page to subscribe on: %s", error)
            return pages.TemplateResponse(request, "subscribe.html", shown | {"inside": True}, 503)
        nonce, stamp = secrets.token_hex(8), int(time.time())
        signed = {"app": app_id, "nonce": nonce, "stamp": stamp, "signature": signature(held, nonce, stamp, url)}
        page = pages.TemplateResponse(request, "subscribe.html", shown | {"inside": True, "signed": signed})
        page.headers["Cache-Control"] = "no-store"
        page.headers["Content-Security-Policy"] = _policy(script, bytes(page.body))
        return page


def _policy(script: str, page: bytes) -> str:
    """What every page of ours may load; beside it the platform's script, the frames of its tag, and, to the letter, the
    style that the page gives the tag for its button.
    """
    parts, styles = urlsplit(script), {sha256(style).digest() for style in _STYLE.findall(page)}
    allowed = " ".join(f"'sha256-{b64encode(style).decode()}'" for style in sorted(styles))
    return (
        f"default-src 'self'; script-src 'self' {parts.scheme}://{parts.netloc}; style-src 'self' {allowed}; "
        "img-src 'self' data:; "
        "frame-src https://*.qq.com webcompt:; frame-ancestors 'none'; base-uri 'none'"
    )
