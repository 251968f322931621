"""Taking licences into the ledger, many at a time: each is added, changed, the same as before, or refused."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.domain.licence import Entry
from bot.seal import Seal
from bot.store.licence_tables import holder, licence

ADDED, CHANGED, SAME = "added", "changed", "same"
OLDER = "older than what is known of this licence"


def take(
    connection: sa.Connection, seal: Seal, entries: Sequence[Entry], now: datetime, source: str = "import"
) -> list[str]:
    """What became of each; anything but added, changed and same is the reason for which it was refused.

    No two of the entries have the same kind and number. What one of our own cases gave is not set back by a ledger.
    """
    holders = _holders(connection, seal, entries, now)
    numbers = [entry.number for entry in entries]
    columns = ("id", "kind", "number", "digest", "expires_on", "source", "state")
    rows = connection.execute(sa.select(*(licence.c[name] for name in columns)).where(licence.c.number.in_(numbers)))
    known = {(row.kind, row.number): row for row in rows}
    new: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    outcomes = []
    for entry, holder_id in zip(entries, holders, strict=True):
        values = _values(seal, entry, holder_id, source, now)
        found = known.get((entry.kind, entry.number))
        outcomes.append(_outcome(found, values, source))
        if outcomes[-1] == ADDED:
            new.append(values)
        elif outcomes[-1] == CHANGED and found is not None:
            moved = found.expires_on != values["expires_on"]
            changed.append(values | {"row": found.id, "state": "active" if moved else found.state, "moved": moved})
    if new:
        connection.execute(sa.insert(licence), new)
    _change(connection, changed)
    return outcomes


def holder_key(seal: Seal, entry: Entry) -> str:
    """By which a holder is known again: the code, or else the name with the telephone."""
    return seal.digest(f"code:{entry.code}" if entry.code else f"name:{entry.holder}|{entry.phone}")


def phone_key(seal: Seal, phone: str) -> str:
    return seal.digest(f"phone:{phone}") if phone else ""


def _outcome(found: sa.Row[Any] | None, values: dict[str, Any], source: str) -> str:
    if found is None:
        return ADDED
    if found.digest == values["digest"]:
        return SAME
    before, after = found.expires_on or "", values["expires_on"] or "9999"
    if source == "import" and found.source != "import" and after <= before:
        return SAME if after == before else OLDER
    return CHANGED


def _values(seal: Seal, entry: Entry, holder_id: int, source: str, now: datetime) -> dict[str, Any]:
    issued, expires = (day.isoformat() if day else None for day in (entry.issued_on, entry.expires_on))
    said = json.dumps([holder_id, entry.shop, entry.address, issued, expires], ensure_ascii=False)
    place = json.dumps({"shop": entry.shop, "address": entry.address}, ensure_ascii=False)
    return {
        "kind": entry.kind,
        "number": entry.number,
        "holder_id": holder_id,
        "place": seal.write(place) if entry.shop or entry.address else "",
        "issued_on": issued,
        "expires_on": expires,
        "source": source,
        "digest": seal.digest(said),
        "changed_at": now,
    }


def _change(connection: sa.Connection, rows: list[dict[str, Any]]) -> None:
    """A licence with a new end is in force again, whatever its holder had said of the old one."""
    for row in rows:
        id, moved = row.pop("row"), row.pop("moved")
        gone = {"claimed_on": None, "not_before": None} if moved else {}
        connection.execute(sa.update(licence).where(licence.c.id == id).values(**row, **gone))


def _holders(connection: sa.Connection, seal: Seal, entries: Sequence[Entry], now: datetime) -> list[int]:
    """The holder of each entry, known or new; what is told of them now stands in the place of what was."""
    keys = [holder_key(seal, entry) for entry in entries]
    told = dict(zip(keys, entries, strict=True))  # the last one
    columns = (holder.c.id, holder.c.key, holder.c.digest)
    known = {row.key: row for row in connection.execute(sa.select(*columns).where(holder.c.key.in_(list(told))))}
    new = []
    for key, entry in told.items():
        digest = seal.digest(f"{entry.holder}|{entry.phone}")
        found = known.get(key)
        if found is not None and found.digest == digest:
            continue
        values = {
            "name": seal.write(entry.holder),
            "code": seal.write(entry.code) if entry.code else "",
            "phone": seal.write(entry.phone) if entry.phone else "",
            "phone_key": phone_key(seal, entry.phone),
            "digest": digest,
            "changed_at": now,
        }
        if found is None:
            new.append(values | {"key": key, "barred": []})
        else:
            connection.execute(sa.update(holder).where(holder.c.id == found.id).values(values))
    if new:
        connection.execute(sa.insert(holder), new)
    rows = connection.execute(sa.select(holder.c.key, holder.c.id).where(holder.c.key.in_(list(told))))
    ids = {row.key: row.id for row in rows}
    return [ids[key] for key in keys]
