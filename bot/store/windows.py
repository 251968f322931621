"""How much a platform still lets us say to somebody, until when, and what waits until we may again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import sqlalchemy as sa

from bot.seal import Seal
from bot.store.channel_tables import send_window
from bot.store.engine import insert_into

Act = Literal["typed", "tapped"]


@dataclass(frozen=True)
class Grant:
    """What an act of a citizen lets us do: `count` messages for so long."""

    act: Act
    count: int
    lasts: timedelta


class Windows:
    """What was tapped for runs out first, so it is spent first."""

    def __init__(self, connection: sa.Connection, seal: Seal) -> None:
        self._connection, self._seal = connection, seal

    def granted(self, conversation_id: str, grant: Grant, now: datetime) -> None:
        """The citizen has just done something: counting begins anew."""
        row = {f"{grant.act}_left": grant.count, f"{grant.act}_until": now + grant.lasts}
        statement = insert_into(self._connection, send_window).values(conversation_id=conversation_id, **row)
        self._connection.execute(statement.on_conflict_do_update(index_elements=["conversation_id"], set_=row))

    def take(self, conversation_id: str, now: datetime) -> int | None:
        """Spend one message: how many are left; None where none may be sent."""
        for act in ("tapped", "typed"):
            left, until = send_window.c[f"{act}_left"], send_window.c[f"{act}_until"]
            usable = sa.and_(send_window.c.conversation_id == conversation_id, left > 0, until > now)
            spend = sa.update(send_window).where(usable).values({left.name: left - 1})
            if self._connection.execute(spend.returning(send_window.c.conversation_id)).first() is not None:
                return self.left(conversation_id, now)
        return None

    def left(self, conversation_id: str, now: datetime) -> int:
        mine = sa.select(send_window).where(send_window.c.conversation_id == conversation_id)
        row = self._connection.execute(mine).first()
        if row is None:
            return 0
        return (row.typed_left if row.typed_until > now else 0) + (row.tapped_left if row.tapped_until > now else 0)

    def is_open(self, conversation_id: str, now: datetime) -> bool:
        """Has the citizen done something lately, whether or not anything is left of what that allowed?"""
        mine = sa.select(send_window.c.typed_until, send_window.c.tapped_until)
        row = self._connection.execute(mine.where(send_window.c.conversation_id == conversation_id)).first()
        return row is not None and max(row.typed_until, row.tapped_until) > now

    def give_back(self, conversation_id: str) -> None:
        """One that was spent was not sent."""
        mine = sa.update(send_window).where(send_window.c.conversation_id == conversation_id)
        self._connection.execute(mine.values(typed_left=send_window.c.typed_left + 1))

    def spent(self, conversation_id: str) -> None:
        """The platform says that nothing more may be sent, whatever we counted."""
        mine = sa.update(send_window).where(send_window.c.conversation_id == conversation_id)
        self._connection.execute(mine.values(typed_left=0, tapped_left=0))

    def park(self, conversation_id: str, text: str, between: str) -> None:
        """Keep what could not be said, behind what is kept already."""
        earlier = self._parked(conversation_id)
        values = {"parked": self._seal.write(f"{earlier}{between}{text}" if earlier else text)}
        statement = insert_into(self._connection, send_window).values(conversation_id=conversation_id, **values)
        self._connection.execute(statement.on_conflict_do_update(index_elements=["conversation_id"], set_=values))

    def unpark(self, conversation_id: str) -> str:
        """What waits, which waits no longer; "" where nothing does."""
        text = self._parked(conversation_id)
        if text:
            mine = sa.update(send_window).where(send_window.c.conversation_id == conversation_id)
            self._connection.execute(mine.values(parked=""))
        return text

    def forget(self, conversation_id: str) -> None:
        self._connection.execute(sa.delete(send_window).where(send_window.c.conversation_id == conversation_id))

    def _parked(self, conversation_id: str) -> str:
        mine = sa.select(send_window.c.parked).where(send_window.c.conversation_id == conversation_id)
        return self._seal.read(self._connection.execute(mine.with_for_update()).scalar() or "")
