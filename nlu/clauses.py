"""A message taken apart at its stops, for one that wants several things."""

import re
import tomllib
from functools import cache
from pathlib import Path


@cache
def _between() -> re.Pattern[str]:
    words = tomllib.loads((Path(__file__).parent / "data" / "clauses.toml").read_text(encoding="utf-8"))
    return re.compile(words["between"])


def clauses(text: str) -> list[str]:
    """The pieces between stops, blanks, and words such as "by the way"."""
    return [piece.strip() for piece in _between().split(text[:400]) if piece and piece.strip()]
