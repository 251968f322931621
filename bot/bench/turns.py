"""Whole turns: kept, answered from the real index, saved, delivered; by several citizens at once."""

import asyncio
import itertools
import resource
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from pathlib import Path

import numpy as np
from pydantic import SecretStr

from bot import app as composition
from bot import loops
from bot.app import App
from bot.bells import Bells
from bot.bench import Row, scratch
from bot.domain.messages import InboundEvent, OutboundMessage
from bot.errors import ConfigError
from bot.settings import Settings
from bot.store.db import Store, Tables
from knowledge.articles import load_articles

STORE_MESSAGES = 100  # of each citizen


class Sink:
    """Takes every message at once and tells who waits for it."""

    def __init__(self) -> None:
        self.arrived: dict[str, asyncio.Event] = {}

    async def send(self, conversation_id: str, message: OutboundMessage, key: str) -> None:
        event = self.arrived.get(conversation_id)
        if event is not None:
            event.set()


def measure(settings: Settings, citizens: Sequence[int], seconds: float) -> list[Row]:
    """Whole turns by each number of citizens, on the real index; then the keeping of messages alone, in group commits
    and in plain ones beside each other. Times in milliseconds."""
    rows = [_measure(settings, count, seconds) for count in citizens]
    for count in [count for count in citizens if count >= 32]:
        group, plain = (_measure_store(settings, count, group_commit=kind) for kind in (True, False))
        group["times plain"] = float(group["a second"]) / max(float(plain["a second"]), 0.1)
        rows += [group, plain]
    names = dict.fromkeys(name for row in rows for name in row)
    return [{name: row.get(name, "") for name in names} for row in rows]


def _measure(settings: Settings, citizens: int, seconds: float) -> Row:
    with opened(settings) as parts:
        ends = time.perf_counter() + seconds
        took = asyncio.run(talk(parts, citizens, lambda: time.perf_counter() < ends))
    return _row("whole turns", citizens, seconds, took)


@contextmanager
def opened(settings: Settings) -> Iterator[App]:
    """The whole program, with the real index and an empty database that goes afterwards."""
    with scratch(settings.home) as folder:
        parts = composition.build(settings.model_copy(update={"database_url": SecretStr(_url(folder))}))
        try:
            if parts.resources.ear.library.live() is None:
                raise ConfigError(f"{settings.kb}: no index yet; run `banshi kb build`")
            yield parts
        finally:
            parts.close()


def _measure_store(settings: Settings, citizens: int, *, group_commit: bool) -> Row:
    """Messages kept, which is what a webhook waits for; each citizen in a thread, and all have as much to say."""
    with scratch(settings.home) as folder:
        store = Store(_url(folder), group_commit=group_commit, pool=citizens)
        began = time.perf_counter()
        with ThreadPoolExecutor(citizens) as threads:
            took = list(itertools.chain(*threads.map(partial(_talk_to_store, store), range(citizens))))
        seconds = time.perf_counter() - began
        store.close()
    return _row("kept, group commits" if group_commit else "kept, plain commits", citizens, seconds, took)


def _talk_to_store(store: Store, citizen: int) -> list[float]:
    took: list[float] = []
    for number in range(STORE_MESSAGES):
        began = time.perf_counter()
        event = InboundEvent("webchat", f"{citizen}-{number}", f"{citizen}", "text", store.now(), text="hello")
        store.write(partial(_accept, event, store.now()))
        took.append(time.perf_counter() - began)
    return took


def _accept(event: InboundEvent, now: datetime, tables: Tables) -> None:
    tables.inbox.accept(event, now)


def _url(folder: Path) -> str:
    return f"sqlite:///{folder / 'bench.db'}"


def _row(what: str, citizens: int, seconds: float, took: Sequence[float]) -> Row:
    p50, p95, p99 = np.percentile(took, [50, 95, 99]) * 1000
    return {
        "what": what,
        "citizens": citizens,
        "a second": len(took) / seconds,
        "p50 ms": float(p50),
        "p95 ms": float(p95),
        "p99 ms": float(p99),
        "peak MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


async def talk(parts: App, citizens: int, goes_on: Callable[[], bool], pause: float = 0.0) -> list[float]:
    """Citizens ask what our articles answer, one question after the other, and at least one.

    Seconds from the keeping of an event to the arrival of its first reply, one a turn.
    """
    questions = [question for article in load_articles(composition.ARTICLES)[0] for question in article.questions]
    texts, sink, bells, resources = itertools.cycle(questions), Sink(), Bells(), parts.resources
    channels = {"webchat": sink}
    tasks = [
        asyncio.create_task(loops.work(resources, channels, bells)),  # type: ignore[arg-type]
        asyncio.create_task(loops.deliver(resources, channels, bells)),  # type: ignore[arg-type]
    ]
    reception = loops.reception(resources, bells)
    took: list[float] = []

    async def citizen(name: str) -> None:
        while goes_on() or not took:
            began = time.perf_counter()
            event = InboundEvent(
                "webchat", f"{name}-{len(took)}", name, "text", resources.store.now(), text=next(texts)
            )
            arrived = sink.arrived[event.conversation_id] = asyncio.Event()
            await reception.keep(event)
            await arrived.wait()
            took.append(time.perf_counter() - began)
            await asyncio.sleep(pause)

    await asyncio.gather(*(citizen(secrets.token_hex(8)) for _ in range(citizens)))
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    return took
