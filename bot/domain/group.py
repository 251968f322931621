"""What a group of staff on a platform knows of a citizen who waits."""

from dataclasses import dataclass
from typing import Literal

GroupKind = Literal["", "topics", "notice"]
TAKE = "take"  # what the button under a card gives back
_BY = ":group:"


@dataclass(frozen=True)
class Topic:
    """Of the citizen of `conversation` in the group of `channel`. `thread` is the platform's number, None until there
    is one. `told` is how the ticket stood when the group was told last, `heard_id` the last event that it was shown.
    """

    conversation: str
    channel: str
    ticket: int
    thread: int | None = None
    told: str = ""
    heard_id: int = 0

    @property
    def address(self) -> str:
        """Where its messages are queued, so that they leave in order by the same door as all others."""
        return f"{self.channel}{_BY}{self.conversation}"


def of_group(address: str) -> str | None:
    """The conversation that a group is told of, "" of none; None where the address is a citizen's own."""
    head, found, conversation = address.partition(_BY)
    return conversation if found and ":" not in head else None
