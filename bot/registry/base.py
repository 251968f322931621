"""What a port is: the way to one department's system."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True)
class Parcel:
    """One matter for one department. `key` is the same however often it is handed over.

    `content` is the application as JSON values; `files` are papers and photos, by their name.
    """

    key: str
    department: str
    content: Mapping[str, Any]
    files: Mapping[str, bytes] = field(default_factory=dict)


class Port(Protocol):
    def hand_over(self, parcel: Parcel) -> None:
        """Hand it over, once however often it is tried. TryLater where it may work later, OperatorError where not."""

    def reports(self) -> list[tuple[str, str]]:
        """What has been reported and is not yet taken in: a name for each, and its JSON."""

    def taken(self, name: str, fault: str = "") -> None:
        """This report was taken in, or refused for a fault."""
