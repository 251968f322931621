"""The answer line: how sure evidence makes us that a hit answers, and from where on we say it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from knowledge.choice import NAMES as CHOICE_NAMES
from knowledge.errors import IndexUnusable
from knowledge.evidence import NAMES, table
from knowledge.patterns import DATA
from knowledge.search import Hit

# The article was written for exactly this question, or is the very one that the question names. No trial has that.
EXACT = 0.99


@dataclass(frozen=True)
class Weights:
    """A logistic regression over the evidence of these names, as plain numbers; `trials` is what it was fitted to."""

    names: tuple[str, ...]
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]
    intercept: float
    threshold: float
    near: float
    trials: int = 0
    coverage: float = 0.0
    precision: float = 0.0

    def confidence(self, evidence: Mapping[str, float]) -> float:
        """The probability, 0..1, that a hit with this evidence answers."""
        values = (table([evidence], self.names)[0] - np.array(self.mean)) / np.array(self.scale)
        return float(1 / (1 + np.exp(-(values @ np.array(self.weights) + self.intercept))))

    def close(self, evidence: Mapping[str, float]) -> bool:
        """Whether a hit is of the question's field, and its title worth offering where nothing answers."""
        return likeness(evidence) >= self.near


@dataclass(frozen=True)
class Line:
    """The weights for our own articles, for offering the first few of them, and for statutes and documents."""

    article: Weights
    offer: Weights
    other: Weights

    def weights(self, hit: Hit) -> Weights:
        return self.article if hit.passage.questions else self.other

    def confidence(self, hit: Hit) -> float:
        return EXACT if hit.exact else self.weights(hit).confidence(hit.evidence)

    def answers(self, hit: Hit) -> bool:
        weights = self.weights(hit)
        by_words = not (hit.evidence.get("cosine") or hit.evidence.get("nearest"))  # alone they cannot tell the field
        return hit.exact or ((by_words or weights.close(hit.evidence)) and self.confidence(hit) >= weights.threshold)

    def offers(self, hit: Hit) -> bool:
        """Whether the right article is likely enough among the first few, of which `hit` is the first."""
        return self.offer.close(hit.evidence) and self.offer.confidence(hit.evidence) >= self.offer.threshold


def default_line(mode: str) -> Line:
    """The line that ships, for "hybrid" or "words": fitted to part of the public sets."""
    return read_line(DATA / "line.json", mode)


def read_line(file: Path, mode: str) -> Line:
    """The line of one mode in a file. Raises IndexUnusable."""
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))[mode]
        return Line(*(_weights(kept[group]) for group in ("article", "offer", "other")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IndexUnusable(f"{file}: no answer line for {mode!r}: {error}") from error


def _weights(kept: dict[str, object]) -> Weights:
    if kept["names"] not in (list(NAMES), list(CHOICE_NAMES)):
        raise ValueError("fitted to other evidence: build the index again")
    return Weights(**{key: tuple(value) if isinstance(value, list) else value for key, value in kept.items()})  # type: ignore[arg-type]


def write_line(file: Path, lines: Mapping[str, Line]) -> None:
    """One file with the line of each mode."""
    kept = {mode: asdict(line) for mode, line in lines.items()}
    file.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


def likeness(evidence: Mapping[str, float]) -> float:
    """The cosine of the text or of the nearest way of asking, or without vectors the share of words that are there."""
    if "nearest" in evidence:
        return evidence["nearest"] or evidence["share"]
    return evidence["cosine"] or evidence["coverage"]
