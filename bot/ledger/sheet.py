"""A ledger as it comes from other offices, .xlsx or .csv, as rows of cells with the numbers that Excel gives them."""

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path

import python_calamine

from bot.errors import ConfigError

Cell = str | int | float | bool | date | datetime | time | timedelta | None
Row = list[Cell]

_FROM_1904 = re.compile(rb'date1904="(1|true)"')
_MOST_BYTES = 200_000_000


def rows(path: Path) -> Iterator[tuple[int, Row]]:
    """The rows that hold anything, each with its number. ConfigError for a file that is no ledger."""
    kind = path.suffix.lower()
    if kind not in (".xlsx", ".csv"):
        raise ConfigError(f"{path}: a ledger is .xlsx or .csv")
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ConfigError(f"{path}: larger than {_MOST_BYTES // 1_000_000} MB")
        found = _csv(path) if kind == ".csv" else _xlsx(path)
        yield from ((number, row) for number, row in found if any(cell not in (None, "") for cell in row))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}") from error


def counts_from_1904(path: Path) -> bool:
    """Whether bare numbers in a workbook are days since 1904, as old Macs counted."""
    if path.suffix.lower() != ".xlsx":
        return False
    with zipfile.ZipFile(path) as archive:
        return _FROM_1904.search(archive.read("xl/workbook.xml")) is not None


def _csv(path: Path) -> Iterator[tuple[int, Row]]:
    """UTF-8, or what Excel writes in Chinese (GB 18030, GBK within it); commas, or tabs."""
    content = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise ConfigError(f"{path}: neither UTF-8 nor GBK")
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter="\t" if first.count("\t") > first.count(",") else ",")
    try:
        for number, row in enumerate(reader, 1):
            yield number, list(row)
    except csv.Error as error:
        raise ConfigError(f"{path}: line {reader.line_num}: {error}") from error


def _xlsx(path: Path) -> Iterator[tuple[int, Row]]:
    """The first sheet with anything in it. A formula is what it came to; cells that are merged all hold what stands."""
    try:
        with python_calamine.load_workbook(path) as book:
            for name in book.sheet_names:
                sheet = book.get_sheet_by_name(name)
                if sheet.height:
                    yield from _of_sheet(sheet)
                    return
    except (python_calamine.CalamineError, zipfile.BadZipFile) as error:
        raise ConfigError(f"{path}: no workbook: {error}") from error


def _of_sheet(sheet: python_calamine.CalamineSheet) -> Iterator[tuple[int, Row]]:
    top, left = sheet.start or (0, 0)
    table: list[Row] = [list(row) for row in sheet.to_python(skip_empty_area=True)]
    for (first_row, first), (last_row, last) in sheet.merged_cell_ranges or ():
        _spread(table, first_row - top, last_row - top, first - left, last - left)
    yield from enumerate(table, top + 1)


def _spread(table: list[Row], first_row: int, last_row: int, first: int, last: int) -> None:
    """What stands in the first of merged cells stands in all of them."""
    if not (0 <= first_row < len(table) and 0 <= first < len(table[first_row])):
        return
    held = table[first_row][first]
    for row in table[first_row : last_row + 1]:
        for column in range(first, min(last + 1, len(row))):
            row[column] = held


def heading(row: Sequence[Cell]) -> list[str]:
    """The names of columns, without the spaces and line breaks that forms put in."""
    return ["".join(str(cell).split()).strip(":：*") if isinstance(cell, str) else "" for cell in row]
