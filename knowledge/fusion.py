"""Two ranked lists into one: min-max scores, half and half, and what a question names by name first."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from knowledge.lexicon import Floats

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
    usual_cosine: float
    _words_ranks: dict[int, int] = field(repr=False)
    _cosine_ranks: dict[int, int] = field(repr=False)

    @property
    def words_top(self) -> int | None:
        return next(iter(self.words), None)

    def words_of(self, row: int) -> float:
        return self.words.get(row, 0.0)

    def words_rank(self, row: int) -> int:
        return self._words_ranks.get(row, len(self.words))

    def cosine_rank(self, row: int) -> int:
        return self._cosine_ranks.get(row, len(self.cosines))

    def other_words(self, row: int) -> float:
        """The best word score of any other passage."""
        return next((score for other, score in self.words.items() if other != row), 0.0)

    def other_cosine(self, row: int) -> float:
        return next((cosine for other, cosine in self.cosines.items() if other != row), 0.0)


def fused(
    by_words: Floats,
    cosines: dict[int, float],
    size: int,
    allowed: NDArray[np.bool_],
    named: NDArray[np.int64],
    exact: NDArray[np.int64],
) -> Fused:
    """The fused list of at most 2 x size passages, and every allowed one that is named.

    `by_words` has a score for each passage, `cosines` the nearest passages, best first. `named` are rows that the
    question names by title or number, `exact` rows of the very article that it names: these come first.
    """
    words = _best(by_words, size)
    cosines = dict(list(cosines.items())[:size])
    named, exact = named[allowed[named]], exact[allowed[exact]]
    parts = [_stretched(words), _stretched(cosines)] if cosines else [_stretched(words)]
    scores: dict[int, float] = dict.fromkeys([*named.tolist(), *exact.tolist()], 0.0)
    for part in parts:
        for row, score in part.items():
            scores[row] = scores.get(row, 0.0) + score / len(parts)
    if len(named):
        lifted = set(named.tolist())
        scores = {row: score * (1 - LIFT) + (LIFT if row in lifted else 0) for row, score in scores.items()}
    scores |= dict.fromkeys(exact.tolist(), 1.0)
    order = sorted(scores, key=lambda row: (-scores[row], -by_words[row], row))
    return Fused(
        order, scores, words, cosines, frozenset([*named.tolist(), *exact.tolist()]),
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
