"""Search at several sizes. The passages are made up from our articles' sentences and their vectors by chance, so the
figures are for time and memory, not for quality; the questions are real, and so are their vectors."""

import multiprocessing
import resource
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bot import app as composition
from bot.bench import Row, scratch
from bot.settings import Settings
from knowledge.articles import load_articles
from knowledge.build import CALIBRATED_ON, build_passages
from knowledge.embedding import Embedder, Vectors
from knowledge.passages import Passage
from knowledge.search import Search

SENTENCES = 4  # in one passage: about 120 characters


class ByChance:
    """Stands in for a model where a million real vectors would take hours: passages get vectors by chance."""

    def __init__(self, real: Embedder | None) -> None:
        self.real = real
        self.dimensions = real.dimensions if real else 384
        self.name = "by-chance"
        self._chance = np.random.default_rng(7)

    def passages(self, texts: Sequence[str]) -> Vectors:
        vectors = self._chance.standard_normal((len(texts), self.dimensions), dtype=np.float32)
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)

    def queries(self, texts: Sequence[str]) -> Vectors:
        return self.real.queries(texts) if self.real else self.passages(texts)


def measure(settings: Settings, counts: Sequence[int], queries: int) -> list[Row]:
    """A row a size. Building and searching run in processes of their own, so that memory is told apart."""
    rows: list[Row] = []
    for count in counts:
        with scratch(settings.home) as folder:
            with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as other:
                built = other.apply(_build, (folder, count))
            with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as other:
                rows.append({"passages": count, **built, **other.apply(_search, (settings, folder, queries))})
    return rows


def _build(folder: Path, count: int) -> Row:
    sentences = [
        part for article in load_articles(composition.ARTICLES)[0] for part in article.text.splitlines() if part
    ]
    chosen = np.random.default_rng(11).integers(0, len(sentences), (count, SENTENCES))
    passages = [
        Passage(f"made-up-{number}", "document", f"{number}", "\n".join(sentences[n] for n in row), "guide")
        for number, row in enumerate(chosen)
    ]
    began, words_at = time.perf_counter(), 0.0

    def progress(stage: str, done: int, total: int) -> None:
        nonlocal words_at
        if stage == "words" and done == total:
            words_at = time.perf_counter() - began

    build_passages(folder, passages, ByChance(None), progress=progress)
    return {"words s": words_at, "all s": time.perf_counter() - began}


def _search(settings: Settings, folder: Path, queries: int) -> Row:
    embedder = ByChance(composition.open_embedder(settings))
    search = Search.open(folder, embedder)
    asked = [question for article in load_articles(composition.ARTICLES)[0] for question in article.questions]
    took = []
    for question in asked[: queries + 5]:
        began = time.perf_counter()
        search.find(question, on=CALIBRATED_ON)
        took.append(time.perf_counter() - began)
    p50, p95 = np.percentile(took[5:], [50, 95]) * 1000  # the first few warm up
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"p50 ms": float(p50), "p95 ms": float(p95), "peak MB": memory}
