"""Search: words and vectors fused, within what holds on a day and in a place."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from knowledge.choice import TRIO, Choice, Choices
from knowledge.embedding import Embedder, Vectors
from knowledge.errors import IndexUnusable
from knowledge.evidence import Asked, asked, evidence
from knowledge.fusion import WORDS_SHARE, Fused, fused
from knowledge.generations import LINE, PASSAGES, SORTS, VECTORS, WORDS, live
from knowledge.lexicon import Floats, Lexicon
from knowledge.limits import Limits, limits, place_meant
from knowledge.matcher import Matcher
from knowledge.names import LawNames, Mention, numbers_named
from knowledge.passages import Passage
from knowledge.patterns import pattern
from knowledge.remit import OUTCOMES
from knowledge.repair import Repair
from knowledge.sorts import Sorts, read_sorts
from knowledge.store import Store
from knowledge.synonyms import meant_by
from knowledge.vectors import VectorIndex, dots
from knowledge.wording import LONG_ENOUGH, clean, words

LIST = 300  # passages of either list that are fused
MEANT = 0.5  # the weight of words that the question does not have but means
UNITS = 3 * LIST // 2  # vectors asked for, since several may belong to one passage


def live_generation(folder: Path) -> str | None:
    """The name of the live generation; None where nothing has been built yet."""
    try:
        return live(folder).name
    except IndexUnusable:
        return None


@dataclass(frozen=True)
class Hit:
    """A passage that may answer; `score` is 0..1 within this search.

    `exact`: the question is word for word one of its own, or names the very article.

    `evidence` goes by choice.NAMES for what has ways of asking, by evidence.NAMES for the rest; only what comes
    first of either sort has it, since nothing else can answer.
    """

    passage: Passage
    score: float
    evidence: Mapping[str, float]
    exact: bool = False


@dataclass(frozen=True)
class Found:
    """`hits` best first; `articles` are our own, likeliest first, whether or not they are among the hits.

    `question` is what was searched for: what was asked, with slips of the pen mended. `harmful` and
    `elsewhere` are how likely it asks for what is refused, and for the business of others, of any kind;
    `sounds_harmful` says the first by its letters alone, 0..1.
    """

    question: str
    hits: list[Hit] = field(default_factory=list)
    articles: list[Hit] = field(default_factory=list)
    harmful: float = 0.0
    elsewhere: float = 0.0
    sounds_harmful: float = 0.0

    @property
    def refusal(self) -> str:
        """What is said to the likeliest harm; "" where it is none of the first few."""
        return next((hit.passage.text for hit in self.articles if hit.passage.kind == "refused"), "")


class Search:
    """One generation of the base, open for reading; every method may be called from several threads."""

    def __init__(self, generation: Path, embedder: Embedder | None) -> None:
        self.generation = generation.name
        self.line_file = generation / LINE
        self.store = Store(generation / PASSAGES)
        self.lexicon = Lexicon(generation / WORDS)
        self.sorts = read_sorts(generation / SORTS)
        self._vectors = _vectors(generation / VECTORS, embedder)
        self._embedder = embedder if self._vectors else None
        if self.lexicon.rows != len(self.store.unit_passage):
            raise IndexUnusable(f"{generation}: words and passages do not belong together")
        self.choices = Choices(self.store, self._vectors)
        self._names = LawNames(self.store.law_titles())
        self._numbers = self.store.numbers()
        self.repair = Repair(self.store.phrasings(), self.lexicon)

    @classmethod
    def open(cls, folder: Path, embedder: Embedder | None) -> "Search":
        """The live generation of a folder. Raises IndexUnusable."""
        return cls(live(folder), embedder)

    @property
    def mode(self) -> Literal["hybrid", "words"]:
        return "hybrid" if self._embedder else "words"

    @property
    def passages_count(self) -> int:
        return self.store.count

    @property
    def vectors_count(self) -> int:
        return self._vectors.count if self._vectors else 0

    def find(
        self, question: str, *, on: date, region: str = "", k: int = 10, without: Collection[str] = ()
    ) -> list[Hit]:
        """At most k passages that hold on the day and in the place, best first."""
        return self.look(question, on=on, region=region, k=k, without=without).hits

    def look(
        self,
        question: str,
        *,
        on: date,
        region: str = "",
        k: int = 10,
        without: Collection[str] = (),
        matcher: Matcher | None = None,
        vector: Vectors | None = None,
        sorts: Sorts | None = None,
        words_share: float = WORDS_SHARE,
    ) -> Found:
        """At most k passages that hold on the day and in the place, and the likeliest of our articles.

        A place that the question names replaces `region` (six digits, or "": what holds in the whole country),
        unless `region` lies within it. `without` leaves out passages by id, and ways of asking by
        `units.asking_key`; `matcher` and `sorts` stand in for those that know all ways of asking; `vector` is the
        question's, where it is known already; `words_share` what words count for against vectors, 0..1.
        """
        typed = clean(question)[:LONG_ENOUGH]
        question = self.repair(typed)
        ours, sounding = (sorts or self.sorts).heard(question)
        ask = asked(question, self.lexicon, ours)
        within = limits(self.store, on, place_meant(question, region), without)
        shown = within.passages & self.store.ours
        if not pattern("wording", "sayable").search(question) or not ask.words or not shown.any():
            return Found(question)
        by_words = self._by_words(ask, within.passages)
        if vector is None and self._embedder:
            vector = self._embedder.queries([question])[0]
        named, exact = self._named(question, typed, within)
        scores = np.where(shown, by_words, np.float32(0))
        lists = fused(scores, self._by_vector(vector, shown), LIST, within.passages, named, exact, words_share)
        choices = self.choices.rank(ask, by_words, vector, within, matcher)
        found = self._found(ask, lists, choices, vector, k)
        return replace(found, sounds_harmful=sounding)

    def _by_words(self, ask: Asked, allowed: NDArray[np.bool_]) -> Floats:
        """The best BM25 score of each passage over its units; nought where it is not allowed."""
        scores = self.lexicon.scores(ask.numbers)
        if meant := words(meant_by(ask.text)):
            scores += MEANT * self.lexicon.scores(self.lexicon.numbers(meant))
        best = np.maximum.reduceat(scores, self.store.first_unit)
        return np.asarray(np.where(allowed, best, 0), np.float32)

    def _by_vector(self, vector: Vectors | None, passages: NDArray[np.bool_]) -> dict[int, float]:
        """The best cosine of the nearest passages, best first; empty without vectors."""
        if vector is None or self._vectors is None:
            return {}
        allowed = np.zeros(self._vectors.count, np.bool_)
        allowed[: len(self.store.unit_passage)] = passages[self.store.unit_passage]
        units, cosines = self._vectors.nearest(vector, allowed, UNITS)
        best: dict[int, float] = {}
        for row, cosine in zip(self.store.unit_passage[units].tolist(), cosines.tolist(), strict=True):
            best.setdefault(row, cosine)
        return best

    def _named(self, question: str, typed: str, within: Limits) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The rows that a question names by title or number, and those that it names or asks for exactly."""
        by_column: dict[Literal["title", "number"], list[Mention]] = {
            "title": self._names.mentions(question),
            "number": numbers_named(question, self._numbers),
        }
        named, exact = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for column, mentions in by_column.items():
            named += [self.store.rows_of(column, [one.name]) for one in mentions]
            exact += [self.store.rows_of(column, [one.name], one.article) for one in mentions if one.article]
        word_for_word = [
            row
            for text in dict.fromkeys((typed, question))
            for row, nth in self.store.asked_for(text)
            if nth not in within.hidden.get(row, ())
        ]
        exact.append(np.array(word_for_word, np.int64))
        return np.unique(np.concatenate(named)), np.unique(np.concatenate(exact))

    def _found(self, ask: Asked, lists: Fused, choices: list[Choice], vector: Vectors | None, k: int) -> Found:
        choices.sort(key=lambda one: one.row not in lists.exact)
        chosen = {one.row: one for one in choices}
        rows = _in_order(lists.order, choices)[:k]
        best = [one.row for one in choices[:TRIO]]
        passages = dict(zip([*rows, *best], self.store.passages([*rows, *best]), strict=True))
        first_text = next((row for row in rows if row not in chosen), None)

        def hit(row: int) -> Hit:
            known: Mapping[str, float] = {}
            if row in chosen:
                known = chosen[row].evidence
            elif row == first_text:
                words_top = self._cosine(lists.words_top, lists, vector)
                known = evidence(ask, passages[row], lists.standing(row, self._cosine(row, lists, vector), words_top))
            return Hit(passages[row], lists.scores.get(row, 0.0), known, row in lists.exact)

        likely = {kind: sum(chosen[row].likely for row in self.store.remit[kind] if row in chosen) for kind in OUTCOMES}
        harmful, elsewhere = likely.values()
        return Found(ask.text, [hit(row) for row in rows], [hit(row) for row in best], harmful, elsewhere)

    def _cosine(self, row: int | None, lists: Fused, vector: Vectors | None) -> float:
        if row is None or vector is None or self._vectors is None:
            return 0.0
        if row in lists.cosines:
            return lists.cosines[row]
        last = self.store.first_unit[row + 1] if row + 1 < self.store.count else len(self.store.unit_passage)
        return float(dots(self._vectors.rows(np.arange(self.store.first_unit[row], last)), vector).max())

    def close(self) -> None:
        self.store.close()


def _in_order(order: list[int], choices: list[Choice]) -> list[int]:
    """The fused order with our articles in the places that articles have, but in their own order."""
    place = {one.row: n for n, one in enumerate(choices)}
    articles = iter(sorted((row for row in order if row in place), key=place.__getitem__))
    return [next(articles) if row in place else row for row in order]


def _vectors(file: Path, embedder: Embedder | None) -> VectorIndex | None:
    """The vectors, where both they and their model are there; a model of another size cannot read them."""
    if embedder is None or not file.is_file():
        return None
    found = VectorIndex(file)
    if found.dimensions != embedder.dimensions:
        raise IndexUnusable(f"{file}: made by a model of {found.dimensions} dimensions, not of {embedder.dimensions}")
    return found
