"""A request for a person, until somebody has dealt with it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Reason = Literal["asked", "failed", "complaint", "appointment", "help", "minor", "lapsed"]
TicketState = Literal["waiting", "held", "closed"]
Ended = Literal["", "agent", "citizen", "idle"]


@dataclass(frozen=True)
class Ticket:
    """`reply_by` is the moment that the citizen was told. It waits for one of a team, then a member of staff has it.

    `first` goes before others: elders and disabled people. `wanted` had this citizen last, or is asked for by name.
    `answer_due` and `done_due` are the service levels. `agent` is "" of somebody who spoke from outside of the desk.
    `device`: the group in which they have it, "" at the desk.
    """

    id: int
    conversation_id: str
    reason: Reason
    created_at: datetime
    reply_by: datetime
    state: TicketState = "waiting"
    team: str = ""
    first: bool = False
    wanted: str = ""
    agent: str = ""
    held_at: datetime | None = None
    answered_at: datetime | None = None
    spoken_at: datetime | None = None
    closed_at: datetime | None = None
    ended: Ended = ""
    transfers: int = 0
    answer_due: datetime | None = None
    done_due: datetime | None = None
    told_at: datetime | None = None
    escalated_at: datetime | None = None
    device: str = ""
