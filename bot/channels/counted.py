"""Saying what a platform counts: as many messages as we may, and the rest when the citizen does something again."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from functools import partial

from bot import metrics
from bot.channels.base import Reception
from bot.domain.messages import InboundEvent, OutboundMessage
from bot.errors import ChannelError, TryLater, Undeliverable, Unknown
from bot.replies import Replies
from bot.store.db import Tables
from bot.store.windows import Grant

log = logging.getLogger(__name__)

Send = Callable[[int, str], Awaitable[None]]


class Closed(Undeliverable):
    """The platform lets us say nothing more to this citizen until they do something."""


async def say(reception: Reception, conversation: str, parts: Sequence[str], send: Send) -> None:
    """One message a part, as many as we may; what is left waits until the citizen does something.

    `send` is given the place of a part and its words. Closed where nothing may be sent at all: then whoever wanted to
    say it may try another way.
    """
    for place in range(len(parts)):
        rest = parts[place:]
        left = await reception.write(lambda tables: tables.windows.take(conversation, datetime.now(UTC)))
        if left is None:
            if await reception.write(partial(park, conversation, rest)):
                return
            raise Closed("nothing was heard of this citizen lately")
        more = [reception.replies("words.go_on")] if left == 0 and len(rest) > 1 else []
        try:
            await send(place, "\n".join([rest[0], *more]))
        except ChannelError as error:
            await reception.write(partial(_unsent, conversation, rest, error, place == 0))
            if place == 0:
                raise
            log.warning("a part was not sent; it waits")
            return


async def hear(reception: Reception, event: InboundEvent, grant: Grant | None) -> tuple[int, bool, bool]:
    """Keep an event: its id, whether it is new, and whether it only asked for what waits."""
    found: tuple[int, bool, bool] = await reception.write(partial(keep, event, grant, reception.replies))
    metrics.HEARD_AT.labels(event.channel).set_to_current_time()
    reception.bells.arrived.ring()
    reception.bells.queued.ring()
    return found


def keep(event: InboundEvent, grant: Grant | None, replies: Replies, tables: Tables) -> tuple[int, bool, bool]:
    """Count what a new event lets us send, and queue what waits for it. One that comes again lets us send nothing."""
    now, conversation = datetime.now(UTC), event.conversation_id
    id, new = tables.inbox.accept(event, now)
    if not new or grant is None:
        return id, new, False
    tables.windows.granted(conversation, grant, now)
    parked = tables.windows.unpark(conversation)
    asks_on = bool(parked) and replies.command(event.text.strip()) == "continue"
    if parked:
        tables.outbox.put(conversation, [OutboundMessage(parked)], now, f"parked:{event.event_id}")
    if asks_on:
        tables.inbox.dismiss(id, now)
    return id, True, asks_on


def park(conversation: str, parts: Sequence[str], tables: Tables) -> bool:
    """Keep what could not be said. False where the citizen was silent for so long that it may never be read."""
    tables.windows.park(conversation, "\n".join(parts), "\n\n")
    return tables.windows.is_open(conversation, datetime.now(UTC))


def _unsent(conversation: str, parts: Sequence[str], error: ChannelError, whole: bool, tables: Tables) -> None:
    """Keep what was not sent, unless all of it comes again by itself. What the platform counts is right."""
    if isinstance(error, Closed):
        tables.windows.spent(conversation)
    elif isinstance(error, TryLater):
        tables.windows.give_back(conversation)
    parts = parts[1:] if isinstance(error, Unknown) else parts  # it may have arrived
    if parts and (isinstance(error, Closed) or not whole):
        park(conversation, parts, tables)
