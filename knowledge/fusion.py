"""Two ranked lists into one: min-max scores, weighed, and what a question names by name first."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from knowledge.evidence import Standing
from knowledge.lexicon import Floats

WORDS_SHARE = 0.3  # of the fused score; 0.2 to 0.4 do equally well on every set that we have
LIFT = 0.35  # what being named by name is worth, against 1 for leading both lists
USUAL = 50  # passages whose mean cosine is what this base gives to anything


@dataclass(frozen=True)
class Fused:
    """Passages best first, with what each list gave them."""

    order: list[int]
    scores: dict[int, float]
    words: dict[int, float]
    cosines: dict[int, float]
    named: frozenset[int]
    exact: frozenset[int]
    _usual_cosine: float = field(repr=False)
    _words_ranks: dict[int, int] = field(repr=False)
    _cosine_ranks: dict[int, int] = field(repr=False)

    @property
    def words_top(self) -> int | None:
        return next(iter(self.words), None)

    def standing(self, row: int, cosine: float, words_top_cosine: float) -> Standing:
        """Where a row stands; `cosine` is given because the list of the nearest may not have it."""
        return Standing(
            score=self.scores.get(row, 0.0),
            next_score=next((self.scores[other] for other in self.order if other != row), 0.0),
            words=self.words.get(row, 0.0),
            other_words=next((score for other, score in self.words.items() if other != row), 0.0),
            words_rank=self._words_ranks.get(row, len(self.words)),
            cosine=cosine,
            other_cosine=next((near for other, near in self.cosines.items() if other != row), 0.0),
            usual_cosine=self._usual_cosine,
            words_top_cosine=words_top_cosine,
            cosine_rank=self._cosine_ranks.get(row, len(self.cosines)),
            named=row in self.named,
        )


def fused(
    by_words: Floats,
    cosines: dict[int, float],
    size: int,
    allowed: NDArray[np.bool_],
    named: NDArray[np.int64],
    exact: NDArray[np.int64],
    words_share: float = WORDS_SHARE,
) -> Fused:
    """The fused list of at most 2 x size passages, and every allowed one that is named.

    `by_words` has a score for each passage, `cosines` the nearest passages, best first. `named` are rows that
    the question names by title or number, `exact` rows of the very article that it names: these come first.
    """
    words = _best(by_words, size)
    cosines = dict(list(cosines.items())[:size])
    named, exact = named[allowed[named]], exact[allowed[exact]]
    share = words_share if cosines else 1.0
    scores: dict[int, float] = dict.fromkeys([*named.tolist(), *exact.tolist()], 0.0)
    for part, weight in ((_stretched(words), share), (_stretched(cosines), 1 - share)):
        for row, score in part.items():
            scores[row] = scores.get(row, 0.0) + weight * score
    if len(named):
        lifted = set(named.tolist())
        scores = {row: score * (1 - LIFT) + (LIFT if row in lifted else 0) for row, score in scores.items()}
    scores |= dict.fromkeys(exact.tolist(), 1.0)
    first = set(exact.tolist())
    order = sorted(scores, key=lambda row: (row not in first, -scores[row], -by_words[row], row))
    return Fused(
        order, scores, words, cosines, frozenset([*named.tolist(), *exact.tolist()]), frozenset(exact.tolist()),
        float(np.mean(list(cosines.values())[:USUAL])) if cosines else 0.0,
        {row: n for n, row in enumerate(words)}, {row: n for n, row in enumerate(cosines)},
    )  # fmt: skip


def _best(scores: Floats, size: int) -> dict[int, float]:
    """The best rows with a score above nought, best first."""
    count = min(size, len(scores))
    rows = np.argpartition(-scores, count - 1)[:count]
    rows = rows[np.lexsort((rows, -scores[rows]))]
    return {int(row): float(scores[row]) for row in rows if scores[row] > 0}


def _stretched(scores: dict[int, float]) -> dict[int, float]:
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    return {row: (score - low) / (high - low) if high > low else 1.0 for row, score in scores.items()}
