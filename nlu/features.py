"""A message as numbers: runs of one to four signs and named words, weighted by how rare they are, and its vector."""

import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlu.entities import MOST, Entity

Floats = NDArray[np.float32]
Row = tuple[NDArray[np.int64], NDArray[np.float32]]  # columns and weights of a message
Embed = Callable[[Sequence[str]], Floats]  # (n, dimensions), in the order of the texts
LONGEST = 4
SEEN = 2  # in so many examples a run must stand, to be looked at
_GAPS = re.compile(r"[\W_]+")
_TANGUT, _TANGUT_SIZE = 0x17000, 6136  # letters that nobody types; one stands for a kind of entity


def masked(text: str, entities: Sequence[Entity]) -> str:
    """The text with one sign for each entity, which tells its kind and no more."""
    out, at = "", 0
    for one in entities:
        out += text[at : one.start] + chr(_TANGUT + zlib.crc32(one.entity.encode()) % _TANGUT_SIZE)
        at = one.end
    return out + text[at:MOST]


def grams(text: str, entities: Sequence[Entity]) -> Counter[str]:
    """The runs of signs of the masked text, which has a mark at both ends, and the proper names in it."""
    plain = unicodedata.normalize("NFKC", masked(text, entities)).lower()
    plain = f"\x02{_GAPS.sub(' ', plain).strip()}\x03"
    counted = Counter(plain[at : at + n] for n in range(1, LONGEST + 1) for at in range(len(plain) - n + 1))
    counted.update(f"{one.entity}={one.value}" for one in entities)
    return counted


@dataclass(frozen=True)
class Vocabulary:
    """The runs that count, with their columns; `rarity` (terms,) weighs them."""

    columns: dict[str, int]
    rarity: Floats

    @classmethod
    def of(cls, counted: Sequence[Counter[str]]) -> "Vocabulary":
        seen = Counter(gram for one in counted for gram in one)
        kept = sorted(gram for gram, times in seen.items() if times >= SEEN)
        times = np.array([seen[gram] for gram in kept], np.float32)
        rarity = np.log((1 + len(counted)) / (1 + times)) + 1
        return cls({gram: column for column, gram in enumerate(kept)}, rarity.astype(np.float32))

    def row(self, counted: Counter[str]) -> Row:
        """Columns and weights of one message; the weights are of length one, or there are none."""
        known = [(self.columns[gram], times) for gram, times in counted.items() if gram in self.columns]
        columns = np.array([column for column, _ in known], np.int64)
        weights = (1 + np.log([times for _, times in known])) * self.rarity[columns]
        return columns, np.asarray(weights / max(float(np.linalg.norm(weights)), 1e-9), np.float32)


def placed(vectors: Floats, centre: Floats, axes: Floats) -> Floats:
    """Vectors seen from the middle of the training data, along the axes on which its examples differ; of length one."""
    moved = (vectors - centre) @ axes
    return np.asarray(moved / np.maximum(np.linalg.norm(moved, axis=-1, keepdims=True), 1e-9), np.float32)
