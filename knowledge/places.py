"""Administrative divisions: which place a text names, and which text holds in a place."""

import csv
import re
import tomllib
from dataclasses import dataclass
from functools import cache

from knowledge.patterns import DATA


@dataclass(frozen=True)
class _Gazetteer:
    codes: dict[str, str]
    names: re.Pattern[str]
    no_place_before: re.Pattern[str]


@cache
def _gazetteer() -> _Gazetteer:
    codes: dict[str, str] = {}
    with (DATA / "regions.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            codes[row["name"]] = row["code"]
            if row["short"]:
                codes.setdefault(row["short"], row["code"])
    longest_first = sorted(codes, key=len, reverse=True)
    room = tomllib.loads((DATA / "places.toml").read_text(encoding="utf-8"))
    return _Gazetteer(
        codes, re.compile("|".join(map(re.escape, longest_first))), re.compile(room["not_a_place_before"])
    )


def place_named(text: str) -> str:
    """The six-digit code of the narrowest place that the text names, or "".

    A name that is part of a dish or a street is no place; of two unrelated places the first one counts.
    """
    book = _gazetteer()
    found = ""
    for match in book.names.finditer(text):
        if book.no_place_before.match(text[match.end() :]):
            continue
        code = book.codes[match.group()]
        if not found or covers(found, code):
            found = code
    return found


def place_of_title(title: str) -> str:
    """The code of the place that a title opens with ("" for a national text)."""
    match = _gazetteer().names.match(title)
    return _gazetteer().codes[match.group()] if match else ""


def ends_with_place(text: str) -> bool:
    """Whether the text's last word is a place name."""
    book = _gazetteer()
    return any(match.end() == len(text) for match in book.names.finditer(text))


def rings(code: str) -> tuple[str, ...]:
    """The divisions whose texts hold in a place, from the narrowest to "" (the whole country).

    Raises ValueError for anything but six digits or "".
    """
    if not code:
        return ("",)
    if len(code) != 6 or not code.isdecimal():
        raise ValueError(f"region {code!r} is not six digits")
    return tuple(dict.fromkeys((code, code[:4] + "00", code[:2] + "0000", "")))


def covers(region: str, code: str) -> bool:
    """Whether a text of `region` holds at `code`: a prefix match by level, trailing zeros standing for any."""
    return region in rings(code)
