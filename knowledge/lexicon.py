"""The lexical index: BM25 over character pairs, memory-mapped."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge.errors import IndexUnusable
from knowledge.wording import words

Floats = NDArray[np.float32]
K1, B = 1.2, 0.75


def _code(word: str) -> int:
    """A 63-bit code of a word: the code points of a pair, a hash of anything longer."""
    if len(word) <= 2:
        return ord(word[0]) << 21 | (ord(word[1]) if len(word) == 2 else 0)
    return int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest()) >> 1 | 1 << 62


def build_lexicon(texts: Iterable[str], folder: Path) -> None:
    """Write the index of the texts (rows in their order) into a new folder."""
    import bm25s

    numbers: dict[int, int] = {}
    rows = [[numbers.setdefault(_code(word), len(numbers)) for word in words(text)] for text in texts]
    index = bm25s.BM25(k1=K1, b=B)
    numbers.setdefault(0, len(numbers))  # bm25s wants a vocabulary even where there is no word at all
    index.index(
        (rows, dict(numbers)),
        create_empty_token=False,
        show_progress=False,
    )
    index.vocab_dict = {}
    index.save(str(folder))
    codes = np.array(list(numbers), np.int64)
    order = np.argsort(codes)
    np.save(folder / "codes.npy", codes[order])
    np.save(folder / "numbers.npy", np.array(list(numbers.values()), np.int32)[order])


class Lexicon:
    """The index as it is searched; nothing is kept in memory but what queries touch. Safe for several threads."""

    def __init__(self, folder: Path) -> None:
        import bm25s

        try:
            self._index = bm25s.BM25.load(str(folder), mmap=True, load_vocab=False, show_progress=False)
            self._codes = np.load(folder / "codes.npy", mmap_mode="r")
            self._numbers = np.load(folder / "numbers.npy", mmap_mode="r")
        except (OSError, ValueError, KeyError) as error:
            raise IndexUnusable(f"{folder}: the word index is missing or damaged: {error}") from error
        self._starts = self._index.scores["indptr"]
        self.rows = int(self._index.scores["num_docs"])

    def numbers(self, asked: Iterable[str]) -> NDArray[np.int32]:
        """The number of each word, in order; -1 for a word that the base does not have."""
        codes = np.array([_code(word) for word in asked], np.int64)
        at = np.minimum(np.searchsorted(self._codes, codes), len(self._codes) - 1)
        return np.where(self._codes[at] == codes, self._numbers[at], -1).astype(np.int32)

    def idf(self, numbers: NDArray[np.int32]) -> Floats:
        """The weight of each numbered word; an unknown word weighs as much as one that stands in a single row."""
        frequency = np.maximum(self.frequencies(numbers), 1)
        return np.log1p((self.rows - frequency + 0.5) / (frequency + 0.5)).astype(np.float32)

    def frequencies(self, numbers: NDArray[np.int32]) -> NDArray[np.int64]:
        """The number of rows that have each numbered word."""
        known = np.maximum(numbers, 0)
        return np.where(numbers >= 0, self._starts[known + 1] - self._starts[known], 0).astype(np.int64)

    def scores(self, numbers: NDArray[np.int32]) -> Floats:
        """The BM25 score of every row for the known ones among the numbered words."""
        known = numbers[numbers >= 0]
        if not len(known):
            return np.zeros(self.rows, np.float32)
        return np.asarray(self._index.get_scores_from_ids(known), np.float32)
