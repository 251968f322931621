"""Whole turns: kept, answered from the real index, saved, delivered; by several citizens at once."""

import asyncio
import itertools
import resource
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from pydantic import SecretStr

from bot import app as composition
from bot import loops
from bot.app import App
from bot.bells import Bells
from bot.bench import Row
from bot.domain.messages import InboundEvent, OutboundMessage
from bot.errors import ConfigError
from bot.settings import Settings
from knowledge.articles import load_articles


class Sink:
    """Takes every message at once and tells who waits for it."""

    def __init__(self) -> None:
        self.arrived: dict[str, asyncio.Event] = {}

    async def send(self, conversation_id: str, message: OutboundMessage, key: str) -> None:
        event = self.arrived.get(conversation_id)
        if event is not None:
            event.set()


def measure(settings: Settings, citizens: Sequence[int], seconds: float) -> list[Row]:
    """A row for each number of citizens, and plain commits beside the largest two; times in milliseconds."""
    rows = [_measure(settings, count, seconds, group_commit=True) for count in citizens]
    for count in [count for count in citizens if count >= 32]:
        plain = _measure(settings, count, seconds, group_commit=False)
        grouped = next(row for row in rows if row["citizens"] == count)
        rows.append(plain)
        grouped["times plain"] = float(grouped["turns/s"]) / max(float(plain["turns/s"]), 0.1)
    names = dict.fromkeys(name for row in rows for name in row)
    return [{name: row.get(name, "") for name in names} for row in rows]


def _measure(settings: Settings, citizens: int, seconds: float, *, group_commit: bool) -> Row:
    with tempfile.TemporaryDirectory(dir=settings.home) as folder:
        url = SecretStr(f"sqlite:///{Path(folder) / 'bench.db'}")
        fresh = settings.model_copy(update={"database_url": url})
        parts = composition.build(fresh, group_commit=group_commit)
        if parts.resources.ear.library.live() is None:
            raise ConfigError(f"{settings.kb}: no index yet; run `banshi kb build`")
        try:
            took = asyncio.run(_run(parts, citizens, seconds))
        finally:
            parts.close()
    return {
        "citizens": citizens,
        "commit": "group" if group_commit else "plain",
        "turns/s": len(took) / seconds,
        "p50 ms": float(np.percentile(took, 50)) * 1000,
        "p95 ms": float(np.percentile(took, 95)) * 1000,
        "p99 ms": float(np.percentile(took, 99)) * 1000,
        "peak MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


async def _run(parts: App, citizens: int, seconds: float) -> list[float]:
    """Seconds from the keeping of an event to the arrival of its first reply, one a turn."""
    sink, bells, resources = Sink(), Bells(), parts.resources
    channels = {"webchat": sink}
    tasks = [
        asyncio.create_task(loops.work(resources, channels, bells)),  # type: ignore[arg-type]
        asyncio.create_task(loops.deliver(resources, channels, bells)),  # type: ignore[arg-type]
    ]
    reception, questions, took = loops.reception(resources, bells), _questions(), []
    ends = time.perf_counter() + seconds

    async def citizen(name: str) -> None:
        for number in itertools.count():
            began = time.perf_counter()
            if began >= ends:
                return
            event = InboundEvent(
                "webchat", f"{name}-{number}", name, "text", resources.store.now(), text=next(questions)
            )
            arrived = sink.arrived[event.conversation_id] = asyncio.Event()
            await reception.keep(event)
            await arrived.wait()
            took.append(time.perf_counter() - began)

    await asyncio.gather(*(citizen(f"c{number}") for number in range(citizens)))
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    return took


def _questions() -> "itertools.cycle[str]":
    articles, _ = load_articles(composition.ARTICLES)
    return itertools.cycle([question for article in articles for question in article.questions])
