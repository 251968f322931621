"""A hint for open desks that something happened. What happened is always read from the database."""

import asyncio
import time
from collections.abc import AsyncIterator

import sqlalchemy as sa
from anyio import to_thread

from bot.store.db import Store, Tables
from bot.store.tables import inbox, outbox

_EVERY = 1.0  # seconds; however many desks listen, the database is asked once
_HEARTBEAT = 30.0

Mark = tuple[int, int]


class News:
    """Everything that changes a view leaves a row in the inbox or the outbox: their last numbers are the mark."""

    def __init__(self, store: Store) -> None:
        self._store, self._lock = store, asyncio.Lock()
        self._mark: Mark = (0, 0)
        self._read_at = -_EVERY

    async def latest(self) -> Mark:
        async with self._lock:
            if time.monotonic() - self._read_at >= _EVERY:
                self._mark = await to_thread.run_sync(self._store.read, _mark)
                self._read_at = time.monotonic()
            return self._mark

    async def listen(self, name: str) -> AsyncIterator[str]:
        """Server-sent events for one desk, which counts as there for as long as it listens."""
        mark, told = await self.latest(), -_HEARTBEAT
        while True:
            if time.monotonic() - told >= _HEARTBEAT:
                await to_thread.run_sync(self._seen, name)
                told = time.monotonic()
                yield ": here\n\n"
            latest = await self.latest()
            if latest != mark:
                mark = latest
                yield f"event: news\ndata: {mark[0]}-{mark[1]}\n\n"
            await asyncio.sleep(_EVERY)

    def _seen(self, name: str) -> None:
        self._store.write(lambda tables: tables.staff.seen(name, self._store.now()))


def _mark(tables: Tables) -> Mark:
    last = sa.select(*(sa.select(sa.func.max(table.c.id)).scalar_subquery() for table in (inbox, outbox)))
    row = tables.connection.execute(last).one()
    return int(row[0] or 0), int(row[1] or 0)
