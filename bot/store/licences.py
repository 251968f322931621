"""The ledger: licences, and who holds them. What tells of a person is sealed; they are found by keyed hashes."""

import json
from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from bot.domain.licence import Entry, Holder, Licence, LicenceState
from bot.seal import Seal
from bot.store.ledger import phone_key, take
from bot.store.licence_tables import holder, licence, nudge, scan


class Licences:
    def __init__(self, connection: sa.Connection, seal: Seal) -> None:
        self._connection, self._seal = connection, seal

    def take(self, entries: Sequence[Entry], now: datetime, source: str = "import") -> list[str]:
        """See bot/store/ledger.py. Whoever runs the nudges looks at the whole ledger again."""
        found = take(self._connection, self._seal, entries, now, source)
        self._connection.execute(sa.delete(scan))  # so that the ledger is looked at again
        return found

    def load(self, id: int, *, hold: bool = False) -> Licence | None:
        if hold:
            self._connection.execute(sa.select(licence.c.id).where(licence.c.id == id).with_for_update())
        return next(iter(self._select(licence.c.id == id)), None)

    def numbered(self, number: str) -> list[Licence]:
        """Of whichever kind."""
        return self._select(licence.c.number == number)

    def of_conversation(self, conversation_id: str) -> list[Licence]:
        """All of the holders that are talked with here, the first to end first."""
        mine = sa.select(holder.c.id).where(holder.c.conversation_id == conversation_id)
        return self._select(licence.c.holder_id.in_(mine), licence.c.state != "ended")

    def ending(self, first: date, last: date, after: int = 0, limit: int = 1000) -> list[Licence]:
        """Those in force that end within these days, by their ids from behind `after`."""
        days = (licence.c.expires_on >= first.isoformat(), licence.c.expires_on <= last.isoformat())
        open_ = licence.c.state.in_(["active", "renewing"])
        return self._select(*days, open_, licence.c.id > after, order=licence.c.id, limit=limit)

    def listed(self, after: int = 0, limit: int = 1000, state: LicenceState | None = None) -> list[Licence]:
        """The ledger by ids, from behind `after`."""
        which = sa.true() if state is None else licence.c.state == state
        return self._select(licence.c.id > after, which, order=licence.c.id, limit=limit)

    def set(self, id: int, state: LicenceState, **more: Any) -> None:
        """A new state; where it is not in force, nothing that was still to be said of it is said."""
        values = {name: day.isoformat() if isinstance(day, date) else day for name, day in more.items()}
        self._connection.execute(sa.update(licence).where(licence.c.id == id).values(state=state, **values))
        if state != "active":
            due = sa.and_(nudge.c.licence_id == id, nudge.c.state == "due")
            self._connection.execute(sa.update(nudge).where(due).values(state="void"))

    def holder(self, id: int) -> Holder | None:
        return next(iter(self.holders([id])), None)

    def holders(self, ids: Collection[int]) -> list[Holder]:
        return self._holders(holder.c.id.in_(list(ids)))

    def holders_of(self, conversation_id: str) -> list[Holder]:
        return self._holders(holder.c.conversation_id == conversation_id)

    def with_phone(self, phone: str) -> list[Holder]:
        return self._holders(holder.c.phone_key == phone_key(self._seal, phone)) if phone else []

    def person(self, id: int) -> list[Holder]:
        """All holders that are the same person as this one: talked with in one place, or called at one number.

        None of whom it was said, where this one is talked with, that they are somebody else.
        """
        one = self._connection.execute(sa.select(holder).where(holder.c.id == id)).one()
        same = [holder.c.id == id]
        if one.conversation_id:
            same.append(holder.c.conversation_id == one.conversation_id)
        if one.phone_key:
            same.append(holder.c.phone_key == one.phone_key)
        rows = list(self._connection.execute(sa.select(holder).where(sa.or_(*same)).order_by(holder.c.id)))
        places = {self._seal.digest(row.conversation_id) for row in rows if row.conversation_id}
        if places & set(one.barred):
            return [self._read_holder(one)]
        return [self._read_holder(row) for row in rows if not places & set(row.barred)]

    def bind(self, id: int, conversation_id: str, now: datetime) -> bool:
        """Talk with a holder here from now on; False where it was said here that this is somebody else."""
        barred = self._connection.scalar(sa.select(holder.c.barred).where(holder.c.id == id))
        if barred is None or self._seal.digest(conversation_id) in barred:
            return False
        self._hold(id, conversation_id=conversation_id, changed_at=now)
        return True

    def release(self, id: int, conversation_id: str, now: datetime) -> None:
        """Not the person: never again in this conversation, nor in any other without being confirmed."""
        barred = self._connection.scalar(sa.select(holder.c.barred).where(holder.c.id == id)) or []
        mark = self._seal.digest(conversation_id)
        self._hold(id, conversation_id=None, barred=sorted({*barred, mark}), changed_at=now)

    def part(self, conversation_id: str, now: datetime) -> int:
        """These holders are talked with nowhere any more; how many. The ledger itself is the office's, and stays."""
        mine = holder.c.conversation_id == conversation_id
        gone = sa.update(holder).where(mine).values(conversation_id=None, changed_at=now)
        return self._connection.execute(gone).rowcount

    def mute(self, conversation_id: str, now: datetime | None) -> int:
        """No reminders for the holders that are talked with here, or reminders again; how many there are."""
        mine = holder.c.conversation_id == conversation_id
        return self._connection.execute(sa.update(holder).where(mine).values(muted_at=now)).rowcount

    def wait(self, ids: Collection[int], until: datetime) -> None:
        """Say nothing to these holders before then."""
        self._connection.execute(sa.update(holder).where(holder.c.id.in_(list(ids))).values(wait_until=until))

    def _hold(self, id: int, **values: Any) -> None:
        self._connection.execute(sa.update(holder).where(holder.c.id == id).values(**values))

    def _holders(self, which: sa.ColumnElement[bool]) -> list[Holder]:
        rows = self._connection.execute(sa.select(holder).where(which).order_by(holder.c.id))
        return [self._read_holder(row) for row in rows]

    def _read_holder(self, row: sa.Row[Any]) -> Holder:
        """Name, code and telephone lie sealed."""
        name, code, phone = (self._seal.read(text) for text in (row.name, row.code, row.phone))
        return Holder(row.id, name, code, phone, row.conversation_id, row.muted_at is not None)

    def _select(
        self, *where: sa.ColumnElement[bool], order: Any = licence.c.expires_on, limit: int | None = None
    ) -> list[Licence]:
        statement = sa.select(licence).where(*where).order_by(order, licence.c.id).limit(limit)
        return [self._read(row) for row in self._connection.execute(statement)]

    def _read(self, row: sa.Row[Any]) -> Licence:
        place = json.loads(self._seal.read(row.place)) if row.place else {}
        return Licence(
            row.id,
            row.kind,
            row.number,
            row.holder_id,
            _day(row.expires_on),
            row.state,
            place.get("shop", ""),
            place.get("address", ""),
            _day(row.issued_on),
            _day(row.claimed_on),
            _day(row.not_before),
        )


def _day(written: str | None) -> date | None:
    return date.fromisoformat(written) if written else None
