"""The web chat: the citizen's page talks to these routes. A view is a query; a bell only says when to look."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, HTTPException, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.requests import ClientDisconnect

from bot.channels.base import Capabilities, Reception, VoteEvent
from bot.domain.documents import ChatAnswer, History, Kept, Line, Refusal, Upload, Visitor, message_document
from bot.domain.knowledge import LONGEST_REASON
from bot.domain.messages import InboundEvent, Kind, OutboundMessage, writable
from bot.materials.cleaning import LARGEST
from bot.store.db import Tables
from bot.store.outbox import Queued
from bot.transcript import caused, transcript

NAME = "webchat"

UPLOADS = "/api/uploads"

_LOOK_AGAIN = 2.0  # seconds; another process may have queued something without ringing here
_KINDS: tuple[Kind, ...] = ("text", "tap", "photo", "file", "location")
_TAKEN = ("image/jpeg", "image/png", "image/webp", "image/heic", "application/pdf", "video/mp4", "video/quicktime")
_BINARY = {media: {"schema": {"type": "string", "format": "binary"}} for media in _TAKEN}
_A_FILE = {"requestBody": {"required": True, "content": _BINARY}}
_STRANGE: dict[int | str, dict[str, Any]] = {401: {"description": "No visitor's token, or a wrong one"}}
_AWAY: dict[int | str, dict[str, Any]] = {503: {"model": Refusal, "description": "It cannot be kept now"}}
_NO_FILE: dict[int | str, dict[str, Any]] = {
    413: {"model": Refusal, "description": "Larger than 15 MB"},
    422: {"model": Refusal, "description": "Empty, or by its first bytes no picture, PDF nor video"},
}

UploadName = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    max_text: Annotated[int, Field(ge=100, le=20000)] = 2000


class ChatEvent(BaseModel):
    """One event: exactly one of `text`, `tap`, `photo`, `file`, `location` and `vote`.

    A `photo`, or a `file` that is none, is named as its upload was.

    A vote is on the message that carries the same `answer`; `reason` may be `wrong`, `unclear`, `not_asked`,
    `outdated`, or words. It is answered with the outcome `saved` and no message.

    `event_id` is the caller's own name for it: the same one again is the same event, so a lost reply can be asked
    for again without saying anything twice.
    """

    model_config = ConfigDict(extra="forbid")
    text: str | None = None
    tap: str | None = None
    photo: UploadName | None = None
    file: UploadName | None = None
    location: tuple[float, float] | None = None
    vote: Literal["up", "down"] | None = None
    answer: Annotated[int, Field(ge=1, le=2**62)] | None = None
    reason: Annotated[str, Field(max_length=LONGEST_REASON)] | None = None
    event_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")] | None = None

    @model_validator(mode="after")
    def one_thing(self) -> "ChatEvent":
        if sum(getattr(self, name) is not None for name in (*_KINDS, "vote")) != 1:
            raise ValueError("exactly one of text, tap, photo, file, location and vote")
        if (self.vote is None) != (self.answer is None) or (self.reason is not None and self.vote is None):
            raise ValueError("a vote names its answer; answer and reason belong to a vote")
        return self


def connect(settings: dict[str, Any]) -> "Webchat":
    return Webchat(Settings.model_validate(settings))


def conversation_of(visitor: str) -> str:
    return f"{NAME}:main:{visitor}"


def understood(event: ChatEvent, visitor: str, event_id: str, now: datetime) -> InboundEvent:
    """The event in our words. Never fails: what cannot be stored is taken out."""
    if event.vote is not None and event.answer is not None:
        vote = VoteEvent(vote=event.vote, answer=event.answer, reason=event.reason or "")
        return vote.event(NAME, f"{visitor}:{event_id}", visitor, now)
    return InboundEvent(
        channel=NAME,
        event_id=f"{visitor}:{event_id}",
        sender=visitor,
        kind=next(kind for kind in _KINDS if getattr(event, kind) is not None),
        sent_at=now,
        text=writable(event.text or event.tap or ""),
        media=event.photo or event.file or "",
        location=event.location,
    )


class Webchat:
    """The channel of the citizen's page."""

    def __init__(self, settings: Settings) -> None:
        self.capabilities = Capabilities(max_text=settings.max_text, pieces=True, buttons=True, card=True)

    async def send(self, conversation_id: str, message: OutboundMessage, key: str) -> None:
        """Nothing to carry: the page reads the outbox itself, behind its own cursor."""

    def router(self, reception: Reception) -> APIRouter:
        return _Routes(reception).router()


@dataclass(frozen=True)
class _Routes:
    reception: Reception

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/api", tags=["web chat"])
        router.post("/visitors", status_code=201)(self.welcome)
        bearer = HTTPBearer(auto_error=False)

        async def visitor(
            credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
        ) -> str:
            token = credentials.credentials if credentials else ""
            known = await self.reception.read(lambda tables: tables.visitors.recognise(token))
            if known is None:
                raise HTTPException(401, "unknown visitor token", {"WWW-Authenticate": "Bearer"})
            return str(known)

        Known = Annotated[str, Depends(visitor)]  # noqa: N806 - a type

        @router.post("/uploads", status_code=201, responses={**_STRANGE, **_NO_FILE, **_AWAY}, openapi_extra=_A_FILE)
        async def upload(request: Request, visitor: Known) -> Upload:
            """Send a picture or a PDF: the body is the file, whatever type it says to be. At most 15 MB.

            It is on disk before this is answered, and looked at once an event names it. What none names within
            some days is deleted.
            """
            kept = await self.reception.take(conversation_of(visitor), await body_of(request))
            return Upload.model_validate({"photo": kept.file, "kind": kept.kind, "bytes": kept.size})

        @router.post("/chat", responses={**_STRANGE, 202: {"model": Kept}, **_AWAY})
        async def chat(
            event: ChatEvent,
            visitor: Known,
            response: Response,
            wait: Annotated[float, Query(ge=0, le=25, description="Seconds to wait for the answer")] = 10,
        ) -> ChatAnswer | Kept:
            """Say something. 200 with the answer, or 202 once the event is kept and `wait` has passed."""
            return await self.say(event, visitor, response, wait)

        @router.get("/chat/history", responses=_STRANGE)
        async def history(visitor: Known) -> History:
            """The conversation so far."""
            found = await self.reception.read(lambda tables: transcript(tables, conversation_of(visitor)))
            return History.model_validate(found)

        @router.get("/chat/stream", response_class=EventSourceResponse, responses=_STRANGE)
        async def stream(
            visitor: Known,
            after: Annotated[int, Query(ge=0, le=2**62)] = 0,
            last_event_id: Annotated[str | None, Header()] = None,
        ) -> AsyncIterator[ServerSentEvent]:
            """Our messages behind the cursor, as they come: event `message`, data a message, id the cursor."""
            cursor = int(last_event_id) if last_event_id and last_event_id.isdecimal() else after
            async for event in self.listen(conversation_of(visitor), cursor):
                yield event

        return router

    async def welcome(self) -> Visitor:
        """A new visitor. Keep the token: it is the only way back to this conversation."""
        visitor, token = await self.reception.write(lambda tables: tables.visitors.welcome(datetime.now(UTC)))
        return Visitor(visitor=visitor, token=token)

    async def say(self, event: ChatEvent, visitor: str, response: Response, wait: float) -> ChatAnswer | Kept:
        event_id = event.event_id or uuid.uuid4().hex
        conversation_id = conversation_of(visitor)
        await self.check(event, conversation_id)
        bell = self.reception.bells.of(conversation_id)
        listening = bell.listen()
        inbox_id, new = await self.reception.keep(understood(event, visitor, event_id, datetime.now(UTC)))
        deadline = datetime.now(UTC).timestamp() + wait
        while True:
            answer = await self.reception.read(lambda tables: caused(tables, inbox_id, conversation_id))
            left = deadline - datetime.now(UTC).timestamp()
            if answer is not None:
                return ChatAnswer(**answer.model_dump(), event_id=event_id, repeat=not new)
            if left <= 0:
                response.status_code = 202
                return Kept(event_id=event_id, repeat=not new)
            await bell.wait(listening, min(left, _LOOK_AGAIN))
            listening = bell.listen()

    async def check(self, event: ChatEvent, conversation_id: str) -> None:
        """A photo is named by whoever uploaded it, and by nobody else."""
        name = event.photo or event.file
        if name is None:
            return
        kept = await self.reception.read(lambda tables: tables.kept.find(name))
        if kept is None or kept.conversation_id != conversation_id:
            where = ("body", "photo" if event.photo else "file")
            fault = {"type": "upload_unknown", "loc": where, "msg": "no upload of this visitor", "input": name}
            raise RequestValidationError([fault])

    async def listen(self, conversation_id: str, cursor: int) -> AsyncIterator[ServerSentEvent]:
        bell = self.reception.bells.of(conversation_id)
        while True:
            listening = bell.listen()
            queued, eased = await self.reception.read(partial(_said_after, conversation_id, cursor))
            for line in queued:
                cursor = line.id
                told = message_document(line.message)
                data = Line(who="bot", at=line.created_at, id=line.id, message=told, eased=eased)
                yield ServerSentEvent(event="message", id=str(line.id), data=data)
            if not queued:
                await bell.wait(listening, _LOOK_AGAIN)


def _said_after(conversation_id: str, cursor: int, tables: Tables) -> tuple[list[Queued], bool]:
    """What was said, and whether whoever reads it has asked for large type."""
    queued = tables.outbox.after(conversation_id, cursor)
    return queued, bool(queued) and tables.conversations.load(conversation_id).eased


async def body_of(request: Request) -> bytes:
    """The body, or a little more than we take of one that is too large: that is read to its end, but not kept, because
    a browser hears no answer before it has sent everything.
    """
    content = bytearray()
    try:
        async for piece in request.stream():
            if len(content) <= LARGEST:
                content += piece
    except ClientDisconnect as error:  # a network's matter, not a fault of ours
        raise HTTPException(400, "cut off") from error
    return bytes(content)
