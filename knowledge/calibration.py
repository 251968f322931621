"""Fitting the answer line to a base: its own ways of asking, each held out, are the trials."""

import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from knowledge.choice import NAMES as CHOICE_NAMES
from knowledge.evidence import NAMES, table
from knowledge.line import Line, Weights, default_line, likeness
from knowledge.passages import Passage
from knowledge.remit import OUTCOMES
from knowledge.search import Hit, Search
from knowledge.sorts import FOLDS, Samples
from knowledge.units import asking_key, beside_key, ways

PRECISION = 0.86  # of what is answered on the public sets; then the dev half of our own statute questions is at 0.91
# The same for our own articles, where two in five as many questions are put that nothing answers: of those, held out,
# one in nine is answered then. Of the dev half less would be answered rightly above, and no less wrongly.
OWN_PRECISION, BESIDE = 0.89, 0.4
OFFER_PRECISION = 0.85  # of the few titles that are offered, that the right one is among them
OVERLAP = 0.3  # the weight of a way of asking for which another article is chosen: two in three it answers as well
UNANSWERABLE = 0.25  # the weight of a question that nothing answers: about one in five is asked
# The right hits that are further away than what is offered as near. The cosine alone tells chat from questions of the
# field (95 % of 200 chat lines lie below 95 % of these); words alone do so badly.
DISTANT_COSINE, DISTANT_WORDS = 0.05, 0.4
# All other evidence may only speak for a hit. Trials can teach the contrary: a wrong passage is found because it is
# like the question in one way, and so that way would come to speak against the right one.
SPEAKS_BOTH_WAYS = frozenset({"length", "law", "words_top_cosine", "trio", "unknown"})
SPEAKS_AGAINST = frozenset({"beside"})
SMOOTHING = 0.3
FEWEST_TRIALS = 40
MOST_QUESTIONS, MOST_OTHERS, MOST_BESIDE = 700, 150, 400

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Trial:
    """One question put to the base: the hit that would be given, whether it answers, or is among those that do."""

    hit: Hit
    right: bool
    weight: float = 1.0
    offered: bool = False


def fit_line(search: Search, *, on: date, line: Line | None = None, progress: Progress | None = None) -> Line:
    """The line for this base: refitted to its ways of asking where they are enough, the rest as in `line`.

    Each way of asking is put twice: without itself, and without what it asks for.
    """
    line = line or default_line(search.mode)
    return fitted(line, list(article_trials(search, on=on, progress=progress)))


def fitted(line: Line, trials: Sequence[Trial]) -> Line:
    """The line with what there are enough trials for."""
    ours = [one for one in trials if one.hit.passage.questions]
    texts = [one for one in trials if not one.hit.passage.questions]
    offered = [replace(one, right=one.offered) for one in ours]
    if _enough(ours):
        line = replace(line, article=fit_weights(ours, OWN_PRECISION))
    if _enough(offered):
        line = replace(line, offer=fit_weights(offered, OFFER_PRECISION))
    return replace(line, other=fit_weights(texts, PRECISION)) if _enough(texts) else line


def _enough(trials: Sequence[Trial]) -> bool:
    right = sum(trial.right for trial in trials)
    return len(trials) >= FEWEST_TRIALS and min(right, len(trials) - right) >= FOLDS


def article_trials(search: Search, *, on: date, progress: Progress | None = None) -> Iterator[Trial]:
    """The articles chosen for the ways of asking of the base, and for what stands beside them, each held out.

    For the matcher and the sorts it is held out with every FOLDS-th other one, since all shape what they know.
    """
    articles = search.store.articles().values()
    matchers = [search.choices.without_fold(fold, FOLDS) for fold in range(FOLDS)]
    samples, chosen = Samples(articles), _chosen(articles)
    for done, one in enumerate(chosen):
        if progress and done % 50 == 0:
            progress("line", done, len(chosen))
        known = one.number is not None and search.repair(one.text) == one.text
        found = search.look(
            one.text,
            on=_day(one.passage, on),
            region=one.passage.region,
            without=[one.left_out],
            matcher=matchers[one.number % FOLDS] if one.number is not None else None,
            vector=search.choices.asked_vector(one.number) if known and one.number is not None else None,
            sorts=samples.held_out(one.sample % FOLDS),
        )
        if found.articles and found.articles[0].passage.kind not in OUTCOMES:
            ids = [hit.passage.id for hit in found.articles] if one.answered else []
            right = ids[:1] == [one.passage.id]
            yield Trial(found.articles[0], right, 1.0 if right else one.weight, one.passage.id in ids)


@dataclass(frozen=True)
class _Put:
    """A question for a trial, less what is left out for it; `number` is its place among all ways of asking.

    `sample` is its place among those and the questions beside, which follow.
    `weight` is what the trial counts for where the wrong article is chosen.
    """

    passage: Passage
    text: str
    left_out: str
    sample: int
    number: int | None = None
    answered: bool = True
    weight: float = 1.0


def _chosen(articles: Collection[Passage]) -> list[_Put]:
    """What is put to the base. Where nothing stands beside an article, its ways of asking are also put without it."""
    asked = list(_asked(articles))
    ours = _some([one for one in asked if one.passage.kind not in OUTCOMES], MOST_QUESTIONS)
    others = _some([one for one in asked if one.passage.kind in OUTCOMES], MOST_OTHERS)
    beside = _some(list(_beside(articles)), MOST_BESIDE)
    weight = BESIDE * len(ours) / max(len(beside), 1)
    return [
        *(replace(one, weight=OVERLAP) for one in ours),
        *others,
        *(replace(one, weight=weight) for one in beside),
        *(
            replace(one, left_out=one.passage.id, weight=UNANSWERABLE)
            for one in [*ours, *others]
            if not one.passage.beside
        ),
    ]


def _asked(articles: Collection[Passage]) -> Iterator[_Put]:
    """Each way of asking, without itself."""
    numbers = itertools.count()
    for passage in articles:
        for n, way in enumerate(ways(passage)):
            number = next(numbers)
            if n < len(passage.questions):
                yield _Put(passage, way, asking_key(passage.id, n), number, number)


def _beside(articles: Collection[Passage]) -> Iterator[_Put]:
    """Each question that nothing answers, without itself."""
    samples = itertools.count(sum(len(ways(passage)) for passage in articles))
    for passage in articles:
        for n, text in enumerate(passage.beside):
            yield _Put(passage, text, beside_key(passage.id, n), next(samples), answered=False)


def _some(puts: list[_Put], most: int) -> list[_Put]:
    return puts[:: -(-len(puts) // most)] if puts else []


def query_trials(search: Search, queries: Iterable[tuple[str, Collection[str]]], *, on: date) -> Iterator[Trial]:
    """The hits for labelled questions (text, ids of what answers), with and without what answers them."""
    for text, relevant in queries:
        for left_out, weight in (((), 1.0), (relevant, UNANSWERABLE)) if relevant else (((), UNANSWERABLE),):
            hits = search.find(text, on=on, k=5, without=left_out)
            if hits:
                yield Trial(hits[0], hits[0].passage.id in relevant, weight)


def _day(passage: Passage, on: date) -> date:
    """The day itself where the passage holds on it, otherwise a day on which it does."""
    if passage.valid_from and on < passage.valid_from:
        return passage.valid_from
    return passage.valid_until - timedelta(days=1) if passage.valid_until and on >= passage.valid_until else on


def fit_weights(trials: Sequence[Trial], precision: float = PRECISION) -> Weights:
    """Weights and threshold; the threshold is set on trials that were kept from the weights in turn."""
    from sklearn.model_selection import StratifiedKFold
    from sklearn.preprocessing import StandardScaler

    names = CHOICE_NAMES if "likely" in trials[0].hit.evidence else NAMES
    values = table([trial.hit.evidence for trial in trials], names)
    right = np.array([trial.right for trial in trials])
    weight = np.array([trial.weight for trial in trials])
    scaler = StandardScaler().fit(values)
    scaled = scaler.transform(values)
    kept_out = np.zeros(len(trials))
    for part, rest in StratifiedKFold(FOLDS).split(scaled, right):
        weights, intercept = _regression(scaled[part], right[part], weight[part], names)
        kept_out[rest] = 1 / (1 + np.exp(-(scaled[rest] @ weights + intercept)))
    weights, intercept = _regression(scaled, right, weight, names)
    threshold = threshold_for(kept_out, right, weight, precision)
    answered = kept_out >= threshold
    return Weights(
        names=names,
        mean=_plain(scaler.mean_),
        scale=_plain(scaler.scale_),
        weights=_plain(weights),
        intercept=round(intercept, 5),
        threshold=round(threshold, 4),
        near=round(_near(trials), 4),
        trials=len(trials),
        coverage=round(float(answered[right].mean()), 4),
        precision=round(float(np.average(right[answered], weights=weight[answered])) if answered.any() else 0.0, 4),
    )


def _regression(
    scaled: NDArray[np.float64], right: NDArray[np.bool_], weight: NDArray[np.float64], names: Sequence[str]
) -> tuple[NDArray[np.float64], float]:
    """Weights and intercept. What may only speak for a hit and would speak against it is left out, one by one."""
    from sklearn.linear_model import LogisticRegression

    one_way = np.array([0 if name in SPEAKS_BOTH_WAYS else -1 if name in SPEAKS_AGAINST else 1 for name in names])
    used = np.ones(len(names), np.bool_)
    while True:
        model = LogisticRegression(C=SMOOTHING, max_iter=1_000).fit(scaled[:, used], right, sample_weight=weight)
        weights = np.zeros(len(names))
        weights[used] = model.coef_[0]
        against = one_way * weights
        if against.min() >= 0:
            return weights, float(model.intercept_[0])
        used[int(against.argmin())] = False


def _near(trials: Sequence[Trial]) -> float:
    """The likeness from which on titles are offered: that of nearly all hits that answer."""
    right = [trial.hit.evidence for trial in trials if trial.right]
    distant = DISTANT_COSINE if any(one.get("cosine") or one.get("nearest") for one in right) else DISTANT_WORDS
    return float(np.quantile([likeness(one) for one in right], distant))


def _plain(values: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(round(float(value), 5) for value in values)


def threshold_for(
    confidence: NDArray[np.float64], right: NDArray[np.bool_], weight: NDArray[np.float64], precision: float
) -> float:
    """The lowest confidence from which on at least `precision` of the trials are right; above 1 if none is."""
    order = np.argsort(-confidence)
    share = np.cumsum(weight[order] * right[order]) / np.cumsum(weight[order])
    good = np.flatnonzero(share >= precision)
    good = good[good >= min(20, len(order) // 4)]  # a handful of lucky ones at the top proves nothing
    return float(confidence[order][good[-1]]) if len(good) else 1.01
