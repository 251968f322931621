"""What staff see: the people who wait."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.ticket import Ticket
from bot.store.db import Store

FIRST_WORD = timedelta(minutes=5)  # of working time, that a citizen may have to wait for


@dataclass(frozen=True)
class Waiting:
    """A ticket, whether a first word is overdue, and the draft in hand. Nothing of what the citizen wrote."""

    ticket: Ticket
    late: bool
    case: str | None = None


def waiting(store: Store, now: datetime) -> list[Waiting]:
    """Oldest first."""
    tickets = store.read(
        lambda tables: [(one, tables.conversations.load(one.conversation_id).case) for one in tables.tickets.waiting()]
    )
    return [Waiting(ticket, ticket.reply_by + FIRST_WORD < now, case) for ticket, case in tickets]
