"""Questions without an answer, gathered with others like them."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np

from bot.domain.knowledge import Missed
from bot.store.db import Store, Tables
from knowledge.embedding import Embedder, Vectors
from knowledge.vectors import vectors_of
from nlu.text import fold

SAME_COSINE = 0.92  # of the vectors of two questions
SAME_PAIRS = 0.5  # Jaccard of their pairs of characters, where there are no vectors
AT_ONCE = 200


def group_misses(store: Store, embedder: Embedder | None, cache: Path, now: datetime) -> int:
    """Give each question that belongs to no miss yet to the nearest one, or open another; how many there were.

    Vectors are kept in the file `cache`, by a digest of the text.
    """
    waiting, known = store.read(lambda tables: (tables.answers.ungrouped(AT_ONCE), tables.misses.all()))
    if not waiting:
        return 0
    titles = [one.title for one in known]
    ids = {n: one.id for n, one in enumerate(known)}
    groups: dict[int, list[Missed]] = {}
    every = [*titles, *(one.question for one in waiting)]
    vectors = vectors_of([], every, embedder, cache, _silent)[0] if embedder else None
    nearest = _nearest(len(titles), every, vectors)
    for place, one in zip(nearest, waiting, strict=True):
        groups.setdefault(place, []).append(one)

    def keep(tables: Tables) -> None:
        for place, group in groups.items():
            first = min(one.asked_at for one in group)
            id = ids[place] if place in ids else tables.misses.open(group[0].question, first)
            tables.misses.gather(id, [one.answer_id for one in group], now)

    store.write(keep)
    return len(waiting)


def _nearest(known: int, every: Sequence[str], vectors: Vectors | None) -> list[int]:
    """For each text behind the `known` titles the place of the title that it belongs to, or of a new one: itself."""
    forms, pairs = [fold(one) for one in every], [_pairs(one) for one in every]
    stands = list(range(known))  # which of `every` is the title of each place
    found: list[int] = []
    for n in range(known, len(every)):
        if vectors is not None:
            scores, least = vectors[stands] @ vectors[n] if stands else np.empty(0, np.float32), SAME_COSINE
        else:
            scores, least = np.array([_overlap(pairs[one], pairs[n]) for one in stands], np.float32), SAME_PAIRS
        same = [place for place, one in enumerate(stands) if forms[one] == forms[n]]
        if same or (len(scores) and scores.max() >= least):
            found.append(same[0] if same else int(scores.argmax()))
            continue
        stands.append(n)
        found.append(len(stands) - 1)
    return found


def _silent(_stage: str, _done: int, _of: int) -> None:
    """Nobody watches."""


def _pairs(text: str) -> frozenset[str]:
    form = fold(text)
    return frozenset(form[n : n + 2] for n in range(len(form) - 1)) or frozenset(form)


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other) if one or other else 0.0
