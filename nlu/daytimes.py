"""Times of day as people say them, read with the hours of the hall in mind."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from functools import cache
from typing import Literal, Protocol

from nlu.datewords import Word, data
from nlu.numerals import number

Grain = Literal["minute", "hour", "part", "day", "week", "month"]
Span = tuple[time, time]

_NOON = time(12)
_SLOT = timedelta(minutes=30)


class Workdays(Protocol):
    """What dates need to know of a hall."""

    def is_workday(self, day: date, /) -> bool:
        """Whether time limits count the day."""

    def after(self, start: date, working_days: int, /) -> date:
        """So many working days after a day, which does not count; before it where negative."""

    def usual(self, day: date, /) -> tuple[Span, ...]:
        """The opening hours of a day, in order; those of a working day where the hall is shut."""


@dataclass(frozen=True)
class Reading:
    """`end` is the first instant after it; the same as `start` for a point in time."""

    start: datetime
    end: datetime
    grain: Grain


@dataclass
class Daytime:
    """The words that name one time of day: a part of it, a time by the clock, the hall's opening or closing."""

    part: Word | None = None
    clock: Word | None = None
    desk: Word | None = None

    def __bool__(self) -> bool:
        return bool(self.part or self.clock or self.desk)

    def on(self, day: date, zone: tzinfo | None, hall: Workdays, after: datetime | None = None) -> Reading:
        """ValueError for no time of day. `after`: the beginning of the range that this one ends."""
        name = _part(self.part) if self.part else None
        midnight = datetime.combine(day, time(), zone)
        if self.clock:
            return _clock(self.clock, name, midnight, hall, after)
        spans = {key: _combined(midnight, span) for key, span in _parts(hall.usual(day)).items()}
        if self.desk:
            return _desk(self.desk, spans.get(name or "", (spans["morning"][0], spans["afternoon"][1])))
        return Reading(*spans[name or "morning"], "part")


def opening(day: date, zone: tzinfo | None, hall: Workdays) -> tuple[datetime, datetime]:
    """From the first opening to the last closing of a day."""
    spans = _parts(hall.usual(day))
    return _combined(datetime.combine(day, time(), zone), (spans["morning"][0], spans["afternoon"][1]))


@cache
def _keys() -> dict[str, str]:
    return {word: key for key, words in data()["parts"].items() for word in words}


def _part(word: Word) -> str:
    return _keys()[word.parts["part"]]


@cache
def _parts(usual: tuple[Span, ...]) -> dict[str, Span]:
    """Each part of the day; the hall's hours are cut at noon, and noon is the break between them if there is one."""
    parts = {
        key: (time.fromisoformat(opens), time.fromisoformat(closes)) for key, (opens, closes) in data()["spans"].items()
    }
    before = [(opens, min(closes, _NOON)) for opens, closes in usual if opens < _NOON]
    behind = [(max(opens, _NOON), closes) for opens, closes in usual if closes > _NOON]
    if before:
        parts["morning"] = (before[0][0], before[-1][1])
    if behind:
        parts["afternoon"] = (behind[0][0], behind[-1][1])
    if before and behind and parts["morning"][1] < parts["afternoon"][0]:
        parts["noon"] = (parts["morning"][1], parts["afternoon"][0])
    parts["daytime"] = (parts["morning"][0], parts["afternoon"][1])
    return parts


def _combined(midnight: datetime, span: Span) -> tuple[datetime, datetime]:
    return (datetime.combine(midnight, span[0], midnight.tzinfo), datetime.combine(midnight, span[1], midnight.tzinfo))


def _desk(word: Word, hours: tuple[datetime, datetime]) -> Reading:
    opens, closes = hours
    if "open" in word.parts:
        return Reading(opens, opens, "minute")
    if "before" in word.parts:
        return Reading(closes - _SLOT, closes, "part")
    if "after" in word.parts:
        return Reading(closes, closes + 4 * _SLOT, "part")
    return Reading(closes, closes, "minute")


def _clock(word: Word, part: str | None, midnight: datetime, hall: Workdays, after: datetime | None) -> Reading:
    written = word.parts["h"]
    minute = _minute(word)
    begun = midnight + _hour(written, part, midnight.date(), hall) + minute
    if after is not None and part is None and begun <= after and begun + timedelta(hours=12) > after:
        begun += timedelta(hours=12)
    elif after is not None and part is None and begun - timedelta(hours=12) > after and not _exact(written):
        begun -= timedelta(hours=12)
    named = word.parts.keys() & {"half", "quarter", "min", "less", "lessq"}
    grain: Grain = "minute" if named else "hour"
    if "h2" not in word.parts:
        return Reading(begun, begun, grain)
    return _between(word, begun, minute)


def _between(word: Word, begun: datetime, minute: timedelta) -> Reading:
    """From one hour to another, such as "two three o'clock"; where they touch, they follow one another."""
    first, last = number(word.parts["h"]), number(word.parts["h2"])
    if first is None or last is None or last > 24:
        raise ValueError("not two hours")
    if "near" in word.parts and last == first % 10 + 1:  # "eleven two o'clock" is eleven or twelve
        last = first + 1
    hours = (last - first) % 12 or 12
    grain: Grain = "minute" if minute else "hour"
    return Reading(begun - minute, begun + timedelta(hours=hours), grain)


def _exact(written: str) -> bool:
    """Whether an hour is written as one of 24."""
    return written.startswith("0") or (number(written) or 0) > 12


def _hour(written: str, part: str | None, day: date, hall: Workdays) -> timedelta:
    """The hour from midnight. Without a part of the day it is the one in, or nearest to, the hours of the hall."""
    hour = number(written)
    if hour is None or hour > 24:
        raise ValueError(f"no hour: {written!r}")
    if _exact(written) or hour == 0:
        return timedelta(hours=hour)
    if part is None:
        usual = hall.usual(day)
        early, late = (usual[0][0].hour, usual[-1][1].hour) if usual else (9, 17)
        later = hour < 7 and not early <= hour <= late
        return timedelta(hours=hour + 12 if later else hour)
    if part == "evening" and (hour == 12 or hour < 5):
        return timedelta(hours=24 + hour % 12)
    if part == "night":
        return timedelta(hours=hour % 12 if hour < 9 or hour == 12 else hour + 12)
    if part in ("noon", "lunch"):
        return timedelta(hours=hour + 12 if hour < 5 else hour)
    if part in ("afternoon", "dusk", "evening"):
        return timedelta(hours=hour % 12 + 12)
    return timedelta(hours=hour)


def _minute(word: Word) -> timedelta:
    """What is added to the hour; less than nothing for "a quarter to"."""
    if "half" in word.parts:
        return timedelta(minutes=30)
    if "quarter" in word.parts:
        return timedelta(minutes=15 * (number(word.parts["quarter"]) or 1))
    if "lessq" in word.parts:
        return timedelta(minutes=-15)
    minutes = number(word.parts.get("min") or word.parts.get("less") or "0")
    if minutes is None or minutes > 59:
        raise ValueError("no minute")
    return timedelta(minutes=-minutes if "less" in word.parts else minutes)
