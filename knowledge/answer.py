"""Answers with their sources: words of the base, never words of our own."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from knowledge.evidence import asked
from knowledge.excerpt import excerpt
from knowledge.line import EXACT, Line, read_line
from knowledge.passages import Passage, Source
from knowledge.remit import OUTCOMES
from knowledge.search import Found, Hit, Search

NEAREST = 3
# How likely it must be, of all that may be asked for, that a question asks for what is refused, or is not ours. A third
# more of the requests for harm would be refused at 0.35, but then also whoever says that they will report a neighbour.
HARMFUL, NOT_OURS = 0.5, 0.5
AS_NEAR = 0.015  # by how much another way of asking may be nearer to a question that is refused
CERTAIN = 0.8  # how sure a text must be, to be quoted to what is probably not ours
ABOUT_AS_SURE = 0.15  # of confidence, that an article may lie behind a text and still go before it
CLEAR = 0.2  # log odds, by which an article must be likelier than the next one: otherwise it is asked which is meant
NEARBY = 0.4  # of the score, that a title may lie behind the first and still be offered


@dataclass(frozen=True)
class Answer:
    """What the base says; `text` comes first and is short, `detail` is the rest of it.

    For "clarify" and "not_found" the text is empty, and `near` has up to three titles: the readings to choose
    from, or what comes closest. `check` is what the hall must still verify before this may be stated as certain.
    `whole`: the detail belongs to the answer, rather than being the text that the answer was cut out of.
    `asked` is the question as it was understood: one part of a longer one, or with the subject of an earlier one.
    """

    outcome: Literal["answered", "clarify", "not_found", "refused", "out_of_remit"]
    confidence: float
    asked: str = ""
    text: str = ""
    detail: str = ""
    sources: tuple[Source, ...] = ()
    near: tuple[str, ...] = ()
    check: str = ""
    passage_id: str | None = None
    whole: bool = False


class Answers:
    """The base as something to ask; safe for several threads."""

    def __init__(self, search: Search, line: Line) -> None:
        self.search = search
        self.line = line

    @classmethod
    def open(cls, search: Search) -> "Answers":
        """With the answer line that was fitted to this base. Raises IndexUnusable."""
        return cls(search, read_line(search.line_file, search.mode))

    def answer(self, question: str, *, on: date, region: str = "", harmful: float = HARMFUL) -> Answer:
        """The best answer to one question, or the readings to choose from, or "not_found"."""
        return replace(self._answer(question, on, region, harmful), asked=question)

    def _answer(self, question: str, on: date, region: str, harmful: float) -> Answer:
        found = self.search.look(question, on=on, region=region)
        if turned_away := self._turned_away(found, harmful):
            return turned_away
        not_ours = _not_ours(found, harmless=harmful > 1)
        likely = sorted(_candidates(found), key=self._standing, reverse=True)
        if not_ours >= NOT_OURS:  # then only what is nearly certain
            likely = [hit for hit in likely if self.line.confidence(hit) >= CERTAIN]
        for hit in likely:
            if self.line.answers(hit) and _stands_out(hit):
                return self.told(found.question, hit)
        if not_ours >= NOT_OURS:
            return _elsewhere(found.articles[0].passage, not_ours)
        if not likely:
            return Answer("not_found", 0.0)
        confidence = self.line.confidence(likely[0])
        ours = [hit for hit in found.articles if hit.passage.kind not in OUTCOMES]
        if len(ours) > 1 and self.line.offers(ours[0]):
            return Answer("clarify", confidence, near=_titles(ours))
        return Answer("not_found", confidence, near=self._near(found))

    def _turned_away(self, found: Found, harmful: float) -> Answer | None:
        """A refusal, or what is word for word the business of another office."""
        first = found.articles[0] if found.articles else None
        if first and first.exact and first.passage.kind in OUTCOMES:
            if first.passage.kind == "refused":
                return Answer("refused", EXACT, text=first.passage.text)
            return _elsewhere(first.passage, EXACT)
        near = first is not None and first.evidence["nearest_lead"] >= -AS_NEAR
        likely = max(found.harmful if near else 0.0, found.sounds_harmful)
        if first and not first.exact and likely >= harmful:
            return Answer("refused", likely, text=found.refusal)
        return None

    def _standing(self, hit: Hit) -> float:
        """How sure we are of a hit. An article is written to answer by itself: it goes before what is about as sure."""
        return self.line.confidence(hit) + (ABOUT_AS_SURE if hit.passage.questions else 0)

    def _near(self, found: Found) -> tuple[str, ...]:
        """The titles to offer where nothing answers, if the best hit is of the question's field."""
        first = next((hit for hit in found.hits if hit.evidence), None)
        if not first or not self.line.weights(first).close(first.evidence):
            return ()
        close = [hit for hit in found.hits if hit.score >= first.score - NEARBY]
        return _titles([hit for hit in (*found.articles[:1], *close) if hit.passage.kind not in OUTCOMES])

    def told(self, question: str, hit: Hit) -> Answer:
        """What a hit says to a question."""
        passage = hit.passage
        if passage.questions:
            first, _, rest = passage.text.partition("\n\n")
            sources, text, detail = passage.sources, first.strip(), rest.strip()
        else:
            ask = asked(question, self.search.lexicon)
            text, detail = excerpt(passage.text, ask, f"{passage.title}{passage.article or ''}")
            sources = (Source(passage.title, passage.number, passage.article, passage.valid_from, quote=text),)
        return Answer(
            "answered",
            self.line.confidence(hit),
            text=text,
            detail=detail,
            sources=sources,
            check=passage.check,
            passage_id=passage.id,
            whole=bool(passage.questions),
        )


def _elsewhere(subject: Passage, likely: float) -> Answer:
    """What is said to the business of others; to what may be harm, but is not surely, nothing in particular."""
    if subject.kind == "refused":
        return Answer("out_of_remit", likely)
    return Answer("out_of_remit", likely, text=subject.text) if subject.text else Answer("not_found", likely)


def _candidates(found: Found) -> list[Hit]:
    """The hits that may answer: the likeliest of ours, the best text, and what is asked for word by word."""
    texts = [hit for hit in found.hits if hit.evidence and not hit.passage.questions][:1]
    exact = [hit for hit in found.hits[:1] if hit.exact]
    if exact or any(hit.evidence["named"] for hit in texts):
        return exact or texts
    return [*(hit for hit in found.articles[:1] if hit.passage.kind not in OUTCOMES), *texts]


def _stands_out(hit: Hit) -> bool:
    """Whether none of our other articles is about as likely to be meant."""
    return hit.exact or not hit.passage.questions or hit.evidence["lead"] >= CLEAR


def _titles(hits: list[Hit]) -> tuple[str, ...]:
    labels = (f"{hit.passage.title}{hit.passage.article or ''}" for hit in hits)
    return tuple(dict.fromkeys(labels))[:NEAREST]


def _not_ours(found: Found, *, harmless: bool) -> float:
    """How likely it is that something is asked for that is refused, or the business of another office."""
    likeliest = found.articles[0].passage.kind if found.articles else "article"
    if likeliest not in OUTCOMES or (harmless and likeliest == "refused"):
        return 0.0
    return found.harmful + found.elsewhere
