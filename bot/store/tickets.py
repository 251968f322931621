"""Requests for a person."""

from datetime import datetime

import sqlalchemy as sa

from bot.domain.ticket import Reason, Ticket
from bot.store.tables import ticket


class Tickets:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def open(self, conversation_id: str, inbox_id: int, reason: Reason, now: datetime, reply_by: datetime) -> Ticket:
        """The conversation's waiting ticket, or a new one: asking twice does not wait twice."""
        waiting = self._select(ticket.c.conversation_id == conversation_id, limit=1)
        if waiting:
            return waiting[0]
        values = {
            "conversation_id": conversation_id,
            "inbox_id": inbox_id,
            "reason": reason,
            "created_at": now,
            "reply_by": reply_by,
        }
        id = self._connection.execute(sa.insert(ticket).values(values).returning(ticket.c.id)).scalar_one()
        return Ticket(id, conversation_id, reason, now, reply_by)

    def waiting(self, limit: int = 200) -> list[Ticket]:
        """Oldest first."""
        return self._select(limit=limit)

    def _select(self, *where: sa.ColumnElement[bool], limit: int) -> list[Ticket]:
        columns = (
            ticket.c.id,
            ticket.c.conversation_id,
            ticket.c.reason,
            ticket.c.created_at,
            ticket.c.reply_by,
        )
        statement = sa.select(*columns).where(ticket.c.state == "waiting", *where)
        rows = self._connection.execute(statement.order_by(ticket.c.id).limit(limit))
        return [Ticket(*row) for row in rows]
