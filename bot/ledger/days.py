"""Dates as ledgers write them: a cell that is one, or a text in any of the usual forms. Nothing is guessed."""

import re
import unicodedata
from datetime import date, datetime, timedelta

from bot.ledger.sheet import Cell

_EXCEL_BEGINS = date(1899, 12, 30)  # so that serials from March 1900 on are right
_SERIALS = range(20_000, 90_000)
_YEARS = range(1990, 2101)
_WHOLE = re.compile(r"(\d{4})(\d\d)(\d\d)")


def read_day(cell: Cell, *, last: bool = True, serials: bool = True) -> date:
    """The date of a cell; of a stretch the last day, or else the first. ValueError where it is none, or could be two.

    `serials`: a bare number is a day as Excel counts it since 1900.
    """
    if isinstance(cell, datetime):
        return _checked(cell.date())
    if isinstance(cell, date):
        return _checked(cell)
    if isinstance(cell, float | int) and not isinstance(cell, bool):
        return _serial(cell, serials)
    if not isinstance(cell, str):
        raise ValueError("not a date")
    found = _written(unicodedata.normalize("NFKC", cell).strip(), serials)
    return _checked(found[-1] if last else found[0])


def _serial(number: float, serials: bool) -> date:
    if not serials or int(number) not in _SERIALS:
        raise ValueError("a number that is no day")
    return _checked(_EXCEL_BEGINS + timedelta(days=int(number)))


def _written(text: str, serials: bool) -> list[date]:
    """One date, or the first and the last of a stretch."""
    if text.isdecimal() and len(text) == 5:
        return [_serial(int(text), serials)]
    numbers = _numbers(text)
    if len(numbers) == 3:
        return [date(*numbers)]
    if len(numbers) in (5, 6) and numbers[3] < 24:  # with the time of day
        return [date(*numbers[:3])]
    if len(numbers) == 6:
        return [date(*numbers[:3]), date(*numbers[3:])]
    raise ValueError("not a date")


def _numbers(text: str) -> list[int]:
    """The numbers in a text, eight digits in a row as the three that they are, written in digits or in words."""
    numbers: list[int] = []
    for part in re.split(r"[^\w]|T", "".join(sign if _is_number(sign) else " " for sign in text)):
        whole = _WHOLE.fullmatch(part)
        if whole:
            numbers += map(int, whole.groups())
        elif len(part) > 8:
            raise ValueError("not a date")
        elif part:
            numbers.append(int(part) if part.isdecimal() else _in_words(part))
    return numbers


def _is_number(sign: str) -> bool:
    return unicodedata.numeric(sign, None) is not None


def _in_words(part: str) -> int:
    """Numbers up to 99 with a word for ten, or digit by digit."""
    values = [int(unicodedata.numeric(sign)) for sign in part]
    if not any(value >= 10 for value in values):
        return int("".join(map(str, values)))
    total, unit = 0, 0
    for value in values:
        if value >= 10:
            total += (unit or 1) * value if value == 10 else value
            unit = 0
        else:
            unit = value
    return total + unit


def _checked(day: date) -> date:
    if day.year not in _YEARS:
        raise ValueError("a year out of bounds")
    return day
