"""WeCom customer service: a call says that there is something to be read; what is read is answered by message."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from bot.channels import counted
from bot.channels.base import Capabilities, Paper, Reception
from bot.channels.envelope import Envelope, only_the_platform
from bot.channels.papers import as_files
from bot.channels.wecom.callback import NAME, Seen, called
from bot.channels.wecom.client import Client
from bot.channels.wecom.handing import hand_over
from bot.channels.wecom.reader import Reader
from bot.channels.wecom.reading import key_of
from bot.channels.wecom.rendering import Sent, rendered, text_of
from bot.domain.messages import Link, OutboundMessage
from bot.errors import ChannelError, StoreError, TryLater, trail

log = logging.getLogger(__name__)

Step = Callable[[Reception], Awaitable[None]]

DONE = "success"
_REST = 5.0  # seconds after something went wrong


class Settings(BaseModel):
    """`accounts`: which ones we speak for; empty: all that the application may. `look`: seconds between two looks
    without a call. `handoff`: who takes a citizen that wants a person, see docs/wecom.md.

    `token`, `aes_key` and `secret` come from the environment.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    corp_id: str
    accounts: tuple[str, ...] = ()
    max_text: Annotated[int, Field(ge=100, le=20000)] = 2000
    look: Annotated[float, Field(ge=1)] = 300.0
    handoff: Literal["desk", "pool", "servicer"] = "desk"
    base: Annotated[str, Field(pattern=r"^https?://[^\s?#]+$")] = "https://qyapi.weixin.qq.com"
    token: SecretStr
    aes_key: Annotated[SecretStr, Field(min_length=43, max_length=43)]
    secret: SecretStr


def connect(settings: dict[str, Any]) -> "Wecom":
    return Wecom(Settings.model_validate(settings))


class Wecom:
    """`_seen` are the calls that came lately, so that none has to be heard twice."""

    def __init__(self, settings: Settings) -> None:
        self.capabilities = Capabilities(max_text=settings.max_text, pieces=True, counted=True, buttons=True, file=True)
        self._settings = settings
        self._client = Client(settings.corp_id, settings.secret.get_secret_value(), settings.base)
        self._reader = Reader(self._client, settings.accounts, settings.look)
        self._seen = Seen()
        self._reception: Reception | None = None

    def router(self, reception: Reception) -> APIRouter:
        self._reception = reception
        settings = self._settings
        envelope = Envelope(settings.corp_id, settings.token.get_secret_value(), settings.aes_key.get_secret_value())

        @asynccontextmanager
        async def lifespan(app: Any) -> AsyncIterator[None]:
            steps = (self._reader.read, self._hand)
            tasks = [asyncio.create_task(self._for_ever(step, reception)) for step in steps]
            yield
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._client.close()

        router = APIRouter(lifespan=lifespan, prefix=f"/channels/{NAME}", tags=["WeCom"], include_in_schema=False)

        @router.get("")
        async def greet(request: Request) -> Response:
            """The platform looks whether it is us: it wants to see that we can read."""
            query = request.query_params
            with only_the_platform():
                return Response(envelope.opened(query, query.get("echostr", ""), datetime.now(UTC)))

        @router.post("")
        async def call(request: Request) -> Response:
            body, now = await request.body(), datetime.now(UTC)
            with only_the_platform():
                heard = called(envelope, request.query_params, body, now)
            if heard and not self._seen.again(request.query_params["msg_signature"], now):
                self._reader.call(heard)
            return Response(DONE, media_type="text/plain")

        return router

    async def send(self, conversation_id: str, message: OutboundMessage, key: str) -> None:
        """As many messages as the platform lets us send. While their staff have the citizen, it waits."""
        reception = self._reception
        if reception is None:
            raise TryLater("not at work here")
        _, account, to = conversation_id.split(":", 2)
        session = await reception.read(lambda tables: tables.sessions.load(conversation_id))
        if session.state not in (0, 1):
            await self._say_on(reception, conversation_id, _words(message, reception), key)
            return
        files, left = await as_files(reception, message.links, self._upload)
        natives = rendered(replace(message, links=left), reception.replies, files)

        async def say(place: int, text: str) -> None:
            one = natives[place]
            form = one.form if text == one.text else text_of(text).form
            await self._client.say(account, to, key_of(key, place), form)

        await counted.say(reception, conversation_id, [one.text for one in natives], say)

    async def _say_on(self, reception: Reception, conversation: str, left: list[str], key: str) -> None:
        """The one thing that a change of hands lets us say; the rest waits."""
        code = await reception.write(lambda tables: tables.sessions.take_code(conversation, datetime.now(UTC)))
        if code and left:
            with suppress(ChannelError):
                await self._client.say_on(code, key_of(key, 0), text_of(left[0]).form)
                left.pop(0)
        if left:
            await reception.write(partial(counted.park, conversation, left))

    async def _upload(self, link: Link, paper: Paper) -> Sent:
        return Sent(link.title, await self._client.upload(paper.name, paper.content))

    async def _for_ever(self, step: Step, reception: Reception) -> None:
        """Again and again until cancelled, whatever is wrong with one time."""
        while True:
            try:
                await step(reception)
            except (ChannelError, StoreError) as error:
                log.warning("wecom: %s", error)
                await asyncio.sleep(min(getattr(error, "wait", None) or _REST, 60.0))
            except Exception as error:  # noqa: BLE001 - the next time comes
                log.error("wecom: %s", trail(error))
                await asyncio.sleep(_REST)

    async def _hand(self, reception: Reception) -> None:
        listening = reception.bells.queued.listen()
        if not await hand_over(self._client, reception, self._settings.handoff):
            await reception.bells.queued.wait(listening, _REST)


def _words(message: OutboundMessage, reception: Reception) -> list[str]:
    return [one.text for one in rendered(replace(message, choices=()), reception.replies)]
