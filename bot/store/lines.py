"""Who waits for a time at a counter that is full, in the order of coming."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.store.appointment_tables import waiting


@dataclass(frozen=True)
class Waits:
    """For a time that begins between two moments, the second one not among them."""

    id: int
    conversation: str
    counter: str
    first: datetime
    last: datetime


class Lines:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def join(self, conversation_id: str, counter: str, first: datetime, last: datetime, now: datetime) -> int:
        """The place in the line; whoever stands there already keeps theirs."""
        insert = postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
        row = {"conversation_id": conversation_id, "counter": counter, "first": first, "last": last, "made_at": now}
        self._connection.execute(insert(waiting).values(**row).on_conflict_do_nothing())
        line = [one.conversation for one in self.all() if one.counter == counter and one.first == first]
        return line.index(conversation_id) + 1

    def all(self) -> list[Waits]:
        statement = sa.select(waiting).order_by(waiting.c.id)
        return [
            Waits(row.id, row.conversation_id, row.counter, row.first, row.last)
            for row in self._connection.execute(statement)
        ]

    def leave(self, id: int) -> bool:
        """False where somebody else has taken them out of the line."""
        statement = sa.delete(waiting).where(waiting.c.id == id).returning(waiting.c.id)
        return self._connection.scalar(statement) is not None
