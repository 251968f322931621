"""Search: words and vectors fused, within what holds on a day and in a place."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from knowledge.embedding import Embedder, Vectors
from knowledge.errors import IndexUnusable
from knowledge.evidence import Asked, asked, evidence
from knowledge.fusion import Fused, fused
from knowledge.generations import LINE, PASSAGES, VECTORS, WORDS, live
from knowledge.lexicon import Floats, Lexicon
from knowledge.names import LawNames, Mention, numbers_named
from knowledge.passages import Passage
from knowledge.places import covers, place_named, rings
from knowledge.profiles import Profiles, dots
from knowledge.store import Store
from knowledge.synonyms import meant_by
from knowledge.units import split_key
from knowledge.vectors import VectorIndex
from knowledge.wording import LONG_ENOUGH, clean, words

LIST = 300  # passages of either list that are fused
CONSIDERED = 5  # hits among which an article of ours may be preferred to the first
MEANT = 0.5  # the weight of words that the question does not have but means
ABOUT_EQUAL = 0.15  # of the score; 59 % of the ways of asking, held out, find their article so, 54 % without
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

    `evidence` goes by evidence.NAMES; only the first hit and the preferred one have it, since no other can answer.
    """

    passage: Passage
    score: float
    evidence: Mapping[str, float]
    exact: bool = False


@dataclass(frozen=True)
class _Limits:
    """What may be found, by passage; and the ways of asking that are left out, by passage."""

    passages: NDArray[np.bool_]
    hidden: dict[int, set[int]]


class Search:
    """One generation of the base, open for reading; every method may be called from several threads."""

    def __init__(self, generation: Path, embedder: Embedder | None) -> None:
        self.generation = generation.name
        self.line_file = generation / LINE
        self.store = Store(generation / PASSAGES)
        self.lexicon = Lexicon(generation / WORDS)
        self._vectors = _vectors(generation / VECTORS, embedder)
        self._embedder = embedder if self._vectors else None
        self._profiles = self._asked_profiles()
        if self.lexicon.rows != len(self.store.unit_passage):
            raise IndexUnusable(f"{generation}: words and passages do not belong together")
        self._names = LawNames(self.store.law_titles())
        self._numbers = self.store.numbers()

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
        """At most k passages that hold on the day and in the place, best first.

        A place that the question names replaces `region` (six digits, or "": what holds in the whole country),
        unless `region` lies within it. `without` leaves out passages by id, and ways of asking by
        `units.asking_key`.
        """
        question = clean(question)[:LONG_ENOUGH]
        ask = asked(question, self.lexicon)
        named = place_named(question)
        limits = self._limits(on, region if named and covers(named, region) else named or region, without)
        if not ask.words or not limits.passages.any():
            return []
        by_words = self._by_words(ask, limits)
        vector = self._embedder.queries([question])[0] if self._embedder else None
        by_vector = self._by_vector(vector, limits)
        named_rows, exact = self._named(question)
        asked_for = [row for row, nth in self.store.asked_for(question) if nth not in limits.hidden.get(row, ())]
        exact = np.append(exact, np.array(asked_for, np.int64))
        lists = fused(by_words, by_vector, LIST, limits.passages, named_rows, exact)
        return self._hits(ask, lists, vector, limits, k)

    def _limits(self, on: date, region: str, without: Collection[str]) -> _Limits:
        store, day = self.store, on.toordinal()
        allowed = (store.begins <= day) & (day < store.ends)
        allowed &= np.isin(store.regions, [int(code or 0) for code in rings(region)])
        hidden: dict[int, set[int]] = {}
        for name in without:
            if (row := store.row_of(name)) is not None:
                allowed[row] = False
            elif (key := split_key(name)) and (row := store.row_of(key[0])) is not None:
                hidden.setdefault(row, set()).add(key[1])
        return _Limits(allowed, hidden)

    def _by_words(self, ask: Asked, limits: _Limits) -> Floats:
        """The best BM25 score of each passage over its units; nought where it is not allowed."""
        scores = self.lexicon.scores(ask.numbers)
        if meant := words(meant_by(ask.text)):
            scores += MEANT * self.lexicon.scores(self.lexicon.numbers(meant))
        best = np.maximum.reduceat(scores, self.store.first_unit)
        return np.asarray(np.where(limits.passages, best, 0), np.float32)

    def _by_vector(self, vector: Vectors | None, limits: _Limits) -> dict[int, float]:
        """The best cosine of the nearest passages, best first; empty without vectors."""
        if vector is None or self._vectors is None:
            return {}
        allowed = np.zeros(self._vectors.count, np.bool_)
        allowed[: len(self.store.unit_passage)] = limits.passages[self.store.unit_passage]
        units, cosines = self._vectors.nearest(vector, allowed, UNITS)
        best: dict[int, float] = {}
        for row, cosine in zip(self.store.unit_passage[units].tolist(), cosines.tolist(), strict=True):
            best.setdefault(row, cosine)
        best |= self._by_profile(vector, limits)
        return dict(sorted(best.items(), key=lambda pair: -pair[1]))

    def _asked_profiles(self) -> Profiles | None:
        """The ways of asking, whose vectors stand behind those of the units."""
        asks = len(self.store.ask_passage)
        if self._vectors is None or not asks:
            return None
        rows = np.arange(len(self.store.unit_passage), len(self.store.unit_passage) + asks)
        return Profiles(self.store.ask_passage, self._vectors.rows(rows))

    def _by_profile(self, vector: Vectors, limits: _Limits) -> dict[int, float]:
        if self._profiles is None or self._vectors is None:
            return {}
        texts = dots(self._vectors.rows(self.store.first_unit[self._profiles.passages]), vector)
        cosines = self._profiles.cosines(vector, texts, limits.hidden)
        pairs = zip(self._profiles.passages.tolist(), cosines.tolist(), strict=True)
        return {row: cosine for row, cosine in pairs if limits.passages[row]}

    def _named(self, question: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The rows that a question names by title or number, and those of the very articles that it names."""
        by_column: dict[Literal["title", "number"], list[Mention]] = {
            "title": self._names.mentions(question),
            "number": numbers_named(question, self._numbers),
        }
        named, exact = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for column, mentions in by_column.items():
            named += [self.store.rows_of(column, [one.name]) for one in mentions]
            exact += [self.store.rows_of(column, [one.name], one.article) for one in mentions if one.article]
        return np.unique(np.concatenate(named)), np.unique(np.concatenate(exact))

    def _hits(self, ask: Asked, lists: Fused, vector: Vectors | None, limits: _Limits, k: int) -> list[Hit]:
        rows = lists.order[:k]
        hits = [
            Hit(passage, lists.scores[row], {}) for row, passage in zip(rows, self.store.passages(rows), strict=True)
        ]
        if not hits:
            return []
        words_top = self._cosine(lists.words_top, lists, vector)
        for n in {0, hits.index(close_article(hits) or hits[0])}:
            row, passage, hidden = rows[n], hits[n].passage, limits.hidden.get(rows[n], ())
            standing = lists.standing(row, self._cosine(row, lists, vector), words_top)
            shown = replace(passage, questions=tuple(q for m, q in enumerate(passage.questions) if m not in hidden))
            hits[n] = Hit(passage, standing.score, evidence(ask, shown, standing), row in lists.exact)
        return hits

    def _cosine(self, row: int | None, lists: Fused, vector: Vectors | None) -> float:
        if row is None or vector is None or self._vectors is None:
            return 0.0
        if row in lists.cosines:
            return lists.cosines[row]
        last = self.store.first_unit[row + 1] if row + 1 < self.store.count else len(self.store.unit_passage)
        return float(dots(self._vectors.rows(np.arange(self.store.first_unit[row], last)), vector).max())

    def close(self) -> None:
        self.store.close()


def preferred(hits: Sequence[Hit]) -> Hit:
    """The first hit, or an article of ours that lies close behind it: it is written to answer by itself.

    A statute that the question names by name is not passed over.
    """
    first = hits[0]
    return first if first.evidence["named"] else close_article(hits) or first


def close_article(hits: Sequence[Hit]) -> Hit | None:
    """The best article of ours among the first few hits that lies about as near as the first."""
    close = (hit for hit in hits[:CONSIDERED] if hit.score >= hits[0].score - ABOUT_EQUAL)
    return next((hit for hit in close if hit.passage.kind == "article"), None)


def _vectors(file: Path, embedder: Embedder | None) -> VectorIndex | None:
    """The vectors, where both they and their model are there; a model of another size cannot read them."""
    if embedder is None or not file.is_file():
        return None
    found = VectorIndex(file)
    if found.dimensions != embedder.dimensions:
        raise IndexUnusable(f"{file}: made by a model of {found.dimensions} dimensions, not of {embedder.dimensions}")
    return found
