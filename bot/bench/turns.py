"""Whole turns: kept, answered from the real index, saved, delivered; by several citizens at once."""

import asyncio
import itertools
import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
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


GREETING = "hello"


class Sink:
    """Takes every message at once and tells who waits for it."""

    def __init__(self) -> None:
        self.arrived: dict[str, asyncio.Event] = {}

    async def send(self, conversation_id: str, message: OutboundMessage, key: str) -> None:
        event = self.arrived.get(conversation_id)
        if event is not None:
            event.set()


def measure(settings: Settings, citizens: Sequence[int], seconds: float) -> list[Row]:
    """Questions by each number of citizens; then greetings, which need no search and so show the store alone, in group
    commits and in plain ones beside each other. Times in milliseconds."""
    questions = [question for article in load_articles(composition.ARTICLES)[0] for question in article.questions]
    rows = [_measure(settings, count, seconds, questions, group_commit=True) for count in citizens]
    for count in [count for count in citizens if count >= 32]:
        group, plain = (_measure(settings, count, seconds, [GREETING], group_commit=kind) for kind in (True, False))
        group["times plain"] = float(group["turns/s"]) / max(float(plain["turns/s"]), 0.1)
        rows += [group, plain]
    names = dict.fromkeys(name for row in rows for name in row)
    return [{name: row.get(name, "") for name in names} for row in rows]


def _measure(settings: Settings, citizens: int, seconds: float, texts: Sequence[str], *, group_commit: bool) -> Row:
    with tempfile.TemporaryDirectory(dir=settings.home) as folder:
        url = SecretStr(f"sqlite:///{Path(folder) / 'bench.db'}")
        parts = composition.build(settings.model_copy(update={"database_url": url}), group_commit=group_commit)
        if parts.resources.ear.library.live() is None:
            raise ConfigError(f"{settings.kb}: no index yet; run `banshi kb build`")
        try:
            took = asyncio.run(_run(parts, citizens, seconds, itertools.cycle(texts)))
        finally:
            parts.close()
    p50, p95, p99 = np.percentile(took, [50, 95, 99]) * 1000
    return {
        "texts": "greetings" if texts == [GREETING] else "questions",
        "citizens": citizens,
        "commits": "group" if group_commit else "plain",
        "turns/s": len(took) / seconds,
        "p50 ms": float(p50),
        "p95 ms": float(p95),
        "p99 ms": float(p99),
        "peak MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


async def _run(parts: App, citizens: int, seconds: float, texts: Iterator[str]) -> list[float]:
    """Seconds from the keeping of an event to the arrival of its first reply, one a turn."""
    sink, bells, resources = Sink(), Bells(), parts.resources
    channels = {"webchat": sink}
    tasks = [
        asyncio.create_task(loops.work(resources, channels, bells)),  # type: ignore[arg-type]
        asyncio.create_task(loops.deliver(resources, channels, bells)),  # type: ignore[arg-type]
    ]
    reception = loops.reception(resources, bells)
    took: list[float] = []
    ends = time.perf_counter() + seconds

    async def citizen(name: str) -> None:
        for number in itertools.count():
            began = time.perf_counter()
            if began >= ends:
                return
            event = InboundEvent("webchat", f"{name}-{number}", name, "text", resources.store.now(), text=next(texts))
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
