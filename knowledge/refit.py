"""The answer line fitted again to a base that is live, and what that changes in the three bands."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from knowledge.build import Progress
from knowledge.calibration import UNANSWERABLE, Trial, article_trials, fitted
from knowledge.embedding import Embedder
from knowledge.evaluate import Query
from knowledge.generations import LINE, carry_on, live, publish, sole_builder
from knowledge.line import Line, read_line, write_line
from knowledge.search import Search

HALVES = 2


@dataclass(frozen=True)
class Band:
    """Of all trials the share that ends here, and of these the share that is right to: answers that answer, three
    titles with the right one, and of what is handed over that which nothing here answers."""

    share: float
    right: float | None


@dataclass(frozen=True)
class Bands:
    """What a line does with the trials; `threshold` is the confidence from which on an article answers."""

    threshold: float
    offer_threshold: float
    answer: Band
    offer: Band
    hand_over: Band


@dataclass(frozen=True)
class Refit:
    generation: str
    trials: int
    before: Bands
    after: Bands


def refit(folder: Path, embedder: Embedder | None, queries: Iterable[Query], *, on: date, progress: Progress) -> Refit:
    """Fit the line of the live index to its ways of asking and to `queries`; it goes live as a new generation.

    "After" is measured on the half of the trials that a line fitted to the other half has not seen.
    """
    with sole_builder(folder):
        generation = live(folder)
        search = Search(generation, embedder)
        try:
            before = read_line(search.line_file, search.mode)
            trials = [*article_trials(search, on=on, progress=progress), *_labelled(search, queries, on)]
            line = fitted(before, trials)
            told = _bands([(before, trials)], before), _bands(_halves(before, trials), line)
            following = carry_on(generation)
            kept = {mode: read_line(search.line_file, mode) for mode in ("words", "hybrid") if mode != search.mode}
            (following / LINE).unlink()
            write_line(following / LINE, {**kept, search.mode: line})
            publish(following)
        finally:
            search.close()
    return Refit(following.name, len(trials), *told)


def _labelled(search: Search, queries: Iterable[Query], on: date) -> Iterator[Trial]:
    """What is chosen for each question, with and without what answers it: the article, and the text."""
    for query in queries:
        ways = [((), 1.0), (tuple(query.relevant), UNANSWERABLE)] if query.relevant else [((), UNANSWERABLE)]
        for left_out, weight in ways:
            found = search.look(query.text, on=on, without=left_out)
            if found.articles and found.articles[0].evidence:
                offered = any(hit.passage.id in query.relevant for hit in found.articles)
                first = found.articles[0]
                yield Trial(first, first.passage.id in query.relevant, weight, offered)
            texts = [hit for hit in found.hits if hit.evidence and not hit.passage.questions]
            if texts:
                yield Trial(texts[0], texts[0].passage.id in query.relevant, weight)


def _halves(line: Line, trials: Sequence[Trial]) -> list[tuple[Line, list[Trial]]]:
    """Each half with the line that was fitted to the other; trials of one question mostly stay together."""
    halves: list[list[Trial]] = [[] for _ in range(HALVES)]
    for n, trial in enumerate(trials):
        halves[n // 4 % HALVES].append(trial)
    return [(fitted(line, halves[1 - n]), half) for n, half in enumerate(halves)]


def _bands(judged: Sequence[tuple[Line, Sequence[Trial]]], line: Line) -> Bands:
    kinds: dict[str, list[tuple[float, bool]]] = {"answer": [], "offer": [], "hand_over": []}
    for judge, trials in judged:
        for trial in trials:
            if judge.answers(trial.hit):
                kinds["answer"].append((trial.weight, trial.right))
            elif trial.hit.passage.questions and judge.offers(trial.hit):
                kinds["offer"].append((trial.weight, trial.offered))
            else:
                kinds["hand_over"].append((trial.weight, not trial.right and not trial.offered))
    whole = sum(weight for rows in kinds.values() for weight, _ in rows)
    bands = {name: _band(rows, whole) for name, rows in kinds.items()}
    return Bands(line.article.threshold, line.offer.threshold, **bands)


def _band(rows: Sequence[tuple[float, bool]], whole: float) -> Band:
    held = sum(weight for weight, _ in rows)
    right = sum(weight for weight, right in rows if right)
    return Band(round(held / whole, 4) if whole else 0.0, round(right / held, 4) if held else None)
