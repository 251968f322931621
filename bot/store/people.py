"""Conversations in several channels that belong to one person, as that person has shown by a code."""

import sqlalchemy as sa

from bot.store.channel_tables import person
from bot.store.engine import insert_into


class People:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def join(self, one: str, other: str) -> None:
        """From now on they are one person's, with all that belonged to either of them."""
        name = self._name(one) or self._name(other) or one
        for conversation_id in {*self.of(one), *self.of(other)}:
            insert = insert_into(self._connection, person).values(conversation_id=conversation_id, name=name)
            self._connection.execute(
                insert.on_conflict_do_update(index_elements=["conversation_id"], set_={"name": name})
            )

    def leave(self, conversation_id: str) -> bool:
        """This conversation stands alone again; False where it did before."""
        mine = person.c.conversation_id == conversation_id
        return self._connection.execute(sa.delete(person).where(mine)).rowcount == 1

    def of(self, conversation_id: str) -> list[str]:
        """All conversations of whoever talks there, that one first."""
        return [conversation_id, *self._connection.scalars(others(conversation_id))]

    def _name(self, conversation_id: str) -> str:
        mine = person.c.conversation_id == conversation_id
        return str(self._connection.scalar(sa.select(person.c.name).where(mine)) or "")


def others(conversation_id: str) -> sa.Select[str]:
    """The other conversations of whoever talks there."""
    here, there = person.alias("here"), person.alias("there")
    joined = sa.select(there.c.conversation_id).join(here, here.c.name == there.c.name)
    return joined.where(here.c.conversation_id == conversation_id, there.c.conversation_id != conversation_id)
