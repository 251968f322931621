"""Visitors of the web chat: an id that we made, and the hash of the token that proves it."""

import hashlib
import secrets
from datetime import datetime

import sqlalchemy as sa

from bot.store.tables import visitor


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


class Visitors:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def welcome(self, now: datetime) -> tuple[str, str]:
        """A new visitor: id and token. The token is known to its holder alone."""
        id, token = secrets.token_hex(8), secrets.token_urlsafe(32)
        row = {"id": id, "token_sha256": _digest(token), "created_at": now}
        self._connection.execute(sa.insert(visitor).values(row))
        return id, token

    def recognise(self, token: str) -> str | None:
        found = sa.select(visitor.c.id).where(visitor.c.token_sha256 == _digest(token))
        return self._connection.execute(found).scalar_one_or_none()
