"""What sort of thing a question asks for, by its letters alone: something of ours, or something that is refused."""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from knowledge.errors import IndexUnusable
from knowledge.lexicon import Floats
from knowledge.passages import Passage
from knowledge.remit import OUTCOMES
from knowledge.units import ways
from knowledge.wording import bare

# Held out, of the questions that stand beside our articles 3 % are then taken for ours at a line that lets 69 % of
# ours pass; without these odds it is 52 %.
LONGEST, ONCE_MORE = 3, 2  # letters of a run; ways of asking that must have it
STRENGTH = 10.0  # of the regression: the inverse of its smoothing
BESIDE = 2.0  # the weight of a question that stands beside an article, of which there are fewer
FALSE_ALARMS = 0.002  # of what is not refused, held out, that would be taken for it; 37 % of harm is then refused
FOLDS = 5
FEWEST = 50  # ways of asking of a sort; below that nothing is said
NEVER = 1e9

OURS, BESIDE_US = "ours", "beside"


@dataclass(frozen=True)
class Sorts:
    """Log odds by runs of letters. `refused_from` is where what asks for something refused begins."""

    runs: dict[str, int]
    rarity: Floats
    slopes: Floats  # (2, number of runs): ours, refused
    offsets: Floats  # (2,)
    refused_from: float = NEVER

    def heard(self, question: str) -> tuple[float, float]:
        """The log odds that a question is one of ours, and how surely it asks for what is refused: 0..1, .5 at the
        border."""
        ours, refused = self.odds(question)
        return ours, 1 / (1 + math.exp(min(self.refused_from - refused, 700)))

    def odds(self, question: str) -> tuple[float, float]:
        """The log odds that a question is one of ours, and that it asks for what is refused; nought where unknown."""
        counts = Counter(run for run in _runs(question) if run in self.runs)
        if not counts:
            return 0.0, 0.0
        at = np.array([self.runs[run] for run in counts])
        weights = np.array([1 + math.log(count) for count in counts.values()]) * self.rarity[at]
        weights /= np.sqrt((weights**2).sum())
        ours, refused = self.slopes[:, at] @ weights + self.offsets
        return float(ours), float(refused)

    def save(self, file: Path) -> None:
        runs = np.array(list(self.runs), dtype=f"<U{LONGEST}")
        begins = np.float64(self.refused_from)
        np.savez(file, runs=runs, rarity=self.rarity, slopes=self.slopes, offsets=self.offsets, refused_from=begins)


def read_sorts(file: Path) -> Sorts:
    """Raises IndexUnusable."""
    try:
        with np.load(file) as kept:
            runs = {str(run): n for n, run in enumerate(kept["runs"])}
            return Sorts(runs, kept["rarity"], kept["slopes"], kept["offsets"], float(kept["refused_from"]))
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise IndexUnusable(f"{file}: {error}") from error


def fit_sorts(passages: Collection[Passage]) -> Sorts:
    """From all ways of asking, and what stands beside them; where harm begins is set by trials that are held out."""
    samples = Samples(passages)
    fitted = samples.fit(range(len(samples.texts)))
    if not fitted.runs or samples.few("refused"):
        return fitted
    harmless = [
        samples.held_out(fold).odds(samples.texts[n])[1]
        for fold in range(FOLDS)
        for n in samples.of_fold(fold)
        if samples.sorts[n] != "refused"
    ]
    return replace(fitted, refused_from=float(np.quantile(harmless, 1 - FALSE_ALARMS)))


class Samples:
    """What the sorts are learned from: every way of asking in the order of `units`, then every question beside."""

    def __init__(self, passages: Iterable[Passage]) -> None:
        asked = [one for one in passages if one.questions]
        self.texts = [way for one in asked for way in ways(one)]
        self.sorts: list[str] = [one.kind if one.kind in OUTCOMES else OURS for one in asked for _ in ways(one)]
        besides = [text for one in asked for text in one.beside]
        self.texts += besides
        self.sorts += [BESIDE_US] * len(besides)
        self._held_out: dict[int, Sorts] = {}

    def few(self, sort: str) -> bool:
        count = self.sorts.count(sort)
        return min(count, len(self.sorts) - count) < FEWEST

    def of_fold(self, fold: int) -> range:
        return range(fold, len(self.texts), FOLDS)

    def held_out(self, fold: int) -> Sorts:
        """The sorts as they are without every FOLDS-th sample, counted from `fold`."""
        if fold not in self._held_out:
            self._held_out[fold] = self.fit([n for n in range(len(self.texts)) if n % FOLDS != fold])
        return self._held_out[fold]

    def fit(self, kept: Sequence[int]) -> Sorts:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression

        if self.few(OURS):
            return Sorts({}, np.empty(0, np.float32), np.empty((2, 0), np.float32), np.zeros(2, np.float32))
        vectorizer = TfidfVectorizer(analyzer=_runs, min_df=ONCE_MORE, sublinear_tf=True)
        values = vectorizer.fit_transform([self.texts[n] for n in kept])
        sorts = np.array([self.sorts[n] for n in kept])
        weight = np.where(sorts == BESIDE_US, BESIDE, 1.0)
        fitted = [
            _line(LogisticRegression(C=STRENGTH, solver="liblinear"), values, sorts == sort, weight)
            if not self.few(sort)
            else (np.zeros(values.shape[1]), 0.0)
            for sort in (OURS, "refused")
        ]
        return Sorts(
            {str(run): n for n, run in enumerate(vectorizer.get_feature_names_out())},
            vectorizer.idf_.astype(np.float32),
            np.array([slope for slope, _ in fitted], np.float32),
            np.array([offset for _, offset in fitted], np.float32),
        )


def _line(
    model: Any, values: Any, right: NDArray[np.bool_], weight: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    model.fit(values, right, sample_weight=weight)
    return model.coef_[0], float(model.intercept_[0])


def _runs(text: str) -> Iterator[str]:
    """Every run of up to LONGEST letters, its beginning and end told by a mark."""
    marked = f"^{bare(text)}$"
    return (marked[n : n + size] for size in range(1, LONGEST + 1) for n in range(len(marked) - size + 1))
