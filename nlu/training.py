"""From examples to a model: two halves judge each other, so that it knows how sure it may be."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import LinearSVC

from nlu.entities import Finder
from nlu.examples import DataFault, Training, files
from nlu.features import Floats, Vocabulary, centred, grams
from nlu.model import DENSE, FORMAT, Model, closest, shares

Embed = Callable[[Sequence[str]], Floats]
Progress = Callable[[str, int, int], None]

OUT_OF_SCOPE = "out_of_scope"
PULL = 1.0  # the C of the machine: how far the data may pull
PRECISION = 0.9  # of what is held out, that a message must reach to be understood for sure
FOLDS = 2
_BATCH = 64


@dataclass(frozen=True)
class _Data:
    """The examples in order of their labels: sparse rows, centred vectors (or none), labels, and where each begins."""

    words: csr_matrix
    dense: Floats
    labels: NDArray[np.int64]

    @property
    def starts(self) -> NDArray[np.int64]:
        return np.searchsorted(self.labels, np.unique(self.labels))

    @property
    def near(self) -> Any:
        """The examples as others are compared with them: by their vectors where they have any."""
        return self.dense if self.dense.size else self.words

    @property
    def together(self) -> Any:
        return hstack([self.words, csr_matrix(DENSE * self.dense)]).tocsr() if self.dense.size else self.words

    def of(self, rows: NDArray[np.int64]) -> "_Data":
        return _Data(self.words[rows], self.dense[rows], self.labels[rows])


def digest(folder: Path, embedder: str) -> str:
    """What a model was trained on: the files as they stand, and whose vectors they got."""
    told = hashlib.sha256(f"{FORMAT}:{embedder}".encode())
    for file in files(folder):
        told.update(file.name.encode() + b"\0" + file.read_bytes())
    return told.hexdigest()


def train(
    training: Training, finder: Finder, embed: Embed | None, mark: str = "", progress: Progress | None = None
) -> Model:
    """A model of the examples. `mark` is the digest it carries. DataFault where there is nothing to tell apart."""
    tell = progress or (lambda name, done, of: None)
    examples = sorted(training.examples, key=lambda one: one.intent)
    intents = tuple(dict.fromkeys(one.intent for one in examples))
    if len(intents) < 2:
        raise DataFault("training needs examples of two intents at least")
    texts = [one.text for one in examples]
    counted = [grams(text, finder(text)) for text in texts]
    vocabulary = Vocabulary.of(counted)
    vectors = _embedded(texts, embed, tell)
    centre = vectors.mean(0)
    labels = np.array([intents.index(one.intent) for one in examples])
    data = _Data(vocabulary.rows(counted), centred(vectors, centre), labels)
    heat, sure, scope = _calibrated(data, intents, tell)
    fitted = _machine(data)
    tell("intents", FOLDS + 1, FOLDS + 1)
    terms = len(vocabulary.columns)
    weights = _weights(fitted)
    return Model(
        mark,
        intents,
        vocabulary,
        centre,
        weights[:terms],
        weights[terms:],
        _bias(fitted),
        data.near,
        data.starts,
        heat,
        sure,
        scope,
    )


def _embedded(texts: Sequence[str], embed: Embed | None, tell: Progress) -> Floats:
    """(n, dimensions); no dimensions without an embedder."""
    if embed is None:
        return np.zeros((len(texts), 0), np.float32)
    rows = []
    for at in range(0, len(texts), _BATCH):
        rows.append(embed(texts[at : at + _BATCH]))
        tell("vectors", min(at + _BATCH, len(texts)), len(texts))
    return np.concatenate(rows)


def _machine(data: _Data) -> LinearSVC:
    """One against the rest: as right as a regression on held-out examples, and five times as fast."""
    return LinearSVC(C=PULL, random_state=0).fit(data.together, data.labels)


def _weights(fitted: LinearSVC) -> Floats:
    """(features, intents); scikit-learn keeps one row for two of them."""
    rows = fitted.coef_ if len(fitted.coef_) > 1 else np.stack([-fitted.coef_[0], fitted.coef_[0]])
    return np.asarray(rows.T, np.float32)


def _bias(fitted: LinearSVC) -> Floats:
    bias = fitted.intercept_
    return np.asarray(bias if len(bias) > 1 else [-bias[0], bias[0]], np.float32)


def _calibrated(data: _Data, intents: tuple[str, ...], tell: Progress) -> tuple[float, float, Floats]:
    """The heat of the probabilities, from where on a message is understood for sure, and the weights of scope.

    Half of the examples are judged by a model of the others. Where an intent has one example only, there are no
    halves; then the figures are guesses on the careful side.
    """
    if np.bincount(data.labels).min() < FOLDS:
        return 1.0, PRECISION, np.array([0, 1, 1, 1], np.float32)
    margins = np.zeros((len(data.labels), len(intents)), np.float32)
    near = np.zeros_like(margins)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(np.zeros(len(data.labels)), data.labels)
    for done, (known, held) in enumerate(folds):
        tell("intents", done, FOLDS + 1)
        half, rest = data.of(known), data.of(held)
        fitted = _machine(half)
        margins[held] = rest.together @ _weights(fitted) + _bias(fitted)
        similar = rest.near @ half.near.T
        near[held] = closest(similar if data.dense.size else similar.toarray(), half.starts)
    heat = _heat(margins, data.labels)
    likely = shares(margins, heat)
    return heat, _sure(likely, data.labels), _scope(likely, near, data.labels, intents)


def _heat(margins: Floats, labels: NDArray[np.int64]) -> float:
    """By which the margins are divided, so that the shares say how often they are right."""
    here = np.arange(len(labels))

    def surprise(heat: float) -> float:
        return float(-np.log(np.maximum(shares(margins, heat)[here, labels], 1e-9)).mean())

    return float(minimize_scalar(surprise, bounds=(0.02, 5.0), method="bounded").x)


def _sure(likely: Floats, labels: NDArray[np.int64]) -> float:
    """The smallest probability from which on PRECISION of the held-out examples are right."""
    best = likely.max(1)
    order = np.argsort(-best)
    right = np.cumsum((likely.argmax(1) == labels)[order]) / np.arange(1, len(order) + 1)
    good = np.flatnonzero(right >= PRECISION)
    return float(best[order][good[-1]]) if len(good) else 1.0


def signs(likely: Floats, near: Floats, outside: int | None) -> Floats:
    """(n, 3), what tells that a message is ours: log-odds of its best intent, and against the outside; its nearness."""
    inside = np.arange(likely.shape[1]) != (-1 if outside is None else outside)
    rest = -_odds(likely[:, outside]) if outside is not None else np.zeros(len(likely), np.float32)
    return np.stack([_odds(likely[:, inside].max(1)), rest, near[:, inside].max(1)], 1)


def _odds(share: Floats) -> Floats:
    held = np.clip(share, 1e-4, 1 - 1e-4)
    return np.asarray(np.log(held / (1 - held)), np.float32)


def _scope(likely: Floats, near: Floats, labels: NDArray[np.int64], intents: tuple[str, ...]) -> Floats:
    """(4,): a constant and the weights of the signs, which count alike once they are on one scale.

    Weights of their own for them fit the outside that was seen, and do worse with another.
    """
    outside = intents.index(OUT_OF_SCOPE) if OUT_OF_SCOPE in intents else None
    told = signs(likely, near, outside)
    weights = 1 / np.maximum(told.std(0), 1e-3)
    weights[1] = weights[1] if outside is not None else 0
    total = told @ weights
    if outside is None:
        return np.array([2 - total.mean(), *weights], np.float32)
    fitted = LogisticRegression(class_weight="balanced").fit(total[:, None], labels != outside)
    return np.array([fitted.intercept_[0], *(fitted.coef_[0, 0] * weights)], np.float32)
