"""Telegram, off by default: by webhook, or by asking, which needs no address of our own."""

import asyncio
import hmac
import logging
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.error import BadRequest, Conflict, InvalidToken, NetworkError, RetryAfter
from telegram.request import HTTPXRequest

from bot.channels.base import Capabilities, Paper, Reception
from bot.channels.forum import NAME, Forum, heeded
from bot.channels.papers import as_files
from bot.channels.plain import pieces, plain
from bot.channels.updates import DATA, chat_of, understood
from bot.domain.group import GroupKind, of_group
from bot.domain.messages import InboundEvent, Link, OutboundMessage
from bot.errors import CitizenError, StoreError, TryLater, Undeliverable, trail

log = logging.getLogger(__name__)

LONGEST = 4096  # bytes of one text: the platform counts letters, of which there are no more
_GAP = 1.0  # seconds between two texts to one chat
_CHATS = 10_000
_ASKED_FOR = ["message", "callback_query"]
_LONG_POLL, _REST = 25, 5.0  # seconds


class Settings(BaseModel):
    """`mode`: "poll" asks the platform; "webhook" is told by it at /channels/telegram, with `secret` in the header.

    `group` is the number of the group of staff, in which citizens who wait are topics; none where it is not given.
    `token` and `secret` come from the environment, see docs/telegram.md.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    mode: Literal["poll", "webhook"] = "poll"
    max_text: Annotated[int, Field(ge=100, le=20000)] = 2000
    base: Annotated[str, Field(pattern=r"^https?://[^\s?#]+$")] = "https://api.telegram.org"
    group: Annotated[int, Field(lt=0)] | None = None
    token: SecretStr
    secret: SecretStr = SecretStr("")


def connect(settings: dict[str, Any]) -> "Telegram":
    return Telegram(Settings.model_validate(settings))


@dataclass
class _Progress:
    """What of one message a chat has already: papers, by their links, and parts of the text. `links` are those that
    stay links, once that is known.
    """

    papers: set[str] = field(default_factory=set)
    links: tuple[Link, ...] | None = None
    parts: int = 0


class Telegram:
    """`_next` is the time from which on each chat may be written to again, `_begun` what was sent only in part."""

    def __init__(self, settings: Settings) -> None:
        kind: GroupKind = "topics" if settings.group else ""
        self.capabilities = Capabilities(max_text=settings.max_text, pieces=True, buttons=True, file=True, group=kind)
        self._settings = settings
        self._next: OrderedDict[str, float] = OrderedDict()
        self._begun: OrderedDict[str, _Progress] = OrderedDict()
        self._reception: Reception | None = None
        self._forum: Forum | None = None
        base = settings.base.rstrip("/")
        self._requests = HTTPXRequest(), HTTPXRequest(read_timeout=_LONG_POLL + 5)
        self._bot = Bot(
            settings.token.get_secret_value(),
            base_url=f"{base}/bot",
            base_file_url=f"{base}/file/bot",
            request=self._requests[0],
            get_updates_request=self._requests[1],
        )

    def router(self, reception: Reception) -> APIRouter:
        self._reception = reception
        if self._settings.group is not None:
            self._forum = Forum(self._bot, self._settings.group, reception)

        @asynccontextmanager
        async def lifespan(app: Any) -> AsyncIterator[None]:
            async with self._requests[0], self._requests[1]:
                task = asyncio.create_task(self._ask(reception)) if self._settings.mode == "poll" else None
                yield
                if task is not None:
                    task.cancel()
                    with suppress(asyncio.CancelledError):
                        await task

        router = APIRouter(lifespan=lifespan, prefix=f"/channels/{NAME}", tags=["Telegram"], include_in_schema=False)

        @router.post("")
        async def told(request: Request) -> dict[str, bool]:
            """An update; whoever does not know the secret is refused."""
            given = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
            secret = self._settings.secret.get_secret_value()
            if not secret or not hmac.compare_digest(given.encode(), secret.encode()):
                raise HTTPException(403)
            try:
                update = Update.de_json(await request.json(), self._bot)
                whole = isinstance(update.update_id, int) and isinstance(chat_of(update), int | None)
            except Exception:  # noqa: BLE001 - not an update; the platform would send it for ever
                return {"ok": True}
            if whole:
                await self._take(reception, update)
            return {"ok": True}

        return router

    async def send(self, conversation_id: str, message: OutboundMessage, key: str) -> None:
        if self._reception is None:
            raise TryLater("not at work here")
        citizen = of_group(conversation_id)
        if citizen is not None:
            await self._to_group(citizen, message, key)
            return
        chat, done = conversation_id.rpartition(":")[2], self._begun.pop(key, None) or _Progress()
        try:
            with heeded():
                await self._say(self._reception, chat, message, done)
        except TryLater:
            self._begun[key] = done  # the rest of it comes; what the chat has is not sent again
            while len(self._begun) > _CHATS:
                self._begun.popitem(last=False)
            raise

    async def _to_group(self, citizen: str, message: OutboundMessage, key: str) -> None:
        if self._forum is None:
            raise Undeliverable("there is no group any more")
        await self._forum.send(citizen, message, key)

    async def _say(self, reception: Reception, chat: str, message: OutboundMessage, done: _Progress) -> None:
        """Papers first, then the text, so that what is asked stands last."""
        if done.links is None:
            _, done.links = await as_files(reception, message.links, partial(self._hand, chat, done))
        shown = replace(message, choices=(), links=done.links)
        parts = pieces(plain(shown, reception.replies), LONGEST)
        for place, part in enumerate(parts[done.parts :], done.parts):
            await self._turn_of(chat)
            buttons = _buttons(message.choices) if place == len(parts) - 1 else None
            await self._bot.send_message(int(chat), part, reply_markup=buttons)
            done.parts += 1

    async def _hand(self, chat: str, done: _Progress, link: Link, paper: Paper) -> None:
        """Send a paper. One that may have arrived, or that is not taken, is shown as a link and not sent again."""
        if link.url in done.papers:
            return
        await self._turn_of(chat)
        try:
            await self._bot.send_document(int(chat), paper.content, caption=link.title, filename=paper.name)
        except NetworkError as error:
            raise Undeliverable(type(error).__name__) from error
        done.papers.add(link.url)

    async def _turn_of(self, chat: str) -> None:
        """Wait until this chat may be written to."""
        now = time.monotonic()
        at = max(now, self._next.pop(chat, now))
        self._next[chat] = at + _GAP
        while len(self._next) > _CHATS:
            self._next.popitem(last=False)
        await asyncio.sleep(at - now)

    async def _ask(self, reception: Reception) -> None:
        """Ask for updates until cancelled. What was kept is not asked for again."""
        offset = 0
        while True:
            try:
                for update in await self._bot.get_updates(offset, timeout=_LONG_POLL, allowed_updates=_ASKED_FOR):
                    await self._take(reception, update)
                    offset = update.update_id + 1
            except (InvalidToken, Conflict) as error:
                log.error("telegram: %s", type(error).__name__)
                await asyncio.sleep(_REST * 6)
            except (NetworkError, RetryAfter, StoreError):
                await asyncio.sleep(_REST)
            except Exception as error:  # noqa: BLE001 - the next update comes whatever is wrong with this one
                log.error("telegram: %s", trail(error))
                await asyncio.sleep(_REST)

    async def _take(self, reception: Reception, update: Update) -> None:
        """Keep what happened. StoreError where it cannot be kept: the platform gives it again."""
        if self._forum is not None and await self._forum.heard(update):
            return
        event, media = understood(update, reception.replies.word("help"), datetime.now(UTC))
        if event is None:
            return
        if media:
            event = await self._with_file(reception, event, media)
        await reception.keep(event)
        if update.callback_query is not None:
            with suppress(NetworkError, BadRequest):
                await self._bot.answer_callback_query(update.callback_query.id)

    async def _with_file(self, reception: Reception, event: InboundEvent, media: str) -> InboundEvent:
        """With what was sent, which is on disk before the event is kept; without it the citizen is asked again."""
        with suppress(CitizenError, NetworkError, BadRequest):
            file = await self._bot.get_file(media)
            kept = await reception.take(event.conversation_id, bytes(await file.download_as_bytearray()))
            return replace(event, media=kept.file)
        return event


def _buttons(choices: tuple[str, ...]) -> InlineKeyboardMarkup | None:
    if not choices:
        return None
    data = [choice.encode()[:DATA].decode(errors="ignore") for choice in choices]
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(c, callback_data=d)] for c, d in zip(choices, data, strict=True)]
    )
