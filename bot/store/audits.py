"""Who did what to somebody's data: rows that hold no content, and outlive what they are about."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from bot.store.case_tables import audit


@dataclass(frozen=True)
class Audit:
    at: datetime
    who: str
    what: str
    counts: Mapping[str, int]
    why: str = ""


class Audits:
    """What a row is about stands there as a digest: it can be found again by who knows it, and by nobody else."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def put(
        self,
        who: str,
        what: str,
        about: str,
        now: datetime,
        counts: Mapping[str, int] | None = None,
        why: str = "",
    ) -> None:
        """`why` is written by staff, of their own action; nothing of a citizen's stands in it."""
        row = {"at": now, "who": who, "what": what, "about": _digest(about), "counts": dict(counts or {}), "why": why}
        self._connection.execute(sa.insert(audit).values(**row))

    def of(self, about: str) -> list[Audit]:
        """Everything that was done to it, the oldest first."""
        statement = sa.select(audit).where(audit.c.about == _digest(about)).order_by(audit.c.id)
        return [Audit(row.at, row.who, row.what, row.counts, row.why) for row in self._connection.execute(statement)]

    def last(self, limit: int = 200) -> list[Audit]:
        """What was done last, to whomever; the newest first."""
        statement = sa.select(audit).order_by(audit.c.id.desc()).limit(limit)
        return [Audit(row.at, row.who, row.what, row.counts, row.why) for row in self._connection.execute(statement)]


def _digest(about: str) -> str:
    return hashlib.sha256(about.encode()).hexdigest()
