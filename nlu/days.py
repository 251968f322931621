"""The days that a word of a date can mean, counted from today and by the calendar."""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from typing import Any

from nlu import holidays
from nlu.datewords import Word, data
from nlu.daytimes import Grain, Workdays
from nlu.numerals import digits, number

_DAY = timedelta(days=1)
_YEARS = range(1949, 2101)


@dataclass(frozen=True)
class Period:
    """`end` is the first day after it. `last`: it is the end of something, and "before" it means until it is over."""

    start: date
    end: date
    grain: Grain = "day"
    last: bool = False


def periods(word: Word, nth: Word | None, today: date, hall: Workdays) -> list[Period]:
    """What a word can mean, the earlier first; what is past may be among it. ValueError for no day at all.

    `nth` narrows it to one day of it, such as the first working day.
    """
    values: dict[str, Any] = data()["values"]
    parts = word.parts
    if word.kind == "holiday":
        found = _holiday(parts, bool(nth), today, hall)
    elif word.kind == "offset":
        found = [_offset(parts, today, hall, values)]
    elif word.kind == "relative":
        first = today + values["day"][parts["day"]] * _DAY
        last = today + values["day"][parts.get("day2", parts["day"])] * _DAY
        found = [_days(first, last)]
    elif word.kind in ("weekday", "week"):
        found = _week(parts, today, values)
    elif word.kind in ("date", "month", "months"):
        found = _dated(word.kind, parts, today, values)
    else:
        raise ValueError(f"no day: {word.kind}")
    return [counted(period, nth, hall) for period in found] if nth else found


def _days(first: date, last: date) -> Period:
    if last < first:
        raise ValueError("ends before it begins")
    return Period(first, last + _DAY)


def _week(parts: dict[str, str], today: date, values: dict[str, Any]) -> list[Period]:
    monday = today - today.weekday() * _DAY
    weeks = [values["which"][parts["which"]]] if "which" in parts else [0, 1]
    found = []
    for week in weeks:
        start = monday + 7 * week * _DAY
        if "wd" not in parts:
            found.append(Period(start, start + 7 * _DAY, "week"))
        elif parts["wd"] == values["weekend"]:
            found.append(_days(start + 5 * _DAY, start + 6 * _DAY))
        else:
            first = start + values["weekday"][parts["wd"]] * _DAY
            last = start + values["weekday"][parts.get("wd2", parts["wd"])] * _DAY
            found.append(_days(first, last if last >= first else last + 7 * _DAY))
    return found


def _dated(kind: str, parts: dict[str, str], today: date, values: dict[str, Any]) -> list[Period]:
    """Months or a day by number. Without a year, or without a month, the ones that follow are meant too."""
    found, fault = [], ValueError("no such day")
    for year, month in _months(kind, parts, today, values):
        try:
            found.append(_in_month(kind, parts, year, month, values))
        except ValueError as error:
            fault = error
    if not found:
        raise fault
    return found


def _months(kind: str, parts: dict[str, str], today: date, values: dict[str, Any]) -> list[tuple[int, int]]:
    """The months, with their years, in which to look."""
    if kind == "months":
        return [(year, values["months"][parts.get("third", "")][0]) for year in _years(parts, today, 2, values)]
    if "which" in parts:
        return [_shifted(today, values["which"][parts["which"]])]
    if "m" not in parts:
        return [_shifted(today, by) for by in range(3)]
    wanted = 1 if parts["m"] == values["first_month"] else number(parts["m"])
    if wanted is None or not 1 <= wanted <= 12:
        raise ValueError("no month")
    return [(year, wanted) for year in _years(parts, today, 9, values)]  # 29 February can be eight years away


def _years(parts: dict[str, str], today: date, count: int, values: dict[str, Any]) -> range | list[int]:
    if "y" not in parts:
        return range(today.year, today.year + count)
    year = digits(parts["y"])
    if year is None:
        year = today.year + values["year"][parts["y"]]
    elif len(parts["y"]) == 2:
        year += 2000
    if year not in _YEARS:
        raise ValueError("no year of our time")
    return [year]


def _in_month(kind: str, parts: dict[str, str], year: int, month: int, values: dict[str, Any]) -> Period:
    if kind == "date":
        first, last = _numbered(parts)
        to_year, to_month = _shifted(date(year, month, 1), last < first and "m" not in parts)
        return _days(date(year, month, first), date(to_year, to_month, last))
    is_last = parts.get("third") in values["last"]
    if kind == "month" and "third" in parts:
        first, last = values["third"][parts["third"]]
        days = calendar.monthrange(year, month)[1]
        whole = _days(date(year, month, first), date(year, month, min(last, days)))
        return Period(whole.start, whole.end, "day", is_last)
    last = number(parts.get("m2", "")) or month
    if kind == "months":
        last = values["months"][parts.get("third", "")][1]
    end = _later(date(year + (last < month), last, 1), 1)
    return Period(date(year, month, 1), end, "month", is_last)


def _numbered(parts: dict[str, str]) -> tuple[int, int]:
    """The first and the last day of a month by number. In "fifteen six" the last is named by its end alone."""
    first = number(parts["d"]) or 0
    if "and" in parts:
        return first, first + (number(parts["and"]) in (first + 1, (first + 1) % 10))
    return first, number(parts.get("d2", parts["d"])) or 0


def _shifted(day: date, months: int) -> tuple[int, int]:
    years, month = divmod(day.month - 1 + months, 12)
    return day.year + years, month + 1


def _later(day: date, months: int) -> date:
    """The same day of a later month, or its last where it is shorter."""
    year, month = _shifted(day, months)
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def _offset(parts: dict[str, str], today: date, hall: Workdays, values: dict[str, Any]) -> Period:
    if "next" in parts:
        return _on(hall.after(today, values["next"].get(parts["next"], 1)))
    if "which" in parts or "y" in parts:
        count = values["year"][parts["y"]] if "y" in parts else values["which"][parts["which"]]
        return _on(_moved(today, count, values["unit"][parts["unit"]]))
    way = values["way"].get(parts.get("way"), "after")
    reached = _reached(parts, today, -1 if way == "before" else 1, hall, values)
    return _days(today, reached) if way == "within" else _on(reached)


def _on(day: date) -> Period:
    return Period(day, day + _DAY)


def _reached(parts: dict[str, str], today: date, sign: int, hall: Workdays, values: dict[str, Any]) -> date:
    unit = values["unit"][parts["unit"]]
    half = parts["n"] == values["half"]
    more = "more" in parts or "more2" in parts
    count = number(parts["n"]) if not half else 0
    if count is None or ((half or more) and unit not in ("month", "year")):
        raise ValueError("no length of time")
    if unit == "working":
        return hall.after(today, sign * count)
    if unit == "year":
        return _later(today, sign * (12 * count + 6 * (half or more)))
    return _moved(today, sign * count, unit) + sign * 15 * (half or more) * _DAY


def _moved(day: date, count: int, unit: str) -> date:
    if unit in ("day", "week"):
        return day + count * (7 if unit == "week" else 1) * _DAY
    return _later(day, count * (12 if unit == "year" else 1))


def _holiday(parts: dict[str, str], narrowed: bool, today: date, hall: Workdays) -> list[Period]:
    names, values = data()["names"], data()["values"]
    years = list(_years(parts, today, 2, values))
    if "any" in parts:
        feasts = [one for year in years for one in holidays.feasts(year) if one.last_off >= today][:3]
    else:
        key = names[parts["name"]] if "name" in parts else "spring"
        feasts = [one for year in years if (one := holidays.feast(key, year))]
    side = values["way"].get(parts["side"], "after") if "side" in parts else None
    if parts.keys() & {"done", "done2", "back"}:
        side = "after"
    if side == "before":
        feasts = [one for one in feasts if _begins(one, parts) > today]
    found = [_near(one, side, parts, narrowed, today, hall) for one in feasts]
    if not found:
        raise ValueError("no such holiday")
    return found


def _begins(one: holidays.Feast, parts: dict[str, str]) -> date:
    """A holiday that is named begins with its day, "the days off" with the first of them."""
    return one.first_off if parts.keys() & {"off", "any"} else one.day


def _near(
    one: holidays.Feast, side: str | None, parts: dict[str, str], narrowed: bool, today: date, hall: Workdays
) -> Period:
    """The days of a holiday, or the ones before or after it."""
    if "eve" in parts:
        return _on(one.day - _DAY)
    if side is None:
        return _days(one.first_off, one.last_off) if narrowed or "off" in parts else _on(one.day)
    sign = -1 if side == "before" else 1
    if "n" in parts:
        from_day = one.last_off if sign > 0 else _begins(one, parts)
        reached = _reached(parts, from_day, sign, hall, data()["values"])
        if "in" not in parts:
            return _on(reached)
        return _days(from_day + _DAY, reached) if sign > 0 else Period(reached, from_day)
    if sign < 0:
        return Period(today, _begins(one, parts))
    if narrowed:
        return Period(one.last_off + _DAY, one.last_off + 22 * _DAY)
    return _on(hall.after(one.last_off, 1))


def counted(period: Period, nth: Word, hall: Workdays) -> Period:
    """One day of a period: the n-th from its beginning or its end, of its days, working days or Mondays."""
    parts, values = nth.parts, data()["values"]
    counts = range(min((period.end - period.start).days, 366))
    days = (period.start + count * _DAY for count in (reversed(counts) if "last" in parts else counts))
    if "wd" in parts:
        days = (day for day in days if day.weekday() == values["weekday"].get(parts["wd"]))
    elif values["unit"].get(parts["what"]) == "working":
        days = (day for day in days if hall.is_workday(day))
    place = (number(parts["n"]) or 0) if "n" in parts else 1
    found = next(islice(days, place - 1, None), None) if place else None
    if found is None:
        raise ValueError("not so many")
    return _on(found)
