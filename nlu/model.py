"""The trained model: weights for every intent, and the examples themselves, to which a message may be near."""

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from nlu.features import Floats, Vocabulary

DENSE = 0.8  # how much the sentence's vector weighs beside its runs of signs
CLOSEST = 3  # examples of an intent whose nearness counts
FORMAT = 1


@dataclass(frozen=True)
class Judged:
    """`shares` (intents,) add up to one; `nearness` (intents,) is the mean cosine of the closest examples."""

    shares: Floats
    nearness: Floats


@dataclass(frozen=True)
class Model:
    """What training gives. `dimensions` is nought where it was trained on words alone.

    `words` (terms, intents), `dense` (dimensions, intents), `bias` (intents,) are of the machine; `near` are the
    examples, (n, dimensions) or (n, terms), in order of their intents, which begin at `starts`. A message is understood
    for sure from `sure` on, and `scope` (4,) weighs what tells it from what we have nothing to do with.
    """

    digest: str
    intents: tuple[str, ...]
    vocabulary: Vocabulary
    centre: Floats
    words: Floats
    dense: Floats
    bias: Floats
    near: Any
    starts: NDArray[np.int64]
    heat: float
    sure: float
    scope: Floats

    @property
    def dimensions(self) -> int:
        return len(self.centre)

    def judge(self, row: tuple[NDArray[np.int64], Floats], dense: Floats) -> Judged:
        """How likely each intent is, for a row of the vocabulary and a centred vector (or an empty one)."""
        columns, weights = row
        margins = weights @ self.words[columns] + self.bias
        if len(dense):
            margins = margins + DENSE * (dense @ self.dense)
            near = self.near @ dense
        else:
            spread = np.zeros(len(self.vocabulary.columns), np.float32)
            spread[columns] = weights
            near = self.near @ spread
        return Judged(shares(margins[None], self.heat)[0], closest(near[None], self.starts)[0])

    def save(self, file: Path) -> None:
        """One file without code in it, put in place whole."""
        told = {
            "format": FORMAT,
            "digest": self.digest,
            "intents": self.intents,
            "terms": list(self.vocabulary.columns),
            "heat": self.heat,
            "sure": self.sure,
        }
        arrays = {
            "rarity": self.vocabulary.rarity,
            "centre": self.centre,
            "words": self.words.astype(np.float16),
            "dense": self.dense,
            "bias": self.bias,
            **_packed(self.near),
            "starts": self.starts,
            "scope": self.scope,
        }
        packed = io.BytesIO()
        np.savez_compressed(packed, told=np.frombuffer(json.dumps(told).encode(), np.uint8), **arrays)
        file.parent.mkdir(parents=True, exist_ok=True)
        beside = file.with_suffix(".new")
        beside.write_bytes(packed.getvalue())
        beside.replace(file)

    @classmethod
    def load(cls, file: Path) -> "Model | None":
        """None where there is no file, or it is not one of ours."""
        try:
            with np.load(file, allow_pickle=False) as stored:
                told = json.loads(stored["told"].tobytes())
                if told["format"] != FORMAT:
                    return None
                vocabulary = Vocabulary({gram: n for n, gram in enumerate(told["terms"])}, stored["rarity"])
                return cls(
                    told["digest"],
                    tuple(told["intents"]),
                    vocabulary,
                    stored["centre"],
                    stored["words"].astype(np.float32),
                    stored["dense"],
                    stored["bias"],
                    _unpacked(stored, len(told["terms"])),
                    stored["starts"],
                    told["heat"],
                    told["sure"],
                    stored["scope"],
                )
        except (OSError, ValueError, KeyError, EOFError):
            return None


def _packed(near: Any) -> dict[str, Any]:
    """The examples as arrays: dense ones whole, sparse ones in their parts."""
    if not isinstance(near, csr_matrix):
        return {"near": near.astype(np.float16)}
    return {"near_data": near.data.astype(np.float16), "near_indices": near.indices, "near_indptr": near.indptr}


def _unpacked(stored: Mapping[str, Any], terms: int) -> Any:
    if "near" in stored:
        return stored["near"].astype(np.float32)
    parts = (stored["near_data"].astype(np.float32), stored["near_indices"], stored["near_indptr"])
    return csr_matrix(parts, shape=(len(parts[2]) - 1, terms))


def closest(near: Floats, starts: Sequence[int] | NDArray[np.int64]) -> Floats:
    """(n, intents): the mean nearness of the CLOSEST examples of each intent, of (n, examples) in their order."""
    ends = [*starts[1:], near.shape[1]]
    columns = []
    for start, end in zip(starts, ends, strict=True):
        few = min(CLOSEST, end - start)
        columns.append(np.partition(near[:, start:end], -few, axis=1)[:, -few:].mean(1))
    return np.asarray(np.stack(columns, 1), np.float32)


def shares(margins: Floats, heat: float) -> Floats:
    """(n, intents): probabilities from the margins of the machine."""
    said = margins / heat
    likely = np.exp(said - said.max(1, keepdims=True))
    return np.asarray(likely / likely.sum(1, keepdims=True), np.float32)
