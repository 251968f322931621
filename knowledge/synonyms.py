"""The words of the texts for the words that people use."""

import tomllib
from collections.abc import Iterable
from functools import cache

from knowledge.patterns import DATA


@cache
def _table() -> dict[str, tuple[str, ...]]:
    room = tomllib.loads((DATA / "synonyms.toml").read_text(encoding="utf-8"))
    return {said: tuple(meant.split()) for said, meant in room["say"].items()}


def meant_by(question: str) -> str:
    """The words to search for besides those of the question, with blanks between; "" where there are none."""
    found = (word for said, meant in _table().items() if said in question for word in meant)
    return " ".join(dict.fromkeys(word for word in found if word not in question))


def said_and_meant() -> Iterable[tuple[str, tuple[str, ...]]]:
    """Each word that people say, with the words of the texts for it."""
    return _table().items()
