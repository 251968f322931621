"""Appointments: the times of a counter, whose seat is whose, and when somebody is reminded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Literal

from bot.domain.hours import Span

Kind = Literal["window", "joint", "video", "inspection", "help", "lawyer", "leader", "expert"]
Way = Literal["online", "phone", "walkin"]
State = Literal["held", "booked", "arrived", "missed", "cancelled", "lapsed"]
Reminder = Literal["day", "hours"]

HELD: tuple[State, ...] = ("held",)
BOOKED: tuple[State, ...] = ("booked",)
LIVE: tuple[State, ...] = (*HELD, *BOOKED)
SHOWN: tuple[State, ...] = (*LIVE, "arrived", "missed")
MAY_ARRIVE: tuple[State, ...] = (*BOOKED, "missed")
AHEAD = timedelta(hours=2)


@dataclass(frozen=True, order=True)
class Slot:
    starts_at: datetime
    ends_at: datetime
    counter: str


@dataclass(frozen=True)
class Wanted:
    """What is to be taken: `seats` are, by counter, those that may be taken, the first one that is free.

    `person` is by whom it is known that it is the same one again: the conversation, or a keyed hash of a telephone.
    """

    slot: Slot
    seats: Mapping[str, Sequence[int]]
    way: Way
    person: str
    conversation: str = ""
    case: str = ""
    name: str = ""
    phone: str = ""
    replaces: int | None = None


@dataclass(frozen=True)
class Appointment:
    """`held_until` while it waits to be confirmed; `replaces` is the one that ends when this one is confirmed."""

    id: int
    slot: Slot
    state: State
    way: Way
    conversation: str
    case: str
    name: str
    phone: str
    made_at: datetime
    held_until: datetime | None = None
    replaces: int | None = None
    reminded: tuple[Reminder, ...] = ()

    @property
    def starts_at(self) -> datetime:
        return self.slot.starts_at


def slots(counter: str, day: date, spans: Sequence[Span], minutes: int, zone: tzinfo) -> list[Slot]:
    """The times of a day, each wholly within opening hours."""
    found, step = [], timedelta(minutes=minutes)
    for opens, closes in spans:
        begins, ends = datetime.combine(day, opens, zone), datetime.combine(day, closes, zone)
        while begins + step <= ends:
            found.append(Slot(begins, begins + step, counter))
            begins += step
    return found


def reachable(way: Way, seats: int, quota: int) -> range:
    """The seats that a way of booking may take, in the order in which it tries them.

    The web begins with the first, the desk with the last: so a quota needs no counting, and all share one pool.
    """
    return range(min(quota, seats)) if way == "online" else range(seats - 1, seats - 1 - min(quota, seats), -1)


def reminder(one: Appointment, now: datetime, opens: time, quiet_until: time) -> Reminder | None:
    """The reminder that is due: on the day before from opening on, and two hours before, but in nobody's sleep.

    `opens`: when the hall opens on the day before. None that is younger than the appointment itself.
    """
    starts = one.starts_at
    before = datetime.combine(starts.date() - timedelta(days=1), opens, starts.tzinfo)
    last = max(starts - AHEAD, datetime.combine(starts.date(), quiet_until, starts.tzinfo))
    if last <= now < starts:
        return "hours" if "hours" not in one.reminded and one.made_at < last else None
    if before <= now and now.astimezone(starts.tzinfo).date() < starts.date():
        return "day" if "day" not in one.reminded and one.made_at < before else None
    return None
