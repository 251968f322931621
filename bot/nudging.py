"""People are told that a licence runs out: at a decent hour, once a day, by the next way where one fails."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Row

from bot.domain.licence import Holder
from bot.errors import StoreError, place
from bot.ledger.scan import Ladders
from bot.ledger.timer import timer
from bot.ledger.wording import ORDER, PRESSING, Wording, most_pressing, plain
from bot.registry.sms import Sms
from bot.store.db import Tables
from bot.store.notices import Notice, Way
from bot.texting import LEASE, TRIES, fault, open_sms, send_queued
from bot.turn import Resources

log = logging.getLogger(__name__)

_AT_ONCE = 200
_IN_ONE = 6  # licences in one message
_CHUNKS = 20  # of the ledger, in one round
_BUSY = timedelta(minutes=30)  # since somebody wrote, in which nothing is said between


@dataclass(frozen=True)
class Nudger:
    """`sms` is the way to a gateway for texts, where there is one."""

    resources: Resources
    ladders: Ladders
    sms: Sms | None = None

    def go(self, now: datetime) -> int:
        """One round of what is due; how much there was."""
        local = now.astimezone(self.resources.hours.zone)
        done = self.look(local.date()) + self._follow(now)
        if self.resources.settings.nudges.is_quiet(local.time()):
            return done
        return done + self._late(now) + self.tell(local.date(), now) + self._texts(now)

    def look(self, day: date) -> int:
        """Go on with the look at the ledger that all workers share: it is begun anew each day, and after an import."""
        store = self.resources.store
        if store.read(lambda tables: tables.nudges.looked(day)):
            return 0
        if store.write(lambda tables: tables.nudges.is_behind(day)):
            return 0
        self.ladders.refresh(store, day)
        found = store.write(partial(_begin_look, day))
        for _ in range(_CHUNKS):
            queued = store.write(lambda tables: tables.nudges.scan_next(day))
            if queued is None:
                break
            found += queued
        return found

    def tell(self, day: date, now: datetime) -> int:
        """Up to two hundred people of whom something is due."""
        store = self.resources.store
        holders = store.read(lambda tables: tables.notices.waiting(day, now, _AT_ONCE))
        for one in holders:
            try:
                store.write(partial(self._tell, one, day, now))
            except StoreError:
                raise
            except Exception as error:  # noqa: BLE001 - of one holder; the others are told
                log.error("somebody was not told: %s", place(error))
                store.write(partial(_later, one, now + _BUSY))
        return len(holders)

    def _tell(self, holder: int, day: date, now: datetime, tables: Tables) -> None:
        """One message about all that is due of one person; a call that is still to be made takes it along."""
        person = tables.licences.person(holder)
        ids = [one.id for one in person]
        due = _most_pressing_first(tables.notices.due(ids, day))
        if not due:
            return
        if self._is_busy(tables, person, now):
            tables.licences.wait(ids, now + _BUSY)
            return
        told = {one.licence_id: one.id for one in due}  # the last of each licence
        merged = {one.id for one in due} - set(told.values())
        rung = most_pressing([one.rung for one in due])
        task = tables.notices.open_task(ids)
        if task is not None and "chat" not in self._ways(tables, person):
            tables.notices.tell(task, told.values(), merged)
            tables.notices.press(task, rung)
            return
        notice = tables.notices.open(ids, day, rung, now)
        if notice is None:
            return  # another worker was first
        tables.notices.tell(notice.id, told.values(), merged)
        tables.notices.superseded(ids, notice.id)
        if any(one.muted for one in person):
            tables.notices.close(notice.id, "declined")
        else:
            self._next_way(tables, notice, person, now)

    def _is_busy(self, tables: Tables, person: Sequence[Holder], now: datetime) -> bool:
        """Is somebody in the middle of something there, or does a member of staff talk with them?"""
        where = _place(person)
        if not where:
            return False
        last = tables.inbox.last_at(where)
        return tables.conversations.load(where).owner == "human" or (last is not None and last > now - _BUSY)

    def _ways(self, tables: Tables, person: Sequence[Holder]) -> list[Way]:
        """How this person can be reached, in the order of consent and reach."""
        where, phone = _place(person), next((one.phone for one in person if one.phone), "")
        ways: list[Way] = []
        if where.partition(":")[0] in self.resources.settings.channels:
            ways += ["chat", "notice"] if tables.consents.given(where) else ["chat"]
        if self.sms and len(phone) == 11 and phone.startswith("1"):  # no landline
            ways.append("sms")
        return [*ways, "phone", "visit"] if phone else [*ways, "visit"]

    def _next_way(self, tables: Tables, notice: Notice, person: Sequence[Holder], now: datetime) -> None:
        """The first way that was not tried yet; where there is none left, it failed."""
        tried = tables.notices.ways(notice.id)
        way = next((way for way in self._ways(tables, person) if way not in tried), None)
        if way is None and notice.state == "open":
            tables.notices.close(notice.id, "failed")
        elif way in ("chat", "notice"):
            inbox_id = tables.inbox.accept(timer(notice.id, _place(person), now, way), now)[0]
            tables.notices.go(notice.id, way, "sent", now, inbox_id=inbox_id)
        elif way == "sms":
            tables.notices.go(notice.id, "sms", "queued", now, due=now)
        elif way is not None:
            tables.notices.go(notice.id, way, "open", now)

    def _follow(self, now: datetime) -> int:
        """What became of the messages that left for a chat."""
        store, patience = self.resources.store, timedelta(hours=self.resources.settings.nudges.patience)
        count = 0
        for row in store.read(lambda tables: tables.notices.sent(_AT_ONCE)):
            if row.many and row.done == row.many:
                store.write(partial(self._arrived, row.notice_id, row.way, now))
            elif row.dead or row.lost:
                store.write(partial(self._failed, row.notice_id, row.way, "undeliverable", now))
            elif now - row.at > patience:
                store.write(partial(self._failed, row.notice_id, row.way, "not delivered in time", now))
            else:
                continue
            count += 1
        return count

    def _arrived(self, id: int, way: Way, now: datetime, tables: Tables) -> None:
        notice = tables.notices.load(id)
        patience = timedelta(hours=self.resources.settings.nudges.patience)
        waits = notice is not None and notice.rung in PRESSING and notice.state in ("open", "reached")
        kept = tables.notices.set(id, way, "reached", now, ("sent", "queued"), due=now + patience if waits else None)
        if kept and notice is not None and notice.state == "open":
            tables.notices.mark(id, "reached")

    def _failed(self, id: int, way: Way, why: str, now: datetime, tables: Tables) -> None:
        notice = tables.notices.load(id)
        kept = tables.notices.set(id, way, "failed", now, ("sent", "queued"), why=why, due=None)
        if kept and notice is not None and notice.state in ("open", "reached"):
            self._next_way(tables, notice, tables.licences.person(notice.holder), now)

    def _late(self, now: datetime) -> int:
        """What arrived, and nobody answered though it presses, goes the next way as well."""
        store = self.resources.store
        late = store.read(lambda tables: tables.notices.unanswered(now, _AT_ONCE))
        for row in late:
            store.write(partial(self._go_on, row.notice_id, row.way, now))
        return len(late)

    def _go_on(self, id: int, way: Way, now: datetime, tables: Tables) -> None:
        notice = tables.notices.load(id)
        if not tables.notices.set(id, way, "reached", now, ("reached",), due=None) or notice is None:
            return
        if notice.state == "reached" and tables.notices.licences(id):
            self._next_way(tables, notice, tables.licences.person(notice.holder), now)

    def _texts(self, now: datetime) -> int:
        store = self.resources.store
        if self.sms is None:
            return 0
        ids = store.write(lambda tables: tables.notices.claim_texts(now, now + LEASE, _AT_ONCE))
        for id in ids:
            self._text(self.sms, id, now)
        return len(ids) + send_queued(store, self.sms, now)

    def _text(self, sms: Sms, id: int, now: datetime) -> None:
        """Send one. A gateway that may have taken it is not asked again."""
        store = self.resources.store
        phone, text, tries = store.read(partial(self._written, id))
        if not text:
            store.write(lambda tables: tables.notices.set(id, "sms", "skipped", now, ("queued",), due=None))
            return
        why = fault(sms, phone, text, f"notice:{id}")
        if why is None:
            store.write(partial(self._arrived, id, "sms", now))
        elif why[0] != "later" or tries >= TRIES:
            store.write(partial(self._failed, id, "sms", why[0], now))
        else:
            due = now + timedelta(seconds=why[1] or 60 * 2**tries)
            store.write(lambda tables: tables.notices.set(id, "sms", "queued", now, ("queued",), due=due))

    def _written(self, id: int, tables: Tables) -> tuple[str, str, int]:
        """The number, the words, and how often it was tried; no words where nothing is left to be said."""
        resources, notice = self.resources, tables.notices.load(id)
        if notice is None:
            return "", "", 0
        rungs = [
            (one, row.rung) for row in tables.notices.licences(id) if (one := tables.licences.load(row.licence_id))
        ]
        phone = next((one.phone for one in tables.licences.person(notice.holder) if one.phone), "")
        wording = Wording(resources.replies, self.ladders.kinds, resources.hours, resources.settings.hall.name)
        return phone, wording.text(rungs, notice.code) if rungs else "", tables.notices.ways(id)["sms"].tries


def open_nudger(resources: Resources) -> Nudger:
    """Who tells people that a licence runs out."""
    settings, ladders = resources.settings, Ladders(resources.kinds, resources.hours)
    return Nudger(resources, ladders, open_sms(settings))


def _later(holder: int, until: datetime, tables: Tables) -> None:
    tables.licences.wait([holder], until)


def _begin_look(day: date, tables: Tables) -> int:
    """What is to be told again, and what is to be told no more, before a look at the ledger."""
    return tables.nudges.revive() + tables.nudges.again(day) + tables.notices.drop_idle()


def _most_pressing_first(due: Sequence[Row[Any]]) -> list[Row[Any]]:
    """What is due of as many licences as one message holds; the others come on another day. The later of each last."""
    pressing = {one.licence_id: ORDER.index(plain(one.rung)) for one in due}
    chosen = sorted(pressing, key=lambda id: (-pressing[id], id))[:_IN_ONE]
    return [one for one in due if one.licence_id in chosen]


def _place(person: Sequence[Holder]) -> str:
    """Where a person is talked with."""
    return next((one.conversation for one in person if one.conversation), "")
