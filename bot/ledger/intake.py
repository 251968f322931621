"""A ledger taken in: every row is right, or refused with its number and the reason. Doing it twice changes nothing."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from itertools import islice
from pathlib import Path

from bot.domain.licence import Entry, Report, last_day
from bot.errors import ConfigError
from bot.ledger import sheet
from bot.ledger.days import read_day
from bot.ledger.kinds import COLUMNS, Kinds
from bot.ledger.sheet import Cell, Row
from bot.store.db import Store, Tables
from bot.store.ledger import ADDED, CHANGED, SAME
from nlu.codes import sound_id, sound_uscc

Progress = Callable[[int], None]

_AT_ONCE = 1000
_HEADING_WITHIN = 20  # rows
_LEAST_NAMES = 3
_LONGEST = 200
_WHOLE_DIGITS = 15  # Excel keeps no more of a number
_SCIENTIFIC = re.compile(r"\d(\.\d+)?[eE]\+?\d+")
_FORMULA = re.compile(r"[=@]")
_MOBILE = re.compile(r"1[3-9]\d{9}")


class Refused(Exception):
    """Why a row is not taken: a reason for staff, without what the row says of anybody."""


@dataclass(frozen=True)
class Reader:
    """Reads the rows below a heading. `places` are the columns by name."""

    kinds: Kinds
    places: Mapping[str, int]
    serials: bool

    def entry(self, row: Row) -> Entry:
        cells = {name: row[at] if at < len(row) else None for name, at in self.places.items()}
        code = self.kinds.named(_text(cells, "kind"))
        if code is None:
            raise Refused("kind: not one of config/licences.yml" if cells.get("kind") else "kind: missing")
        number = _text(cells, "number").upper()
        if not any(sign.isalnum() for sign in number):
            raise Refused("number: missing")
        holder = _text(cells, "holder") or _text(cells, "shop")
        if not holder:
            raise Refused("holder: missing")
        shop, address = _text(cells, "shop"), _text(cells, "address")
        return Entry(code, number, holder, _code(cells), _phone(cells), shop, address, *self._days(code, cells))

    def _days(self, code: str, cells: Mapping[str, Cell]) -> tuple[date | None, date | None]:
        kind = self.kinds.of[code]
        issued = self._day(cells, "issued_on", last=False)
        if kind.validity == "lasting":
            return issued, None
        expires = self._day(cells, "expires_on", last=True)
        if expires is None and kind.years and issued:
            expires = last_day(issued, kind.years)
        if expires is None:
            raise Refused(
                "expires_on: missing, and for this kind it is never computed"
                if not kind.years
                else "expires_on: missing"
            )
        if issued and expires < issued:
            raise Refused("expires_on: before issued_on")
        return issued, expires

    def _day(self, cells: Mapping[str, Cell], name: str, *, last: bool) -> date | None:
        cell = cells.get(name)
        if cell is None or (isinstance(cell, str) and not cell.strip()):
            return None
        try:
            return read_day(cell, last=last, serials=self.serials)
        except (ValueError, OverflowError) as error:
            raise Refused(f"{name}: {error}") from error


def import_file(
    store: Store, kinds: Kinds, path: Path, who: str, now: datetime, progress: Progress | None = None
) -> Report:
    """Take a file in, a thousand rows in each transaction; cut short, it is simply done again."""
    lines = sheet.rows(path)
    reader = _reader(kinds, path, lines)
    found, seen, count = Report(), dict[tuple[str, str], int](), 0
    while some := list(islice(lines, _AT_ONCE)):
        entries = list(_entries(reader, some, seen, found))
        if entries:
            outcomes = store.write(partial(_take, [entry for _, entry in entries], now))
            _sort(found, [number for number, _ in entries], outcomes)
        count += len(some)
        if progress:
            progress(count)
    found.refused.sort()
    told = {"added": found.added, "changed": found.changed, "same": found.same, "refused": len(found.refused)}
    store.write(lambda tables: tables.audits.put(who, "import ledger", path.name, now, told))
    return found


def _reader(kinds: Kinds, path: Path, lines: Iterator[tuple[int, Row]]) -> Reader:
    """Finds the heading, below whatever title the sheet has. ConfigError where there is none."""
    names = {name: column for column, called in kinds.columns.items() for name in (column, *called)}
    for _, row in islice(lines, _HEADING_WITHIN):
        found: dict[str, int] = {}
        for place, name in enumerate(sheet.heading(row)):
            if name in names:
                found.setdefault(names[name], place)
        if len(found) >= _LEAST_NAMES and {"kind", "number"} <= set(found):
            return Reader(kinds, found, not sheet.counts_from_1904(path))
    raise ConfigError(f"{path}: no heading; columns are {', '.join(COLUMNS)}, or what config/licences.yml calls them")


def _entries(
    reader: Reader, some: Sequence[tuple[int, Row]], seen: dict[tuple[str, str], int], found: Report
) -> Iterator[tuple[int, Entry]]:
    for number, row in some:
        try:
            entry = reader.entry(row)
        except Refused as why:
            found.refused.append((number, str(why)))
            continue
        first = seen.setdefault((entry.kind, entry.number), number)
        if first != number:
            found.refused.append((number, f"number: stands in row {first} already"))
            continue
        yield number, entry


def _take(entries: Sequence[Entry], now: datetime, tables: Tables) -> list[str]:
    return tables.licences.take(entries, now)


def _sort(found: Report, numbers: Sequence[int], outcomes: Sequence[str]) -> None:
    found.added += outcomes.count(ADDED)
    found.changed += outcomes.count(CHANGED)
    found.same += outcomes.count(SAME)
    known = (ADDED, CHANGED, SAME)
    found.refused += [(number, why) for number, why in zip(numbers, outcomes, strict=True) if why not in known]


def _text(cells: Mapping[str, Cell], name: str) -> str:
    """A cell as text, in one line and in narrow signs."""
    cell = cells.get(name)
    if cell is None:
        return ""
    if isinstance(cell, float | int) and not isinstance(cell, bool):
        if cell != int(cell) or len(str(int(cell))) > _WHOLE_DIGITS:
            raise Refused(f"{name}: a long number kept as a number has lost digits; keep the column as text")
        return str(int(cell))
    found = " ".join(unicodedata.normalize("NFKC", str(cell)).split())
    if found.startswith("#") and found.isupper():
        raise Refused(f"{name}: a formula that failed")
    if _FORMULA.match(found):
        raise Refused(f"{name}: a formula")
    if name in ("number", "code", "phone") and _SCIENTIFIC.fullmatch(found):
        raise Refused(f"{name}: a long number kept as a number has lost digits; keep the column as text")
    if len(found) > _LONGEST:
        raise Refused(f"{name}: longer than {_LONGEST} characters")
    return found


def _code(cells: Mapping[str, Cell]) -> str:
    found = _text(cells, "code").replace(" ", "").upper()
    if found and not (sound_uscc(found) or sound_id(found)):
        raise Refused("code: no sound credit code or identity number")
    return found


def _phone(cells: Mapping[str, Cell]) -> str:
    """A mobile number; of a landline nothing is kept but that it stands there for those who call."""
    found = re.sub(r"[\s()-]", "", _text(cells, "phone")).removeprefix("+86")
    if found and not _MOBILE.fullmatch(found) and not re.fullmatch(r"0?\d{7,11}", found):
        raise Refused("phone: no telephone number")
    return found
