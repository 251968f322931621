"""Places in a list, named in words."""

import re
import tomllib
from functools import cache
from pathlib import Path

from nlu.numerals import number


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    path = Path(__file__).parent / "data" / "references.toml"
    return {name: re.compile(pattern) for name, pattern in tomllib.loads(path.read_text(encoding="utf-8")).items()}


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
