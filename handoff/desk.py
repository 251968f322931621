"""What staff see: the people who wait."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.ticket import Ticket
from bot.store.db import Store


@dataclass(frozen=True)
class Waiting:
    """A ticket and whether its hour has come. Nothing of what the citizen wrote."""

    ticket: Ticket
    late: bool


def waiting(store: Store, now: datetime) -> list[Waiting]:
    """Oldest first."""
    tickets = store.read(lambda tables: tables.tickets.waiting())
    return [Waiting(ticket, ticket.reply_by < now) for ticket in tickets]
