"""Text to vectors: the shipped small model, any sentence-transformers model, or none."""

import logging
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from knowledge.wording import clean

Vectors = NDArray[np.float32]

SHIPPED = "e5-small-zh"
MODELS = Path(__file__).parent / "models"
MOST_TOKENS = 512
QUESTION_TOKENS = 128  # of a message: what is wanted stands there, and each further one costs a third of a millisecond
LATEST = 64  # messages


class ModelMissing(Exception):
    """An embedding model cannot be loaded; the text says what to install or where to put it."""


class Embedder(Protocol):
    """Both calls give (n, dimensions) float32 rows of length one, in the order of the texts."""

    @property
    def name(self) -> str: ...

    @property
    def dimensions(self) -> int: ...

    def queries(self, texts: Sequence[str]) -> Vectors: ...

    def passages(self, texts: Sequence[str]) -> Vectors: ...


class OnnxEmbedder:
    """An e5 model as ONNX; safe to call from several threads.

    `threads` are the cores that one text may use, `workers` the texts that are embedded at a time in bulk.
    Texts go in one by one: padding a batch costs more than it saves (42 ms against 17 ms a passage).
    """

    dimensions = 384

    def __init__(self, folder: Path, threads: int = 1, workers: int = 1) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        model, vocabulary = folder / "model.int8.onnx", folder / "tokenizer.json"
        if not model.is_file() or not vocabulary.is_file():
            raise ModelMissing(f"{folder}: needs model.int8.onnx and tokenizer.json")
        self.name = folder.name
        self._workers = workers
        self._tokenizer = Tokenizer.from_file(str(vocabulary))
        self._tokenizer.enable_truncation(MOST_TOKENS)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False  # the arena keeps the largest text's memory for ever
        self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])

    def queries(self, texts: Sequence[str]) -> Vectors:
        return self._all([f"query: {text}" for text in texts], QUESTION_TOKENS)

    def passages(self, texts: Sequence[str]) -> Vectors:
        return self._all([f"passage: {text}" for text in texts], MOST_TOKENS)

    def _all(self, texts: Sequence[str], most: int) -> Vectors:
        one = partial(self._one, most)
        if self._workers > 1 and len(texts) > self._workers:
            with ThreadPoolExecutor(self._workers) as pool:
                rows = list(pool.map(one, texts))
        else:
            rows = [one(text) for text in texts]
        return np.stack(rows) if rows else np.empty((0, self.dimensions), np.float32)

    def _one(self, most: int, text: str) -> Vectors:
        tokens = self._tokenizer.encode(clean(text)).ids
        ids = np.array([[*tokens[:-1][: most - 1], tokens[-1]]], np.int64)  # the mark of the end stays
        (found,) = self._session.run(["vector"], {"input_ids": ids, "attention_mask": np.ones_like(ids)})
        return np.asarray(found[0], np.float32)


class Latest:
    """Keeps the vectors of the latest messages: one does to understand a message and to search for it."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.name, self.dimensions = embedder.name, embedder.dimensions
        self._query = lru_cache(LATEST)(lambda text: embedder.queries([text])[0])

    def queries(self, texts: Sequence[str]) -> Vectors:
        rows = [self._query(clean(text)) for text in texts]
        return np.stack(rows) if rows else np.empty((0, self.dimensions), np.float32)

    def passages(self, texts: Sequence[str]) -> Vectors:
        return self._embedder.passages(texts)


class SentenceTransformersEmbedder:
    """Any model that sentence-transformers can load, by folder or hub name; needs the extra [models]."""

    def __init__(self, name_or_folder: str) -> None:
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise ModelMissing(
                f"the model {name_or_folder!r} needs sentence-transformers: pip install 'banshi[models]'"
            ) from error
        quiet_libraries()
        try:
            self._model: Any = SentenceTransformer(name_or_folder)
        except (OSError, ValueError) as error:
            why = str(error).partition("\n")[0]
            raise ModelMissing(f"the embedding model {name_or_folder!r} cannot be loaded: {why}") from error
        self.name = name_or_folder
        self.dimensions = int(self._model.get_embedding_dimension())
        self._lock = threading.Lock()

    def queries(self, texts: Sequence[str]) -> Vectors:
        return self._all(texts, "query")

    def passages(self, texts: Sequence[str]) -> Vectors:
        return self._all(texts, "passage")

    def _all(self, texts: Sequence[str], prompt: str) -> Vectors:
        known = prompt if prompt in (self._model.prompts or {}) else None
        with self._lock:
            rows = self._model.encode(
                [clean(text) for text in texts],
                prompt_name=known,
                normalize_embeddings=True,
                show_progress_bar=False,
            )
        return np.asarray(rows, np.float32).reshape(len(texts), self.dimensions)


def quiet_libraries() -> None:
    """No progress bars and no warnings of the libraries behind sentence-transformers; their errors are raised."""
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()
    transformers_logging.set_verbosity_error()
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)


def load_embedder(setting: str, *, workers: int = 1) -> Embedder | None:
    """The embedder that a setting names: "" or "e5-small-zh" the shipped one, "none" no vectors at all.

    Anything else is a folder or a hub name for sentence-transformers. Raises ModelMissing.
    """
    if setting == "none":
        return None
    if setting in ("", SHIPPED):
        return OnnxEmbedder(MODELS / SHIPPED, workers=workers)
    if (Path(setting) / "model.int8.onnx").is_file():
        return OnnxEmbedder(Path(setting), workers=workers)
    return SentenceTransformersEmbedder(setting)
