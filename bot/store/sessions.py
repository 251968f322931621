"""WeCom customer service: how far its list of messages was read, and who serves each citizen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.store.channel_tables import kf_cursor, kf_session
from bot.store.engine import insert_into
from bot.store.tables import conversation, live, outbox, ticket

SERVED = (2, 3)  # waiting for one of their staff, or with one: the platform lets us say nothing


@dataclass(frozen=True)
class Reading:
    """How far an account's list was read; what was sent before `begun_at` is left alone."""

    cursor: str
    begun_at: datetime


@dataclass(frozen=True)
class Session:
    """`state` is the platform's: 0 new, 1 with the bot, 2 waiting for staff, 3 with staff, 4 ended."""

    state: int = 0
    servicer: str = ""

    @property
    def is_served(self) -> bool:
        return self.state in SERVED


class Sessions:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def begin(self, account: str, now: datetime) -> Reading:
        """How far an account was read; at first sight, nothing, and from now on."""
        insert = insert_into(self._connection, kf_cursor).values(account=account, begun_at=now)
        self._connection.execute(insert.on_conflict_do_nothing())
        found = self._connection.execute(sa.select(kf_cursor).where(kf_cursor.c.account == account)).one()
        return Reading(found.cursor, found.begun_at)

    def move(self, account: str, was: str, to: str, now: datetime) -> bool:
        """False where another worker has read on meanwhile: then nothing of what was read may be kept."""
        mine = sa.and_(kf_cursor.c.account == account, kf_cursor.c.cursor == was)
        moved = sa.update(kf_cursor).where(mine).values(cursor=to, moved_at=now)
        return self._connection.execute(moved.returning(kf_cursor.c.account)).first() is not None

    def load(self, conversation_id: str) -> Session:
        mine = sa.select(kf_session.c.state, kf_session.c.servicer)
        row = self._connection.execute(mine.where(kf_session.c.conversation_id == conversation_id)).first()
        return Session() if row is None else Session(row.state, row.servicer)

    def set(self, conversation_id: str, now: datetime, **values: Any) -> None:
        row = {**values, "changed_at": now}
        insert = insert_into(self._connection, kf_session).values(conversation_id=conversation_id, **row)
        self._connection.execute(insert.on_conflict_do_update(index_elements=["conversation_id"], set_=row))

    def take_code(self, conversation_id: str, now: datetime) -> str:
        """What lets us say one thing more, which nobody else may use now; "" where there is nothing."""
        usable = sa.and_(kf_session.c.conversation_id == conversation_id, kf_session.c.code_until > now)
        row = self._connection.execute(sa.select(kf_session.c.code).where(usable).with_for_update()).first()
        if row is None or not row.code:
            return ""
        self._connection.execute(sa.update(kf_session).where(usable).values(code=""))
        return str(row.code)

    def to_hand_over(self, channel: str, now: datetime, limit: int) -> Sequence[str]:
        """Conversations that wait for a person, with nothing left to be said before, and not refused lately."""
        unsaid = sa.exists().where(outbox.c.conversation_id == ticket.c.conversation_id, live(outbox))
        refused = sa.exists().where(
            kf_session.c.conversation_id == ticket.c.conversation_id, kf_session.c.refused_until > now
        )
        mine = ticket.c.conversation_id.startswith(f"{channel}:", autoescape=True)
        waiting = sa.select(ticket.c.conversation_id).where(ticket.c.state == "waiting", mine, ~unsaid, ~refused)
        return list(self._connection.scalars(waiting.order_by(ticket.c.id).limit(limit)))

    def left_behind(self, now: datetime, limit: int) -> Sequence[str]:
        """Conversations that their staff still have, though the bot goes on with them here; not refused lately."""
        served = sa.and_(kf_session.c.state.in_(SERVED), conversation.c.owner == "bot")
        served &= kf_session.c.refused_until <= now
        joined = kf_session.join(conversation, conversation.c.id == kf_session.c.conversation_id)
        found = sa.select(kf_session.c.conversation_id).select_from(joined).where(served)
        return list(self._connection.scalars(found.order_by(kf_session.c.changed_at).limit(limit)))

    def forget(self, conversation_id: str) -> None:
        self._connection.execute(sa.delete(kf_session).where(kf_session.c.conversation_id == conversation_id))
