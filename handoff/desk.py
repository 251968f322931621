"""What staff see: the people who wait."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.ticket import Ticket
from bot.store.db import Store

FIRST_WORD = timedelta(minutes=5)  # of working time, that a citizen may have to wait for


@dataclass(frozen=True)
class Waiting:
    """A ticket and whether a first word is overdue. Nothing of what the citizen wrote."""

    ticket: Ticket
    late: bool


def waiting(store: Store, now: datetime) -> list[Waiting]:
    """Oldest first."""
    tickets = store.read(lambda tables: tables.tickets.waiting())
    return [Waiting(ticket, ticket.reply_by + FIRST_WORD < now) for ticket in tickets]
