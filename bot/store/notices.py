"""One message to one person on one day, the ways it goes, and what came of each. A way that staff walk is a task."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

import sqlalchemy as sa

from bot.store.engine import insert_into
from bot.store.invitations import SIGNS
from bot.store.licence_tables import holder, licence, notice, nudge, reach
from bot.store.tables import inbox, outbox

Way = Literal["chat", "notice", "sms", "phone", "visit"]
TASKS: tuple[Way, ...] = ("phone", "visit")
NoticeState = Literal["open", "reached", "answered", "failed", "declined"]


@dataclass(frozen=True)
class Notice:
    """`code` is what somebody names who wants to know whether it is genuine; `licence` the one that is talked of."""

    id: int
    holder: int
    day: str
    code: str
    rung: str
    licence: int | None
    state: NoticeState
    created_at: datetime


@dataclass(frozen=True)
class Reach:
    notice: int
    way: Way
    state: str
    why: str
    tries: int
    inbox_id: int | None
    at: datetime


class Notices:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def waiting(self, day: date, now: datetime, limit: int) -> list[int]:
        """Holders of whom something is due, who were told nothing today, and may be told now."""
        today = day.isoformat()
        joined = nudge.join(licence, licence.c.id == nudge.c.licence_id)
        by_what_is_due = nudge.c.licence_id > 0  # or else SQLite goes through all that was ever queued
        due = sa.select(licence.c.holder_id).select_from(joined).where(*_due(today), by_what_is_due)
        statement = (
            sa.select(holder.c.id)
            .where(holder.c.id.in_(due), sa.or_(holder.c.told_on.is_(None), holder.c.told_on != today))
            .where(sa.or_(holder.c.wait_until.is_(None), holder.c.wait_until <= now))
            .order_by(holder.c.id)
            .limit(limit)
        )
        return list(self._connection.scalars(statement))

    def due(self, holders: Collection[int], day: date) -> list[sa.Row[Any]]:
        """Nudges of these holders that are due: id, licence_id, rung; the oldest first."""
        columns = (nudge.c.id, nudge.c.licence_id, nudge.c.rung)
        joined = nudge.join(licence, licence.c.id == nudge.c.licence_id)
        mine = licence.c.holder_id.in_(list(holders))
        statement = sa.select(*columns).select_from(joined).where(*_due(day.isoformat()), mine)
        return list(self._connection.execute(statement.order_by(nudge.c.id)))

    def open(self, holders: Collection[int], day: date, rung: str, now: datetime) -> Notice | None:
        """The message of this day to one person, who is known by these holders; None where there was one."""
        insert = insert_into(self._connection, notice)
        code = "".join(secrets.choice(SIGNS) for _ in range(4))
        values = {"holder_id": min(holders), "day": day.isoformat(), "code": code, "rung": rung, "created_at": now}
        made = self._connection.execute(insert.values(**values).on_conflict_do_nothing().returning(notice.c.id)).first()
        told = sa.update(holder).where(holder.c.id.in_(list(holders))).values(told_on=day.isoformat())
        self._connection.execute(told)
        return None if made is None else self.load(made.id)

    def load(self, id: int) -> Notice | None:
        return next(iter(self._select(notice.c.id == id)), None)

    def with_code(self, code: str, since: date) -> list[Notice]:
        return self._select(notice.c.code == code.upper(), notice.c.day >= since.isoformat())

    def last_of(self, holders: Collection[int]) -> Notice | None:
        found = self._select(notice.c.holder_id.in_(list(holders)))
        return found[-1] if found else None

    def tell(self, id: int, told: Collection[int], merged: Collection[int]) -> None:
        """These nudges are told by a notice; those are merged into it, because a later rung holds."""
        for state, ids in (("told", told), ("merged", merged)):
            if ids:
                mine = nudge.c.id.in_(list(ids))
                self._connection.execute(sa.update(nudge).where(mine).values(state=state, notice_id=id))

    def licences(self, id: int) -> list[sa.Row[Any]]:
        """What a notice still has to say: licence_id and rung of what is in force and has not moved on."""
        joined = nudge.join(licence, licence.c.id == nudge.c.licence_id)
        statement = sa.select(nudge.c.licence_id, nudge.c.rung).select_from(joined)
        where = (nudge.c.notice_id == id, nudge.c.state == "told", licence.c.state == "active")
        found = statement.where(*where, licence.c.expires_on == nudge.c.term)
        return list(self._connection.execute(found.order_by(licence.c.expires_on, nudge.c.id)))

    def about(self, id: int, licence_id: int) -> None:
        """This licence is what its holder talks of now."""
        self._connection.execute(sa.update(notice).where(notice.c.id == id).values(licence_id=licence_id))

    def answered(self, id: int, licence_id: int | None, answer: str) -> None:
        """The holder has answered; nobody calls them for it any more."""
        mine = sa.and_(nudge.c.notice_id == id, sa.true() if licence_id is None else nudge.c.licence_id == licence_id)
        self._connection.execute(sa.update(nudge).where(mine).values(answer=answer))
        self.close(id, "answered")

    def mark(self, id: int, state: NoticeState) -> None:
        self._connection.execute(sa.update(notice).where(notice.c.id == id).values(state=state))

    def close(self, id: int, state: NoticeState) -> None:
        """Nothing more comes of it: no text, no call, no visit."""
        self.mark(id, state)
        mine = sa.and_(reach.c.notice_id == id, reach.c.state.in_(["queued", "open"]))
        self._connection.execute(sa.update(reach).where(mine).values(state="skipped"))
        self._connection.execute(sa.update(reach).where(reach.c.notice_id == id).values(due=None))

    def go(self, id: int, way: Way, state: str, now: datetime, **more: Any) -> bool:
        """Take a way; False where it was taken already."""
        insert = insert_into(self._connection, reach)
        values = {"notice_id": id, "way": way, "state": state, "at": now, **more}
        statement = insert.values(**values).on_conflict_do_nothing().returning(reach.c.notice_id)
        return self._connection.execute(statement).first() is not None

    def set(self, id: int, way: Way, state: str, now: datetime, was: Collection[str], **more: Any) -> bool:
        """What came of a way; False where it does not stand as it `was`."""
        mine = sa.and_(reach.c.notice_id == id, reach.c.way == way, reach.c.state.in_(list(was)))
        values = {"state": state, "at": now, **more}
        return self._connection.execute(sa.update(reach).where(mine).values(**values)).rowcount == 1

    def ways(self, id: int) -> dict[str, Reach]:
        columns = (
            reach.c.notice_id,
            reach.c.way,
            reach.c.state,
            reach.c.why,
            reach.c.tries,
            reach.c.inbox_id,
            reach.c.at,
        )
        return {
            row.way: Reach(*row) for row in self._connection.execute(sa.select(*columns).where(reach.c.notice_id == id))
        }

    def open_task(self, holders: Collection[int]) -> int | None:
        """The notice of a call or a visit that somebody still has to make to this person."""
        joined = notice.join(reach, reach.c.notice_id == notice.c.id)
        mine = notice.c.holder_id.in_(list(holders))
        rows = self._connection.execute(sa.select(notice.c.id, reach.c.state).select_from(joined).where(mine))
        return next((row.id for row in rows if row.state == "open"), None)  # not in SQL: it would go through all tasks

    def press(self, id: int, rung: str) -> None:
        self._connection.execute(sa.update(notice).where(notice.c.id == id).values(rung=rung))

    def sent(self, limit: int) -> list[sa.Row[Any]]:
        """Messages on their way in a chat, or as notices there: notice_id, way, at, how many bubbles there are, have
        arrived, and never will.
        """
        bubbles = outbox.c.inbox_id == reach.c.inbox_id
        many = sa.func.count(outbox.c.id)
        done, dead = (sa.func.sum(sa.case((outbox.c.status == state, 1), else_=0)) for state in ("done", "dead"))
        lost = sa.func.max(sa.case((inbox.c.status == "dead", 1), else_=0))
        joined = reach.join(inbox, inbox.c.id == reach.c.inbox_id).outerjoin(outbox, bubbles)
        columns = (
            reach.c.notice_id,
            reach.c.way,
            reach.c.at,
            many.label("many"),
            done.label("done"),
            dead.label("dead"),
            lost.label("lost"),
        )
        statement = (
            sa.select(*columns).select_from(joined).where(reach.c.state == "sent", reach.c.way.in_(["chat", "notice"]))
        )
        grouped = statement.group_by(reach.c.notice_id, reach.c.way, reach.c.at)
        return list(self._connection.execute(grouped.limit(limit)))

    def bounced(self, inbox_id: int, now: datetime) -> None:
        """What had arrived, as it seemed, has not: it is on its way again, and found to be lost."""
        mine = sa.and_(reach.c.inbox_id == inbox_id, reach.c.state == "reached")
        self._connection.execute(sa.update(reach).where(mine).values(state="sent", at=now, due=None))

    def unanswered(self, now: datetime, limit: int) -> list[sa.Row[Any]]:
        """Those that arrived, and that nobody has answered in time: notice_id and way."""
        late = (reach.c.state == "reached", reach.c.due <= now)
        return list(self._connection.execute(sa.select(reach.c.notice_id, reach.c.way).where(*late).limit(limit)))

    def claim_texts(self, now: datetime, until: datetime, limit: int) -> list[int]:
        """Notices to be sent as texts, for this worker until then."""
        mine = sa.and_(reach.c.way == "sms", reach.c.state == "queued", reach.c.due <= now)
        found = (
            sa.select(reach.c.notice_id)
            .where(mine)
            .order_by(reach.c.due)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        statement = sa.update(reach).where(mine, reach.c.notice_id.in_(found.scalar_subquery()))
        return list(
            self._connection.scalars(statement.values(due=until, tries=reach.c.tries + 1).returning(reach.c.notice_id))
        )

    def drop_idle(self) -> int:
        """Texts, calls and visits with nothing left to say: their licences go on, or are given up."""
        to_say = (
            sa.exists()
            .where(nudge.c.notice_id == reach.c.notice_id, nudge.c.state == "told", licence.c.id == nudge.c.licence_id)
            .where(licence.c.state == "active", licence.c.expires_on == nudge.c.term)
        )
        idle = sa.and_(reach.c.state.in_(["open", "queued"]), ~to_say)
        return self._connection.execute(sa.update(reach).where(idle).values(state="skipped", due=None)).rowcount

    def superseded(self, holders: Collection[int], but: int) -> None:
        """What was said before to this person leads nowhere any more: there is something newer."""
        old = sa.select(notice.c.id).where(notice.c.holder_id.in_(list(holders)), notice.c.id != but)
        late = sa.and_(reach.c.notice_id.in_(old), reach.c.state == "reached", reach.c.due.is_not(None))
        self._connection.execute(sa.update(reach).where(late).values(due=None))

    def _select(self, *where: sa.ColumnElement[bool]) -> list[Notice]:
        return [Notice(*row) for row in self._connection.execute(sa.select(notice).where(*where).order_by(notice.c.id))]


def _due(today: str) -> tuple[sa.ColumnElement[bool], ...]:
    quiet = sa.or_(licence.c.not_before.is_(None), licence.c.not_before <= today)
    asked = nudge.c.queued_on <= today
    return (
        nudge.c.state == sa.literal_column("'due'"),
        licence.c.state == "active",
        licence.c.expires_on == nudge.c.term,
        quiet,
        asked,
    )
