"""What arrived. The row drops repeats, holds the conversation's order, and is the proof that we answered."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter

from bot.domain.messages import InboundEvent, Outcome
from bot.errors import Fenced
from bot.seal import Seal
from bot.store import queue
from bot.store.queue import Claim
from bot.store.tables import inbox, live

_event = TypeAdapter(InboundEvent)


_MOST_BUBBLES = 6


@dataclass(frozen=True)
class Bubble:
    """An event, and when we kept it."""

    id: int
    at: datetime
    event: InboundEvent


@dataclass(frozen=True)
class Result:
    """How a turn ended; `outcome` is None while it has not."""

    outcome: Outcome | None
    confidence: float | None


def event_of(claimed: Claim) -> InboundEvent:
    return _event.validate_python(claimed.body)


class Inbox:
    def __init__(self, connection: sa.Connection, seal: Seal) -> None:
        self._connection, self._seal = connection, seal

    def accept(self, event: InboundEvent, now: datetime, due: datetime | None = None) -> tuple[int, bool]:
        """Keep an event: its id, and whether it is new. A timer is an event that is due later."""
        id = queue.put(
            self._connection,
            inbox,
            channel=event.channel,
            key=event.event_id,
            conversation_id=event.conversation_id,
            body=self._seal.hide(_event.dump_python(event, mode="json")),
            due=due or now,
            created_at=now,
        )
        if id is not None:
            return id, True
        known = sa.select(inbox.c.id).where(inbox.c.channel == event.channel, inbox.c.key == event.event_id)
        return int(self._connection.execute(known).scalar_one()), False

    def claim(
        self,
        now: datetime,
        lease: timedelta,
        channels: Collection[str],
        limit: int = 1,
        only: str | None = None,
    ) -> list[Claim]:
        found = queue.claim(self._connection, inbox, now, lease, channels, limit, only)
        return [replace(one, body=self._seal.show(one.body)) for one in found]

    def finish(self, claimed: Claim, now: datetime, outcome: Outcome, confidence: float | None) -> None:
        """Fenced where another worker holds the row: then nothing of this turn may be saved."""
        done = {"status": "done", "finished_at": now, "outcome": outcome, "confidence": confidence}
        if not queue.settle(self._connection, inbox, claimed, **done):
            raise Fenced(f"inbox {claimed.id}")

    def hold(self, claimed: Claim, until: datetime) -> None:
        """Give a claim back until then: it may be the first bubble of several. It still stands before the next."""
        queue.settle(self._connection, inbox, claimed, status="ready", due=until)

    def put_off(self, claimed: Claim, until: datetime) -> None:
        """Give a claim back for something slow that it waits for; that is no attempt, and costs none."""
        queue.settle(self._connection, inbox, claimed, status="ready", due=until, tries=1)

    def following(self, claimed: Claim, gap: timedelta) -> list[Bubble]:
        """The claimed event and those that wait right behind it in its conversation, none later than `gap` after
        the one before it.
        """
        columns = (inbox.c.id, inbox.c.created_at, inbox.c.body)
        mine = sa.and_(inbox.c.conversation_id == claimed.conversation_id, inbox.c.id >= claimed.id, live(inbox))
        found: list[Bubble] = []
        for row in self._connection.execute(sa.select(*columns).where(mine).order_by(inbox.c.id).limit(_MOST_BUBBLES)):
            if found and row.created_at - found[-1].at > gap:
                break
            found.append(Bubble(row.id, row.created_at, _event.validate_python(self._seal.show(row.body))))
        return found

    def finish_with(self, claimed: Claim, ids: Sequence[int], now: datetime, outcome: Outcome) -> None:
        """End the events that were answered together with the claimed one. Fenced where one is no longer waiting."""
        done = {"status": "done", "finished_at": now, "outcome": outcome}
        waiting = sa.and_(inbox.c.id.in_(ids), inbox.c.status == "ready")
        if ids and self._connection.execute(sa.update(inbox).where(waiting).values(done)).rowcount != len(ids):
            raise Fenced(f"inbox {claimed.id}")

    def again(self, claimed: Claim, now: datetime, error: str, give_up_at: int) -> bool:
        """True where the row is dead now."""
        return queue.again(self._connection, inbox, claimed, now, error, give_up_at)

    def dismiss(self, id: int, now: datetime) -> None:
        """Nobody has to answer it."""
        mine = sa.and_(inbox.c.id == id, inbox.c.status == "ready")
        self._connection.execute(sa.update(inbox).where(mine).values(status="done", finished_at=now))

    def recall(self, channel: str, key: str, now: datetime) -> str:
        """Its sender has taken an event back: its words go, and it is answered no more; the file that it named."""
        mine = sa.and_(inbox.c.channel == channel, inbox.c.key == key)
        row = self._connection.execute(sa.select(inbox).where(mine).with_for_update()).first()
        if row is None:
            return ""
        event = _event.validate_python(self._seal.show(row.body))
        emptied = _event.dump_python(replace(event, text="", media="", location=None), mode="json")
        values: dict[str, Any] = {"body": self._seal.hide(emptied)}
        values |= {"status": "done", "finished_at": now} if row.status == "ready" else {}
        self._connection.execute(sa.update(inbox).where(mine).values(**values))
        return event.media

    def result(self, id: int) -> Result:
        found = self._connection.execute(
            sa.select(inbox.c.outcome, inbox.c.confidence, inbox.c.status).where(inbox.c.id == id)
        ).one()
        return Result("error" if found.status == "dead" else found.outcome, found.confidence)

    def text_of(self, id: int) -> str:
        """What was written in one event; "" where it is no longer kept."""
        found = self._connection.execute(sa.select(inbox.c.body).where(inbox.c.id == id)).first()
        return "" if found is None else _event.validate_python(self._seal.show(found.body)).text

    def of_conversation(self, conversation_id: str) -> list[tuple[datetime, InboundEvent]]:
        """What a citizen has sent, with the time at which we kept it; timers and votes left out."""
        return [(at, event) for at, event, _ in self.history(conversation_id)]

    def history(self, conversation_id: str) -> list[tuple[datetime, InboundEvent, Result]]:
        """The same with what came of each."""
        columns = (inbox.c.created_at, inbox.c.body, inbox.c.outcome, inbox.c.confidence)
        mine = sa.select(*columns).where(inbox.c.conversation_id == conversation_id).order_by(inbox.c.id)
        found = [
            (row.created_at, _event.validate_python(self._seal.show(row.body)), Result(row.outcome, row.confidence))
            for row in self._connection.execute(mine)
        ]
        return [one for one in found if one[1].kind not in ("timer", "vote")]

    def since(self, conversation_id: str, id: int) -> list[Bubble]:
        """What a citizen has sent behind this event; timers, votes and words of staff left out."""
        mine = sa.and_(inbox.c.conversation_id == conversation_id, inbox.c.id > id)
        columns = (inbox.c.id, inbox.c.created_at, inbox.c.body)
        rows = self._connection.execute(sa.select(*columns).where(mine).order_by(inbox.c.id))
        found = [Bubble(row.id, row.created_at, _event.validate_python(self._seal.show(row.body))) for row in rows]
        return [one for one in found if one.event.kind not in ("timer", "vote", "agent")]

    def last_at(self, conversation_id: str) -> datetime | None:
        """When something came last."""
        mine = sa.select(sa.func.max(inbox.c.created_at)).where(inbox.c.conversation_id == conversation_id)
        found: datetime | None = self._connection.scalar(mine)
        return found

    def last_of(self, conversations: Collection[str]) -> dict[str, datetime]:
        """The same of several."""
        mine = inbox.c.conversation_id.in_(list(conversations))
        last = sa.select(inbox.c.conversation_id, sa.func.max(inbox.c.created_at)).where(mine)
        rows = self._connection.execute(last.group_by(inbox.c.conversation_id))
        return {row[0]: row[1] for row in rows}

    def begun(self, id: int) -> bool:
        """Has somebody begun to answer it?"""
        found = self._connection.execute(sa.select(inbox.c.status, inbox.c.tries).where(inbox.c.id == id)).first()
        return found is not None and (found.status != "ready" or found.tries > 0)

    def waiting(self) -> int:
        """How many events have no answer yet; for the health page, never on the way of a message."""
        count = sa.select(sa.func.count()).select_from(inbox).where(live(inbox))
        return int(self._connection.scalar(count) or 0)
