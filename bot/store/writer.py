"""Group commit: one thread writes for all, and one fsync serves everybody who waited for it."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any

import sqlalchemy as sa

from bot.errors import StoreError

LARGEST_GROUP = 64

Work = Callable[[sa.Connection], Any]


@dataclass(frozen=True)
class _Job:
    work: Work
    future: Future[Any] = field(default_factory=Future)


class Writer:
    """Owns the only writing connection of this process. What waits together is committed together."""

    def __init__(self, engine: sa.Engine) -> None:
        self._connection = engine.connect()
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._closing, self._closed = threading.Lock(), False
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def write(self, work: Work) -> Any:
        """Run `work` in a transaction; returns once it is on disk, or raises what it or the commit raised.

        `work` may be run twice: once in a group that another's fault undoes, and once by itself.
        """
        job = _Job(work)
        with self._closing:
            if self._closed:
                raise StoreError("not saved: the store is closed")
            self._jobs.put(job)
        return job.future.result()

    def close(self) -> None:
        """Finish what was given, and take nothing more."""
        with self._closing:
            self._closed = True
            self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        with self._connection:
            while group := self._next_group():
                _commit(self._connection, group)

    def _next_group(self) -> list[_Job]:
        """Waits for a job, then takes all that are there; empty once the store is closed."""
        group: list[_Job] = []
        job = self._jobs.get()
        while job is not None:
            group.append(job)
            if len(group) == LARGEST_GROUP:
                return group
            try:
                job = self._jobs.get_nowait()
            except Empty:
                return group
        if group:
            self._jobs.put(None)  # these first, then the end
        return group


def _commit(connection: sa.Connection, group: list[_Job]) -> None:
    """All in one transaction. Where one of several fails, none is saved and each is run again by itself."""
    try:
        with connection.begin():
            results = [job.work(connection) for job in group]
    except Exception as error:  # noqa: BLE001 - it goes to those who wait
        if len(group) == 1 or isinstance(error, sa.exc.OperationalError):  # full or locked: it would be so for each
            for job in group:
                job.future.set_exception(error)
        else:
            for job in group:
                _commit(connection, [job])
    else:
        for job, result in zip(group, results, strict=True):
            job.future.set_result(result)
