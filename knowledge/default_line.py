"""Fits the line that ships, `data/line.json`, to half of each public set; the other half is for reporting."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from knowledge.build import CALIBRATED_ON, build_passages
from knowledge.calibration import Trial, Weights, fit_weights, query_trials
from knowledge.embedding import Embedder
from knowledge.evaluate import Query, read_corpus, read_queries
from knowledge.search import Search

SETS = ("lecoqa", "gditems", "stard")
OFF_TOPIC = "offtopic"


def halves(queries: Sequence[Query]) -> tuple[list[Query], list[Query]]:
    """Every other question: those to fit to, and those to report on."""
    return list(queries[::2]), list(queries[1::2])


def set_trials(
    folder: Path, sets: Path, names: Sequence[str], embedder: Embedder | None, *, half: int, on: date
) -> dict[str, list[Trial]]:
    """The trials of one half (0 or 1) of each set; indexes are built in, or taken from, `folder`/name."""
    off_topic = [
        (query.text, query.relevant) for query in halves(read_queries(sets / f"{OFF_TOPIC}.queries.jsonl"))[half]
    ]
    found: dict[str, list[Trial]] = {}
    for name in names:
        build_passages(folder / name, read_corpus(sets / f"{name}.corpus.jsonl"), embedder)
        search = Search.open(folder / name, embedder)
        queries = halves(read_queries(sets / f"{name}.queries.jsonl"))[half]
        asked = [*((query.text, query.relevant) for query in queries), *off_topic]
        found[name] = list(query_trials(search, asked, on=on))
        search.close()
    return found


def default_weights(folder: Path, sets: Path, embedder: Embedder | None, extra: Sequence[Trial] = ()) -> Weights:
    """Weights for statutes and documents, from the first halves and any further trials."""
    found = set_trials(folder, sets, SETS, embedder, half=0, on=CALIBRATED_ON)
    return fit_weights([*(trial for trials in found.values() for trial in trials), *extra])
