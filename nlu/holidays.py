"""Holidays by name: their day and the days off around it, announced (chinese_calendar) or as the law has them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

import chinese_calendar

from nlu.datewords import data

# The days off stand so near to the feast.
_NEAR = 12


@dataclass(frozen=True)
class Feast:
    """`first_off` and `last_off` are the feast itself where it is no day off."""

    day: date
    first_off: date
    last_off: date


@cache
def feast(key: str, year: int) -> Feast | None:
    """The holiday of that key in data/dates.toml; None where its day in that year is not known."""
    holiday = data()["holidays"][key]
    days: list[str] = holiday["days"]
    place = 0 if len(days) == 1 else year - data()["holidays"]["first_year"]
    if not (0 <= place < len(days) and 1 < year < 9999):
        return None
    day = date.fromisoformat(f"{year:04}-{days[place]}")
    if "label" not in holiday:
        return Feast(day, day, day)
    announced = [near for near in _around(day) if _label(near) == holiday["label"]]
    if announced:
        return Feast(day, announced[0], announced[-1])
    first = day + timedelta(days=holiday["off"][0])
    last = first + timedelta(days=holiday["off"][1] - 1)
    return Feast(day, first, last) if first < last else _long_weekend(day)


def _long_weekend(day: date) -> Feast:
    """A single day off with the weekend that touches it."""
    before, after = {0: (2, 0), 4: (0, 2), 5: (0, 1), 6: (1, 0)}.get(day.weekday(), (0, 0))
    return Feast(day, day - timedelta(days=before), day + timedelta(days=after))


def feasts(year: int) -> list[Feast]:
    """The holidays with days off in a year, in order; two of them may share days."""
    keys = [key for key, holiday in data()["holidays"].items() if isinstance(holiday, dict) and "label" in holiday]
    return sorted((found for key in keys if (found := feast(key, year))), key=lambda one: one.first_off)


@cache
def by_law(year: int) -> frozenset[date]:
    """The days off of a year that need no announcement, as far as the days of the feasts are known."""
    found = set()
    for key, holiday in data()["holidays"].items():
        one = feast(key, year) if isinstance(holiday, dict) and "statutory" in holiday else None
        if one is not None:
            first, count = holiday["statutory"]
            found |= {one.day + timedelta(days=first + more) for more in range(count)}
    return frozenset(found)


def _around(day: date) -> Iterator[date]:
    return (day + timedelta(days=offset) for offset in range(-_NEAR, _NEAR + 1))


def _label(day: date) -> str | None:
    try:
        off, label = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:
        return None
    return label if off else None
