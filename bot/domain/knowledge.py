"""What is known of the base's life: how an answer did, what it could not answer, and the versions of an article."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Vote = Literal["", "up", "down"]
MissState = Literal["open", "taken", "answered", "dismissed"]
VersionState = Literal["draft", "review", "published", "withdrawn", "shipped", "superseded"]

REASONS = ("wrong", "unclear", "not_asked", "outdated")
SIGNS: dict[Vote, int] = {"up": 1, "down": -1, "": 0}
LONGEST_REASON = 200

_LONG_NUMBER = re.compile(r"\d{6,}[Xx]?")


def masked(text: str) -> str:
    """A question without what may be the number of a person, a card or a telephone."""
    return _LONG_NUMBER.sub("••••", text)


@dataclass(frozen=True)
class Miss:
    """Questions like one another that the base could not answer. `votes` counts them, and the down-votes on them."""

    id: int
    title: str
    state: MissState
    owner: str
    article_id: str | None
    note: str
    created_at: datetime
    updated_at: datetime
    votes: int = 0
    last: datetime | None = None


@dataclass(frozen=True)
class Missed:
    """One question of a miss."""

    answer_id: int
    question: str
    outcome: str
    asked_at: datetime
    vote: int = 0


@dataclass(frozen=True)
class Version:
    """One text of an article. `state` "shipped" puts the program's own text back, "withdrawn" takes the article away.

    In review, `reviewer` is empty until somebody has approved; a draft that has one was rejected.
    `shipped_sha256` is of the shipped text that stood there when this was written, or empty.
    """

    article: str
    number: int
    state: VersionState
    text: str
    note: str
    author: str
    created_at: datetime
    reviewer: str = ""
    decided_at: datetime | None = None
    publisher: str = ""
    published_at: datetime | None = None
    shipped_sha256: str = ""
