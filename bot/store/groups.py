"""Groups of staff on platforms: what each was told of whom, and which accounts there are whose."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from bot.domain.group import Topic
from bot.store.engine import insert_into
from bot.store.service_tables import device, topic
from bot.store.tables import outbox


class Groups:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def topic(self, conversation_id: str, channel: str) -> Topic | None:
        return self._topic(topic.c.conversation_id == conversation_id, topic.c.channel == channel)

    def of_thread(self, channel: str, thread: int) -> Topic | None:
        return self._topic(topic.c.channel == channel, topic.c.thread == thread)

    def open(self, channel: str) -> Sequence[Topic]:
        """Those of which the group was not told yet that it is over."""
        mine = sa.select(topic).where(topic.c.channel == channel, topic.c.told != "closed")
        return [_read(row) for row in self._connection.execute(mine)]

    def keep(self, one: Topic) -> None:
        """All but its thread, which the platform gives."""
        row = {"told": one.told, "heard_id": one.heard_id, "ticket_id": one.ticket}
        key = {"conversation_id": one.conversation, "channel": one.channel}
        insert = insert_into(self._connection, topic).values(**key, **row)
        self._connection.execute(insert.on_conflict_do_update(index_elements=list(key), set_=row))

    def threaded(self, one: Topic, thread: int | None) -> None:
        mine = sa.and_(topic.c.conversation_id == one.conversation, topic.c.channel == one.channel)
        self._connection.execute(sa.update(topic).where(mine).values(thread=thread))

    def bind(self, platform: str, account: str, staff: str, now: datetime) -> None:
        """The account is this member of staff from now on."""
        row = {"staff": staff, "bound_at": now}
        insert = insert_into(self._connection, device).values(platform=platform, account=account, **row)
        self._connection.execute(insert.on_conflict_do_update(index_elements=["platform", "account"], set_=row))

    def staff_of(self, platform: str, account: str) -> str:
        """ "" of a stranger."""
        mine = sa.and_(device.c.platform == platform, device.c.account == account)
        return str(self._connection.scalar(sa.select(device.c.staff).where(mine)) or "")

    def devices(self, staff: str) -> list[tuple[str, datetime]]:
        """The platforms on which somebody is bound, and since when."""
        mine = (
            sa.select(device.c.platform, device.c.bound_at).where(device.c.staff == staff).order_by(device.c.bound_at)
        )
        return [(row.platform, row.bound_at) for row in self._connection.execute(mine)]

    def part(self, staff: str) -> None:
        """None of their accounts is theirs any more."""
        self._connection.execute(sa.delete(device).where(device.c.staff == staff))

    def forget(self, conversation_id: str) -> None:
        """With what the groups were told."""
        mine = sa.select(topic).where(topic.c.conversation_id == conversation_id)
        addresses = [_read(row).address for row in self._connection.execute(mine)]
        said = sa.and_(outbox.c.conversation_id.in_(addresses), outbox.c.finished_at.is_not(None))
        self._connection.execute(sa.delete(outbox).where(said))
        self._connection.execute(sa.delete(topic).where(topic.c.conversation_id == conversation_id))

    def _topic(self, *where: sa.ColumnElement[bool]) -> Topic | None:
        row = self._connection.execute(sa.select(topic).where(*where)).first()
        return None if row is None else _read(row)


def _read(row: sa.Row[tuple[object, ...]]) -> Topic:
    return Topic(row.conversation_id, row.channel, row.ticket_id, row.thread, row.told, row.heard_id)
