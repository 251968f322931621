"""A citizen's run through one bundle: its answers are its whole state."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

CaseState = Literal["filling", "confirming", "submitted", "withdrawn", "dropped"]
By = Literal["said", "remembered", "skipped", "told", "photo", "staff", "ledger"]


@dataclass(frozen=True)
class Given:
    """An answer and where it comes from. `told` is no answer, but that a step was shown."""

    value: str
    by: By
    at: datetime


@dataclass
class Case:
    """`bundle` is the definition as it stood when the citizen began; `reference` is what a receipt shows.

    While it is `confirming`, it waits for the word of the person for whom an agent applies.
    """

    reference: str
    conversation_id: str
    bundle: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    answers: dict[str, Given] = field(default_factory=dict)
    state: CaseState = "filling"
    submitted_at: datetime | None = None

    @property
    def values(self) -> dict[str, str]:
        """Answers alone, without where they come from."""
        return {id: given.value for id, given in self.answers.items()}


@dataclass(frozen=True)
class Kept:
    """A photo or file that was sent: where it stands among the files, and what it is for, once that is known.

    `kind` is "" until it is cleaned.
    """

    file: str
    conversation_id: str
    kind: str
    size: int
    sha256: str
    kept_at: datetime
    case: str = ""
    material: str = ""
