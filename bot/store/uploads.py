"""Links with which a conversation is sent files that its channel cannot carry."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from bot.store.upload_tables import upload


@dataclass(frozen=True)
class Upload:
    """Whose files come with it, and the events that they became."""

    conversation_id: str
    events: tuple[int, ...]


class Uploads:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def open(self, conversation_id: str, now: datetime, holds: timedelta) -> str:
        """A token; earlier ones of this conversation open nothing any more."""
        self.delete_of(conversation_id)
        token = secrets.token_urlsafe(24)
        row = {"token_sha256": _digest(token), "conversation_id": conversation_id, "until": now + holds, "events": []}
        self._connection.execute(sa.insert(upload).values(**row))
        return token

    def find(self, token: str, browser: str, now: datetime) -> Upload | None:
        """None where it opens nothing: too old, or another browser has it."""
        mine = sa.and_(upload.c.token_sha256 == _digest(token), upload.c.until >= now)
        row = self._connection.execute(sa.select(upload).where(mine)).first()
        if row is None or (row.browser and not hmac.compare_digest(row.browser, _digest(browser))):
            return None
        return Upload(row.conversation_id, tuple(row.events))

    def claim(self, token: str, browser: str) -> bool:
        """It is this browser's from now on; False where another was first."""
        free = upload.c.browser.in_(["", _digest(browser)])
        mine = sa.and_(upload.c.token_sha256 == _digest(token), free)
        return self._connection.execute(sa.update(upload).where(mine).values(browser=_digest(browser))).rowcount == 1

    def sent(self, token: str, event: int) -> None:
        mine = upload.c.token_sha256 == _digest(token)
        events = self._connection.scalar(sa.select(upload.c.events).where(mine).with_for_update()) or []
        self._connection.execute(sa.update(upload).where(mine).values(events=[*events, event]))

    def delete_of(self, conversation_id: str) -> None:
        self._connection.execute(sa.delete(upload).where(upload.c.conversation_id == conversation_id))

    def forget(self, before: datetime) -> None:
        self._connection.execute(sa.delete(upload).where(upload.c.until < before))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
