"""Deliveries of what came of cases, and what citizens say of how they were served."""

from datetime import datetime

import sqlalchemy as sa

from bot.domain.aftercare import Delivered, Delivery, Mark, Rating
from bot.seal import Seal
from bot.store.engine import insert_into
from bot.store.service_tables import delivery, rating


class Aftercare:
    def __init__(self, connection: sa.Connection, seal: Seal) -> None:
        self._connection, self._seal = connection, seal

    def deliver(self, case: str, way: Delivered, note: str, who: str, now: datetime) -> bool:
        """False where it was delivered before."""
        row = {"case_reference": case, "way": way, "note": self._seal.write(note), "who": who, "at": now}
        insert = insert_into(self._connection, delivery).values(**row).on_conflict_do_nothing()
        return self._connection.execute(insert.returning(delivery.c.case_reference)).first() is not None

    def delivery(self, case: str) -> Delivery | None:
        row = self._connection.execute(sa.select(delivery).where(delivery.c.case_reference == case)).first()
        return None if row is None else Delivery(case, row.way, self._seal.read(row.note), row.who, row.at)

    def ask(self, about: str, conversation_id: str, now: datetime) -> bool:
        """Keep that somebody is asked; False where they were: nobody is asked twice about one thing."""
        row = {"about": about, "conversation_id": conversation_id, "asked_at": now}
        insert = insert_into(self._connection, rating).values(**row).on_conflict_do_nothing(index_elements=["about"])
        return self._connection.execute(insert.returning(rating.c.id)).first() is not None

    def last_asked(self, conversation_id: str, since: datetime) -> Rating | None:
        """What they were asked about last, if it was since then."""
        mine = sa.and_(rating.c.conversation_id == conversation_id, rating.c.asked_at >= since)
        return next(iter(self._ratings(mine)), None)

    def rate(self, id: int, mark: Mark, now: datetime) -> None:
        self._connection.execute(sa.update(rating).where(rating.c.id == id).values(mark=mark, given_at=now))

    def explain(self, id: int, reason: str) -> None:
        self._connection.execute(sa.update(rating).where(rating.c.id == id).values(reason=self._seal.write(reason)))

    def ratings(self, since: datetime, until: datetime) -> list[Rating]:
        """Of what was asked in these days, the latest first."""
        return self._ratings(rating.c.asked_at >= since, rating.c.asked_at < until)

    def of_conversation(self, conversation_id: str) -> list[Rating]:
        return self._ratings(rating.c.conversation_id == conversation_id)

    def forget(self, conversation_id: str) -> None:
        """What was said stays as a mark without words and without whose it was."""
        mine = rating.c.conversation_id == conversation_id
        self._connection.execute(sa.update(rating).where(mine).values(conversation_id="", reason=""))

    def _ratings(self, *where: sa.ColumnElement[bool]) -> list[Rating]:
        rows = self._connection.execute(sa.select(rating).where(*where).order_by(rating.c.id.desc()))
        return [Rating(row.id, row.about, row.mark, self._seal.read(row.reason), row.asked_at) for row in rows]
