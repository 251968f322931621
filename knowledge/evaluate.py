"""Measures search and abstention on a set of questions, through the product's own code."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from knowledge.build import CALIBRATED_ON, build_passages
from knowledge.embedding import Embedder
from knowledge.errors import SourceFault
from knowledge.fusion import WORDS_SHARE
from knowledge.jsonlines import json_lines
from knowledge.line import Line, read_line
from knowledge.passages import Passage
from knowledge.search import Search

DEPTH = 10


@dataclass(frozen=True)
class Query:
    id: str
    text: str
    relevant: frozenset[str]


@dataclass(frozen=True)
class Outcome:
    """One question's ranks of relevant passages (from nought, within DEPTH), its confidence and its time."""

    query: Query
    ranks: tuple[int, ...]
    confidence: float
    answered: bool
    milliseconds: float


def evaluate(
    corpus: Path, queries: Path, embedder: Embedder | None, folder: Path, *, halves: bool = False
) -> dict[str, float | None]:
    """The measures of `banshi kb eval`, over an index that is built in `folder`; of words and vectors alone, too.

    A measure that the set cannot give (nothing answered, nothing unanswerable) is None.
    Raises SourceFault for a line that is not as it should be.
    """
    passages, asked = read_corpus(corpus), read_queries(queries)
    build_passages(folder, passages, embedder)
    search = Search.open(folder, embedder)
    try:
        line = read_line(search.line_file, search.mode)
        found = measures([outcome(search, line, query) for query in asked])
        for name, share in (("words", 1.0), ("vectors", 0.0)) if halves else ():
            alone = measures([outcome(search, line, query, words_share=share) for query in asked])
            found |= {f"{measure}_{name}": alone[measure] for measure in ("recall@1", "recall@10", "ndcg@10")}
        return found
    finally:
        search.close()


def read_corpus(file: Path) -> list[Passage]:
    """Lines of {"id", "title", "text"} as passages that hold always and everywhere."""
    found: dict[str, Passage] = {}
    for number, row in json_lines(file):
        passage_id, title, text = (_text(file, number, row, key) for key in ("id", "title", "text"))
        if not passage_id or passage_id in found:
            raise SourceFault(file, number, f"id {passage_id!r} is empty or stands twice")
        found[passage_id] = Passage(id=passage_id, kind="document", title=title, text=text, authority="guide")
    if not found:
        raise SourceFault(file, 0, "no lines")
    return list(found.values())


def read_queries(file: Path) -> list[Query]:
    """Lines of {"id", "text", "relevant"}; an empty list marks a question that nothing answers."""
    found: list[Query] = []
    for number, row in json_lines(file):
        relevant = row.get("relevant")
        if not isinstance(relevant, list) or not all(isinstance(one, str) for one in relevant):
            raise SourceFault(file, number, "'relevant' must be a list of ids")
        found.append(Query(_text(file, number, row, "id"), _text(file, number, row, "text"), frozenset(relevant)))
    if not found:
        raise SourceFault(file, 0, "no lines")
    return found


def _text(file: Path, number: int, row: dict[str, Any], key: str) -> str:
    value = row.get(key)
    if not isinstance(value, str):
        raise SourceFault(file, number, f"{key!r} must be a text")
    return value


def outcome(
    search: Search, line: Line, query: Query, on: date = CALIBRATED_ON, words_share: float = WORDS_SHARE
) -> Outcome:
    """One question put to the base."""
    began = time.perf_counter()
    hits = search.look(query.text, on=on, k=DEPTH, words_share=words_share).hits
    spent = (time.perf_counter() - began) * 1000
    ranks = tuple(n for n, hit in enumerate(hits) if hit.passage.id in query.relevant)
    confidence = line.confidence(hits[0]) if hits else 0.0
    return Outcome(query, ranks, confidence, bool(hits) and line.answers(hits[0]), spent)


def measures(outcomes: Sequence[Outcome]) -> dict[str, float | None]:
    """Means over the questions that have an answer in the corpus; abstention and times over all."""
    able = [one for one in outcomes if one.query.relevant]
    answered = [one for one in outcomes if one.answered]
    times = np.array([one.milliseconds for one in outcomes])
    right = [bool(one.ranks) and one.ranks[0] == 0 for one in answered]
    return {
        "n": len(outcomes),
        **{f"recall@{k}": _mean([_recall(one, k) for one in able]) for k in (1, 5, 10)},
        "mrr@10": _mean([1 / (1 + one.ranks[0]) if one.ranks else 0.0 for one in able]),
        "ndcg@10": _mean([_ndcg(one) for one in able]),
        "answered": round(len(answered) / len(outcomes), 4),
        "precision_of_answered": _mean([float(one) for one in right]),
        "auroc_answerable": _auroc(outcomes),
        "ms_p50": round(float(np.percentile(times, 50)), 2),
        "ms_p95": round(float(np.percentile(times, 95)), 2),
    }


def _recall(one: Outcome, k: int) -> float:
    """Whether any relevant passage is among the first k: one is enough to answer."""
    return float(any(rank < k for rank in one.ranks))


def _ndcg(one: Outcome) -> float:
    ideal = sum(1 / math.log2(2 + n) for n in range(min(len(one.query.relevant), DEPTH)))
    return sum(1 / math.log2(2 + rank) for rank in one.ranks) / ideal


def _mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None


def _auroc(outcomes: Sequence[Outcome]) -> float | None:
    """How often an answerable question is given more confidence than an unanswerable one; ties count half."""
    able = np.array([one.confidence for one in outcomes if one.query.relevant])
    unable = np.sort([one.confidence for one in outcomes if not one.query.relevant])
    if not len(able) or not len(unable):
        return None
    below = np.searchsorted(unable, able, "left") + np.searchsorted(unable, able, "right")
    return round(float(below.sum()) / (2 * len(able) * len(unable)), 4)
