"""What was seen in a photo, and what was made of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Verdict = Literal["pass", "retake", "reject", "human"]
Reason = Literal[
    "blur",
    "dark",
    "bright",
    "far",
    "glare",
    "cut",
    "unread",
    "wrong_kind",
    "wrong_sheet",
    "expired",
    "unsure",
    "same_photo",
    "differs",
    "screen",
    "failed",
    "no_code",
]


SURE = 0.8  # how surely a value must have been read


@dataclass(frozen=True)
class Seen:
    """A value that was read. `confidence` is 0.5 at most for one that is only guessed."""

    value: str
    confidence: float

    @property
    def sure(self) -> bool:
        """Is it sure enough to count without staff?"""
        return self.confidence >= SURE


@dataclass(frozen=True)
class Report:
    """The verdict on a photo: `retake` where another photo would do, `reject` where another document is wanted,
    `human` where staff must look. The first of the `reasons` is what is told. `kind` is the document that was seen,
    "" for none that we know; `about` the field that the first reason is about.
    """

    verdict: Verdict
    reasons: tuple[Reason, ...] = ()
    kind: str = ""
    about: str = ""
    fields: Mapping[str, Seen] = field(default_factory=dict)
