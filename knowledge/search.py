"""Search: words and vectors fused, within what holds on a day and in a place."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from knowledge.embedding import Embedder, Vectors
from knowledge.errors import IndexUnusable
from knowledge.evidence import Asked, Standing, asked, evidence
from knowledge.fusion import Fused, fused
from knowledge.generations import LINE, PASSAGES, VECTORS, WORDS, live
from knowledge.lexicon import Floats, Lexicon
from knowledge.names import LawNames, Mention, numbers_named
from knowledge.passages import Passage
from knowledge.places import covers, place_named, rings
from knowledge.store import Store
from knowledge.vectors import VectorIndex
from knowledge.wording import LONG_ENOUGH, clean

LIST = 300  # passages of either list that are fused
UNITS = 3 * LIST  # vectors asked for, since several may belong to one passage


def live_generation(folder: Path) -> str | None:
    """The name of the live generation; None where nothing has been built yet."""
    try:
        return live(folder).name
    except IndexUnusable:
        return None


@dataclass(frozen=True)
class Hit:
    """A passage that may answer; `score` is 0..1 within this search, `evidence` goes by the names of evidence.NAMES."""

    passage: Passage
    score: float
    evidence: Mapping[str, float]


@dataclass(frozen=True)
class _Limits:
    """What may be found: by passage, by unit."""

    passages: NDArray[np.bool_]
    units: NDArray[np.bool_]


class Search:
    """One generation of the base, open for reading; every method may be called from several threads."""

    def __init__(self, generation: Path, embedder: Embedder | None) -> None:
        self.generation = generation.name
        self.line_file = generation / LINE
        self.store = Store(generation / PASSAGES)
        self.lexicon = Lexicon(generation / WORDS)
        self._vectors = _vectors(generation / VECTORS, embedder)
        self._embedder = embedder if self._vectors else None
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

        A place that the question names replaces `region` (six digits, or "": only what holds in the whole country),
        unless `region` lies within it. `without` leaves out passages by id, and ways of asking by `units.unit_key`.
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
        mentions = self._names.mentions(question)
        named_rows = self._named(question, mentions)
        lists = fused(by_words, by_vector, LIST, limits.passages, named_rows, self._exact(mentions))
        return self._hits(ask, lists, vector, k)

    def _limits(self, on: date, region: str, without: Collection[str]) -> _Limits:
        store, day = self.store, on.toordinal()
        allowed = (store.begins <= day) & (day < store.ends)
        allowed &= np.isin(store.regions, [int(code or 0) for code in rings(region)])
        left_out: list[int] = []
        for name in without:
            passage_id, _, nth = name.rpartition("?")
            row = store.row_of(name if not passage_id or not nth.isdecimal() else passage_id)
            if row is not None and passage_id and nth.isdecimal():
                left_out.append(int(store.first_unit[row]) + 1 + int(nth))
            elif row is not None:
                allowed[row] = False
        by_unit = allowed[store.unit_passage]
        by_unit[left_out] = False
        return _Limits(allowed, by_unit)

    def _by_words(self, ask: Asked, limits: _Limits) -> Floats:
        """The best BM25 score of each passage over its units; nought where it is not allowed."""
        scores = np.where(limits.units, self.lexicon.scores(ask.numbers), 0)
        return np.asarray(np.maximum.reduceat(scores, self.store.first_unit), np.float32)

    def _by_vector(self, vector: Vectors | None, limits: _Limits) -> dict[int, float]:
        """The best cosine of the nearest passages, best first; empty without vectors."""
        if vector is None or self._vectors is None:
            return {}
        units, cosines = self._vectors.nearest(vector, limits.units, UNITS)
        best: dict[int, float] = {}
        for row, cosine in zip(self.store.unit_passage[units].tolist(), cosines.tolist(), strict=True):
            best.setdefault(row, cosine)
        return best

    def _named(self, question: str, mentions: list[Mention]) -> NDArray[np.int64]:
        rows = [row for number in numbers_named(question, self._numbers) for row in self._numbers[number]]
        titles = {mention.title for mention in mentions}
        laws = self.store.law_rows(titles) if titles else np.empty(0, np.int64)
        return np.union1d(laws, np.array(rows, np.int64))

    def _exact(self, mentions: list[Mention]) -> NDArray[np.int64]:
        rows = [self.store.law_rows([one.title], one.article) for one in mentions if one.article]
        return np.concatenate(rows) if rows else np.empty(0, np.int64)

    def _hits(self, ask: Asked, lists: Fused, vector: Vectors | None, k: int) -> list[Hit]:
        rows = lists.order[: k + 1]
        words_top = self._cosine(lists.words_top, lists, vector)
        passages = self.store.passages(rows[:k])
        hits: list[Hit] = []
        for n, passage in enumerate(passages):
            row = rows[n]
            standing = Standing(
                score=lists.scores[row],
                next_score=max((lists.scores[other] for other in rows if other != row), default=0.0),
                words=lists.words_of(row),
                other_words=lists.other_words(row),
                words_rank=lists.words_rank(row),
                cosine=self._cosine(row, lists, vector),
                other_cosine=lists.other_cosine(row),
                usual_cosine=lists.usual_cosine,
                words_top_cosine=words_top,
                cosine_rank=lists.cosine_rank(row),
                named=row in lists.named,
            )
            hits.append(Hit(passage, standing.score, evidence(ask, passage, standing, self.lexicon)))
        return hits

    def _cosine(self, row: int | None, lists: Fused, vector: Vectors | None) -> float:
        if row is None or vector is None or self._vectors is None:
            return 0.0
        if row in lists.cosines:
            return lists.cosines[row]
        last = self.store.first_unit[row + 1] if row + 1 < self.store.count else self._vectors.count
        return float(self._vectors.cosines(vector, np.arange(self.store.first_unit[row], last)).max())

    def close(self) -> None:
        self.store.close()


def _vectors(file: Path, embedder: Embedder | None) -> VectorIndex | None:
    """The vectors, where both they and their model are there; a model of another size cannot read them."""
    if embedder is None or not file.is_file():
        return None
    found = VectorIndex(file)
    if found.dimensions != embedder.dimensions:
        raise IndexUnusable(
            f"{file}: made by a model of {found.dimensions} dimensions, not of {embedder.dimensions}"
        )
    return found
