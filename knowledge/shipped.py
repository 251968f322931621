"""Vectors that come with the program: of its own articles, so that a first build need not make them."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import sqlite_utils

from knowledge.embedding import MODELS, SHIPPED, Vectors

FILE = MODELS / SHIPPED / "articles.npz"
KEY = 16  # bytes of a text's digest that are kept
STEPS = 127  # of one byte; a row's largest number is the last of them, and the cosine to what was packed 0.9999


def shipped(model: str, keys: Iterable[bytes], file: Path = FILE) -> dict[bytes, Vectors]:
    """The vectors by digest of text, of those wanted; empty for another model, and where the file is missing."""
    if model != SHIPPED or not file.is_file():
        return {}
    with np.load(file) as kept:
        places = {key.tobytes(): n for n, key in enumerate(kept["keys"])}
        rows, scales = kept["rows"], kept["scales"]
    found = {key: places[key[:KEY]] for key in keys if key[:KEY] in places}
    return {key: rows[n].astype(np.float32) * scales[n] for key, n in found.items()}


def pack(cache: Path, file: Path) -> None:
    """Write the file that `shipped` reads, from all that a cache of vectors has of the shipped model."""
    kept = sqlite_utils.Database(cache)
    try:
        found = list(kept.query("select text, vector from vectors where model = ? order by text", [SHIPPED]))
    finally:
        kept.close()
    vectors = np.stack([np.frombuffer(row["vector"], "<f2").astype(np.float32) for row in found])
    scales = np.abs(vectors).max(axis=1) / STEPS
    keys = np.stack([np.frombuffer(row["text"][:KEY], np.uint8) for row in found])
    np.savez_compressed(file, keys=keys, rows=np.rint(vectors / scales[:, None]).astype(np.int8), scales=scales)
