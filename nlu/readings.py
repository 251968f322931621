"""What moments and ranges mean when they are said at a certain time, by the calendar of a hall."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

from nlu.datewords import Word, data
from nlu.days import Period, counted, periods
from nlu.daytimes import Grain, Reading, Workdays, opening
from nlu.moments import Expression, Moment, Side
from nlu.numerals import number

_DAY = timedelta(days=1)
_SHORT = {"minute": timedelta(minutes=1), "quarter": timedelta(minutes=15), "hour": timedelta(hours=1)}
_FINEST_FIRST: tuple[Grain, ...] = ("minute", "hour", "part", "day", "week", "month")
_TIMED = _FINEST_FIRST[:3]


def read(one: Expression, now: datetime, hall: Workdays) -> Reading:
    """What an expression means: the first that is not past at `now`, or the last there is. ValueError for none."""
    found: list[Reading] = []
    first, last = one.first, one.last
    if last and last.day and not first.day and last.time.clock and last.day.start > last.time.clock.start:
        first = replace(first, day=last.day)  # "nine to ten on Friday"
    for begun in _readings(first, now, now, hall):
        try:
            found.append(_until(begun, first, last, now, hall) if last else begun)
        except ValueError:
            continue
        if _is_ahead(found[-1], now) and _begins_ahead(begun, first, now):
            return found[-1]
    if not found:
        raise ValueError("no day")
    return found[-1]


def _is_ahead(reading: Reading, now: datetime) -> bool:
    minute = now.replace(second=0, microsecond=0)
    return reading.end > now or reading.start == reading.end >= minute


def _begins_ahead(begun: Reading, first: Moment, now: datetime) -> bool:
    """Whether the first day of a range is not past: on Saturday, Friday to Monday is next week's."""
    if first.day and first.day.parts.keys() & {"wd2", "d2"}:
        return begun.start.date() >= now.date()
    return begun.grain in _TIMED or begun.end > now


def _until(begun: Reading, first: Moment, last: Moment, now: datetime, hall: Workdays) -> Reading:
    """The range from one reading to the first that ends later."""
    if not last.day and last.time:
        if begun.grain in ("week", "month"):
            raise ValueError("no day that it ends on")
        part = None if last.time.part or not last.time.desk else first.time.part
        time_ = replace(last.time, part=last.time.part or part)
        ended = time_.on(begun.start.date(), now.tzinfo, hall, begun.start)
        ends = [replace(ended, grain=begun.grain) if last.time.desk and begun.grain in _TIMED else ended]
    else:
        ends = _readings(last, now, begun.start, hall)
    for ended in ends:
        if ended.end > begun.start:
            return Reading(begun.start, ended.end, min(begun.grain, ended.grain, key=_FINEST_FIRST.index))
    raise ValueError("ends before it begins")


def _readings(moment: Moment, now: datetime, base: datetime, hall: Workdays) -> list[Reading]:
    """The readings of one moment; `base` is from where days without week, month or year are looked for."""
    if moment.day and (short := _soon(moment.day, now)):
        return [short]
    found = []
    for period in _periods(moment, now, base, hall):
        try:
            found.append(_timed(moment, period, now, hall))
        except ValueError:
            if moment.side is None:
                raise
    return found


def _soon(word: Word, now: datetime) -> Reading | None:
    """So many hours or minutes from now."""
    unit = data()["values"]["unit"].get(word.parts.get("unit"))
    if word.kind != "offset" or unit not in _SHORT:
        return None
    half = word.parts["n"] == data()["values"]["half"]
    count = 0.5 if half else float(number(word.parts["n"]) or 0)
    count += 0.5 * ("more" in word.parts or "more2" in word.parts)
    way = data()["values"]["way"].get(word.parts.get("way"), "after")
    here = now.replace(second=0, microsecond=0)
    then = here + (-1 if way == "before" else 1) * count * _SHORT[unit]
    return Reading(here, then, "minute") if way == "within" else Reading(then, then, "minute")


def _periods(moment: Moment, now: datetime, base: datetime, hall: Workdays) -> list[Period]:
    today = now.date()
    if moment.day is None:
        return [Period(today, today + _DAY), Period(today + _DAY, today + 2 * _DAY)]
    from_day = today if _is_fixed(moment.day) else base.date()
    found = periods(moment.day, moment.nth, from_day, hall)
    if moment.also is None:
        return found
    period = next((one for one in found if one.end > from_day), found[-1])
    if "from" in moment.also.parts:
        return periods(moment.also, None, period.start, hall)
    inner = periods(moment.also, None, today if _is_fixed(moment.also) else period.start, hall)
    same = [one for one in inner if period.start <= one.start and one.end <= period.end]
    if not same:
        raise ValueError("two days that are not the same")
    return same[:1]


def _is_fixed(word: Word) -> bool:
    """Whether a day is counted from today, wherever it stands."""
    return word.kind in ("offset", "relative") or "which" in word.parts


def _timed(moment: Moment, period: Period, now: datetime, hall: Workdays) -> Reading:
    zone = now.tzinfo
    one_day = period.end - period.start == _DAY
    if moment.time and (one_day or period.grain == "day"):
        reading = moment.time.on(period.start, zone, hall)
        if not one_day:
            until = moment.time.on(period.end - _DAY, zone, hall)
            reading = Reading(reading.start, until.end, reading.grain)
    else:
        begins, ends = (datetime.combine(day, time(), zone) for day in (period.start, period.end))
        reading = Reading(begins, ends, period.grain)
    if moment.side is None:
        return reading
    if reading.grain in _TIMED:
        day = period.start if moment.side == "before" else period.end - _DAY
        return _beside_time(reading, moment.side, day, now, hall)
    beside = _beside_day(reading, moment.side, period.last, now)
    if moment.beside is None:
        return beside
    day = counted(Period(beside.start.date(), beside.end.date()), moment.beside, hall).start
    return Reading(datetime.combine(day, time(), zone), datetime.combine(day + _DAY, time(), zone), "day")


def _beside_time(reading: Reading, side: Side, day: date, now: datetime, hall: Workdays) -> Reading:
    """Until a time of day from the opening, or from it until the closing."""
    opens, closes = opening(day, now.tzinfo, hall)
    if side == "before":
        start = opens if opens < reading.start else datetime.combine(day, time(), now.tzinfo)
        start = max(start, now.replace(second=0, microsecond=0)) if now.date() == day else start
        if start >= reading.start:
            raise ValueError("nothing is left before it")
        return replace(reading, start=start, end=reading.start)
    end = closes if closes > reading.end else datetime.combine(day + _DAY, time(), now.tzinfo)
    if end <= reading.end:
        raise ValueError("nothing is left after it")
    return replace(reading, start=reading.end, end=end)


def _beside_day(reading: Reading, side: Side, last: bool, now: datetime) -> Reading:
    """From today until a day begins, or until it ends where it is itself an end; or the week that follows it."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    begin, end = (reading.end, reading.end + 7 * _DAY) if side == "after" else (today, reading.start)
    if side == "before" and last:
        end = reading.end
    if end <= begin or begin < today:
        raise ValueError("nothing is left beside it")
    return Reading(begin, end, "day")
