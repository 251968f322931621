"""Another key: whatever was sealed is sealed anew. It may be killed at any moment; done again, it goes on."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import sqlalchemy as sa

from bot.materials.files import Files
from bot.seal import Seal, is_sealed
from bot.store.appointment_tables import appointment, seat
from bot.store.case_tables import metadata
from bot.store.db import Store, Tables
from bot.store.ledger import phone_key
from bot.store.licence_tables import holder, licence
from bot.store.signing_tables import signing
from bot.store.tables import conversation

_AT_ONCE = 500  # rows in one transaction

Row = dict[str, Any]
Progress = Callable[[str, int], None]


def rekey(store: Store, files: Files, progress: Progress) -> dict[str, int]:
    """Seal every value and file with the key of now; how many of each were not yet.

    OperatorError where something opens with neither key: then the former one must stay.
    """
    seal, counts = files.seal, dict[str, int]()
    for table in metadata.sorted_tables:
        counts[table.name] = _table(store, seal, table)
        progress(table.name, counts[table.name])
    counts["marks"] = store.write(lambda tables: _Marks(tables, seal).renew())
    counts["files"] = sum(files.renew(id) for id in files.all())
    progress("files", counts["files"])
    return {name: count for name, count in counts.items() if count}


def _table(store: Store, seal: Seal, table: sa.Table) -> int:
    """Every sealed word of a table."""
    words = [column for column in table.c if isinstance(column.type, sa.Text | sa.JSON) and not column.primary_key]
    if not words:
        return 0
    keys, count = list(table.primary_key.columns), 0
    after: tuple[Any, ...] | None = None
    while True:
        rows = store.read(partial(_rows, keys, words, after))
        if not rows:
            return count
        after = tuple(rows[-1][: len(keys)])
        changed = [(row, new) for row in rows if (new := _renewed(seal, words, row[len(keys) :]))]
        store.write(partial(_write, table, keys, changed))
        count += sum(len(new) for _, new in changed)


def _rows(keys: list[Any], words: list[Any], after: tuple[Any, ...] | None, tables: Tables) -> list[Any]:
    """The next rows in the order of their keys."""
    statement = sa.select(*keys, *words).order_by(*keys).limit(_AT_ONCE)
    if after is not None:
        statement = statement.where(sa.tuple_(*keys) > sa.tuple_(*map(sa.literal, after, [key.type for key in keys])))
    return list(tables.connection.execute(statement))


def _renewed(seal: Seal, words: list[Any], values: Any) -> Row:
    found = {column.name: value for column, value in zip(words, values, strict=True) if is_sealed(value)}
    return {name: new for name, value in found.items() if (new := seal.rewritten(value)) is not None}


def _write(table: sa.Table, keys: list[Any], changed: list[tuple[Any, Row]], tables: Tables) -> None:
    for row, new in changed:
        mine = sa.and_(*(key == value for key, value in zip(keys, row, strict=False)))
        tables.connection.execute(sa.update(table).where(mine).values(**new))


@dataclass(frozen=True)
class _Marks:
    """Digests by which rows are found: whoever had the former key could guess numbers by them."""

    tables: Tables
    seal: Seal

    def renew(self) -> int:
        return self._holders() + self._licences() + self._visitors() + self._links()

    def _holders(self) -> int:
        """Each is known by a code, or by name and telephone."""
        barred, count = self._barred(), 0
        for row in self._all(holder):
            name, code, phone = (self.seal.read(word) for word in (row.name, row.code, row.phone))
            values = {
                "key": self._moved(row.key, [f"code:{code}", f"name:{name}|{phone}"]),
                "phone_key": phone_key(self.seal, phone),
                "digest": self.seal.digest(f"{name}|{phone}"),
                "barred": sorted(barred.get(mark, mark) for mark in row.barred),
            }
            count += self._set(holder, holder.c.id == row.id, row, values)
        return count

    def _licences(self) -> int:
        count = 0
        for row in self._all(licence):
            place = json.loads(self.seal.read(row.place)) if row.place else {"shop": "", "address": ""}
            said = [row.holder_id, place["shop"], place["address"], row.issued_on, row.expires_on]
            values = {"digest": self.seal.digest(json.dumps(said, ensure_ascii=False))}
            count += self._set(licence, licence.c.id == row.id, row, values)
        return count

    def _visitors(self) -> int:
        """Who has an appointment by a telephone, and no conversation."""
        count = 0
        for row in self._all(appointment, appointment.c.person.startswith("phone:")):
            person = f"phone:{self.seal.digest(self.seal.read(row.phone))}"
            if self._set(appointment, appointment.c.id == row.id, row, {"person": person}):
                mine = seat.c.appointment_id == row.id
                self.tables.connection.execute(sa.update(seat).where(mine).values(person=person))
                count += 1
        return count

    def _links(self) -> int:
        """Links to sign with know their browser and their code by digests: whoever signs asks for another."""
        waiting = sa.update(signing).where(signing.c.state == "open").values(state="void")
        return self.tables.connection.execute(waiting).rowcount

    def _barred(self) -> dict[str, str]:
        """The mark of now, for the former one of every conversation."""
        former = self.seal.former
        assert former is not None
        ids = self.tables.connection.scalars(sa.select(conversation.c.id))
        return {former.digest(id): self.seal.digest(id) for id in ids}

    def _moved(self, mark: str, texts: list[str]) -> str:
        former = self.seal.former
        assert former is not None
        return next((self.seal.digest(text) for text in texts if former.digest(text) == mark), mark)

    def _all(self, table: sa.Table, *where: sa.ColumnElement[bool]) -> Iterator[Any]:
        yield from self.tables.connection.execute(sa.select(table).where(*where)).all()

    def _set(self, table: sa.Table, mine: sa.ColumnElement[bool], row: Any, values: Row) -> int:
        changed = {name: value for name, value in values.items() if getattr(row, name) != value}
        if changed:
            self.tables.connection.execute(sa.update(table).where(mine).values(**changed))
        return bool(changed)
