"""Our articles in the order in which they answer a question."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.embedding import Vectors
from knowledge.evidence import Asked, share
from knowledge.lexicon import Floats
from knowledge.limits import Limits
from knowledge.matcher import Matcher
from knowledge.passages import Passage
from knowledge.remit import OUTCOMES
from knowledge.store import Store
from knowledge.vectors import VectorIndex, dots
from knowledge.wording import words

# The log odds of an article: by all its ways of asking, the nearest of them, and the cosine of its text, in standard
# deviations; and by the share of the question's words that its text has, and that its ways of asking have too. Fitted
# to the articles that ship, each way of asking held out: 77 % find their article first, 94 % among the first three.
MATCH, NEAREST, COSINE, TEXT_SHARE, SHARE = 1.5, 0.4, 0.65, 5.0, 3.5
WORDS_ONLY = 1.5  # in place of the first two, where there are no vectors: BM25, in standard deviations
LOCAL = 1.2  # log odds of an article that is written for the place that is meant
READ = 12  # articles whose words are looked at


@dataclass(frozen=True)
class Choice:
    """An article and how likely it is the one asked for, 0..1 among all that may be found."""

    row: int
    score: float
    likely: float


class Choices:
    """The articles of one generation. Safe for several threads."""

    def __init__(self, store: Store, vectors: VectorIndex | None) -> None:
        articles = store.articles()
        self.rows = np.array(list(articles), np.int64)
        self._words = [set(words(_text(one))) for one in articles.values()]
        self._asked = [[set(words(way)) for way in one.questions] for one in articles.values()]
        self._vectors = vectors
        self._regions = store.regions[self.rows]
        self._units = store.first_unit[self.rows]
        self._asks = store.ask_passage
        self._first_ask = len(store.unit_passage)
        self.matcher = self._fit(None)

    def _fit(self, left_out: NDArray[np.bool_] | None) -> Matcher | None:
        if self._vectors is None or not len(self._asks):
            return None
        asks = np.arange(self._first_ask, self._first_ask + len(self._asks))
        return Matcher.fit(self._asks, self._vectors.rows(asks), left_out)

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
        matcher = matcher or self.matcher
        if vector is None or matcher is None or self._vectors is None:
            scores = WORDS_ONLY * _standard(by_words[self.rows[at]])
        else:
            classes = np.searchsorted(matcher.rows, self.rows[at])
            ways = matcher.scores(vector, limits.hidden)[classes]
            nearest = matcher.nearest(vector, limits.hidden)[classes]
            texts = dots(self._vectors.rows(self._units[at]), vector)
            scores = MATCH * _standard(ways) + NEAREST * _standard(nearest) + COSINE * _standard(texts)
        scores += LOCAL * (self._regions[at] > 0)
        order = np.argsort(-scores, kind="stable")
        read = order[:READ]
        scores[read] += [self._shares(ask, int(at[n]), limits.hidden) for n in read]
        scores[order[READ:]] += min(scores[read].min() - scores[order[READ:]].max(initial=-np.inf), 0)
        likely = np.exp(scores - scores.max())
        likely /= likely.sum()
        best = np.argsort(-scores, kind="stable")
        return [Choice(int(self.rows[at[n]]), float(scores[n]), float(likely[n])) for n in best]

    def _shares(self, ask: Asked, n: int, hidden: Mapping[int, set[int]]) -> float:
        left_out = hidden.get(int(self.rows[n]), ())
        known = self._words[n].union(*(way for place, way in enumerate(self._asked[n]) if place not in left_out))
        return TEXT_SHARE * share(ask, self._words[n]) + SHARE * share(ask, known)


def _text(passage: Passage) -> str:
    """What an article says; of what is not ours, how it is asked for."""
    said = passage.questions if passage.kind in OUTCOMES else (passage.text,)
    return "\n".join((passage.title, *said))


def _standard(values: NDArray[np.floating]) -> NDArray[np.float64]:
    spread = float(values.std())
    return np.asarray((values - values.mean()) / (spread if spread > 1e-9 else 1.0), np.float64)
