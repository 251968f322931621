"""What speaks for a passage as the answer to a question: a dozen plain numbers."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.lexicon import Floats, Lexicon
from knowledge.passages import Passage
from knowledge.wording import idle_words, words

NAMES = (
    "words", "words_lead", "coverage", "title", "cosine", "cosine_lead", "cosine_peak", "words_top_cosine",
    "words_rank", "cosine_rank", "lead", "length", "unknown", "law", "named",
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """A question as the index sees it: its words, their numbers and weights, all of one length.

    `ours` are the log odds that it is one of ours, by its letters.
    """

    text: str
    words: tuple[str, ...]
    numbers: NDArray[np.int32]
    weights: Floats
    ours: float = 0.0

    @property
    def mass(self) -> float:
        """The sum of the weights; never nought."""
        return float(self.weights.sum()) or 1.0

    @property
    def unknown(self) -> float:
        """The share of the weight of words that the base does not have at all."""
        return float(self.weights[self.numbers < 0].sum()) / self.mass


def asked(question: str, lexicon: Lexicon, ours: float = 0.0) -> Asked:
    """Each word counts once, since repeating oneself makes nothing more relevant; words that only ask weigh nothing."""
    found = tuple(dict.fromkeys(words(question)))
    numbers = lexicon.numbers(found)
    says_something = np.array([word not in idle_words() for word in found], np.float32)
    return Asked(question, found, numbers, lexicon.idf(numbers) * says_something, ours)


@dataclass(frozen=True)
class Standing:
    """Where one hit stands in both lists. Ranks count from nought; a hit outside a list has its length as rank."""

    score: float
    next_score: float
    words: float
    other_words: float
    words_rank: int
    cosine: float
    other_cosine: float
    usual_cosine: float
    words_top_cosine: float
    cosine_rank: int
    named: bool


def evidence(question: Asked, passage: Passage, at: Standing) -> Mapping[str, float]:
    """The features of one hit, by the names of NAMES."""
    title = " ".join(filter(None, (passage.title, passage.section)))
    known = set(words(f"{title}\n{passage.text}\n" + "\n".join(passage.questions)))
    return {
        "words": at.words / question.mass,
        "words_lead": (at.words - at.other_words) / question.mass,
        "coverage": share(question, known),
        "title": share(question, set(words(title))),
        "cosine": at.cosine,
        "cosine_lead": at.cosine - at.other_cosine,
        "cosine_peak": at.cosine - at.usual_cosine,
        "words_top_cosine": at.words_top_cosine,
        "words_rank": 1 / (1 + at.words_rank),
        "cosine_rank": 1 / (1 + at.cosine_rank),
        "lead": at.score - at.next_score,
        "length": math.log1p(len(question.words)),
        "unknown": question.unknown,
        "law": float(passage.kind == "law"),
        "named": float(at.named),
    }


def share(question: Asked, known: Collection[str]) -> float:
    """The share of the question's weight that stands among the known words."""
    inside = np.array([word in known for word in question.words], np.bool_)
    return float(question.weights[inside].sum()) / question.mass if len(inside) else 0.0


def table(rows: Sequence[Mapping[str, float]], names: Sequence[str] = NAMES) -> NDArray[np.float64]:
    """The features of several hits as (n, len(names)) numbers."""
    return np.array([[row[name] for name in names] for row in rows], np.float64).reshape(len(rows), len(names))
