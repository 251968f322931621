"""The things that a question or an article is about, by the names that people use for them."""

import re
import tomllib
from collections import Counter
from collections.abc import Sequence
from functools import cache

from knowledge.patterns import DATA, pattern

OFTEN = 0.15  # of an article's ways of asking, that must name a thing for it to be about that


@cache
def _names() -> tuple[re.Pattern[str], dict[str, str]]:
    room = tomllib.loads((DATA / "subjects.toml").read_text(encoding="utf-8"))["names"]
    thing = {name: one for one, names in room.items() for name in names}
    return re.compile("|".join(sorted(map(re.escape, thing), key=len, reverse=True))), thing


def subjects(text: str) -> frozenset[str]:
    """The things that a text names; of two names in one place the longer counts."""
    names, thing = _names()
    return frozenset(thing[found] for found in names.findall(text))


def with_subject(text: str, other: str) -> str:
    """A text with another thing in place of the first that it names; "" where it names none."""
    names, _ = _names()
    found = names.search(text)
    if not found:
        return ""
    rest = pattern("subjects", "ending").sub("", text[found.end() :])
    return f"{text[: found.start()]}{other}{rest}"


def subjects_of(title: str, ways: Sequence[str]) -> frozenset[str]:
    """The things that an article is about: those of its title, and those that its ways of asking often name."""
    counts = Counter(one for way in ways for one in subjects(way))
    return subjects(title) | {one for one, count in counts.items() if count >= OFTEN * len(ways)}


def agreement(asked: frozenset[str], about: frozenset[str]) -> float:
    """From -1, where all that is asked about is something else, to 1; nought where nothing is named."""
    return (2 * len(asked & about) - len(asked)) / len(asked) if asked else 0.0
