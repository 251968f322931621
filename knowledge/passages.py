"""What the knowledge base holds and cites."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

Kind = Literal["article", "law", "document", "refused", "out_of_remit"]
Authority = Literal["law", "regulation", "rule", "local", "guide", "article"]


@dataclass(frozen=True)
class Source:
    """Where a statement stands: enough to find it on paper.

    `quote` holds the words of the source that the statement rests on, where we have them; `gist` what the
    source says there, in our words, where we have it only at second hand.
    """

    title: str
    number: str | None = None
    article: str | None = None
    valid_from: date | None = None
    quote: str = ""
    gist: str = ""


@dataclass(frozen=True)
class Passage:
    """A piece of text that can answer by itself: one article of ours, or one article of a law.

    The last two kinds are what is not ours to answer: the text is then the sentence that says so.

    `region` is a six-digit division code, or "" where the text holds in the whole country.
    `valid_until` is the first day on which the text no longer holds; None is open-ended.
    `beside` are questions of the same field that neither this nor any other passage answers.
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
    beside: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    check: str = ""
