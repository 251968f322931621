"""Conversations. Loaded, changed and saved in one transaction, so that nothing can come between."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.domain.conversation import Conversation
from bot.store.tables import conversation


class Conversations:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def load(self, id: str) -> Conversation:
        """The conversation, or a new one that is not saved yet."""
        row = self._connection.execute(sa.select(conversation).where(conversation.c.id == id)).first()
        if row is None:
            return Conversation(id)
        return Conversation(row.id, owner=row.owner, case=row.case_reference, introduced=row.introduced)

    def save(self, changed: Conversation) -> None:
        insert = postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
        values = {
            "owner": changed.owner,
            "case_reference": changed.case,
            "introduced": changed.introduced,
        }
        statement = insert(conversation).values(id=changed.id, **values)
        self._connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))
