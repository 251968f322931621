"""A request for a person, until somebody has dealt with it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Reason = Literal["asked", "failed", "complaint", "appointment", "help"]


@dataclass(frozen=True)
class Ticket:
    """`reply_by` is the moment that the citizen was told."""

    id: int
    conversation_id: str
    reason: Reason
    created_at: datetime
    reply_by: datetime
