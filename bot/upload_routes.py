"""The page on which several files are sent at once. They go the way of photos in the chat, and are answered there."""

import secrets
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Cookie, HTTPException, Request, Response
from fastapi import Path as InPath
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates
from pydantic import BaseModel

from bot.channels.base import Reception
from bot.channels.webchat import body_of
from bot.domain.case import Kept
from bot.domain.messages import InboundEvent
from bot.store.db import Tables
from bot.store.uploads import Upload
from bot.transcript import caused
from bot.turn import Resources

MOST = 20  # files with one link
PAGES = "/upload/"

_TEMPLATES = Path(__file__).parent / "templates"
_COOKIE = "banshi_upload"

Token = Annotated[str, InPath(pattern=r"^[A-Za-z0-9_-]{20,60}$")]
Browser = Annotated[str, Cookie(alias=_COOKIE)]


class Sent(BaseModel):
    """A file that is kept; `id` asks what came of it."""

    id: int


class Told(BaseModel):
    """What the chat says of a file; nothing while it is being looked at."""

    texts: list[str]
    done: bool


def upload_routes(resources: Resources, reception: Reception) -> APIRouter:
    router, page = APIRouter(prefix="/upload", include_in_schema=False), _Page(resources, reception)
    templates = Jinja2Templates(_TEMPLATES)

    @router.get("/{token}", response_class=HTMLResponse)
    async def look(token: Token, request: Request, banshi_upload: Browser = "") -> Response:
        found = await page.find(token, banshi_upload)
        large = found is not None and await reception.read(partial(_is_eased, found.conversation_id))
        shown = {"hall": resources.settings.hall.name, "open": found is not None, "most": MOST, "large": large}
        headers = {"Cache-Control": "no-store"}
        return templates.TemplateResponse(request, "upload.html", shown, 200 if found else 404, headers)

    @router.post("/{token}/files", status_code=201)
    async def take(token: Token, request: Request, response: Response, banshi_upload: Browser = "") -> Sent:
        """One file: the body, whatever type it says to be."""
        browser = banshi_upload or secrets.token_urlsafe(24)
        id = await page.take(token, browser, request)
        safe = request.url.scheme == "https" or resources.settings.hall.url.startswith("https")
        response.set_cookie(_COOKIE, browser, path=f"{PAGES}{token}", httponly=True, samesite="lax", secure=safe)
        return Sent(id=id)

    @router.get("/{token}/files/{id}")
    async def told(token: Token, id: int, banshi_upload: Browser = "") -> Told:
        return await page.told(token, banshi_upload, id)

    return router


@dataclass(frozen=True)
class _Page:
    resources: Resources
    reception: Reception

    async def find(self, token: str, browser: str) -> Upload | None:
        now = await to_thread.run_sync(self.resources.store.now)
        found: Upload | None = await self.reception.read(lambda tables: tables.uploads.find(token, browser, now))
        return found

    async def take(self, token: str, browser: str, request: Request) -> int:
        """Keep a file and the event that it is: the id of that. CitizenError where it can never be taken."""
        content = await body_of(request)
        found = await self._known(token, browser)
        if len(found.events) >= MOST:
            raise self._refused(409, "upload.too_many", most=str(MOST))
        kept = await self.reception.take(found.conversation_id, content)
        if not await self.reception.write(lambda tables: tables.uploads.claim(token, browser)):
            raise self._refused(404, "upload.gone")
        id, _ = await self.reception.keep(_event(found.conversation_id, kept))
        await self.reception.write(lambda tables: tables.uploads.sent(token, id))
        return id

    async def told(self, token: str, browser: str, id: int) -> Told:
        found = await self._known(token, browser)
        if id not in found.events:
            raise self._refused(404, "upload.gone")
        return Told.model_validate(await self.reception.read(partial(_said, found.conversation_id, id)))

    async def _known(self, token: str, browser: str) -> Upload:
        found = await self.find(token, browser)
        if found is None:
            raise self._refused(404, "upload.gone")
        return found

    def _refused(self, status: int, reply: str, **fields: str) -> HTTPException:
        return HTTPException(status, self.resources.replies(reply, **fields))


def _event(conversation_id: str, kept: Kept) -> InboundEvent:
    channel, account, sender = conversation_id.split(":", 2)
    kind = "file" if kept.kind == "pdf" else "photo"
    id = f"{sender}:upload-{kept.file}"  # as the page of the chat names its own
    return InboundEvent(channel, id, sender, kind, kept.kept_at, account, media=kept.file)  # type: ignore[arg-type]


def _is_eased(conversation_id: str, tables: Tables) -> bool:
    return tables.conversations.load(conversation_id).eased


def _said(conversation_id: str, id: int, tables: Tables) -> dict[str, Any]:
    answer = caused(tables, id, conversation_id)
    texts = [message.text for message in answer.messages] if answer else []
    return {"texts": [text for text in texts if text], "done": answer is not None}
