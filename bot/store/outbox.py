"""What is to be said. Replies, agents' words and nudges all leave by this door, in order."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from pydantic import TypeAdapter

from bot.domain.messages import OutboundMessage
from bot.seal import Seal
from bot.store import queue
from bot.store.queue import Claim
from bot.store.tables import outbox

_message = TypeAdapter(OutboundMessage)


@dataclass(frozen=True)
class Queued:
    """A message with its place in the conversation."""

    id: int
    inbox_id: int | None
    created_at: datetime
    message: OutboundMessage


def message_of(claimed: Claim) -> OutboundMessage:
    return _message.validate_python(claimed.body)


class Outbox:
    def __init__(self, connection: sa.Connection, seal: Seal) -> None:
        self._connection, self._seal = connection, seal

    def put(
        self,
        conversation_id: str,
        messages: Sequence[OutboundMessage],
        now: datetime,
        key: str,
        inbox_id: int | None = None,
    ) -> bool:
        """Queue `messages`; False where all of this key were queued before."""
        ids = [
            queue.put(
                self._connection,
                outbox,
                channel=conversation_id.partition(":")[0],
                key=f"{key}:{place}",
                conversation_id=conversation_id,
                inbox_id=inbox_id,
                body=self._seal.hide(_message.dump_python(message, mode="json")),
                due=now,
                created_at=now,
            )
            for place, message in enumerate(messages)
        ]
        return any(id is not None for id in ids)

    def heard(self, conversation_id: str, message: OutboundMessage, now: datetime, key: str) -> None:
        """What somebody else has said there already: kept for whoever reads the conversation, and not said again."""
        self.put(conversation_id, [message], now, key)
        mine = sa.and_(outbox.c.key == f"{key}:0", outbox.c.channel == conversation_id.partition(":")[0])
        self._connection.execute(sa.update(outbox).where(mine).values(status="done", finished_at=now))

    def bounced(self, id: int, conversation_id: str, now: datetime, error: str) -> OutboundMessage | None:
        """The platform took a message, and says now that it did not arrive; None where we know of none."""
        mine = sa.and_(outbox.c.id == id, outbox.c.conversation_id == conversation_id, outbox.c.status == "done")
        changed = sa.update(outbox).where(mine).values(status="dead", error=error, finished_at=now)
        row = self._connection.execute(changed.returning(outbox.c.body)).first()
        return None if row is None else _message.validate_python(self._seal.show(row.body))

    def notice_lost(self, conversation_id: str, now: datetime, error: str) -> int | None:
        """The last notice by template that was sent there has not arrived: the event that it was of."""
        for queued in reversed(self._select(outbox.c.conversation_id == conversation_id, limit=None)):
            if queued.message.template and self.bounced(queued.id, conversation_id, now, error) is not None:
                return queued.inbox_id
        return None

    def claim(
        self,
        now: datetime,
        lease: timedelta,
        channels: Collection[str],
        limit: int = 1,
        only: str | None = None,
    ) -> list[Claim]:
        found = queue.claim(self._connection, outbox, now, lease, channels, limit, only)
        return [replace(one, body=self._seal.show(one.body)) for one in found]

    def sent(self, claimed: Claim, now: datetime) -> None:
        queue.settle(self._connection, outbox, claimed, status="done", finished_at=now)

    def again(self, claimed: Claim, now: datetime, error: str, give_up_at: int, wait: float | None = None) -> bool:
        """True where the row is dead now."""
        return queue.again(self._connection, outbox, claimed, now, error, give_up_at, wait)

    def of_turn(self, inbox_id: int) -> list[OutboundMessage]:
        return [queued.message for queued in self._select(outbox.c.inbox_id == inbox_id)]

    def after(self, conversation_id: str, id: int, limit: int | None = 100) -> list[Queued]:
        """A conversation's messages behind `id`, whether or not a channel has them yet."""
        return self._select(outbox.c.conversation_id == conversation_id, outbox.c.id > id, limit=limit)

    def last_choices(self, conversation_id: str, since: datetime) -> tuple[str, ...]:
        """The choices that our last turn offered, or what we said by ourselves later; none from before `since`."""
        mine = outbox.c.conversation_id == conversation_id
        last = sa.select(sa.func.max(outbox.c.inbox_id)).where(mine).scalar_subquery()
        first = sa.select(sa.func.min(outbox.c.id)).where(outbox.c.inbox_id == last).scalar_subquery()
        said = self._select(mine, outbox.c.id >= sa.func.coalesce(first, 0), outbox.c.created_at >= since)
        return next((queued.message.choices for queued in reversed(said) if queued.message.choices), ())

    def _select(self, *where: sa.ColumnElement[bool], limit: int | None = None) -> list[Queued]:
        columns = (outbox.c.id, outbox.c.inbox_id, outbox.c.created_at, outbox.c.body)
        statement = sa.select(*columns).where(*where).order_by(outbox.c.id).limit(limit)
        rows = self._connection.execute(statement)
        return [
            Queued(row.id, row.inbox_id, row.created_at, _message.validate_python(self._seal.show(row.body)))
            for row in rows
        ]
