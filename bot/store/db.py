"""The database: one kind of transaction, on either engine."""

import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast

import sqlalchemy as sa

from bot.errors import StoreError
from bot.seal import Seal
from bot.store import schema
from bot.store.aftercare import Aftercare
from bot.store.answers import Answers
from bot.store.appointments import Appointments
from bot.store.articles import Articles
from bot.store.audits import Audits
from bot.store.cases import Cases
from bot.store.certificates import Certificates
from bot.store.consents import Consents
from bot.store.conversations import Conversations
from bot.store.desk import DeskTable
from bot.store.engine import open_engine, open_reader
from bot.store.groups import Groups
from bot.store.inbox import Inbox
from bot.store.inspections import Inspections
from bot.store.invitations import Invitations
from bot.store.kept import KeptFiles
from bot.store.licences import Licences
from bot.store.lines import Lines
from bot.store.matters import Matters
from bot.store.memories import Memories
from bot.store.misses import Misses
from bot.store.notices import Notices
from bot.store.nudges import Nudges
from bot.store.outbox import Outbox
from bot.store.people import People
from bot.store.photos import Photos
from bot.store.sessions import Sessions
from bot.store.signings import Signings
from bot.store.specialists import Specialists
from bot.store.staff import StaffTable
from bot.store.tickets import Tickets
from bot.store.uploads import Uploads
from bot.store.visitors import Visitors
from bot.store.windows import Windows
from bot.store.writer import Work, Writer

log = logging.getLogger(__name__)

_SKEW_LASTS = 60.0

T = TypeVar("T")


@dataclass(frozen=True)
class Tables:
    """Everything that one transaction may touch."""

    connection: sa.Connection
    inbox: Inbox
    outbox: Outbox
    conversations: Conversations
    tickets: Tickets
    visitors: Visitors
    answers: Answers
    misses: Misses
    articles: Articles
    matters: Matters
    kept: KeptFiles
    invitations: Invitations
    audits: Audits
    cases: Cases
    memories: Memories
    staff: StaffTable
    desk: DeskTable
    licences: Licences
    nudges: Nudges
    notices: Notices
    photos: Photos
    windows: Windows
    sessions: Sessions
    people: People
    consents: Consents
    appointments: Appointments
    lines: Lines
    inspections: Inspections
    signings: Signings
    uploads: Uploads
    aftercare: Aftercare
    groups: Groups
    specialists: Specialists
    certificates: Certificates

    @classmethod
    def of(cls, connection: sa.Connection, seal: Seal) -> "Tables":
        return cls(
            connection,
            inbox=Inbox(connection, seal),
            outbox=Outbox(connection, seal),
            conversations=Conversations(connection, seal),
            tickets=Tickets(connection),
            visitors=Visitors(connection),
            answers=Answers(connection, seal),
            misses=Misses(connection, seal),
            articles=Articles(connection),
            matters=Matters(connection),
            kept=KeptFiles(connection),
            invitations=Invitations(connection),
            audits=Audits(connection),
            cases=Cases(connection, seal),
            memories=Memories(connection, seal),
            staff=StaffTable(connection, seal),
            desk=DeskTable(connection, seal),
            licences=Licences(connection, seal),
            nudges=Nudges(connection),
            notices=Notices(connection),
            photos=Photos(connection, seal),
            windows=Windows(connection, seal),
            sessions=Sessions(connection),
            people=People(connection),
            consents=Consents(connection),
            appointments=Appointments(connection, seal),
            lines=Lines(connection),
            inspections=Inspections(connection, seal),
            signings=Signings(connection, seal),
            uploads=Uploads(connection),
            aftercare=Aftercare(connection, seal),
            groups=Groups(connection),
            specialists=Specialists(connection),
            certificates=Certificates(connection),
        )

    def savepoint(self) -> AbstractContextManager[Any]:
        return self.connection.begin_nested()


class Store:
    """Reads and writes, each one short transaction. Safe to use from many threads."""

    def __init__(self, url: str, *, seal: Seal | None = None, group_commit: bool = True, pool: int = 16) -> None:
        """Opens the database and brings a new or an older SQLite file up to date. StoreError otherwise.

        Without a seal what citizens confide is written as it is, and what was sealed is not read.
        """
        self._seal = seal or Seal()
        self._engine = open_engine(url, pool=pool)
        self._reader = open_reader(self._engine, pool=pool)
        schema.prepare(self._engine)
        grouped = group_commit and self.kind == "sqlite"
        self._writer = Writer(self._engine) if grouped else None
        self._skew, self._skew_at = timedelta(), -_SKEW_LASTS

    @property
    def kind(self) -> str:
        return self._engine.dialect.name

    def write(self, work: Callable[[Tables], T]) -> T:
        """All of `work` or nothing of it. It may run in another thread, and twice; it is quick and sends nothing."""
        try:
            return cast(T, self._write(lambda connection: work(Tables.of(connection, self._seal))))
        except sa.exc.DBAPIError as error:
            raise StoreError(f"not saved: {error.orig}") from error

    def read(self, work: Callable[[Tables], T]) -> T:
        try:
            with self._reader.connect() as connection, connection.begin():
                return work(Tables.of(connection, self._seal))
        except sa.exc.DBAPIError as error:
            raise StoreError(f"not read: {error.orig}") from error

    def now(self) -> datetime:
        """The database's clock, so that several machines agree on what is due and whose lease has ended."""
        if self.kind == "postgresql" and time.monotonic() - self._skew_at > _SKEW_LASTS:
            before = datetime.now(UTC)
            told = self.read(lambda tables: tables.connection.scalar(sa.text("SELECT clock_timestamp()")))
            self._skew, self._skew_at = cast(datetime, told) - before, time.monotonic()
        return datetime.now(UTC) + self._skew

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._reader.dispose()
        self._engine.dispose()

    def _write(self, work: Work) -> Any:
        if self._writer is not None:
            return self._writer.write(work)
        with self._engine.begin() as connection:
            return work(connection)
