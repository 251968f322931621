"""Sums of days that people ask for: so many working days, days, weeks or months from or before a day."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any, Literal

from nlu.data_files import written
from nlu.numerals import number

Unit = Literal["working", "day", "month"]


@dataclass(frozen=True)
class Reckoning:
    """`count` units from `start`, which itself does not count; negative: before it."""

    start: date
    count: int
    unit: Unit


@cache
def _room() -> dict[str, Any]:
    return written("reckoning")


def reckoning(text: str, today: date) -> Reckoning | None:
    """The sum that a text asks for; None where it names no day, no length, or asks for no date."""
    room = _room()
    start, rest = _start(text, today)
    length = re.search(room["length"], rest)
    if length is None or start is None or not re.search(room["asks"], rest):
        return None
    count = number(length["n"])
    if not count:
        return None
    around = rest[max(length.start() - 4, 0) : length.end() + 3]
    sign = -1 if re.search(room["before"], around) else 1
    if length["unit"] in room["weeks"]:
        return Reckoning(start, sign * count * 7, "day")
    unit: Unit = "day"
    if length["unit"] in room["working"]:
        unit = "working"
    elif length["unit"] in room["months"]:
        unit = "month"
    return Reckoning(start, sign * count, unit)


def _start(text: str, today: date) -> tuple[date | None, str]:
    """The day that a text names, and the text without it."""
    room = _room()
    for name in ("full", "short"):
        if found := re.search(room[name], text):
            parts = found.groupdict()
            day = _day(int(parts.get("y") or today.year), int(parts["m"]), int(parts["d"]))
            return day, text[: found.start()] + " " + text[found.end() :]
    for name, offset in (("today", 0), ("tomorrow", 1), ("yesterday", -1)):
        if found := re.search(room[name], text):
            return today + timedelta(days=offset), text[: found.start()] + " " + text[found.end() :]
    return None, text


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
