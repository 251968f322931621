"""Places in a list, named in words."""

import re
from functools import cache

from nlu.data_files import written
from nlu.numerals import number


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    return {name: re.compile(pattern) for name, pattern in written("references").items()}


def ordinal(text: str) -> int | None:
    """The place, counted from one, that a text names somewhere; None where it names none."""
    found = _patterns()["ordinal"].search(text[:200])
    place = number(found["n"]) if found else None
    return place if place else None


def choice(text: str) -> int | None:
    """The place, where a text says nothing but that."""
    core = _within(text, "around")
    return ordinal(core) if _patterns()["ordinal"].fullmatch(core) else None


def bare(text: str) -> str:
    """What a text says is to be changed, without the words for that."""
    return _within(text, "changing")


def _within(text: str, pattern: str) -> str:
    found = _patterns()[pattern].match(text.strip()[:40])
    return found["core"].strip() if found else text.strip()
