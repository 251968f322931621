"""Appointments and the seats that they take. What keeps the capacity is the key of `seat`, on either engine."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime, tzinfo
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.domain.appointment import LIVE, Appointment, Reminder, Slot, State, Wanted
from bot.seal import Seal
from bot.store.appointment_tables import appointment, seat, waiting

Taken = Mapping[tuple[str, datetime], set[int]]


class Appointments:
    """Names and telephones are sealed. Times come back in UTC; `bot/diary.py` gives them their zone."""

    def __init__(self, connection: sa.Connection, seal: Seal) -> None:
        self._connection, self._seal = connection, seal

    def take(self, wanted: Wanted, now: datetime, until: datetime | None) -> int | None:
        """A seat at each counter that is wanted, or none at all. Held until then; where that is None, booked."""
        slot = wanted.slot
        free = {name: self._free(name, slot.starts_at, seats, now) for name, seats in wanted.seats.items()}
        if not all(free.values()):
            return None
        with self._connection.begin_nested() as point:
            id = self._put(wanted, now, until)
            for name in sorted(free):  # always in this order, so that two never wait for one another
                if not any(self._sit(name, slot.starts_at, number, wanted.person, id, until) for number in free[name]):
                    point.rollback()
                    return None
        return id

    def confirm(self, id: int, now: datetime) -> bool:
        """False where it is not held any more."""
        mine = sa.and_(appointment.c.id == id, appointment.c.state == "held", appointment.c.held_until >= now)
        values = {"state": "booked", "held_until": None, "changed_at": now}
        with self._connection.begin_nested() as point:
            statement = sa.update(appointment).where(mine).values(**values).returning(appointment.c.parts)
            parts = self._connection.scalar(statement)
            kept = sa.update(seat).where(seat.c.appointment_id == id).values(until=None)
            if parts is None or self._connection.execute(kept).rowcount != parts:
                point.rollback()
                return False
        return True

    def end(self, id: int, state: State, now: datetime, was: Collection[State] = LIVE) -> bool:
        """It is over, and its seats are free, but for somebody who came. False where it was something else."""
        mine = sa.and_(appointment.c.id == id, appointment.c.state.in_(was))
        values = {"state": state, "held_until": None, "changed_at": now}
        statement = sa.update(appointment).where(mine).values(**values).returning(appointment.c.id)
        if self._connection.scalar(statement) is None:
            return False
        if state != "arrived":
            self._connection.execute(sa.delete(seat).where(seat.c.appointment_id == id))
        return True

    def taken(self, counters: Collection[str], first: datetime, last: datetime, now: datetime) -> Taken:
        """The seats that are taken at these counters, by counter and beginning, in the zone of `first`."""
        found: defaultdict[tuple[str, datetime], set[int]] = defaultdict(set)
        within = sa.and_(seat.c.counter.in_(counters), seat.c.starts_at.between(first, last), _holds(now))
        for row in self._connection.execute(sa.select(seat.c.counter, seat.c.starts_at, seat.c.number).where(within)):
            found[row.counter, row.starts_at.astimezone(first.tzinfo)].add(row.number)
        return found

    def load(self, id: int, zone: tzinfo | None = None) -> Appointment | None:
        return next(iter(self._select(zone, appointment.c.id == id)), None)

    def live(self, person: str, now: datetime, zone: tzinfo | None = None) -> list[Appointment]:
        """What somebody has held or booked that is not over, the earliest first."""
        mine = sa.or_(appointment.c.person == person, appointment.c.conversation_id == person)
        held = sa.or_(appointment.c.state == "booked", appointment.c.held_until >= now)
        return self._select(zone, mine, appointment.c.state.in_(LIVE), held, appointment.c.ends_at > now)

    def of_conversation(self, conversation_id: str, zone: tzinfo | None = None) -> list[Appointment]:
        return self._select(zone, appointment.c.conversation_id == conversation_id)

    def between(self, first: datetime, last: datetime, *, states: Collection[State]) -> list[Appointment]:
        """All that begin from then on, and before `last`, in the zone of `first`."""
        within = sa.and_(appointment.c.starts_at >= first, appointment.c.starts_at < last)
        return self._select(first.tzinfo, within, appointment.c.state.in_(states))

    def expired(self, now: datetime, most: int) -> list[Appointment]:
        """Held, and not confirmed in time."""
        late = sa.and_(appointment.c.state == sa.literal_column("'held'"), appointment.c.held_until < now)
        return self._select(None, late, most=most)

    def missed(self, person: str, since: datetime) -> list[datetime]:
        """When somebody did not come."""
        mine = sa.and_(appointment.c.person == person, appointment.c.state == "missed", appointment.c.starts_at > since)
        return list(self._connection.scalars(sa.select(appointment.c.starts_at).where(mine)))

    def remind(self, one: Appointment, rung: Reminder) -> None:
        values = {"reminded": [*one.reminded, rung]}
        self._connection.execute(sa.update(appointment).where(appointment.c.id == one.id).values(**values))

    def delete_of(self, conversation_id: str) -> int:
        """All that stands of one conversation, and its place in every line; its seats are free."""
        mine = appointment.c.conversation_id == conversation_id
        ids = sa.select(appointment.c.id).where(mine).scalar_subquery()
        self._connection.execute(sa.delete(seat).where(seat.c.appointment_id.in_(ids)))
        self._connection.execute(sa.delete(waiting).where(waiting.c.conversation_id == conversation_id))
        return self._connection.execute(sa.delete(appointment).where(mine)).rowcount

    def person(self, phone: str) -> str:
        """By whom somebody with this telephone is known."""
        return f"phone:{self._seal.digest(phone)}"

    def _free(self, counter: str, starts_at: datetime, seats: Collection[int], now: datetime) -> list[int]:
        """Of these seats, those that nobody has; holds that have expired are given back."""
        here = sa.and_(seat.c.counter == counter, seat.c.starts_at == starts_at)
        rows = self._connection.execute(sa.select(seat.c.number, seat.c.until).where(here)).all()
        if any(row.until is not None and row.until < now for row in rows):
            self._connection.execute(sa.delete(seat).where(here, seat.c.until < now))
        taken = {row.number for row in rows if row.until is None or row.until >= now}
        return [number for number in seats if number not in taken]

    def _sit(
        self, counter: str, starts_at: datetime, number: int, person: str, id: int, until: datetime | None
    ) -> bool:
        insert = postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
        row = {"counter": counter, "starts_at": starts_at, "number": number, "person": person, "until": until}
        statement = insert(seat).values(appointment_id=id, **row).on_conflict_do_nothing().returning(seat.c.number)
        return self._connection.execute(statement).first() is not None

    def _put(self, wanted: Wanted, now: datetime, until: datetime | None) -> int:
        slot = wanted.slot
        row = {"counter": slot.counter, "starts_at": slot.starts_at, "ends_at": slot.ends_at, "way": wanted.way}
        row |= {"person": wanted.person, "conversation_id": wanted.conversation, "case_reference": wanted.case}
        row |= {"name": self._seal.write(wanted.name), "phone": self._seal.write(wanted.phone)}
        row |= {"parts": len(wanted.seats), "made_at": now, "changed_at": now, "held_until": until}
        row |= {"replaces": wanted.replaces, "reminded": [], "state": "booked" if until is None else "held"}
        id: int = self._connection.execute(
            sa.insert(appointment).values(**row).returning(appointment.c.id)
        ).scalar_one()
        return id

    def _select(
        self, zone: tzinfo | None, *where: sa.ColumnElement[bool], most: int | None = None
    ) -> list[Appointment]:
        statement = sa.select(appointment).where(*where).order_by(appointment.c.starts_at, appointment.c.id).limit(most)
        return [self._read(row, zone) for row in self._connection.execute(statement)]

    def _read(self, row: sa.Row[Any], zone: tzinfo | None) -> Appointment:
        starts, ends = (at.astimezone(zone) if zone else at for at in (row.starts_at, row.ends_at))
        return Appointment(
            row.id,
            Slot(starts, ends, row.counter),
            row.state,
            row.way,
            row.conversation_id,
            row.case_reference,
            self._seal.read(row.name),
            self._seal.read(row.phone),
            row.made_at,
            row.held_until,
            row.replaces,
            tuple(row.reminded),
        )


def _holds(now: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(seat.c.until.is_(None), seat.c.until >= now)
