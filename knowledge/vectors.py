"""Vectors: made once a text, kept in a cache, searched with FAISS."""

import hashlib
import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import sqlite_utils
from numpy.typing import NDArray

from knowledge.embedding import Embedder, Vectors
from knowledge.errors import IndexUnusable
from knowledge.shipped import shipped

FLAT_UP_TO = 300_000  # vectors; exact search stays under 30 ms there
COMMIT_EVERY = 200
PROBES = 32
Progress = Callable[[str, int, int], None]


def vectors_of(
    texts: Sequence[str], asks: Sequence[str], embedder: Embedder, cache: Path, progress: Progress
) -> tuple[Vectors, int]:
    """The (n, d) vectors of the texts as passages and then of `asks` as questions, and how many were embedded now.

    What the cache has, or came with the program, is taken from there; the rest is embedded, shortest first, and
    committed every few hundred texts, so that a build that was killed goes on where it stopped.
    """
    database = sqlite_utils.Database(cache)
    try:
        table: Any = database["vectors"]
        table.create({"model": str, "text": bytes, "vector": bytes}, pk=("model", "text"), if_not_exists=True)
        keys = [_key("", text) for text in texts] + [_key("?", text) for text in asks]
        known = shipped(embedder.name, keys) | _cached(database, embedder, keys)
        wanted = dict(zip(keys, (*texts, *asks), strict=True))
        as_question = set(keys[len(texts) :])
        parts = _parts({key: text for key, text in wanted.items() if key not in known}, as_question)
        count, done = sum(len(part) for part in parts), 0
        for part in parts:
            progress("vectors", done, count)
            embed = embedder.queries if part[0][0] in as_question else embedder.passages
            made = embed([text for _, text in part]).astype("<f2")
            table.insert_all(
                {"model": embedder.name, "text": key, "vector": vector.tobytes()}
                for (key, _), vector in zip(part, made, strict=True)
            )
            known |= {key: vector.astype(np.float32) for (key, _), vector in zip(part, made, strict=True)}
            done += len(part)
        progress("vectors", count, count)
        return np.stack([known[key] for key in keys]), count
    finally:
        database.close()


def _key(role: str, text: str) -> bytes:
    return hashlib.sha256((role + text).encode("utf-8", "replace")).digest()


def _parts(missing: dict[bytes, str], as_question: set[bytes]) -> list[list[tuple[bytes, str]]]:
    """What is embedded at once: COMMIT_EVERY texts of about one length, questions apart from passages."""
    waiting = sorted(missing.items(), key=lambda pair: (pair[0] in as_question, len(pair[1])))
    asks = [pair for pair in waiting if pair[0] in as_question]
    texts = waiting[: len(waiting) - len(asks)]
    return [
        group[start : start + COMMIT_EVERY] for group in (texts, asks) for start in range(0, len(group), COMMIT_EVERY)
    ]


def dots(rows: Vectors, vector: Vectors) -> NDArray[np.float32]:
    """The dot product of each row. Not `@`: BLAS would wake a thread for it, and wait for a busy core."""
    return np.asarray(np.einsum("ij,j->i", rows, vector), np.float32)


def _cached(database: sqlite_utils.Database, embedder: Embedder, keys: Iterable[bytes]) -> dict[bytes, Vectors]:
    wanted = set(keys)
    found = database.query("select text, vector from vectors where model = ?", [embedder.name])
    rows = ((row["text"], row["vector"]) for row in found if row["text"] in wanted)
    return {key: np.frombuffer(vector, "<f2").astype(np.float32) for key, vector in rows}


def save_vectors(vectors: Vectors, file: Path) -> None:
    """Write the search index: exact up to FLAT_UP_TO rows, above that clustered and packed into bytes."""
    import faiss

    faiss.omp_set_num_threads(1)
    count, dimensions = vectors.shape
    if count <= FLAT_UP_TO:
        index: Any = faiss.IndexFlatIP(dimensions)
    else:
        lists = int(4 * math.sqrt(count))
        index = faiss.index_factory(dimensions, f"IVF{lists},SQ8", faiss.METRIC_INNER_PRODUCT)
        index.train(vectors[:: max(1, count // (lists * 40))])
        index.nprobe = PROBES
    index.add(vectors)
    faiss.write_index(index, str(file))


class VectorIndex:
    """The vectors as they are searched, memory-mapped where FAISS can; safe for several threads."""

    def __init__(self, file: Path) -> None:
        import faiss

        faiss.omp_set_num_threads(1)
        self._faiss: Any = faiss
        try:
            index: Any = faiss.read_index(str(file), faiss.IO_FLAG_MMAP_IFC)
        except RuntimeError as error:
            raise IndexUnusable(f"{file}: the vectors are missing or damaged") from error
        self._index = index
        self.count = int(self._index.ntotal)
        self.dimensions = int(self._index.d)
        self._flat = not hasattr(self._index, "nprobe")
        if not self._flat:
            self._index.make_direct_map()

    def nearest(self, vector: Vectors, allowed: NDArray[np.bool_], count: int) -> tuple[NDArray[np.int64], Vectors]:
        """The nearest allowed rows, best first, and their cosines; at most `count`."""
        bits = np.packbits(allowed, bitorder="little")
        chosen = self._faiss.IDSelectorBitmap(bits)
        if self._flat:
            parameters = self._faiss.SearchParameters(sel=chosen)
        else:
            parameters = self._faiss.SearchParametersIVF(sel=chosen, nprobe=self._index.nprobe)
        cosines, rows = self._index.search(vector[None], min(count, self.count), params=parameters)
        kept = rows[0] >= 0
        return rows[0][kept], cosines[0][kept]

    def rows(self, rows: NDArray[np.int64]) -> Vectors:
        """The vectors of some rows."""
        if not len(rows):
            return np.empty((0, self.dimensions), np.float32)
        return np.asarray(self._index.reconstruct_batch(rows), np.float32)
