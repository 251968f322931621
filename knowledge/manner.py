"""What a kind of question wants to hear, and how a list is led in: `data/answering.toml`."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache

from knowledge.patterns import DATA


@dataclass(frozen=True)
class Manner:
    leads_in: re.Pattern[str]
    wants: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...]


@cache
def manner() -> Manner:
    room = tomllib.loads((DATA / "answering.toml").read_text(encoding="utf-8"))
    wants = tuple((re.compile(one["asked"]), re.compile(one["heard"])) for one in room["wants"])
    return Manner(re.compile(room["leads_in"]), wants)


def heard(question: str, text: str) -> float:
    """1 where a text has every kind of thing that a question wants, -1 where it lacks one; nought if none is known."""
    wanted = [found for asked, found in manner().wants if asked.search(question)]
    if not wanted:
        return 0.0
    return 1.0 if all(found.search(text) for found in wanted) else -1.0
