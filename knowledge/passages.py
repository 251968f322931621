"""What the knowledge base holds and cites."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

Kind = Literal["article", "law", "document"]
Authority = Literal["law", "regulation", "rule", "local", "guide", "article"]


@dataclass(frozen=True)
class Source:
    """Where a statement stands: enough to find it on paper.

    `quote` holds the words of the source that the statement rests on, where we have them.
    """

    title: str
    number: str | None = None
    article: str | None = None
    valid_from: date | None = None
    quote: str = ""


@dataclass(frozen=True)
class Passage:
    """A piece of text that can answer by itself: one article of ours, or one article of a law.

    `region` is a six-digit division code, or "" where the text holds in the whole country.
    `valid_until` is the first day on which the text no longer holds; None is open-ended.
    `check` says what the hall still has to verify before the text may be stated as certain.
    """

    id: str
    kind: Kind
    title: str
    text: str
    authority: Authority
    number: str | None = None
    article: str | None = None
    section: str = ""
    region: str = ""
    valid_from: date | None = None
    valid_until: date | None = None
    questions: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    check: str = ""
