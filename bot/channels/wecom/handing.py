"""Citizens who want a person go to the platform's own staff, where the office works there; and come back."""

import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Literal

from bot.channels.base import Reception
from bot.channels.wecom.callback import NAME
from bot.channels.wecom.client import Client
from bot.channels.wecom.reading import taken
from bot.domain.messages import OutboundMessage
from bot.errors import ChannelError, Undeliverable
from bot.store.db import Tables
from bot.store.sessions import SERVED

log = logging.getLogger(__name__)

How = Literal["desk", "pool", "servicer"]
Act = Callable[[Client, Reception, str, How], Awaitable[None]]
_AT_ONCE = 8
_REFUSED = timedelta(minutes=10)  # for which the desk alone may take somebody whom the platform's staff would not
_ENDED = timedelta(seconds=20)
_POOL, _SERVICER, _OVER = 2, 3, 4


async def hand_over(client: Client, reception: Reception, how: How) -> int:
    """Whom the platform's staff are to have, they get; whom they have for nothing, they lose. How many there were."""
    now = datetime.now(UTC)
    waiting = [] if how == "desk" else await reception.read(lambda t: t.sessions.to_hand_over(NAME, now, _AT_ONCE))
    left = await reception.read(lambda tables: tables.sessions.left_behind(now, _AT_ONCE))
    done = [await _attempt(_give, client, reception, one, how) for one in waiting]
    done += [await _attempt(_end, client, reception, one, how) for one in left]
    return sum(done)


async def _attempt(act: Act, client: Client, reception: Reception, conversation: str, how: How) -> bool:
    """False where the platform would not: then the desk goes on, and it is tried again later."""
    try:
        await act(client, reception, conversation, how)
    except ChannelError as error:
        log.warning("a citizen was not handed over: %s", error)
        now = datetime.now(UTC)
        await reception.write(lambda tables: tables.sessions.set(conversation, now, refused_until=now + _REFUSED))
        return False
    return True


async def _give(client: Client, reception: Reception, conversation: str, how: How) -> None:
    _, account, to = conversation.split(":", 2)
    state, servicer = await client.state(account, to)
    code = ""
    if state in (0, 1):
        state = _SERVICER if how == "servicer" else _POOL
        servicer = await _chosen(client, account, to) if how == "servicer" else ""
        code = await client.move(account, to, state, servicer)
    elif state not in SERVED:
        raise Undeliverable("there is no session")
    await reception.write(partial(taken, conversation, state, servicer, code, datetime.now(UTC)))


async def _chosen(client: Client, account: str, to: str) -> str:
    """One of those who take citizens now; the same citizen comes to the same one."""
    there = sorted(await client.receiving(account))
    if not there:
        raise Undeliverable("nobody takes citizens now")
    return there[sum(to.encode()) % len(there)]


async def _end(client: Client, reception: Reception, conversation: str, _how: How) -> None:
    """The bot has the word here: so it should there. What waits to be said is said."""
    _, account, to = conversation.split(":", 2)
    state, _ = await client.state(account, to)
    code = await client.move(account, to, _OVER) if state in SERVED else ""
    await reception.write(partial(_ended, conversation, state if state not in SERVED else _OVER, code))
    reception.bells.queued.ring()


def _ended(conversation: str, state: int, code: str, tables: Tables) -> None:
    now = datetime.now(UTC)
    tables.sessions.set(conversation, now, state=state, servicer="", code=code, code_until=now + _ENDED)
    text = tables.windows.unpark(conversation)
    if text:
        tables.outbox.put(conversation, [OutboundMessage(text)], now, f"ended:{now.timestamp()}")
