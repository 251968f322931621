"""What a value may look like, kind by kind: found in a text that was read, its check digits and days proved.

Letters that no such number has are read as the digits that they look like. Any other repair is only a guess, which
the citizen is asked about.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from bot.materials.kinds import ValueKind
from nlu.codes import sound_id, sound_licence, sound_uscc
from nlu.numerals import digits, number

_LOOKALIKES = str.maketrans("OIZSV", "01257")  # none of them stands in a credit code
_DIGITS = str.maketrans("OQDIlLZSBG|", "00011125861")
# What is taken for what, beyond these: the guess at a credit code changes one of them.
_PAIRS = ("8B", "6G", "0D", "0Q", "1L", "1T", "7T", "2Z", "5S", "UV", "4A", "CG", "EF", "PR", "MN", "XY", "3B", "9G")
_DAY = re.compile(r"(\d{4})\D{1,2}(\d{1,2})\D{1,2}(\d{1,2})(?!\d)|(?<!\d)(\d{4})(\d{2})(\d{2})(?!\d)")
_HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")
_NAME = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]{2,4}|[\u3400-\u9fff\u00b7\u2022.]{5,24}")


@dataclass(frozen=True)
class Value:
    """`sure`: whether it proves itself, or there is nothing by which it could; a guess is asked about."""

    text: str
    sure: bool = True


def found(kind: ValueKind, text: str, forever: Sequence[str] = ()) -> Value | None:
    """The value of this kind in a text without spaces; None where there is none.

    One of the words `forever` in the place of the last day means that it never comes.
    """
    if kind == "until" and any(word in text for word in forever):
        return Value(date.max.isoformat())
    return _READERS[kind](text)


def days(text: str) -> Iterator[date]:
    """Every day that is written in a text, in figures or read out."""
    for match in _DAY.finditer(text.translate(str.maketrans("OIl", "011"))):
        parts = match.groups()
        try:
            yield date(*(int(part) for part in (parts[:3] if parts[0] else parts[3:])))
        except ValueError:
            continue
    yield from _read_out(text)


def _read_out(text: str) -> Iterator[date]:
    """Days in numerals, with one sign behind each of year, month and day."""
    parts = ["".join(part) for _, part in groupby(text, lambda sign: number(sign) is None and digits(sign) is None)]
    for year, one, month, other, day in zip(parts, parts[1:], parts[2:], parts[3:], parts[4:], strict=False):
        try:
            if len(one) == len(other) == 1:
                yield date(digits(year) or 0, number(month) or 0, number(day) or 0)
        except ValueError:
            continue


def _text(text: str) -> Value | None:
    trimmed = text.strip(".,;:_-\u3002\uff0c\u3001")
    return Value(trimmed) if len(trimmed) >= 2 and _HAN.search(trimmed) else None


def _person(text: str) -> Value | None:
    match = _NAME.fullmatch(text.strip(".,;:_-\u3002\uff0c\u3001"))
    return Value(match[0]) if match else None


def _address(text: str) -> Value | None:
    value = _text(text)
    return value if value and len(value.text) >= 4 else None


def _uscc(text: str) -> Value | None:
    guesses: set[str] = set()
    for written in _runs(text.upper(), 18):
        code = written.translate(_LOOKALIKES)
        if sound_uscc(code):
            return Value(code)
        guesses |= _guesses(code)
    return Value(guesses.pop(), sure=False) if len(guesses) == 1 else None


def _guesses(code: str) -> set[str]:
    """Sound codes that differ from this one in one sign that is easily taken for another."""
    swaps = [(pair[at], pair[1 - at]) for pair in _PAIRS for at in (0, 1)]
    places = [(at, other) for at, sign in enumerate(code) for one, other in swaps if sign == one]
    made = (code[:at] + other + code[at + 1 :] for at, other in places)
    return {one for one in made if sound_uscc(one)}


def _id(text: str) -> Value | None:
    for written in _runs(text, 18):
        number_ = written[:17].translate(_DIGITS) + written[17].upper().translate(_DIGITS)
        if sound_id(number_):
            return Value(number_)
    return None


def _licence(text: str) -> Value | None:
    """Some that were really issued fail their check digit: then it is not sure."""
    match = re.search(r"([JY][YB])([0-9OIlZSB|]{14})", text)
    if match is None:
        return None
    written = match[1] + match[2].translate(_DIGITS)
    return Value(written, sound_licence(written))


def _code(text: str) -> Value | None:
    match = re.search(r"[A-Za-z0-9-]{4,30}", text)
    return Value(match[0]) if match else None


def _since(text: str) -> Value | None:
    return next((Value(day.isoformat()) for day in days(text)), None)


def _until(text: str) -> Value | None:
    """The last day that is named."""
    return max((Value(day.isoformat()) for day in days(text)), key=lambda value: value.text, default=None)


def _runs(text: str, long: int) -> Iterator[str]:
    """Every piece of this length of the letters and digits that stand together."""
    for run in re.findall(r"[A-Za-z0-9|]{%d,}" % long, text):  # noqa: UP031 - braces
        yield from (run[at : at + long] for at in range(len(run) - long + 1))


_READERS: dict[ValueKind, Callable[[str], Value | None]] = {
    "text": _text,
    "name": _text,
    "person": _person,
    "address": _address,
    "uscc": _uscc,
    "id": _id,
    "licence": _licence,
    "code": _code,
    "since": _since,
    "until": _until,
    "day": _since,
}
