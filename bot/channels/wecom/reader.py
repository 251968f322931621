"""Reading an account's list: when we are called, and now and then without."""

import asyncio
import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

from bot import metrics
from bot.bells import Bell
from bot.channels.base import Reception
from bot.channels.wecom.callback import NAME, Call, Happened, understood
from bot.channels.wecom.client import Client, Page
from bot.channels.wecom.reading import Read, keep
from bot.channels.wecom.rendering import menu_of
from bot.domain.messages import writable
from bot.errors import ChannelError, CitizenError, OperatorError, StoreError
from bot.store.db import Tables

log = logging.getLogger(__name__)

_FETCHED = 10.0  # seconds for a picture to come
_WELCOME = timedelta(seconds=20)  # after somebody has come in, in which they may be welcomed
_SCENE = 100  # bytes of what a link or a code was made for


class Reader:
    """`_called` are the accounts that have something to be read, with the tokens of their calls."""

    def __init__(self, client: Client, accounts: Sequence[str], look: float) -> None:
        self._client, self._accounts, self._look = client, accounts, look
        self._called: dict[str, str] = {}
        self._bell, self._next_look = Bell(), 0.0

    def call(self, call: Call) -> None:
        """There is something to be read. Of accounts that are not ours there is not."""
        if not self._accounts or call.account in self._accounts:
            self._called[call.account] = call.token
            self._bell.ring()

    async def read(self, reception: Reception) -> None:
        """What we were called for, and from time to time everything; otherwise wait."""
        listening = self._bell.listen()
        called, self._called = self._called, {}
        looks = time.monotonic() >= self._next_look
        try:
            if looks:
                known = self._accounts or await self._client.accounts()
                called = {**dict.fromkeys(known, ""), **called}
            results = await asyncio.gather(
                *(self._all_of(*one, reception) for one in called.items()), return_exceptions=True
            )
            for result in results:
                if isinstance(result, BaseException):
                    raise result
        except BaseException:
            self._called = {**called, **self._called}  # what failed is read again
            raise
        if looks:
            self._next_look = time.monotonic() + self._look
        if not called:
            await self._bell.wait(listening, max(0.0, self._next_look - time.monotonic()))

    async def _all_of(self, account: str, token: str, reception: Reception) -> None:
        """Page by page, until there is no more."""
        while True:
            now = datetime.now(UTC)
            reading = await reception.write(partial(_begin, account, now))
            page = await self._client.sync(account, reading.cursor, token)
            things = [one for one in _things(page, now) if one.at >= reading.begun_at - _WELCOME]
            things = list(await asyncio.gather(*(self._with_picture(reception, one) for one in things)))
            if page.cursor == reading.cursor and not things:
                return
            read = Read(account, reading.cursor, page.cursor, things)
            if await reception.write(partial(keep, read, reception, datetime.now(UTC))):
                metrics.HEARD_AT.labels(NAME).set_to_current_time()
                reception.bells.arrived.ring()
                reception.bells.queued.ring()
                await asyncio.gather(*(self._welcome(reception, one) for one in things))
            if not page.more:
                return

    async def _with_picture(self, reception: Reception, one: Happened) -> Happened:
        """With its picture, which is on disk before the event is kept; without one the citizen is asked again."""
        if not one.media_id or one.event is None:
            return one
        with suppress(CitizenError, ChannelError, TimeoutError):
            async with asyncio.timeout(_FETCHED):
                content = await self._client.media(one.media_id)
                kept = await reception.take(one.conversation, content)
                return replace(one, event=replace(one.event, media=kept.file))
        return one

    async def _welcome(self, reception: Reception, one: Happened) -> None:
        """A word to somebody who has just come in, while the platform lets us: it costs nothing."""
        code, replies = str(one.told.get("welcome_code", "")), reception.replies
        if one.what != "enter_session" or not code or datetime.now(UTC) - one.at > _WELCOME:
            return
        if await reception.read(lambda tables: tables.desk.is_off(NAME)):
            return
        scene = writable(str(one.told.get("scene_param", "")))
        offered = [scene] if scene and len(scene.encode()) <= _SCENE else []
        offered += [replies.word(name) for name in ("help", "cases", "human")]
        said = menu_of(replies("introduction", hall=reception.hall), offered, "")
        try:
            await self._client.say_on(code, f"w{one.key}"[:32], said.form)
        except (ChannelError, OperatorError) as error:
            log.warning("somebody was not welcomed: %s", error)
            return
        with suppress(StoreError):
            await reception.write(partial(_introduced, one.conversation))


def _begin(account: str, now: datetime, tables: Tables) -> object:
    return tables.sessions.begin(account, now)


def _introduced(conversation: str, tables: Tables) -> None:
    found = tables.conversations.load(conversation, hold=True)
    found.introduced = True
    tables.conversations.save(found)


def _things(page: Page, now: datetime) -> list[Happened]:
    """What can be understood of it; the rest would come again for ever."""
    found = []
    for told in page.messages:
        try:
            found.append(understood(told, now))
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError) as error:
            log.warning("a message was not understood: %s", type(error).__name__)
    return found
