"""The web desk. A view is a query."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from anyio import to_thread
from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse
from fastapi.templating import Jinja2Templates

from bot.errors import OperatorError
from bot.store.db import Store
from handoff.desk import waiting

_HERE = Path(__file__).parent
_COOKIE = "desk"
_WHO = "desk"  # until staff have accounts


@dataclass(frozen=True)
class CaseHelp:
    """What the desk may do with a draft: look at it, and offer answers to the citizen; see bot/helping.py."""

    sheet: Callable[[str, str, datetime], Any]
    propose: Callable[[str, Mapping[str, str], str, datetime], dict[str, str]]


def router(store: Store, key: str, hall: str, zone: ZoneInfo, help: CaseHelp) -> APIRouter:
    """The desk's pages. `/desk?key=…` opens the door once; a cookie holds it open."""
    routes = APIRouter(prefix="/desk", include_in_schema=False)
    templates = Jinja2Templates(_HERE / "templates")

    def is_open(request: Request) -> bool:
        return secrets.compare_digest(request.cookies.get(_COOKIE, "").encode(), key.encode())

    @routes.get("", response_class=HTMLResponse)
    def queue(request: Request) -> Response:
        given = request.query_params.get("key")
        if given is not None and secrets.compare_digest(given.encode(), key.encode()):
            door = RedirectResponse("/desk", 303)
            door.set_cookie(_COOKIE, key, httponly=True, samesite="strict", max_age=12 * 3600, path="/desk")
            return door
        if not is_open(request):
            return templates.TemplateResponse(request, "closed.html", {"hall": hall}, status_code=401)
        now = store.now()
        shown = {"hall": hall, "zone": zone, "now": now, "waiting": waiting(store, now)}
        return templates.TemplateResponse(request, "queue.html", shown)

    _case_routes(routes, templates, is_open, hall, help, store)

    @routes.get("/static/{name}")
    def static(name: Literal["desk.css", "desk.js"]) -> Response:
        """How the desk looks; nothing here is secret."""
        return FileResponse(_HERE / "static" / name)

    return routes


def _case_routes(
    routes: APIRouter,
    templates: Jinja2Templates,
    is_open: Callable[[Request], bool],
    hall: str,
    help: CaseHelp,
    store: Store,
) -> None:
    @routes.api_route("/case/{reference}", methods=["GET", "POST"], response_class=HTMLResponse)
    async def case(reference: str, request: Request) -> Response:
        """A draft that staff help to fill in; what they type is offered to the citizen."""
        if not is_open(request):
            return templates.TemplateResponse(request, "closed.html", {"hall": hall}, status_code=401)
        typed = parse_qs((await request.body()).decode("utf-8", "replace")) if request.method == "POST" else {}
        shown = await to_thread.run_sync(
            _helped, help, reference, store.now(), {name: text[0] for name, text in typed.items()}
        )
        if shown is None:  # handed in, dropped, or never there
            return RedirectResponse("/desk", 303)
        return templates.TemplateResponse(request, "case.html", {"hall": hall, **shown})


def _helped(help: CaseHelp, reference: str, now: datetime, typed: Mapping[str, str]) -> dict[str, Any] | None:
    """What the page of a draft shows, after what was typed has been offered; None where there is no such draft."""
    try:
        faults = help.propose(reference, typed, _WHO, now) if typed else {}
        return {"sheet": help.sheet(reference, _WHO, now), "faults": faults, "sent": bool(typed) and not faults}
    except OperatorError:
        return None
