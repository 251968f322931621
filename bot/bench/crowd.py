"""Twenty photos of twelve megapixels at once, while others ask questions: who waits for what, and what it takes."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path

import numpy as np
from pydantic import SecretStr

from bot import app as composition
from bot import loops
from bot.app import App
from bot.bells import Bells
from bot.bench import Row, scratch
from bot.channels.base import Reception
from bot.domain.messages import InboundEvent, OutboundMessage
from bot.errors import ConfigError
from bot.inspections import begin
from bot.settings import Settings
from bot.store.db import Tables
from knowledge.articles import load_articles

_ALONE = 20  # questions that are asked before any photo comes
_PAUSE = 0.2  # seconds between two questions
_LONGEST = 600.0


@dataclass
class Sink:
    """What was said to whom, and when."""

    said: dict[str, list[float]] = field(default_factory=dict)
    more: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def send(self, conversation_id: str, message: OutboundMessage, key: str) -> None:
        async with self.more:
            self.said.setdefault(conversation_id, []).append(time.perf_counter())
            self.more.notify_all()

    async def heard(self, conversation_id: str, count: int) -> float:
        """When so many things had been said to somebody."""
        async with self.more:
            await asyncio.wait_for(
                self.more.wait_for(lambda: len(self.said.get(conversation_id, ())) >= count), _LONGEST
            )
        return self.said[conversation_id][count - 1]


def measure(settings: Settings, contents: Sequence[bytes], photos: int) -> list[Row]:
    """A row each for what was asked alone and meanwhile, for the photos, and for the memory of the processes."""
    with scratch(settings.home) as folder:
        url = SecretStr(f"sqlite:///{folder / 'bench.db'}")
        parts = composition.build(settings.model_copy(update={"database_url": url}))
        if parts.resources.ear.library.live() is None:
            raise ConfigError(f"{settings.kb}: no index yet; run `banshi kb build`")
        try:
            return asyncio.run(_run(parts, list(islice(cycle(contents), photos))))
        finally:
            parts.close()


async def _run(parts: App, contents: Sequence[bytes]) -> list[Row]:
    sink, bells, resources = Sink(), Bells(), parts.resources
    channels = {"webchat": sink}
    works = (loops.work(resources, channels, bells), loops.deliver(resources, channels, bells))  # type: ignore[arg-type]
    tasks = [asyncio.create_task(one) for one in works]
    reception, texts = loops.reception(resources, bells), _questions()
    alone = [await _ask(reception, sink, f"a{n}", texts[n % len(texts)]) for n in range(_ALONE)]
    await _warm(parts, contents[0])
    crowd = asyncio.gather(*(_send(parts, reception, sink, n, content) for n, content in enumerate(contents)))
    meanwhile = list[float]()
    while not crowd.done():
        n = len(meanwhile)
        meanwhile.append(await _ask(reception, sink, f"b{n}", texts[n % len(texts)]))
        await asyncio.sleep(_PAUSE)
    found = await crowd
    memory = _memory(parts)
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    columns = [[one[place] for one in found] for place in range(3)]
    names = ("kept on disk after", "told that it came after", "judged after")
    rows = [_row("question alone", alone), _row("question meanwhile", meanwhile)]
    rows += [_row(f"photo: {name}", took) for name, took in zip(names, columns, strict=True)]
    return rows + [
        {"what": f"memory of {name}, MB: now, and the most", "count": 1, "p50 s": now, "p95 s": "", "most": most}
        for name, now, most in memory
    ]


async def _warm(parts: App, content: bytes) -> None:
    """The engine is loaded, as it is on every day but the first."""
    workers = parts.resources.eye.workers
    assert workers is not None
    _, made = await asyncio.to_thread(workers.clean, content)
    await asyncio.to_thread(workers.read, made)


async def _send(parts: App, reception: Reception, sink: Sink, n: int, content: bytes) -> tuple[float, float, float]:
    """One citizen's photo: seconds from the moment it is here until it is on disk, they are told, it is judged."""
    store, conversation = parts.resources.store, f"webchat:main:p{n}"
    walk = next(iter(parts.resources.walks.walks.values()))

    def ready(tables: Tables) -> None:
        begin(tables, walk, "photo", conversation, None, store.now())

    await reception.write(ready)
    began = time.perf_counter()
    kept = await reception.take(conversation, content)
    on_disk = time.perf_counter()
    await reception.keep(InboundEvent("webchat", f"p{n}", f"p{n}", "photo", store.now(), media=kept.file))
    told, judged = await sink.heard(conversation, 1), await sink.heard(conversation, 2)
    return on_disk - began, told - began, judged - began


async def _ask(reception: Reception, sink: Sink, who: str, text: str) -> float:
    event = InboundEvent("webchat", who, who, "text", datetime.now(UTC), text=text)
    began = time.perf_counter()
    await reception.keep(event)
    return await sink.heard(event.conversation_id, 1) - began


def _questions() -> list[str]:
    return [question for article in load_articles(composition.ARTICLES)[0] for question in article.questions]


def _memory(parts: App) -> list[tuple[str, int, int]]:
    """What each process holds, and the most that it ever held, in megabytes."""
    workers = parts.resources.eye.workers
    assert workers is not None
    running = {"the cleaner": workers.cleaner, "the reader": workers.reader}
    pids = {name: str(one._process.pid) for name, one in running.items() if one._process is not None}
    return [(name, _held(pid, "VmRSS"), _held(pid, "VmHWM")) for name, pid in {"the server": "self", **pids}.items()]


def _held(pid: str, what: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what)) // 1024


def _row(what: str, took: Sequence[float]) -> Row:
    p50, p95 = np.percentile(took, [50, 95])
    return {"what": what, "count": len(took), "p50 s": float(p50), "p95 s": float(p95), "most": float(max(took))}
