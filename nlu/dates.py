"""When somebody means: the date, the time or the range that a Chinese sentence names.

Starts are the first instant, ends the first instant after; a point in time ends where it starts.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from nlu.datewords import LIMIT, around, data, fold, words
from nlu.daytimes import Grain, Reading, Workdays
from nlu.moments import Expression, expressions
from nlu.readings import read

__all__ = ["LIMIT", "When", "Workdays", "is_lunar", "spans", "when"]

_NEAR = 12
# Nobody names more dates at once.
_MOST = 16


@dataclass(frozen=True)
class When:
    """`start_at` and `end_at` are the place of `text` in what was said; not `dated` where a time names no day."""

    start: datetime
    end: datetime
    grain: Grain
    start_at: int
    end_at: int
    text: str
    dated: bool = True


def when(text: str, now: datetime, calendar: Workdays) -> When | None:
    """The date that a sentence names, in the zone of `now`; None where it names none, or one that cannot be.

    What was taken back or refused ("not Wednesday") does not count, nor does a day of the moon's calendar.
    """
    folded = fold(text)
    found = _meant(folded.text, expressions(folded.text)[:_MOST])
    readings: list[tuple[Expression, Reading]] = []
    for one in found:
        try:
            readings.append((one, read(one, now, calendar)))
        except (ValueError, OverflowError):
            continue
    if not readings:
        return None
    one, reading = _chosen(folded.text, readings, now)
    start_at, end_at = folded.original(one.start, one.end)
    return When(
        reading.start, reading.end, reading.grain, start_at, end_at, text[start_at:end_at], one.first.day is not None
    )


def spans(text: str, now: datetime, calendar: Workdays) -> list[tuple[int, int]]:
    """Where dates are named, all of them, whether or not they are what is meant in the end, or ours to read."""
    folded = fold(text)
    found = []
    for one in expressions(folded.text)[:_MOST]:
        try:
            read(one, now, calendar)
        except (ValueError, OverflowError):
            if not any(day and day.kind == "lunar" for day in (one.first.day, one.first.also)):
                continue
        found += [] if _is_span(one) else one.named
    years = [(word.start, word.end) for word in words(folded.text) if word.kind == "year"]
    found += [year for year in years if all(year[1] <= start or end <= year[0] for start, end in found)]
    return [folded.original(*place) for place in sorted(found)]


def _is_span(one: Expression) -> bool:
    """A stretch of time, or one that lies years away: neither is called a date."""
    day = one.first.day
    if day is None or day.kind != "offset" or one.first.time or one.last or one.first.also:
        return False
    values = data()["values"]
    way, unit = values["way"].get(day.parts.get("way")), values["unit"].get(day.parts.get("unit"))
    return bool(way == "within" or unit == "year")


def is_lunar(text: str) -> bool:
    """Whether a day of the moon's calendar is named, which `when` does not read."""
    return any(word.kind == "lunar" for word in words(fold(text).text))


def _meant(text: str, found: list[Expression]) -> list[Expression]:
    """Without what was taken back; a time of day has the day that was said before it."""
    for before, one in pairwise(found):
        if one.first.day is None and (one.last is None or one.last.day is None):
            one.first = replace(one.first, day=before.first.day, also=before.first.also, nth=before.first.nth)
    kept = [one for place, one in enumerate(found) if not _is_taken_back(text, found, place)]
    if len(kept) > 1 and (joined := _joined(kept[0], kept[1])):
        kept[:2] = [joined]
    return kept


def _joined(first: Expression, second: Expression) -> Expression | None:
    """A day or a part of it, and further on a time: one date. The time has got its day already."""
    time, later = first.first.time, second.first.time
    if first.last or time.clock or time.desk or first.first.side or second.first.day is not first.first.day:
        return None
    if time.part and (later.part or first.first.day is None):
        return None
    return Expression(replace(second.first, start=first.start), second.last)


def _is_taken_back(text: str, found: list[Expression], place: int) -> bool:
    one = found[place]
    following = found[place + 1].start if place + 1 < len(found) else None
    if following is not None and around("mended").search(text[one.end : following]):
        return True
    slipped = place and around("slip").search(text[found[place - 1].end : one.start])
    if not slipped and around("refused_before").search(text[max(one.start - _NEAR, 0) : one.start]):
        return True
    return bool(around("refused_after").search(text[one.end : following]))


def _chosen(text: str, readings: list[tuple[Expression, Reading]], now: datetime) -> tuple[Expression, Reading]:
    """The first that is neither past nor the mere day of speaking nor an earlier plan; otherwise the first."""
    for one, reading in readings:
        if reading.end >= now and not _is_aside(text, one):
            return one, reading
    return readings[0]


def _is_aside(text: str, one: Expression) -> bool:
    day = one.first.day
    today = day is not None and day.kind == "relative" and data()["values"]["day"].get(day.parts["day"]) == 0
    if today and not one.first.time and not one.last and not one.first.side:
        return True
    return bool(around("former").search(text[max(one.start - _NEAR, 0) : one.start]))
