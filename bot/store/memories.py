"""What a citizen has let us remember for the next time: by field, until it is forgotten."""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from bot.seal import Seal
from bot.store.case_tables import memory


class Memories:
    def __init__(self, connection: sa.Connection, seal: Seal) -> None:
        self._connection, self._seal = connection, seal

    def keep(self, conversation_id: str, values: Mapping[str, str], now: datetime) -> None:
        """Remember these values in the place of what was remembered of the same fields."""
        mine = sa.and_(memory.c.conversation_id == conversation_id, memory.c.field.in_(list(values)))
        self._connection.execute(sa.delete(memory).where(mine))
        rows = [
            {"conversation_id": conversation_id, "field": field, "value": self._seal.write(value), "kept_at": now}
            for field, value in values.items()
        ]
        if rows:
            self._connection.execute(sa.insert(memory), rows)

    def of(self, conversation_id: str) -> dict[str, str]:
        rows = self._connection.execute(
            sa.select(memory.c.field, memory.c.value).where(memory.c.conversation_id == conversation_id)
        )
        return {row.field: self._seal.read(row.value) for row in rows}

    def forget(self, conversation_id: str, field: str | None = None) -> int:
        """Forget one field, or all; how many there were."""
        mine = sa.and_(
            memory.c.conversation_id == conversation_id, sa.true() if field is None else memory.c.field == field
        )
        return self._connection.execute(sa.delete(memory).where(mine)).rowcount
