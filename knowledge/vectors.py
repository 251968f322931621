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
from knowledge.units import Unit

FLAT_UP_TO = 300_000  # vectors; exact search stays under 30 ms there
COMMIT_EVERY = 200
PROBES = 32
Progress = Callable[[str, int, int], None]


def vectors_of(
    rows: Sequence[Unit], embedder: Embedder, cache: Path, progress: Progress
) -> tuple[Vectors, int]:
    """The (n, d) vectors of the units, and how many had to be embedded now.

    What the cache has is taken from there; the rest is embedded, shortest first, and committed every few hundred
    texts, so that a build that was killed goes on where it stopped.
    """
    database = sqlite_utils.Database(cache)
    try:
        table: Any = database["vectors"]
        table.create({"model": str, "text": bytes, "vector": bytes}, pk=("model", "text"), if_not_exists=True)
        keys = [_key(unit) for unit in rows]
        known = _cached(database, embedder, keys)
        missing = sorted(
            {key: row for key, row in zip(keys, rows, strict=True) if key not in known}.items(),
            key=lambda pair: len(pair[1].text),
        )
        for start in range(0, len(missing), COMMIT_EVERY):
            progress("vectors", start, len(missing))
            made = dict(_embedded(missing[start : start + COMMIT_EVERY], embedder))
            table.insert_all(
                (
                    {"model": embedder.name, "text": key, "vector": vector.astype("<f2").tobytes()}
                    for key, vector in made.items()
                ),
                replace=True,
            )
            known |= {key: vector.astype("<f2").astype(np.float32) for key, vector in made.items()}
        progress("vectors", len(missing), len(missing))
        return np.stack([known[key] for key in keys]), len(missing)
    finally:
        database.close()


def _key(unit: Unit) -> bytes:
    # A way of asking is embedded as a question: the same words as a passage have another vector.
    return hashlib.sha256(
        f"{'q' if unit.is_question else 'p'}\0{unit.text}".encode("utf-8", "replace")
    ).digest()


def _cached(
    database: sqlite_utils.Database, embedder: Embedder, keys: Iterable[bytes]
) -> dict[bytes, Vectors]:
    wanted = set(keys)
    found = database.query("select text, vector from vectors where model = ?", [embedder.name])
    return {
        row["text"]: np.frombuffer(row["vector"], "<f2").astype(np.float32)
        for row in found
        if row["text"] in wanted
    }


def _embedded(part: Sequence[tuple[bytes, Unit]], embedder: Embedder) -> Iterable[tuple[bytes, Vectors]]:
    for is_question, embed in ((True, embedder.queries), (False, embedder.passages)):
        chosen = [(key, unit.text) for key, unit in part if unit.is_question == is_question]
        if chosen:
            yield from zip((key for key, _ in chosen), embed([text for _, text in chosen]), strict=True)


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
            self._index: Any = faiss.read_index(str(file), faiss.IO_FLAG_MMAP_IFC)
        except RuntimeError as error:
            raise IndexUnusable(f"{file}: the vectors are missing or damaged") from error
        self.count = int(self._index.ntotal)
        self.dimensions = int(self._index.d)
        self._flat = not hasattr(self._index, "nprobe")
        if not self._flat:
            self._index.make_direct_map()

    def nearest(
        self, vector: Vectors, allowed: NDArray[np.bool_], count: int
    ) -> tuple[NDArray[np.int64], Vectors]:
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

    def cosines(self, vector: Vectors, rows: NDArray[np.int64]) -> Vectors:
        """The cosine of each of a few rows."""
        if not len(rows):
            return np.empty(0, np.float32)
        return np.asarray(self._index.reconstruct_batch(rows) @ vector, np.float32)
