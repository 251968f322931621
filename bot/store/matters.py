"""The items of submitted cases, what was promised for them, and the departments' registrations."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa
from pydantic import TypeAdapter

from bot.domain.progress import Matter
from bot.domain.promise import Promise, PromiseKind, PromiseState, Rung
from bot.store.case_tables import matter, promise, registration

What = Literal["submit", "supplement", "inspected", "withdraw"]
_matter = TypeAdapter(Matter)


@dataclass(frozen=True)
class Registration:
    """Something that a department must be told once; `key` is the same however often it is tried."""

    id: int
    key: str
    case: str
    item: str
    what: What
    department: str
    tries: int


class Matters:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def put(self, matters: Iterable[Matter]) -> None:
        """Keep new ones, in their order."""
        for position, one in enumerate(matters):
            self._connection.execute(sa.insert(matter).values(position=position, **_row(one)))

    def of(self, case: str) -> list[Matter]:
        statement = sa.select(matter.c.body).where(matter.c.case_reference == case).order_by(matter.c.position)
        return [_matter.validate_python(body) for body in self._connection.scalars(statement)]

    def save(self, one: Matter) -> None:
        mine = sa.and_(matter.c.case_reference == one.case, matter.c.item == one.item)
        self._connection.execute(sa.update(matter).where(mine).values(**_row(one)))

    def promise(
        self,
        case: str,
        subject: str,
        name: str,
        kind: PromiseKind,
        points: tuple[str, ...],
        now: datetime,
        due_on: date | None = None,
    ) -> None:
        row = {"case_reference": case, "subject": subject, "name": name, "kind": kind, "points": list(points)}
        due = due_on.isoformat() if due_on else None
        self._connection.execute(sa.insert(promise).values(**row, agreed_at=now, due_on=due, reminded=[]))

    def promises(self, case: str) -> list[Promise]:
        return self._promises(promise.c.case_reference == case)

    def open_promises(self, until: date) -> list[Promise]:
        """Those still open that are due by a day."""
        return self._promises(promise.c.state == "open", promise.c.due_on <= until.isoformat())

    def settle(self, id: int, state: PromiseState) -> bool:
        """End a promise; False where it had ended."""
        mine = sa.and_(promise.c.id == id, promise.c.state == "open")
        return self._connection.execute(sa.update(promise).where(mine).values(state=state)).rowcount == 1

    def reminded(self, one: Promise, rung: Rung) -> None:
        values = {"reminded": [*one.reminded, rung]}
        self._connection.execute(sa.update(promise).where(promise.c.id == one.id).values(**values))

    def register(self, one: Matter, what: What, now: datetime, key: str = "") -> None:
        """Tell the department, soon. `key` names it among others of the same kind."""
        row = {"case_reference": one.case, "item": one.item, "what": what, "department": one.department}
        name = "/".join(part for part in (one.case, one.item, what, key) if part)
        self._connection.execute(sa.insert(registration).values(key=name, due=now, created_at=now, **row))

    def claim(self, now: datetime, lease: timedelta, but: Collection[str] = ()) -> Registration | None:
        """The registration that is due first, for one worker until the lease ends; none of the departments `but`.

        What is to be said of one matter is said in its order: whatever stands before it must have gone.
        """
        ahead = registration.alias("ahead")
        same = sa.and_(ahead.c.case_reference == registration.c.case_reference, ahead.c.item == registration.c.item)
        before = sa.select(ahead.c.id).where(same, ahead.c.id < registration.c.id, _ready(ahead)).exists()
        due = (
            sa.select(registration.c.id)
            .where(
                _ready(registration), registration.c.due <= now, registration.c.department.not_in(list(but)), ~before
            )
            .order_by(registration.c.due, registration.c.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        statement = sa.update(registration).where(registration.c.id == due.scalar_subquery())
        statement = statement.values(due=now + lease, tries=registration.c.tries + 1)
        columns = (
            registration.c[name] for name in ("id", "key", "case_reference", "item", "what", "department", "tries")
        )
        found = self._connection.execute(statement.returning(*columns)).first()
        return None if found is None else Registration(*found)

    def registered(self, one: Registration) -> None:
        self._settle(one, status="done", error="")

    def again(self, one: Registration, due: datetime, error: str) -> None:
        self._settle(one, due=due, error=error)

    def give_up(self, one: Registration, now: datetime, error: str) -> None:
        self._settle(one, status="dead", due=now, error=error)

    def given_up(self) -> list[dict[str, Any]]:
        """Registrations that were given up, in the shape of other dead letters."""
        columns = (
            sa.literal("registration").label("table"),
            registration.c.id,
            registration.c.department.label("channel"),
            registration.c.tries,
            (registration.c.key + ": " + registration.c.error).label("error"),
            registration.c.due.label("finished_at"),
        )
        found = sa.select(*columns).where(registration.c.status == "dead").order_by(registration.c.id)
        return [dict(row) for row in self._connection.execute(found).mappings()]

    def requeue(self, id: int, now: datetime) -> bool:
        """Give one that was given up its tries back."""
        dead = sa.and_(registration.c.id == id, registration.c.status == "dead")
        values = {"status": "ready", "tries": 0, "due": now, "error": ""}
        return self._connection.execute(sa.update(registration).where(dead).values(values)).rowcount == 1

    def delete(self, cases: list[str]) -> None:
        """All that stands of these cases."""
        for table in (matter, promise, registration):
            self._connection.execute(sa.delete(table).where(table.c.case_reference.in_(cases)))

    def _settle(self, one: Registration, **values: Any) -> None:
        """Nothing is written where another worker has it by now."""
        mine = sa.and_(registration.c.id == one.id, registration.c.tries == one.tries, _ready(registration))
        self._connection.execute(sa.update(registration).where(mine).values(**values))

    def _promises(self, *where: sa.ColumnElement[bool]) -> list[Promise]:
        statement = sa.select(promise).where(*where).order_by(promise.c.id)
        return [
            Promise(
                row.id,
                row.case_reference,
                row.subject,
                row.name,
                row.kind,
                tuple(row.points),
                row.agreed_at,
                date.fromisoformat(row.due_on) if row.due_on else None,
                row.state,
                tuple(row.reminded),
            )
            for row in self._connection.execute(statement)
        ]


def _ready(table: sa.FromClause) -> sa.ColumnElement[bool]:
    return table.c.status == sa.literal_column("'ready'")  # a literal, or neither engine could use the partial index


def _row(one: Matter) -> dict[str, object]:
    body = _matter.dump_python(one, mode="json")
    return {
        "case_reference": one.case,
        "item": one.item,
        "state": one.state,
        "changed_at": one.changed_at,
        "body": body,
    }
