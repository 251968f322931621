"""One certificate for all that a trade needs: what it lists, each part with its own number, department and end."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

NUMBER = "ZH-"  # before the number of its case

PartState = Literal["valid", "expired", "ended"]


@dataclass(frozen=True)
class Part:
    """A licence on the certificate. `licence` is its row in the ledger, where it has one."""

    item: str
    name: str
    number: str
    department: str
    valid_until: date | None
    state: PartState
    licence: int | None = None


@dataclass(frozen=True)
class Certificate:
    """As it stands in its latest edition; the first is 1."""

    case: str
    edition: int
    made_at: datetime
    parts: tuple[Part, ...]

    @property
    def number(self) -> str:
        return NUMBER + self.case

    @property
    def holds(self) -> bool:
        """Is any of its parts still valid?"""
        return any(part.state == "valid" for part in self.parts)
