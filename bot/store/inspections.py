"""Inspections, where each of their points stands, what was shown, and what happened when."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bot.domain.inspection import GOING, Inspection, Point, Shot, What
from bot.seal import Seal
from bot.store.inspection_tables import inspection, inspection_event, inspection_point, inspection_shot


@dataclass(frozen=True)
class Happened:
    inspection: int
    what: What
    who: str
    at: datetime


class Inspections:
    """What inspectors write is sealed."""

    def __init__(self, connection: sa.Connection, seal: Seal) -> None:
        self._connection, self._seal = connection, seal

    def open(self, new: Inspection, points: Sequence[str]) -> Inspection:
        """Keep a new one, with all its points open; its number is given here."""
        row = _row(new)
        id = self._connection.execute(sa.insert(inspection).values(row).returning(inspection.c.id)).scalar_one()
        rows = [{"inspection_id": id, "position": n, **self._of(Point(point))} for n, point in enumerate(points)]
        self._connection.execute(sa.insert(inspection_point), rows)
        return replace(new, id=id)

    def load(self, id: int, *, hold: bool = False) -> Inspection | None:
        """`hold`: nobody else changes it in the meantime."""
        statement = sa.select(inspection).where(inspection.c.id == id)
        row = self._connection.execute(statement.with_for_update() if hold else statement).first()
        return None if row is None else _inspection(row)

    def current(self, conversation_id: str) -> Inspection | None:
        """The one at which somebody is; the latest, of several."""
        mine = (inspection.c.conversation_id == conversation_id, inspection.c.state == "shooting")
        return next(iter(self._select(*mine)), None)

    def of_conversation(self, conversation_id: str) -> list[Inspection]:
        return self._select(inspection.c.conversation_id == conversation_id)

    def of_case(self, case: str) -> list[Inspection]:
        return self._select(inspection.c.case_reference == case) if case else []

    def for_staff(self, states: Sequence[str], limit: int) -> list[Inspection]:
        """Those of cases, what waits longest first."""
        wanted = (inspection.c.case_reference != "", inspection.c.state.in_(states))
        statement = sa.select(inspection).where(*wanted).order_by(inspection.c.sent_at, inspection.c.id).limit(limit)
        return [_inspection(row) for row in self._connection.execute(statement)]

    def due(self, today: date, ahead: timedelta, limit: int) -> list[int]:
        """Those at which a citizen is to put something right by about today, and was not told of it yet."""
        point, event, verdict = inspection_point.c, inspection_event.alias(), inspection_event.alias()
        failed = sa.select(sa.func.max(verdict.c.id)).where(
            verdict.c.inspection_id == inspection.c.id, verdict.c.what == "failed"
        )
        since = event.c.id > failed.correlate(inspection).scalar_subquery()

        def told(what: What) -> sa.ColumnElement[bool]:
            mine = (event.c.inspection_id == inspection.c.id, event.c.what == what, since)
            return sa.select(event.c.id).where(*mine).correlate(inspection).exists()

        late = sa.and_(point.due_on < today.isoformat(), ~told("overdue"))
        soon = sa.and_(
            point.due_on.between(today.isoformat(), (today + ahead).isoformat()), ~told("reminded"), ~told("overdue")
        )
        statement = (
            sa.select(inspection.c.id, sa.func.min(point.due_on).label("first"))
            .join(inspection_point, point.inspection_id == inspection.c.id)
            .where(inspection.c.state.in_(["shooting", "paused"]), point.verdict == "", sa.or_(late, soon))
            .group_by(inspection.c.id)
            .order_by("first", inspection.c.id)
            .limit(limit)
        )
        return [row.id for row in self._connection.execute(statement)]

    def save(self, one: Inspection) -> None:
        self._connection.execute(sa.update(inspection).where(inspection.c.id == one.id).values(_row(one)))

    def stop(self, case: str, item: str, now: datetime) -> None:
        """End those of a matter that go on: there is nothing left to decide."""
        for one in self.of_case(case):
            if one.item == item and one.state in GOING:
                one.state, one.changed_at = "stopped", now
                self.save(one)
                self.note(one.id, "stopped", "", now)

    def points(self, id: int) -> list[Point]:
        """In the order of the walk."""
        mine = inspection_point.c.inspection_id == id
        statement = sa.select(inspection_point).where(mine).order_by(inspection_point.c.position)
        return [self._point(row) for row in self._connection.execute(statement)]

    def put(self, id: int, one: Point) -> None:
        mine = sa.and_(inspection_point.c.inspection_id == id, inspection_point.c.point == one.id)
        self._connection.execute(sa.update(inspection_point).where(mine).values(self._of(one)))

    def show(self, id: int, shot: Shot) -> None:
        """Bind a photo to its point. One that was bound already stays with its first."""
        known = self._connection.scalar(sa.select(inspection_shot.c.file).where(inspection_shot.c.file == shot.file))
        if known is None:
            self._connection.execute(sa.insert(inspection_shot).values(inspection_id=id, **vars(shot)))

    def shots(self, id: int) -> list[Shot]:
        """As they came."""
        statement = sa.select(inspection_shot).where(inspection_shot.c.inspection_id == id)
        return [
            Shot(row.file, row.point, row.round, row.kind, row.sha256, row.at, row.live)
            for row in self._connection.execute(statement.order_by(inspection_shot.c.at, inspection_shot.c.file))
        ]

    def retire(self, files: Iterable[str]) -> None:
        """Others have taken their place; they stay with the verdict that was made on them."""
        mine = inspection_shot.c.file.in_(list(files))
        self._connection.execute(sa.update(inspection_shot).where(mine).values(live=False))

    def drop(self, files: Iterable[str]) -> None:
        self._connection.execute(sa.delete(inspection_shot).where(inspection_shot.c.file.in_(list(files))))

    def note(self, id: int, what: What, who: str, now: datetime) -> None:
        self._connection.execute(sa.insert(inspection_event).values(inspection_id=id, what=what, who=who, at=now))

    def events(self, id: int | None = None) -> list[Happened]:
        """What happened to one, or to all of cases, in order."""
        both = inspection_event.join(inspection, inspection.c.id == inspection_event.c.inspection_id)
        wanted = inspection.c.case_reference != "" if id is None else inspection_event.c.inspection_id == id
        statement = sa.select(inspection_event).select_from(both).where(wanted).order_by(inspection_event.c.id)
        return [Happened(row.inspection_id, row.what, row.who, row.at) for row in self._connection.execute(statement)]

    def delete(self, ids: Sequence[int]) -> None:
        """All that stands of these. Their photos are the caller's to discard."""
        for table in (inspection_point, inspection_shot, inspection_event):
            self._connection.execute(sa.delete(table).where(table.c.inspection_id.in_(ids)))
        self._connection.execute(sa.delete(inspection).where(inspection.c.id.in_(ids)))

    def _select(self, *where: sa.ColumnElement[bool]) -> list[Inspection]:
        statement = sa.select(inspection).where(*where).order_by(inspection.c.id.desc())
        return [_inspection(row) for row in self._connection.execute(statement)]

    def _of(self, one: Point) -> dict[str, Any]:
        row = {name: value for name, value in vars(one).items() if name != "id"}
        due = one.due_on.isoformat() if one.due_on else None
        return {**row, "point": one.id, "finding": self._seal.write(one.finding), "due_on": due}

    def _point(self, row: sa.Row[Any]) -> Point:
        due = date.fromisoformat(row.due_on) if row.due_on else None
        told = (self._seal.read(row.finding), row.finding_file, due, row.judged_by, row.judged_at)
        return Point(row.point, row.stands, row.agreed, row.retakes, row.verdict, *told)


def _inspection(row: sa.Row[Any]) -> Inspection:
    told = (row.way, row.state, row.round, row.code, row.coded, row.walk, row.begun_at, row.changed_at, row.sent_at)
    return Inspection(row.id, row.conversation_id, row.case_reference, row.item, *told)


def _row(one: Inspection) -> dict[str, Any]:
    row = {name: value for name, value in vars(one).items() if name not in ("id", "conversation", "case")}
    return {**row, "conversation_id": one.conversation, "case_reference": one.case}
