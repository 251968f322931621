"""Answers with their sources: words of the base, never words of our own."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from knowledge.calibration import Line, read_line
from knowledge.evidence import asked
from knowledge.excerpt import excerpt
from knowledge.passages import Passage, Source
from knowledge.search import Hit, Search, preferred

NEAREST = 3
NEARBY = 0.4  # of the score, that a title may lie behind the first and still be offered


@dataclass(frozen=True)
class Answer:
    """What the base says; `text` comes first and is short, `detail` is the rest of it.

    For "not_found" the text is empty, and `near` has up to three titles of what comes closest.
    `check` is what the hall must still verify before this may be stated as certain.
    """

    outcome: Literal["answered", "not_found"]
    confidence: float
    text: str = ""
    detail: str = ""
    sources: tuple[Source, ...] = ()
    near: tuple[str, ...] = ()
    check: str = ""
    passage_id: str | None = None


class Answers:
    """The base as something to ask; safe for several threads."""

    def __init__(self, search: Search, line: Line) -> None:
        self.search = search
        self.line = line

    @classmethod
    def open(cls, search: Search) -> "Answers":
        """With the answer line that was fitted to this base. Raises IndexUnusable."""
        return cls(search, read_line(search.line_file, search.mode))

    def answer(self, question: str, *, on: date, region: str = "") -> Answer:
        """The best answer that holds on the day and in the place, or "not_found"."""
        hits = self.search.find(question, on=on, region=region, k=10)
        if not hits:
            return Answer("not_found", 0.0)
        best = preferred(hits)
        for hit in (best, hits[0]):
            if self.line.answers(hit):
                return replace(self._told(question, hit.passage), confidence=self.line.confidence(hit))
        return Answer("not_found", self.line.confidence(best), near=self._near(hits, best))

    def _near(self, hits: list[Hit], best: Hit) -> tuple[str, ...]:
        """The titles to offer instead, where the best hit is not far from an answer."""
        if not self.line.weights(best).close(best.evidence):
            return ()
        close = [hit for hit in hits if hit.score >= hits[0].score - NEARBY]
        return tuple(dict.fromkeys(_label(hit.passage) for hit in (best, *close)))[:NEAREST]

    def _told(self, question: str, passage: Passage) -> Answer:
        if passage.kind == "article":
            first, _, rest = passage.text.partition("\n\n")
            sources, text, detail = passage.sources, first.strip(), rest.strip()
        else:
            ask = asked(question, self.search.lexicon)
            text, detail = excerpt(passage.text, ask, f"{passage.title}{passage.article or ''}")
            sources = (Source(passage.title, passage.number, passage.article, passage.valid_from, quote=text),)
        return Answer("answered", 0.0, text, detail, sources, check=passage.check, passage_id=passage.id)


def _label(passage: Passage) -> str:
    return f"{passage.title}{passage.article or ''}"
