"""What may be found: what holds on a day and in a place, less what is left out."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from knowledge.places import covers, place_named, rings
from knowledge.store import Store
from knowledge.units import split_key


@dataclass(frozen=True)
class Limits:
    """What may be found, by passage; and the ways of asking, and what stands beside, that are left out, by passage."""

    passages: NDArray[np.bool_]
    hidden: dict[int, set[int]]
    hidden_beside: dict[int, set[int]]


def limits(store: Store, on: date, region: str, without: Collection[str]) -> Limits:
    """`without` has ids of passages, and questions by `units.asking_key` and `units.beside_key`."""
    day = on.toordinal()
    allowed = (store.begins <= day) & (day < store.ends)
    allowed &= np.isin(store.regions, [int(code or 0) for code in rings(region)])
    hidden: dict[str, dict[int, set[int]]] = {"?": {}, "!": {}}
    for name in without:
        if (row := store.row_of(name)) is not None:
            allowed[row] = False
        elif (key := split_key(name)) and (row := store.row_of(key[0])) is not None:
            hidden[key[1]].setdefault(row, set()).add(key[2])
    return Limits(allowed, hidden["?"], hidden["!"])


def place_meant(question: str, region: str) -> str:
    """The place that a question names, unless `region` lies within it; otherwise `region`."""
    named = place_named(question)
    return region if named and covers(named, region) else named or region
