"""A message taken apart at its stops, for one that wants several things."""

import re
from functools import cache

from nlu.data_files import written


@cache
def _between() -> re.Pattern[str]:
    words = written("clauses")
    return re.compile(words["between"])


def clauses(text: str) -> list[str]:
    """The pieces between stops, blanks, and words such as "by the way"."""
    return [piece.strip() for piece in _between().split(text[:400]) if piece and piece.strip()]
