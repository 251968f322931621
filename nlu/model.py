"""The trained model: weights for every intent, and the examples themselves, to which a message may be near."""

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlu.examples import files
from nlu.features import Floats, Row, Vocabulary, placed

OUT_OF_SCOPE = "out_of_scope"
DENSE = 0.8  # how much the sentence's vector weighs beside its runs of signs
CLOSEST = 3  # examples of an intent whose nearness counts
LIKELIEST = 5  # intents that are looked at for it: all 50 say hardly more, and would push the embedder out of the cache
OURS = 0.5  # of scope, from which on a message may be acted upon
FORMAT = 3


@dataclass(frozen=True)
class Judged:
    """`shares` (intents,) add up to one; `scope` is how likely a message is ours at all, 0..1.

    `sure`: the likeliest intent may be acted upon; `certain`: more than this need not be known of the message.
    """

    shares: Floats
    scope: float
    sure: bool
    certain: bool


@dataclass(frozen=True)
class Machine:
    """One against the rest for every intent: `words` (terms, intents), `dense` (k, intents), `bias` (intents,).

    `heat` makes shares of its margins. A message is understood for sure from the share `sure` on, and for certain above
    `certain`; `scope` (4,) weighs what tells it from what we have nothing to do with.
    """

    words: Floats
    dense: Floats
    bias: Floats
    heat: float
    sure: float
    certain: float
    scope: Floats


@dataclass(frozen=True)
class Model:
    """What training gives: a machine for words `alone`, and one for `both` words and vector, if there are vectors.

    `centre` (dimensions,) and `axes` (dimensions, k) place a vector; `near` (n, k) are the examples, in order of their
    intents, which begin at `starts`.
    """

    digest: str
    intents: tuple[str, ...]
    vocabulary: Vocabulary
    alone: Machine
    both: Machine
    centre: Floats
    axes: Floats
    near: Floats
    starts: NDArray[np.int64]

    def by_words(self, row: Row) -> Judged:
        """What the words of a message say, by its row of the vocabulary."""
        columns, weights = row
        return self._judged(self.alone, weights @ self.alone.words[columns] + self.alone.bias)

    def by_both(self, row: Row, vector: Floats) -> Judged:
        """What its words and its vector say together."""
        (columns, weights), example = row, placed(vector, self.centre, self.axes)
        margins = weights @ self.both.words[columns] + DENSE * (example @ self.both.dense) + self.both.bias
        return self._judged(self.both, margins, example)

    def _judged(self, machine: Machine, margins: Floats, example: Floats | None = None) -> Judged:
        likely = shares(margins[None], machine.heat)
        outside = outside_of(self.intents)
        near = 0.0 if example is None else nearness(likely[0], example, self.near, self.starts, outside)
        told = machine.scope[0] + signs(likely, np.array([near], np.float32), outside)[0] @ machine.scope[1:]
        scope = float(1 / (1 + np.exp(-np.clip(told, -30, 30))))
        best = int(likely[0].argmax())
        share, ours = likely[0, best], best != outside
        certain = bool(ours and share > machine.certain)
        return Judged(likely[0], scope, bool(ours and share >= machine.sure and scope >= OURS), certain)

    def save(self, file: Path) -> None:
        """One file without code in it, put in place whole."""
        told = {
            "format": FORMAT,
            "digest": self.digest,
            "intents": self.intents,
            "terms": list(self.vocabulary.columns),
        }
        arrays = {
            "rarity": self.vocabulary.rarity,
            **_packed("alone", self.alone),
            **_packed("both", self.both),
            "centre": self.centre,
            "axes": self.axes,
            "near": self.near.astype(np.float16),
            "starts": self.starts,
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
                return cls(
                    told["digest"],
                    tuple(told["intents"]),
                    Vocabulary({gram: n for n, gram in enumerate(told["terms"])}, stored["rarity"]),
                    _unpacked("alone", stored),
                    _unpacked("both", stored),
                    stored["centre"],
                    stored["axes"],
                    stored["near"].astype(np.float32),
                    stored["starts"],
                )
        except (OSError, ValueError, KeyError, EOFError):
            return None


def _packed(name: str, machine: Machine) -> dict[str, Any]:
    parts = {f"{name}_{field.name}": getattr(machine, field.name) for field in fields(machine)}
    return parts | {f"{name}_words": machine.words.astype(np.float16)}


def _unpacked(name: str, stored: Mapping[str, Any]) -> Machine:
    words, dense, bias, heat, sure, certain, scope = (stored[f"{name}_{field.name}"] for field in fields(Machine))
    return Machine(words.astype(np.float32), dense, bias, float(heat), float(sure), float(certain), scope)


def digest(folder: Path, embedder: str) -> str:
    """What a model was trained on: the files as they stand, and whose vectors they got."""
    told = hashlib.sha256(f"{FORMAT}:{embedder}".encode())
    for file in files(folder):
        told.update(file.name.encode() + b"\0" + file.read_bytes())
    return told.hexdigest()


def outside_of(intents: tuple[str, ...]) -> int | None:
    """Which intent is none of ours."""
    return intents.index(OUT_OF_SCOPE) if OUT_OF_SCOPE in intents else None


def nearness(likely: Floats, example: Floats, near: Floats, starts: NDArray[np.int64], outside: int | None) -> float:
    """How near an example is to those of the intent that has the nearest, among the likeliest: the mean cosine."""
    ends = [*starts[1:], len(near)]
    inside = [one for one in np.argsort(-likely) if one != outside][:LIKELIEST]
    return max(_closest(near[starts[one] : ends[one]] @ example) for one in inside)


def _closest(cosines: Floats) -> float:
    few = min(CLOSEST, len(cosines))
    return float(np.partition(cosines, -few)[-few:].mean())


def shares(margins: Floats, heat: float) -> Floats:
    """(n, intents): probabilities from the margins of the machine."""
    said = margins / heat
    likely = np.exp(said - said.max(1, keepdims=True))
    return np.asarray(likely / likely.sum(1, keepdims=True), np.float32)


def signs(likely: Floats, near: Floats, outside: int | None) -> Floats:
    """(n, 3), what tells that a message is ours: log-odds of its best intent, and against the outside; its nearness.

    `likely` (n, intents), `near` (n,).
    """
    inside = np.arange(likely.shape[1]) != (-1 if outside is None else outside)
    rest = -_odds(likely[:, outside]) if outside is not None else np.zeros(len(likely), np.float32)
    return np.stack([_odds(likely[:, inside].max(1)), rest, near], 1)


def _odds(share: Floats) -> Floats:
    held = np.clip(share, 1e-4, 1 - 1e-4)
    return np.asarray(np.log(held / (1 - held)), np.float32)
