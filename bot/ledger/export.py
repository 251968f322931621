"""The ledger as a workbook, which can be taken in again. Every cell is text: nothing in it is ever run as a formula."""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import xlsxwriter

from bot.domain.licence import Holder, Licence
from bot.errors import ConfigError
from bot.ledger.kinds import COLUMNS, Kinds
from bot.store.db import Store, Tables

_AT_ONCE = 1000


def export(
    store: Store, kinds: Kinds, file: Path, who: str, now: datetime, ending: tuple[date, date] | None = None
) -> int:
    """Write all licences, or those in force that end within two days; how many. The file appears when it is whole."""
    part, count = file.with_name(f"{file.name}.part"), 0
    try:
        part.touch(0o600)
        with xlsxwriter.Workbook(part, {"constant_memory": True, "strings_to_formulas": False}) as book:
            sheet = book.add_worksheet()
            for place, name in enumerate(COLUMNS):
                sheet.write_string(0, place, kinds.columns[name][0])
            for count, row in enumerate(_rows(store, kinds, ending), 1):
                for place, cell in enumerate(row):
                    sheet.write_string(count, place, cell)
        part.replace(file)
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
    store.write(lambda tables: tables.audits.put(who, "export ledger", "ledger", now, {"licences": count}))
    return count


def _rows(store: Store, kinds: Kinds, ending: tuple[date, date] | None) -> Iterator[tuple[str, ...]]:
    after = 0

    def some(tables: Tables) -> list[tuple[Licence, Holder]]:
        found = tables.licences.ending(*ending, after, _AT_ONCE) if ending else tables.licences.listed(after, _AT_ONCE)
        holders = {one.id: one for one in tables.licences.holders({one.holder for one in found})}
        return [(one, holders[one.holder]) for one in found]

    while found := store.read(some):
        for one, holder in found:
            days = (day.isoformat() if day else "" for day in (one.issued_on, one.expires_on))
            kind = kinds.of[one.kind].name if one.kind in kinds.of else one.kind
            yield kind, one.number, holder.name, holder.code, holder.phone, one.shop, one.address, *days
        after = found[-1][0].id
