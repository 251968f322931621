"""The loops that make things happen. The only place where async meets sync."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from anyio import CapacityLimiter, to_thread

from bot import metrics
from bot.bells import Bells
from bot.channels.base import Channel, Paper, Reception
from bot.dialogue import apologise, give_up, take_turn
from bot.domain.case import Kept
from bot.domain.messages import InboundEvent
from bot.errors import Fenced, StoreError, TryLater, Undeliverable, Unknown, place, trail
from bot.grouping import group_misses
from bot.handover import Handover
from bot.intake import receive
from bot.rounds import Round
from bot.store import queue
from bot.store.db import Tables
from bot.store.outbox import message_of
from bot.store.queue import Claim
from bot.store.tables import inbox, outbox
from bot.turn import Resources

log = logging.getLogger(__name__)

TAKE_AT_ONCE = 2  # files; each is in memory twice while it is sealed
DELIVER_AT_ONCE = 8  # what may be sent twice if we are killed between sending and marking
_LAST_TURNS = 10.0  # seconds
_GATHER_EVERY = 60.0

T = TypeVar("T")


def reception(resources: Resources, bells: Bells, make: Callable[[str], Paper | None] = lambda _: None) -> Reception:
    """The way in for channels that live in the event loop. `make` makes out the paper behind a link."""
    store, takes = resources.store, CapacityLimiter(TAKE_AT_ONCE)

    async def keep(event: InboundEvent) -> tuple[int, bool]:
        now = store.now()
        kept: tuple[int, bool] = await write(lambda tables: tables.inbox.accept(event, now))
        bells.arrived.ring()
        metrics.HEARD_AT.labels(event.channel).set_to_current_time()
        return kept

    async def take(conversation_id: str, content: bytes) -> Kept:
        return await to_thread.run_sync(receive, store, resources.files, conversation_id, content, limiter=takes)

    async def read(look: Callable[[Tables], Any]) -> Any:
        return await to_thread.run_sync(store.read, look)

    async def write(work: Callable[[Tables], Any]) -> Any:
        return await to_thread.run_sync(store.write, work)

    async def paper(url: str) -> Paper | None:
        return await to_thread.run_sync(make, url)

    handover, hall = Handover(resources.rota, resources.replies), resources.settings.hall
    return Reception(keep, take, read, write, paper, bells, resources.replies, handover, hall.name, hall.url)


def take_over(resources: Resources, channels: Collection[str]) -> None:
    """Free what a killed server of this home held. Only where no other process can be at work on it."""

    def release(tables: Tables) -> None:
        for table in (inbox, outbox):
            queue.release(tables.connection, table, channels)

    if resources.store.kind == "sqlite":
        resources.store.write(release)


def claim_turns(
    resources: Resources, channels: Collection[str], now: datetime, limit: int, only: str | None = None
) -> list[Claim]:
    """Up to `limit` events to answer, one a conversation; of the conversation `only`, where one is named."""
    lease = timedelta(seconds=resources.settings.work.lease)
    return resources.store.write(lambda tables: tables.inbox.claim(now, lease, channels, limit, only))


def run_turn(resources: Resources, claimed: Claim, now: datetime) -> None:
    """Answer a claimed event, or record that it failed. StoreError leaves it claimed until its lease ends."""
    began = time.perf_counter()
    try:
        turn = take_turn(resources, claimed, now)
    except Fenced:
        log.warning("another worker took over", extra={"inbox_id": claimed.id})
    except StoreError:
        raise
    except Exception as error:  # noqa: BLE001 - kept, and tried again
        log.error("turn failed: %s", trail(error), extra={"inbox_id": claimed.id})
        metrics.TURNS_FAILED.inc()
        _fail(resources, claimed, error, now)
    else:
        if turn is None:
            return
        metrics.TURNS.labels(claimed.channel, turn.outcome).inc()
        metrics.TURN_SECONDS.observe(time.perf_counter() - began)
        if turn.outcome == "handed_off" and turn.conversation.owner == "queued":
            handover = Handover(resources.rota, resources.replies)
            resources.store.write(lambda tables: handover.drain(tables, now))


def _fail(resources: Resources, claimed: Claim, error: Exception, now: datetime) -> None:
    work, reason = resources.settings.work, place(error)

    def record(tables: Tables) -> None:
        if tables.inbox.again(claimed, now, reason, work.give_up_at):
            give_up(resources, tables, claimed, now)
        elif claimed.tries == work.apologise_at:
            apologise(resources, tables, claimed, now)

    resources.store.write(record)


async def deliver_once(
    resources: Resources, channels: Mapping[str, Channel], now: datetime, only: str | None = None
) -> int:
    """Send what is due, in order within each conversation; how many were claimed."""
    store, work = resources.store, resources.settings.work
    lease = timedelta(seconds=work.lease)
    claims = await to_thread.run_sync(
        store.write, lambda tables: tables.outbox.claim(now, lease, channels, DELIVER_AT_ONCE, only)
    )

    async def hand_over(claimed: Claim) -> None:
        record = await _send(channels[claimed.channel], claimed, now, work.give_up_at)
        await to_thread.run_sync(store.write, record)

    await asyncio.gather(*(hand_over(claimed) for claimed in claims))  # each is of another conversation
    return len(claims)


async def _send(channel: Channel, claimed: Claim, now: datetime, give_up_at: int) -> Callable[[Tables], object]:
    """Hand one message to its channel; what to record of it."""
    try:
        await channel.send(claimed.conversation_id, message_of(claimed), f"outbox:{claimed.id}")
    except TryLater as error:
        wait = error.wait
        metrics.UNDELIVERED.labels(claimed.channel, "later").inc()
        return lambda tables: tables.outbox.again(claimed, now, "later", give_up_at, wait)
    except (Undeliverable, Unknown) as error:
        why = type(error).__name__
        log.warning("not delivered: %s", why, extra={"outbox_id": claimed.id})
        metrics.UNDELIVERED.labels(claimed.channel, why.lower()).inc()
        return lambda tables: tables.outbox.again(claimed, now, why, 0)
    except Exception as error:  # noqa: BLE001 - a fault of ours in one channel stops no other delivery
        fault = place(error)
        log.error("delivery failed: %s", trail(error), extra={"outbox_id": claimed.id})
        metrics.UNDELIVERED.labels(claimed.channel, "fault").inc()
        return lambda tables: tables.outbox.again(claimed, now, fault, give_up_at)
    metrics.DELIVERED.labels(claimed.channel).inc()
    metrics.SAID_AT.labels(claimed.channel).set_to_current_time()
    return lambda tables: tables.outbox.sent(claimed, now)


async def work(resources: Resources, channels: Mapping[str, Channel], bells: Bells) -> None:
    """Take turns until cancelled, several at once, each of another conversation.

    As many again are claimed ahead, so that no worker waits for a claim to be written.
    """
    settings = resources.settings.work
    threads, busy = CapacityLimiter(settings.workers), set[asyncio.Task[None]]()

    async def turn(claimed: Claim) -> None:
        await to_thread.run_sync(run_turn, resources, claimed, resources.store.now(), limiter=threads)
        bells.queued.ring()
        bells.of(claimed.conversation_id).ring()
        bells.arrived.ring()  # the next of this conversation may be waiting

    async def claim() -> list[Claim]:
        room = 2 * settings.workers - len(busy)
        return await to_thread.run_sync(claim_turns, resources, channels, resources.store.now(), room)

    try:
        while True:
            listening = bells.arrived.listen()
            claims = await _persistently(claim) or []
            for claimed in claims:
                task = asyncio.create_task(_persistently(partial(turn, claimed)))
                busy.add(task)
                task.add_done_callback(busy.discard)
            if len(busy) >= 2 * settings.workers:
                await asyncio.wait(busy, return_when=asyncio.FIRST_COMPLETED)
            elif not claims:
                await bells.arrived.wait(listening, settings.poll)
    finally:
        if busy:  # let them finish, or they would stay claimed until their leases end
            await asyncio.wait(busy, timeout=_LAST_TURNS)


async def deliver(resources: Resources, channels: Mapping[str, Channel], bells: Bells) -> None:
    """Deliver until cancelled."""
    while True:
        listening = bells.queued.listen()
        claimed = await _persistently(lambda: deliver_once(resources, channels, resources.store.now()))
        if not claimed:
            await bells.queued.wait(listening, resources.settings.work.poll)


async def gather_misses(resources: Resources) -> None:
    """Put questions without an answer with others like them, every now and then, until cancelled."""
    while True:
        await asyncio.sleep(_GATHER_EVERY)
        try:
            await _persistently(lambda: to_thread.run_sync(_gather, resources))
        except Exception as error:  # noqa: BLE001 - a model or a cache that fails now may not in a minute
            log.error("misses were not gathered: %s", trail(error))


def _gather(resources: Resources) -> int:
    kb = resources.settings.kb
    kb.mkdir(exist_ok=True)
    return group_misses(resources.store, resources.ear.library.embedder, kb / "misses.db", resources.store.now())


async def go_rounds(round: Round, bells: Bells) -> None:
    """Tell and hear departments, and let time do its part, until cancelled."""
    while True:
        try:
            done = await _persistently(lambda: to_thread.run_sync(lambda: round.go(round.resources.store.now())))
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one round, the next one comes
            log.error("a round failed: %s", trail(error))
            done = 0
        if done:
            bells.queued.ring()
        await asyncio.sleep(round.resources.settings.work.round)


async def _persistently(step: Callable[[], Awaitable[T]]) -> T | None:
    """One step; a database that is away, full or locked is waited for, and everything goes on afterwards."""
    try:
        return await step()
    except StoreError as error:
        log.error("the database is not available; trying again: %s", error)
        await asyncio.sleep(1)
        return None
