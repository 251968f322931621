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

FLAT_UP_TO = 300_000  # vectors; exact search stays under 30 ms there
COMMIT_EVERY = 200
PROBES = 32
Progress = Callable[[str, int, int], None]


def vectors_of(texts: Sequence[str], embedder: Embedder, cache: Path, progress: Progress) -> tuple[Vectors, int]:
    """The (n, d) passage vectors of the texts, and how many had to be embedded now.

    What the cache has is taken from there; the rest is embedded, shortest first, and committed every few
    hundred texts, so that a build that was killed goes on where it stopped.
    """
    database = sqlite_utils.Database(cache)
    try:
        table: Any = database["vectors"]
        table.create({"model": str, "text": bytes, "vector": bytes}, pk=("model", "text"), if_not_exists=True)
        keys = [hashlib.sha256(text.encode("utf-8", "replace")).digest() for text in texts]
        known = _cached(database, embedder, keys)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        waiting = sorted(missing.items(), key=lambda pair: len(pair[1]))
        for start in range(0, len(waiting), COMMIT_EVERY):
            progress("vectors", start, len(waiting))
            part = waiting[start : start + COMMIT_EVERY]
            made = embedder.passages([text for _, text in part]).astype("<f2")
            table.insert_all(
                {"model": embedder.name, "text": key, "vector": vector.tobytes()}
                for (key, _), vector in zip(part, made, strict=True)
            )
            known |= {key: vector.astype(np.float32) for (key, _), vector in zip(part, made, strict=True)}
        progress("vectors", len(waiting), len(waiting))
        return np.stack([known[key] for key in keys]), len(waiting)
    finally:
        database.close()


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
