"""A WeChat official account: pushes come in, the first answer goes back with them, the rest by message."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from bot.channels import counted
from bot.channels.base import Capabilities, Reception
from bot.channels.envelope import only_the_platform
from bot.channels.plain import pieces, plain
from bot.channels.wechat.callback import NAME, Gate, Pushed, understood
from bot.channels.wechat.client import Client, Unwanted
from bot.channels.wechat.menu import Entry
from bot.channels.wechat.notices import Template, record
from bot.channels.wechat.subscribing import add_page
from bot.domain.messages import InboundEvent, OutboundMessage
from bot.errors import CitizenError, OperatorError, TryLater, Undeliverable

LONGEST = 2000  # bytes of one text; from 2,048 on the platform refuses it
WORKED_ON = 0.5  # seconds in which somebody must have begun to answer, or the push is not kept waiting
_FETCHED = 3.5  # seconds for a picture or a video to come; the platform waits for five
DONE = "success"


class Settings(BaseModel):
    """`wait`: seconds for which a push is held for its answer; the platform asks again after five. `script`: the
    platform's own, for the page to subscribe on.

    `token`, `aes_key` and `secret` come from the environment, see docs/wechat.md.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    app_id: str
    max_text: Annotated[int, Field(ge=100, le=20000)] = 2000
    menu: Annotated[tuple[Entry, ...], Field(max_length=3)] = ()
    notices: tuple[Template, ...] = ()
    script: Annotated[str, Field(pattern=r"^https://[^\s?#;,]+$")] = "https://res.wx.qq.com/open/js/jweixin-1.6.0.js"
    wait: Annotated[float, Field(ge=0, le=4)] = 3.0
    base: Annotated[str, Field(pattern=r"^https?://[^\s?#]+$")] = "https://api.weixin.qq.com"
    token: SecretStr
    aes_key: Annotated[SecretStr, Field(min_length=43, max_length=43)]
    secret: SecretStr


def connect(settings: dict[str, Any]) -> "Wechat":
    return Wechat(Settings.model_validate(settings))


class Wechat:
    """`_held` are the pushes that wait for the first answer to go back with them, by conversation."""

    def __init__(self, settings: Settings) -> None:
        self.capabilities = Capabilities(max_text=settings.max_text, pieces=True, counted=True)
        self._settings = settings
        self._client = Client(settings.app_id, settings.secret.get_secret_value(), settings.base)
        self._held: dict[str, asyncio.Future[str]] = {}
        self._reception: Reception | None = None

    def router(self, reception: Reception) -> APIRouter:
        self._reception = reception
        settings = self._settings
        greeting = reception.replies.word("help")
        gate = Gate(settings.app_id, settings.token.get_secret_value(), settings.aes_key.get_secret_value(), greeting)
        router = APIRouter(prefix=f"/channels/{NAME}", tags=["WeChat"], include_in_schema=False)

        @router.get("")
        async def greet(request: Request) -> Response:
            """The platform looks whether it is us."""
            with only_the_platform():
                return Response(gate.greeted(request.query_params, datetime.now(UTC)), media_type="text/plain")

        @router.post("")
        async def push(request: Request) -> Response:
            body, now = await request.body(), datetime.now(UTC)
            with only_the_platform():
                pushed = understood(gate.open(request.query_params, body, now), greeting, now)
            text = await self._taken(reception, pushed, now)
            if not text:
                return Response(DONE, media_type="text/plain")
            if await request.is_disconnected():
                await self._say(reception, _conversation(pushed.sender), pushed.sender, [text])
            sealed = gate.sealed(pushed.sender, text, pushed.account, request.query_params, now)
            return Response(sealed, media_type="application/xml")

        if settings.notices:
            add_page(router, reception, settings.app_id, settings.notices, settings.script, self._client.ticket)
        return router

    async def send(self, conversation_id: str, message: OutboundMessage, key: str) -> None:
        """With the push that waits, if one does; the rest, and everything else, by message."""
        reception, openid = self._reception, conversation_id.rpartition(":")[2]
        if reception is None:
            raise TryLater("not at work here")
        if message.template and self._settings.notices:
            await self._notify(reception, conversation_id, openid, message)
            return
        parts = pieces(plain(message, reception.replies), LONGEST)
        held = self._held.pop(conversation_id, None)
        if held is not None and not held.done() and parts:
            held.set_result(parts.pop(0))
        await self._say(reception, conversation_id, openid, parts)

    async def _taken(self, reception: Reception, pushed: Pushed, now: datetime) -> str:
        """Keep what was pushed; the first answer, if it comes in time, or ""."""
        conversation, event = _conversation(pushed.sender), pushed.event
        if pushed.left:
            await reception.write(lambda tables: tables.windows.forget(conversation))
        if pushed.decisions:
            await reception.write(partial(record, conversation, pushed.decisions, self._settings.notices, now))
        if event is None:
            if (grant := pushed.grant) is not None:
                await reception.write(lambda tables: tables.windows.granted(conversation, grant, now))
            return ""
        if pushed.media_id:
            event = await self._with_picture(reception, event, pushed.media_id)
        inbox_id, new, asks_on = await counted.hear(reception, event, pushed.grant)
        return await self._first(reception, conversation, None if asks_on else inbox_id) if new else ""

    async def _with_picture(self, reception: Reception, event: InboundEvent, media_id: str) -> InboundEvent:
        """The event with its picture, which is on disk before the event is kept. Without one the citizen is asked for
        it again.
        """
        with suppress(CitizenError, OperatorError, TimeoutError):
            async with asyncio.timeout(_FETCHED):
                content = await to_thread.run_sync(self._client.sent, media_id, abandon_on_cancel=True)
                kept = await reception.take(event.conversation_id, content)
                return replace(event, media=kept.file)
        return event

    async def _first(self, reception: Reception, conversation: str, inbox_id: int | None) -> str:
        """Hold the push for its answer, as long as somebody is at work on it."""
        if not self._settings.wait:
            return ""
        held = self._held[conversation] = asyncio.get_running_loop().create_future()
        try:
            soon = min(WORKED_ON, self._settings.wait)
            done, _ = await asyncio.wait([held], timeout=soon)
            if not done and inbox_id is not None:
                begun = await reception.read(lambda tables: tables.inbox.begun(inbox_id))
                if begun:
                    await asyncio.wait([held], timeout=self._settings.wait - soon)
            return held.result() if held.done() else ""  # something may have been said while we looked
        finally:
            if self._held.get(conversation) is held:
                del self._held[conversation]
            held.cancel()

    async def _notify(self, reception: Reception, conversation: str, openid: str, message: OutboundMessage) -> None:
        """By the first template that they agreed to, those that stand before those that are used up."""
        known = {one.id: one for one in sorted(self._settings.notices, key=lambda one: not one.standing)}
        id = await reception.write(lambda tables: tables.consents.take(conversation, list(known)))
        if not id:
            raise Undeliverable("no notice was agreed to")
        data = known[id].filled(dict(message.facts))
        try:
            await to_thread.run_sync(self._client.notify, openid, id, known[id].page, data)
        except Unwanted:
            await reception.write(lambda tables: tables.consents.refuse(conversation, id, datetime.now(UTC)))
            raise
        except TryLater:
            await reception.write(lambda tables: tables.consents.give_back(conversation, id))
            raise

    async def _say(self, reception: Reception, conversation: str, openid: str, parts: list[str]) -> None:
        async def send(_place: int, text: str) -> None:
            await to_thread.run_sync(self._client.say, openid, text)

        await counted.say(reception, conversation, parts, send)


def _conversation(openid: str) -> str:
    return f"{NAME}:main:{openid}"
