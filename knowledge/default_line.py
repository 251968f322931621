"""Fits the line that ships, `data/line.json`, to half of each public set and to the `dev` half of our own questions.

The sets are not part of the project: a folder with NAME.corpus.jsonl and NAME.queries.jsonl for each name of SETS, and
queries that nothing answers. What is fitted to is never what is reported.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from knowledge.build import CALIBRATED_ON, build_index, build_passages
from knowledge.calibration import Trial, fit_line, fit_weights, query_trials
from knowledge.embedding import Embedder
from knowledge.evaluate import Query, read_corpus, read_queries
from knowledge.line import Line
from knowledge.passages import Passage
from knowledge.search import Search

SETS = ("lecoqa", "gditems", "stard")
OFF_TOPIC = "offtopic"
LARGEST = 5_000  # passages of one set: what answers a question, and others by chance
OWN_TIMES = 4  # the weight of one of our own questions: they are few, and of our field
OWN_UNANSWERABLE = 0.5


@dataclass(frozen=True)
class Ours:
    """What the project has itself: articles, what is not ours, and labelled questions over some statutes."""

    articles: Path
    remit: Path
    questions: Path
    laws: Path


def fit_default_line(folder: Path, sets: Path, ours: Ours, embedder: Embedder | None) -> Line:
    """The line for statutes and documents, and for a base with too few articles the line of those that ship.

    `ours.questions` is a file like tests/data/statute_questions.yml; indexes are kept in `folder`.
    """
    trials = [trial for name in SETS for trial in set_trials(folder, sets, name, embedder, half=0)]
    own_trials = statute_trials(folder / "own", ours.questions, ours.laws, embedder, part="dev")
    weights = fit_weights([*trials, *(own_trials * OWN_TIMES)])
    (folder / "articles").mkdir(exist_ok=True)
    build_index(folder / "articles", ours.articles, [], embedder, remit=ours.remit)
    search = Search.open(folder / "articles", embedder)
    try:
        return replace(fit_line(search, on=CALIBRATED_ON), other=weights)
    finally:
        search.close()


def halves(queries: Sequence[Query]) -> tuple[list[Query], list[Query]]:
    """Every other question: those to fit to, and those to report on."""
    return list(queries[::2]), list(queries[1::2])


def set_trials(
    folder: Path, sets: Path, name: str, embedder: Embedder | None, *, half: int, on: date = CALIBRATED_ON
) -> list[Trial]:
    """The trials of one half (0 or 1) of a set, with as much of the off-topic questions."""
    queries = read_queries(sets / f"{name}.queries.jsonl")
    build_passages(folder / name, _sample(read_corpus(sets / f"{name}.corpus.jsonl"), queries), embedder)
    off_topic = halves(read_queries(sets / f"{OFF_TOPIC}.queries.jsonl"))[half]
    asked = [(query.text, query.relevant) for query in [*halves(queries)[half], *off_topic]]
    search = Search.open(folder / name, embedder)
    found = list(query_trials(search, asked, on=on))
    search.close()
    return found


def statute_trials(
    folder: Path, own: Path, laws: Path, embedder: Embedder | None, *, part: str, on: date = CALIBRATED_ON
) -> list[Trial]:
    """The trials of our own questions on statutes, of the part "dev" or "test"."""
    folder.mkdir(parents=True, exist_ok=True)
    nothing = folder / "no-articles"
    nothing.mkdir(exist_ok=True)
    build_index(folder, nothing, [laws], embedder)
    search = Search.open(folder, embedder)
    groups: dict[str, list[dict[str, Any]]] = yaml.safe_load(own.read_text(encoding="utf-8"))
    found: list[Trial] = []
    for kind, rows in groups.items():
        for row in (row for row in rows if row["set"] == part):
            hits = search.find(row["ask"], on=on, region=row.get("region", ""), k=1)
            if hits:
                top = hits[0].passage
                right = kind == "answerable" and top.title == row["title"] and top.article in row["article"]
                found.append(Trial(hits[0], right, 1.0 if kind == "answerable" else OWN_UNANSWERABLE))
    search.close()
    return found


def _sample(passages: list[Passage], queries: Sequence[Query]) -> list[Passage]:
    wanted = {id for query in queries for id in query.relevant}
    kept = [one for one in passages if one.id in wanted]
    others = [one for one in passages if one.id not in wanted]
    random.Random(1).shuffle(others)
    return kept + others[: max(0, LARGEST - len(kept))]
