"""Conversations. Loaded, changed and saved in one transaction, so that nothing can come between."""

from dataclasses import replace
from functools import cache

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.domain.conversation import Conversation, Owner
from bot.seal import Seal
from bot.store.tables import conversation

_LOAD = sa.select(conversation).where(conversation.c.id == sa.bindparam("id"))
_HOLD = _LOAD.with_for_update()


class Conversations:
    def __init__(self, connection: sa.Connection, seal: Seal) -> None:
        self._connection, self._seal = connection, seal
        self._stored: dict[str, Conversation] = {}

    def load(self, id: str, *, hold: bool = False) -> Conversation:
        """The conversation, or a new one that is not saved yet. `hold`: nobody else changes it in the meantime."""
        row = self._connection.execute(_HOLD if hold else _LOAD, {"id": id}).first()
        if row is None:
            return Conversation(id)
        found = Conversation(
            row.id,
            owner=row.owner,
            case=row.case_reference,
            introduced=row.introduced,
            topic=self._seal.read(row.topic),
            topic_at=row.topic_at,
            misses=row.misses,
            eased=row.eased,
        )
        self._stored[id] = replace(found)
        return found

    def save(self, changed: Conversation) -> None:
        """Written only where it is new, or another than what is stored."""
        if self._stored.get(changed.id) == changed:
            return
        row = {
            "id": changed.id,
            "owner": changed.owner,
            "case_reference": changed.case,
            "introduced": changed.introduced,
            "topic": self._seal.write(changed.topic),
            "topic_at": changed.topic_at,
            "misses": changed.misses,
            "eased": changed.eased,
        }
        self._connection.execute(_save_statement(self._connection.dialect.name), row)
        self._stored[changed.id] = replace(changed)

    def pass_on(self, id: str, owner: Owner, to: Owner) -> bool:
        """Change who owns it; False, and nothing changed, where it was not `owner`."""
        mine = sa.and_(conversation.c.id == id, conversation.c.owner == owner)
        return self._connection.execute(sa.update(conversation).where(mine).values(owner=to)).rowcount == 1

    def let_go(self, id: str, case: str) -> None:
        """The case goes on elsewhere: this conversation has it in hand no longer."""
        mine = sa.and_(conversation.c.id == id, conversation.c.case_reference == case)
        self._connection.execute(sa.update(conversation).where(mine).values(case_reference=None))


@cache
def _save_statement(dialect: str) -> sa.Executable:
    insert = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(conversation)
    names = ("owner", "case_reference", "introduced", "topic", "topic_at", "misses", "eased")
    changed = {name: insert.excluded[name] for name in names}
    return insert.on_conflict_do_update(index_elements=["id"], set_=changed)
