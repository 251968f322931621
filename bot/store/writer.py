"""Group commit: one thread writes for all, and one fsync serves everybody who waited for it."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any

import sqlalchemy as sa

LARGEST_GROUP = 64

Work = Callable[[sa.Connection], Any]


@dataclass(frozen=True)
class _Job:
    work: Work
    future: Future[Any] = field(default_factory=Future)


class Writer:
    """Owns the only writing connection of this process. Each job has its own savepoint; all share a commit."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def write(self, work: Work) -> Any:
        """Run `work` in a transaction; returns once it is on disk, or raises what it or the commit raised."""
        job = _Job(work)
        self._jobs.put(job)
        return job.future.result()

    def close(self) -> None:
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        while True:
            job = self._jobs.get()
            if job is None:
                return
            group = [job]
            while len(group) < LARGEST_GROUP:
                try:
                    job = self._jobs.get_nowait()
                except Empty:
                    break
                if job is None:
                    self._jobs.put(None)
                    break
                group.append(job)
            self._commit(group)

    def _commit(self, group: list[_Job]) -> None:
        ended: list[Callable[[], None]] = []
        try:
            with self._engine.begin() as connection:
                ended = [_run(job, connection) for job in group]
        except Exception as error:  # noqa: BLE001 - whatever stopped the commit goes to each who waited for it
            for job in group:
                job.future.set_exception(error)
        else:
            for tell in ended:
                tell()


def _run(job: _Job, connection: sa.Connection) -> Callable[[], None]:
    """Run one job in its savepoint; what to tell its caller once the group is on disk."""
    savepoint = connection.begin_nested()
    try:
        result = job.work(connection)
    except Exception as error:  # noqa: BLE001 - the caller gets it; the group goes on without this job
        savepoint.rollback()
        told = error
        return lambda: job.future.set_exception(told)
    savepoint.commit()
    return lambda: job.future.set_result(result)
