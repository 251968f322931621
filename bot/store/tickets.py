"""Requests for a person. At most one of a conversation is alive, which the database keeps."""

from collections.abc import Collection
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bot.domain.ticket import Ended, Reason, Ticket
from bot.store.tables import ticket

_COLUMNS = [ticket.c[field.name] for field in fields(Ticket)]
_ALIVE = ticket.c.state.in_([sa.literal_column("'waiting'"), sa.literal_column("'held'")])
_WAITING, _HELD = ticket.c.state == "waiting", ticket.c.state == "held"
_MEASURED = 50  # chats, of which the middle one is how long a chat takes


class Tickets:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def open(
        self, conversation_id: str, inbox_id: int, reason: Reason, now: datetime, reply_by: datetime, **more: Any
    ) -> Ticket:
        """The conversation's ticket that is alive, or a new one: asking twice does not wait twice."""
        alive = self.of(conversation_id)
        if alive is not None:
            return alive
        values = {
            "conversation_id": conversation_id,
            "inbox_id": inbox_id,
            "reason": reason,
            "created_at": now,
            "reply_by": reply_by,
            **more,
        }
        id = self._connection.execute(sa.insert(ticket).values(values).returning(ticket.c.id)).scalar_one()
        return self.get(int(id))

    def get(self, id: int) -> Ticket:
        (found,) = self._select(ticket.c.id == id)
        return found

    def find(self, id: int) -> Ticket | None:
        return next(iter(self._select(ticket.c.id == id)), None)

    def of(self, conversation_id: str) -> Ticket | None:
        """The one that is alive."""
        return next(iter(self._select(ticket.c.conversation_id == conversation_id, _ALIVE)), None)

    def waiting(self, limit: int | None = 200) -> list[Ticket]:
        """Those who go first, then the oldest."""
        return self._select(_WAITING, limit=limit)

    def held(self, agent: str | None = None) -> list[Ticket]:
        """What members of staff have in hand, or one of them."""
        return self._select(_HELD, sa.true() if agent is None else ticket.c.agent == agent)

    def since(self, then: datetime) -> list[Ticket]:
        """All that were opened since."""
        return self._select(ticket.c.created_at >= then)

    def loads(self) -> dict[str, int]:
        """How many chats each member of staff has."""
        rows = self._connection.execute(
            sa.select(ticket.c.agent, sa.func.count()).where(_HELD).group_by(ticket.c.agent)
        )
        return {row[0]: int(row[1]) for row in rows}

    def ahead(self, one: Ticket) -> int:
        """How many wait for the same team before this one."""
        earlier = sa.and_(ticket.c.first == one.first, ticket.c.id < one.id)
        before = earlier if one.first else sa.or_(ticket.c.first, earlier)
        count = sa.select(sa.func.count()).where(_WAITING, ticket.c.team == one.team, before)
        return int(self._connection.scalar(count) or 0)

    def hand(self, id: int, agent: str, now: datetime, device: str = "") -> bool:
        """Give one that waits to a member of staff; False where it waits no longer."""
        return self._move(id, "waiting", state="held", agent=agent, held_at=now, device=device)

    def put_back(self, id: int, **values: Any) -> bool:
        """It waits again, at its old place; False where nobody had it."""
        return self._move(id, "held", state="waiting", agent="", held_at=None, **values)

    def close(self, id: int, ended: Ended, now: datetime) -> None:
        mine = sa.and_(ticket.c.id == id, _ALIVE)
        self._connection.execute(sa.update(ticket).where(mine).values(state="closed", ended=ended, closed_at=now))

    def change(self, id: int, **values: Any) -> None:
        self._connection.execute(sa.update(ticket).where(ticket.c.id == id).values(**values))

    def spoken(self, id: int, now: datetime) -> None:
        """A member of staff has said something; the first time it is the answer."""
        values = {"spoken_at": now, "answered_at": sa.func.coalesce(ticket.c.answered_at, now.timestamp())}
        self._connection.execute(sa.update(ticket).where(ticket.c.id == id).values(values))

    def last_agent(self, conversation_id: str, since: datetime) -> str:
        """Who had this citizen last; "" where nobody had lately."""
        mine = sa.and_(ticket.c.conversation_id == conversation_id, ticket.c.closed_at >= since, ticket.c.agent != "")
        found = sa.select(ticket.c.agent).where(mine).order_by(ticket.c.id.desc()).limit(1)
        return str(self._connection.scalar(found) or "")

    def talk(self, teams: Collection[str]) -> timedelta | None:
        """How long a chat of these teams takes: the middle one of the last; None where there are too few to tell."""
        ended = sa.and_(ticket.c.team.in_(list(teams)), ticket.c.state == "closed", ticket.c.answered_at.is_not(None))
        lasts = sa.select(ticket.c.held_at, ticket.c.closed_at).where(ended).order_by(ticket.c.id.desc())
        rows = self._connection.execute(lasts.limit(_MEASURED)).all()
        lengths = sorted(row.closed_at - row.held_at for row in rows if row.held_at and row.closed_at)
        return lengths[len(lengths) // 2] if len(lengths) >= 5 else None

    def delete_of(self, conversation_id: str) -> None:
        self._connection.execute(sa.delete(ticket).where(ticket.c.conversation_id == conversation_id))

    def _move(self, id: int, was: str, **values: Any) -> bool:
        mine = sa.and_(ticket.c.id == id, ticket.c.state == was)
        return self._connection.execute(sa.update(ticket).where(mine).values(**values)).rowcount == 1

    def _select(self, *where: sa.ColumnElement[bool], limit: int | None = None) -> list[Ticket]:
        statement = sa.select(*_COLUMNS).where(*where).order_by(ticket.c.first.desc(), ticket.c.id).limit(limit)
        return [Ticket(*row) for row in self._connection.execute(statement)]
