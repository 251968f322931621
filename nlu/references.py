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
    core = bare(text)
    return ordinal(core) if _patterns()["ordinal"].fullmatch(core) else None


def bare(text: str) -> str:
    """A text without words that only choose: "change", "the one", "please"."""
    around = _patterns()["around"].match(text.strip()[:40])
    return around["core"].strip() if around else text.strip()
