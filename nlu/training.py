"""From examples to a model: two halves judge each other, so that it knows how sure it may be."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import LinearSVC

from nlu.entities import Finder
from nlu.examples import DataFault, Training
from nlu.features import Embed, Floats, Vocabulary, grams, placed
from nlu.model import DENSE, Machine, Model, nearness, outside_of, shares, signs
from nlu.vectors import Progress

Rows = NDArray[np.int64]

PULL = 1.0  # the C of the machine: how far the data may pull
PRECISION = 0.9  # of what is held out, that a message must reach to be understood for sure
CERTAIN = 0.97  # the same, to be understood without its vector: with it, hardly any more of them are right
FOLDS = 2
AXES = 256  # of the 384 of a vector, on which examples differ most: as right, and learnt in two thirds of the time


@dataclass(frozen=True)
class _Data:
    """The examples in order of their labels: sparse rows, placed vectors (or none), labels, and where each begins."""

    words: csr_matrix
    dense: Floats
    labels: Rows

    @property
    def starts(self) -> Rows:
        return np.searchsorted(self.labels, np.unique(self.labels))

    @property
    def together(self) -> Any:
        return hstack([self.words, csr_matrix(DENSE * self.dense)]).tocsr() if self.dense.size else self.words

    def of(self, rows: Rows) -> "_Data":
        return _Data(self.words[rows], self.dense[rows], self.labels[rows])

    def folds(self) -> list[tuple[Rows, Rows]]:
        """What each half knows, and what is held back from it; none where an intent is too small to be halved."""
        if np.bincount(self.labels).min() < FOLDS:
            return []
        return list(StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(self.labels, self.labels))


def train(
    training: Training, finder: Finder, embed: Embed | None, mark: str = "", progress: Progress | None = None
) -> Model:
    """A model of the examples. `mark` is the digest it carries. DataFault where there is nothing to tell apart."""
    tell = progress or (lambda stage, done, of: None)
    examples = sorted(training.examples, key=lambda one: one.intent)
    intents = tuple(dict.fromkeys(one.intent for one in examples))
    if len(intents) < 2:
        raise DataFault("training needs examples of two intents at least")
    texts = [one.text for one in examples]
    counted = [grams(text, finder(text)) for text in texts]
    vocabulary = Vocabulary.of(counted)
    vectors = embed(texts) if embed else np.zeros((len(texts), 0), np.float32)
    centre = vectors.mean(0)
    axes = _axes(vectors - centre)
    labels = np.array([intents.index(one.intent) for one in examples])
    words = _Data(_rows(vocabulary, counted), np.zeros((len(texts), 0), np.float32), labels)
    data = replace(words, dense=placed(vectors, centre, axes))
    tell("intents", 0, 2)
    alone = _machine(words, outside_of(intents))
    tell("intents", 1, 2)
    both = _machine(data, outside_of(intents)) if embed else alone
    tell("intents", 2, 2)
    return Model(mark, intents, vocabulary, alone, both, centre, axes, data.dense, data.starts)


def _rows(vocabulary: Vocabulary, counted: Sequence[Counter[str]]) -> csr_matrix:
    """(n, terms), one row a message."""
    rows = [vocabulary.row(one) for one in counted]
    starts = np.cumsum([0, *(len(columns) for columns, _ in rows)])
    columns, weights = (np.concatenate(parts) for parts in zip(*rows, strict=True))
    return csr_matrix((weights, columns, starts), shape=(len(rows), len(vocabulary.columns)), dtype=np.float32)


def _axes(moved: Floats) -> Floats:
    """(dimensions, k): the directions in which the vectors lie widest apart, the widest first."""
    _, directions = np.linalg.eigh((moved.T @ moved).astype(np.float64))
    return np.asarray(directions[:, ::-1][:, :AXES], np.float32)


def _machine(data: _Data, outside: int | None) -> Machine:
    """Learnt from all; how sure it may be is what two halves find, each judged by a machine of the other.

    Without halves the figures are guesses on the careful side.
    """
    weights, bias = _fitted(data)
    terms = data.words.shape[1]
    parts = weights[:terms], weights[terms:], bias
    folds = data.folds()
    if not folds:
        return Machine(*parts, 1.0, PRECISION, 1.0, np.array([0, 1, 1, 1], np.float32))
    margins = np.zeros((len(data.labels), len(bias)), np.float32)
    near = np.zeros(len(margins), np.float32)
    for known, held in folds:
        half, rest = data.of(known), data.of(held)
        weights, bias = _fitted(half)
        margins[held] = rest.together @ weights + bias
        if data.dense.size:
            pairs = zip(margins[held], rest.dense, strict=True)
            near[held] = [nearness(row, example, half.dense, half.starts, outside) for row, example in pairs]
    heat = _heat(margins, data.labels)
    likely = shares(margins, heat)
    sure, certain = (_least(likely, data.labels, precision) for precision in (PRECISION, CERTAIN))
    return Machine(*parts, heat, sure, certain, _scope(signs(likely, near, outside), data.labels, outside))


def _fitted(data: _Data) -> tuple[Floats, Floats]:
    """(features, intents) and (intents,). As right as a regression on held-out examples, and five times as fast."""
    found = LinearSVC(C=PULL, random_state=0).fit(data.together, data.labels)
    rows, bias = found.coef_, found.intercept_
    if len(rows) == 1:  # scikit-learn keeps one row for two intents
        rows, bias = np.stack([-rows[0], rows[0]]), np.array([-bias[0], bias[0]])
    return np.asarray(rows.T, np.float32), np.asarray(bias, np.float32)


def _heat(margins: Floats, labels: Rows) -> float:
    """By which the margins are divided, so that the shares say how often they are right."""
    here = np.arange(len(labels))

    def surprise(heat: float) -> float:
        return float(-np.log(np.maximum(shares(margins, heat)[here, labels], 1e-9)).mean())

    return float(minimize_scalar(surprise, bounds=(0.02, 5.0), method="bounded").x)


def _least(likely: Floats, labels: Rows, precision: float) -> float:
    """The smallest share from which on so many of the held-out examples are right; one where none is."""
    best = likely.max(1)
    order = np.argsort(-best)
    right = np.cumsum((likely.argmax(1) == labels)[order]) / np.arange(1, len(order) + 1)
    good = np.flatnonzero(right >= precision)
    return float(best[order][good[-1]]) if len(good) else 1.0


def _scope(told: Floats, labels: Rows, outside: int | None) -> Floats:
    """(4,): a constant and the weights of the signs, which count alike once they are on one scale.

    Weights of their own for them fit the outside that was seen, and do worse with another.
    """
    spread = told.std(0)
    weights = np.where(spread > 0, 1 / np.maximum(spread, 1e-3), 0)  # what is always the same says nothing
    total = told @ weights
    if outside is None:
        return np.array([2 - total.mean(), *weights], np.float32)
    fitted = LogisticRegression(class_weight="balanced").fit(total[:, None], labels != outside)
    return np.array([fitted.intercept_[0], *(fitted.coef_[0, 0] * weights)], np.float32)
