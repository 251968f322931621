"""Which rung of which licence is to be told, and that it was: the rows that keep a nudge from coming twice."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

import sqlalchemy as sa

from bot.store.case_tables import matter
from bot.store.engine import insert_into
from bot.store.licence_tables import holder, licence, notice, nudge, reach, rung, scan

CHUNK = 5000
ASKED = "asked"  # the rung for which a holder asked by themselves
_SCAN, _BEHIND = "nudges", "behind"
_GOES_ON = ("active", "renewing", "done")
_STANDING = licence.join(rung, sa.and_(rung.c.kind == licence.c.kind, rung.c.term == licence.c.expires_on))


class Span(NamedTuple):
    """A rung that holds from `begins` until before `ends`, for licences of a kind that end on `term`."""

    kind: str
    term: str
    name: str
    begins: str
    ends: str


@dataclass
class Counts:
    """Licences by what holds for them on one day. `by_rung` is of what was queued."""

    due: int = 0
    queued: int = 0
    already: int = 0
    no_channel: int = 0
    by_rung: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Counts") -> None:
        self.due, self.queued = self.due + other.due, self.queued + other.queued
        self.already, self.no_channel = self.already + other.already, self.no_channel + other.no_channel
        self.by_rung += other.by_rung


class Nudges:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def terms(self, first: date, last: date) -> set[tuple[str, str]]:
        """The kinds and ends of licences in force that end within these days."""
        days = licence.c.expires_on.between(first.isoformat(), last.isoformat())
        found = sa.select(licence.c.kind, licence.c.expires_on).distinct().where(days, licence.c.state == "active")
        return {(row.kind, row.expires_on) for row in self._connection.execute(found)}

    def spans(self) -> set[Span]:
        return {Span(*row) for row in self._connection.execute(sa.select(rung))}

    def keep_spans(self, spans: Iterable[Span]) -> None:
        """In the place of what was known of the same rungs."""
        rows = [span._asdict() for span in spans]
        if not rows:
            return
        insert = insert_into(self._connection, rung)
        names = ("begins", "ends")
        on = insert.on_conflict_do_update(
            index_elements=["kind", "term", "name"], set_={name: insert.excluded[name] for name in names}
        )
        self._connection.execute(on, rows)

    def drop_spans(self, spans: Collection[Span]) -> None:
        for span in spans:
            mine = sa.and_(rung.c.kind == span.kind, rung.c.term == span.term, rung.c.name == span.name)
            self._connection.execute(sa.delete(rung).where(mine))

    def chunk_after(self, after: int, size: int = CHUNK) -> int | None:
        """The id of the last licence of the next chunk; None where there is none."""
        ids = sa.select(licence.c.id).where(licence.c.id > after).order_by(licence.c.id).limit(size).subquery()
        last: int | None = self._connection.scalar(sa.select(sa.func.max(ids.c.id)))
        return last

    def count(self, after: int, upto: int, day: date) -> Counts:
        """What holds for the licences of a chunk, and what of it is queued already."""
        had = sa.exists().where(
            nudge.c.licence_id == licence.c.id, nudge.c.term == licence.c.expires_on, nudge.c.rung == rung.c.name
        )
        deaf = sa.and_(holder.c.conversation_id.is_(None), holder.c.phone_key == sa.literal_column("''"))
        by = (rung.c.name, had.label("had"), deaf.label("deaf"))
        joined = _STANDING.join(holder, holder.c.id == licence.c.holder_id)
        statement = sa.select(*by, sa.func.count().label("many")).select_from(joined)
        found = Counts()
        for row in self._connection.execute(statement.where(*_where(after, upto, day)).group_by(*by)):
            found.due += row.many
            if row.had:
                found.already += row.many
                continue
            found.queued += row.many
            found.by_rung[row.name] += row.many
            found.no_channel += row.many if row.deaf else 0
        return found

    def queue(self, after: int, upto: int, day: date) -> int:
        """Queue what holds for the licences of a chunk and never was; how many."""
        told = sa.literal(day.isoformat())
        select = (
            sa.select(licence.c.id, licence.c.expires_on, rung.c.name, told)
            .select_from(_STANDING)
            .where(*_where(after, upto, day))
        )
        insert = insert_into(self._connection, nudge)
        statement = insert.from_select(["licence_id", "term", "rung", "queued_on"], select)
        kept = self._connection.execute(statement.on_conflict_do_nothing().returning(nudge.c.id))
        return len(kept.all())  # psycopg's rowcount of ON CONFLICT DO NOTHING is -1

    def ask(self, licence_id: int, term: date, on: date) -> None:
        """A reminder on a day that the holder named."""
        insert = insert_into(self._connection, nudge)
        values = {"licence_id": licence_id, "term": term.isoformat(), "rung": f"{ASKED} {on}"}
        self._connection.execute(insert.values(**values, queued_on=on.isoformat()).on_conflict_do_nothing())

    def look_again(self) -> None:
        """Something has changed in the ledger: today's look begins anew."""
        self._connection.execute(sa.delete(scan))

    def looked(self, day: date) -> bool:
        """Has the whole ledger been looked at for this day?"""
        done = (scan.c.name == _SCAN, scan.c.day == day.isoformat(), scan.c.after.is_(None))
        return self._connection.execute(sa.select(scan).where(*done)).first() is not None

    def is_behind(self, day: date) -> bool:
        """Whether a later day has been looked at. A clock is wrong then, or was: where it is still so on the next day,
        it was, and that look counts no more. What it queued, and nobody was told of, is queued again in its time.
        """
        today = day.isoformat()
        if not self._days(scan.c.name == _SCAN, scan.c.day > today):
            self._connection.execute(sa.delete(scan).where(scan.c.name == _BEHIND))
            return False
        first = insert_into(self._connection, scan).values(name=_BEHIND, day=today).on_conflict_do_nothing()
        self._connection.execute(first)
        if not self._days(scan.c.name == _BEHIND, scan.c.day < today):
            return True
        early = sa.and_(nudge.c.queued_on > today, nudge.c.state == "due", nudge.c.rung.not_like(f"{ASKED}%"))
        self._connection.execute(sa.delete(nudge).where(early))
        self.look_again()
        return False

    def _days(self, *where: sa.ColumnElement[bool]) -> list[str]:
        return list(self._connection.scalars(sa.select(scan.c.day).where(*where)))

    def scan_next(self, day: date, size: int = CHUNK) -> int | None:
        """Queue the next chunk of this day's look at the ledger; None where it is done. One worker at a time.

        A clock that was set back looks at nothing: the later day has been looked at.
        """
        insert = insert_into(self._connection, scan)
        begin = insert.values(name=_SCAN, day=day.isoformat(), after=0).on_conflict_do_nothing()
        self._connection.execute(begin)
        mine = scan.c.name == _SCAN
        row = self._connection.execute(sa.select(scan).where(mine).with_for_update()).one()
        if row.day > day.isoformat() or (row.day == day.isoformat() and row.after is None):
            return None
        after = row.after if row.day == day.isoformat() else 0
        upto = self.chunk_after(after, size)
        found = 0 if upto is None else self.queue(after, upto, day)
        self._connection.execute(sa.update(scan).where(mine).values(day=day.isoformat(), after=upto))
        return found

    def again(self, day: date) -> int:
        """What failed on every way is due again, where something has changed about its holder since."""
        failed = sa.select(notice.c.id).where(notice.c.state == "failed", notice.c.day < day.isoformat())
        since = sa.select(sa.func.max(reach.c.at)).where(reach.c.notice_id == nudge.c.notice_id).scalar_subquery()
        changed = (
            sa.exists()
            .where(
                licence.c.id == nudge.c.licence_id, licence.c.state == "active", licence.c.expires_on == nudge.c.term
            )
            .where(holder.c.id == licence.c.holder_id, holder.c.changed_at > since)
        )
        mine = sa.and_(nudge.c.notice_id.in_(failed), nudge.c.state == "told", changed)
        return self._connection.execute(sa.update(nudge).where(mine).values(state="due", notice_id=None)).rowcount

    def revive(self) -> int:
        """Licences whose application came to nothing are in force, and to be told of, again."""
        goes_on = sa.exists().where(
            matter.c.case_reference == licence.c.case_reference, matter.c.state.not_in(["refused", "withdrawn"])
        )
        lost = sa.and_(licence.c.state == "renewing", ~goes_on)
        values = {"state": "active", "case_reference": None}
        return self._connection.execute(sa.update(licence).where(lost).values(**values)).rowcount

    def roll(self, kind: str, ended: date, next_end: date) -> int:
        """A yearly duty comes back: those of a kind that ended before a day end on the next one."""
        old = sa.and_(licence.c.kind == kind, licence.c.expires_on < ended.isoformat(), licence.c.state.in_(_GOES_ON))
        values = {"expires_on": next_end.isoformat(), "state": "active", "claimed_on": None, "not_before": None}
        return self._connection.execute(sa.update(licence).where(old).values(values)).rowcount


def _where(after: int, upto: int, day: date) -> tuple[sa.ColumnElement[bool], ...]:
    today = day.isoformat()
    return (
        licence.c.id > after,
        licence.c.id <= upto,
        licence.c.state == "active",
        rung.c.begins <= today,
        rung.c.ends > today,
    )
