"""The diary of all counters: which times are free for whom, and how one of them is held, booked, changed and given up.

Whoever calls has the transaction; the citizen's chat, the desk and the rounds use the same functions.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from bot.domain.appointment import BOOKED, MAY_ARRIVE, SHOWN, Appointment, Slot, Wanted, Way, reachable
from bot.domain.hours import Hours
from bot.errors import CitizenError, OperatorError
from bot.offices import Offices
from bot.store.appointments import Taken
from bot.store.db import Tables


@dataclass(frozen=True)
class Diary:
    offices: Offices
    hours: Hours

    def days(self, counter: str, now: datetime) -> list[date]:
        """The days that can be booked, from today on, as far ahead as the rules let."""
        return [day for day in self._ahead(now) if self.offices.slots(counter, day, self.hours)]

    def slots(self, counter: str, now: datetime, first: date = date.min, last: date = date.max) -> list[Slot]:
        """All times that can be booked now, free or not, between two days, which count."""
        soonest = now + timedelta(minutes=self.offices.rules.notice)
        days = (day for day in self._ahead(now) if first <= day <= last)
        every = (slot for day in days for slot in self.offices.slots(counter, day, self.hours))
        return [slot for slot in every if slot.starts_at >= soonest]

    def free(self, tables: Tables, wanted: list[Slot], way: Way, now: datetime) -> dict[Slot, int]:
        """Of these times of one counter, those that are free for whoever books that way, with the seats left."""
        if not wanted:
            return {}
        counters = self.offices.parts(wanted[0].counter)
        taken = tables.appointments.taken(counters, wanted[0].starts_at, wanted[-1].starts_at, now)
        left = {slot: min(len(self._open(one, slot, way, taken)) for one in counters) for slot in wanted}
        return {slot: seats for slot, seats in left.items() if seats}

    def others(self, tables: Tables, slot: Slot, way: Way, now: datetime, most: int) -> list[Slot]:
        """In the place of a time that is full: the nearest of its day, then those of the days behind it."""
        day = slot.starts_at.astimezone(self.hours.zone).date()
        same = self.free(tables, self.slots(slot.counter, now, day, day), way, now)
        found = sorted(sorted(same, key=lambda one: abs(one.starts_at - slot.starts_at))[:most])
        for after in self._ahead(now):
            if len(found) >= most:
                break
            if after > day:
                found += self.free(tables, self.slots(slot.counter, now, after, after), way, now)
        return found[:most]

    def hold(self, tables: Tables, wanted: Wanted, now: datetime, minutes: int = 0) -> Appointment | None:
        """Kept until it is confirmed, for the minutes of the rules or for more; None where it is full."""
        until = now + timedelta(minutes=minutes or self.offices.rules.hold)
        return self._take(tables, wanted, now, min(until, wanted.slot.starts_at))

    def confirm(self, tables: Tables, one: Appointment, now: datetime) -> bool:
        """Booked; what it replaces is over. False where somebody else may have the seat by now."""
        if not tables.appointments.confirm(one.id, now):
            return False
        if one.replaces is not None:
            tables.appointments.end(one.replaces, "cancelled", now, BOOKED)
        return True

    def book(self, tables: Tables, wanted: Wanted, who: str, now: datetime) -> Appointment | None:
        """At once, by staff, for somebody who calls or stands there; None where no seat is left for that way."""
        known = replace(wanted, person=tables.appointments.person(wanted.phone) if wanted.phone else wanted.person)
        if not known.person or wanted.slot not in self._of_day(wanted.slot):
            raise OperatorError("an appointment needs a telephone, and a time that the counter has")
        found = self._take(tables, known, now, None)
        if found is not None:
            tables.audits.put(who, "book appointment", f"appointment {found.id}", now, why=wanted.way)
        return found

    def arrived(self, tables: Tables, id: int, who: str, now: datetime) -> bool:
        """Somebody came. False where it was marked or given up before."""
        done = tables.appointments.end(id, "arrived", now, MAY_ARRIVE)
        return done and self._audited(tables, "mark arrived", id, who, now)

    def missed(self, tables: Tables, id: int, who: str, now: datetime) -> bool:
        """Nobody came in time; the seat is free for others. False where it is too early to say so."""
        one = tables.appointments.load(id)
        late = timedelta(minutes=self.offices.rules.late)
        if one is None or now < one.starts_at + late or not tables.appointments.end(id, "missed", now, BOOKED):
            return False
        return self._audited(tables, "mark missed", id, who, now)

    def cancel(self, tables: Tables, id: int, who: str, now: datetime) -> bool:
        """By staff, for somebody who calls."""
        return tables.appointments.end(id, "cancelled", now) and self._audited(
            tables, "cancel appointment", id, who, now
        )

    def of_day(self, tables: Tables, day: date, counter: str = "") -> list[Appointment]:
        """Who comes on a day, in the order of time; whoever shows it to staff audits that."""
        first = datetime.combine(day, time(), self.hours.zone)
        all_ = tables.appointments.between(first, first + timedelta(days=1), states=SHOWN)
        return [one for one in all_ if not counter or one.slot.counter == counter]

    def barred_until(self, tables: Tables, person: str, now: datetime) -> date | None:
        """The day until which somebody who often did not come books at the desk or by telephone only."""
        rules = self.offices.rules
        missed = sorted(tables.appointments.missed(person, now - timedelta(days=rules.within + rules.barred)))
        for place in range(len(missed) - rules.no_shows, -1, -1):
            first, last = missed[place], missed[place + rules.no_shows - 1]
            until = last + timedelta(days=rules.barred)
            if last - first <= timedelta(days=rules.within) and until > now:
                return until.astimezone(self.hours.zone).date()
        return None

    def seats(self, counter: str, way: Way) -> dict[str, range]:
        """The seats that a way of booking may take, of each counter that a visit takes one of."""
        known = {one: self.offices.counters[one] for one in self.offices.parts(counter)}
        return {id: reachable(way, one.seats, one.quota.get(way, one.seats)) for id, one in known.items()}

    def _ahead(self, now: datetime) -> list[date]:
        today = now.astimezone(self.hours.zone).date()
        last = self.hours.after(today, self.offices.rules.ahead)
        return [today + timedelta(days=n) for n in range((last - today).days + 1)]

    def _take(self, tables: Tables, wanted: Wanted, now: datetime, until: datetime | None) -> Appointment | None:
        overlap = [one for one in tables.appointments.live(wanted.person, now) if _overlap(one.slot, wanted.slot)]
        if any(one.id != wanted.replaces for one in overlap):
            raise CitizenError("visit.twice")
        asked = replace(wanted, seats=self.seats(wanted.slot.counter, wanted.way))
        id = tables.appointments.take(asked, now, until)
        return None if id is None else tables.appointments.load(id, self.hours.zone)

    def _open(self, counter: str, slot: Slot, way: Way, taken: Taken) -> list[int]:
        gone = taken.get((counter, slot.starts_at), set())
        return [number for number in self.seats(counter, way)[counter] if number not in gone]

    def _of_day(self, slot: Slot) -> list[Slot]:
        return self.offices.slots(slot.counter, slot.starts_at.astimezone(self.hours.zone).date(), self.hours)

    def _audited(self, tables: Tables, what: str, id: int, who: str, now: datetime) -> bool:
        tables.audits.put(who, what, f"appointment {id}", now)
        return True


def _overlap(one: Slot, other: Slot) -> bool:
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at
