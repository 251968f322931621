"""Our articles in the order in which they answer a question."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.embedding import Vectors
from knowledge.evidence import Asked, share
from knowledge.lexicon import Floats
from knowledge.limits import Limits
from knowledge.manner import heard
from knowledge.matcher import Matcher
from knowledge.remit import OUTCOMES
from knowledge.store import Store
from knowledge.subjects import agreement, subjects, subjects_of
from knowledge.vectors import VectorIndex, dots
from knowledge.wording import words

# The log odds of an article: by all its ways of asking, the nearest of them, and the cosine of its text, in standard
# deviations; and by the share of the question's words that its text has, and that its ways of asking have too. Fitted
# to every tenth way of asking of the articles that ship, each held out, as asked in a province that has articles of
# its own: 76 % find their article first.
MATCH, NEAREST, COSINE, TEXT_SHARE, SHARE = 0.8, 0.5, 0.95, 0.2, 5.9
SUBJECT = 0.35  # log odds of an article about the very thing that is named; as much against it, where about another
WORDS_ONLY = 1.5  # in place of the first three, where there are no vectors: BM25, in standard deviations
LOCAL = 0.7  # log odds of an article that is written for the place that is meant
READ = 12  # articles whose words are looked at
TRIO = 3  # articles among which the right one may be offered
LEAD = 10.0  # log odds beyond which a lead says no more

NAMES = (
    "likely", "lead", "trio", "ways", "nearest", "nearest_lead", "text", "text_share", "share", "title",
    "subject", "heard", "unknown", "length", "beside", "ours",
)  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """An article and how likely it is the one asked for, 0..1 among all that may be found.

    `evidence` goes by NAMES; only the first few have it.
    """

    row: int
    score: float
    likely: float
    evidence: Mapping[str, float]


@dataclass(frozen=True)
class _Measured:
    """What speaks for each article that may be found: standing among the ways of asking, and two cosines.

    `beside` is the cosine of the nearest question that nothing answers.
    """

    at: NDArray[np.int64]
    ways: NDArray[np.float64]
    nearest: NDArray[np.float64]
    texts: NDArray[np.float64]
    beside: float
    scores: NDArray[np.float64]


class Choices:
    """The articles of one generation. Safe for several threads."""

    def __init__(self, store: Store, vectors: VectorIndex | None) -> None:
        articles = store.articles()
        self.rows = np.array(list(articles), np.int64)
        self._texts = [one.text for one in articles.values()]
        self._titles = [set(words(one.title)) for one in articles.values()]
        self._words = [
            set(words(f"{one.title}\n{one.text}" if one.kind not in OUTCOMES else one.title))
            for one in articles.values()
        ]
        self._ours = [one.kind not in OUTCOMES for one in articles.values()]
        self._subjects = [subjects_of(one.title, one.questions) for one in articles.values()]
        self._asked = [[set(words(way)) for way in one.questions] for one in articles.values()]
        self._vectors = vectors
        self._regions = store.regions[self.rows]
        self._units = store.first_unit[self.rows]
        self._asks = store.ask_passage
        self._first_ask = len(store.unit_passage)
        self._beside = store.beside_passage
        self._beside_vectors = self._rows_from(self._first_ask + len(self._asks), len(self._beside))
        self.matcher = self._fit(None)

    def _rows_from(self, first: int, count: int) -> Vectors | None:
        return self._vectors.rows(np.arange(first, first + count)) if self._vectors and count else None

    def _fit(self, left_out: NDArray[np.bool_] | None) -> Matcher | None:
        vectors = self._rows_from(self._first_ask, len(self._asks))
        return Matcher(self._asks, vectors, left_out) if vectors is not None else None

    def asked_vector(self, n: int) -> Vectors | None:
        """The vector of the nth way of asking of all, titles counted; None without vectors."""
        return self.matcher.vectors[n] if self.matcher else None

    def without_fold(self, fold: int, folds: int) -> Matcher | None:
        """A matcher whose spread does not know every `folds`th way of asking, counted from `fold`."""
        return self._fit(np.arange(len(self._asks)) % folds == fold)

    def rank(
        self, ask: Asked, by_words: Floats, vector: Vectors | None, limits: Limits, matcher: Matcher | None = None
    ) -> list[Choice]:
        """The articles that may be found, likeliest first; past the first few by ways and cosines alone."""
        at = np.flatnonzero(limits.passages[self.rows])
        if not len(at):
            return []
        asked_about = subjects(ask.text)
        found = self._measured(at, by_words, vector, limits, matcher or self.matcher)
        about = np.array([agreement(asked_about, self._subjects[n]) for n in at])
        scores = found.scores + LOCAL * (self._regions[at] > 0) + SUBJECT * about
        order = np.argsort(-scores, kind="stable")
        read, rest = order[:READ], order[READ:]
        shares = {int(n): self._shares(ask, int(at[n]), limits.hidden) for n in read}
        scores[read] += [TEXT_SHARE * text + SHARE * both for text, both, _ in shares.values()]
        scores[rest] += min(scores[read].min() - scores[rest].max(initial=-np.inf), 0)
        likely = np.exp(scores - scores.max())
        likely /= likely.sum()
        best = np.argsort(-scores, kind="stable")
        return [
            Choice(
                int(self.rows[at[n]]),
                float(scores[n]),
                float(likely[n]),
                self._evidence(ask, found, scores, likely, shares[int(n)], float(about[n]), int(n))
                if place < TRIO
                else {},
            )
            for place, n in enumerate(best)
        ]

    def _measured(
        self, at: NDArray[np.int64], by_words: Floats, vector: Vectors | None, limits: Limits, matcher: Matcher | None
    ) -> _Measured:
        if vector is None or matcher is None or self._vectors is None:
            ways, nought = _standard(by_words[self.rows[at]]), np.zeros(len(at))
            return _Measured(at, ways, nought, nought, 0.0, WORDS_ONLY * ways)
        classes = np.searchsorted(matcher.rows, self.rows[at])
        ways = _standard(matcher.scores(vector, limits.hidden)[classes])
        nearest = matcher.nearest(vector, limits.hidden)[classes]
        texts = dots(self._vectors.rows(self._units[at]), vector).astype(np.float64)
        scores = MATCH * ways + NEAREST * _standard(nearest) + COSINE * _standard(texts)
        return _Measured(at, ways, nearest, texts, self._nearest_beside(vector, limits), scores)

    def _nearest_beside(self, vector: Vectors, limits: Limits) -> float:
        """The cosine of the nearest question that stands beside what may be found; nought where there is none."""
        if self._beside_vectors is None:
            return 0.0
        near = np.where(limits.passages[self._beside], dots(self._beside_vectors, vector), np.float32(0))
        for row, places in limits.hidden_beside.items():
            near[[int(np.searchsorted(self._beside, row)) + place for place in places]] = 0
        return float(near.max())

    def _shares(self, ask: Asked, n: int, hidden: Mapping[int, set[int]]) -> tuple[float, float, float]:
        """The shares of the question that the text has, that text and ways of asking have, and that the title has."""
        left_out = hidden.get(int(self.rows[n]), ())
        known = self._words[n].union(*(way for place, way in enumerate(self._asked[n]) if place not in left_out))
        both = share(ask, known)
        return share(ask, self._words[n]) if self._ours[n] else both, both, share(ask, self._titles[n])

    def _evidence(
        self,
        ask: Asked,
        found: _Measured,
        scores: NDArray[np.float64],
        likely: NDArray[np.float64],
        shares: tuple[float, float, float],
        about: float,
        n: int,
    ) -> Mapping[str, float]:
        text_share, both, title = shares
        others = np.arange(len(scores)) != n
        return {
            "likely": float(likely[n]),
            "lead": float(np.clip(scores[n] - scores[others].max(initial=scores[n] - LEAD), -LEAD, LEAD)),
            "trio": float(np.sort(likely)[-TRIO:].sum()),
            "ways": float(found.ways[n]),
            "nearest": float(found.nearest[n]),
            "nearest_lead": float(found.nearest[n] - found.nearest[others].max(initial=0.0)),
            "text": float(found.texts[n]),
            "text_share": text_share,
            "share": both,
            "title": title,
            "subject": about,
            "heard": heard(ask.text, self._texts[int(found.at[n])]),
            "unknown": ask.unknown,
            "length": math.log1p(len(ask.words)),
            "beside": found.beside,
            "ours": ask.ours,
        }


def _standard(values: NDArray[np.floating]) -> NDArray[np.float64]:
    spread = float(values.std())
    return np.asarray((values - values.mean()) / (spread if spread > 1e-9 else 1.0), np.float64)
