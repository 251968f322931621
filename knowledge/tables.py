"""Sheets as rows of text: .xlsx workbooks and .csv files."""

import csv
import io
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, time
from pathlib import Path
from typing import Any

from knowledge.containers import BROKEN, check_container
from knowledge.errors import SourceFault

MOST_ROWS, MOST_COLUMNS = 20_000, 64
LONGEST_CELL = 200_000
ERRORS = {"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!"}
DELIMITERS = ",\t;"

Row = tuple[int, tuple[str, ...]]  # its number, from one on, and its cells


@dataclass(frozen=True)
class Sheet:
    """One sheet; rows without any text are left out. `why` says why it, or a part of it, was not read."""

    name: str  # "" where the file has no sheets
    rows: tuple[Row, ...]
    why: str = ""


def workbook(path: Path) -> list[Sheet]:
    """The sheets of a .xlsx file, with what its formulas gave when it was saved; raises SourceFault."""
    import openpyxl
    from openpyxl.utils.exceptions import CellCoordinatesException, IllegalCharacterError, InvalidFileException

    check_container(path)
    try:
        with warnings.catch_warnings(action="ignore"):  # of colours, validations and the like that it leaves out
            opened = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
            try:
                return [_sheet(one) for one in opened.worksheets]
            finally:
                opened.close()
    except (*BROKEN, CellCoordinatesException, IllegalCharacterError, InvalidFileException) as error:
        raise SourceFault(path, 0, "broken: not a .xlsx file that can be read") from error


def _sheet(opened: Any) -> Sheet:
    if opened.sheet_state != "visible":
        return Sheet(opened.title, (), "hidden; not read")
    opened.reset_dimensions()  # what a file says of its size is often wrong
    values = opened.iter_rows(max_row=MOST_ROWS + 1, max_col=MOST_COLUMNS, values_only=True)
    return _bounded(opened.title, ((n, tuple(map(_text, row))) for n, row in enumerate(values, start=1)))


def csv_sheet(text: str) -> Sheet:
    """The rows of a text whose first line parts its cells by commas, semicolons or tabs."""
    head = next((line for line in text.splitlines() if line.strip()), "")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(DELIMITERS, key=head.count), strict=True)
    rows: list[Row] = []
    try:
        rows += ((n, tuple(map(_text, cells))) for n, cells in enumerate(reader, start=1))
    except csv.Error as error:
        why = f"from row {len(rows) + 1} on no CSV: {error}; not read from there"
        return replace(_bounded("", rows), why=why)
    return _bounded("", rows)


def _bounded(name: str, rows: Iterable[Row]) -> Sheet:
    filled = [(n, cells[:MOST_COLUMNS]) for n, cells in rows if any(cells)]
    kept = tuple(row for row in filled if row[0] <= MOST_ROWS)
    more = len(filled) > len(kept)
    return Sheet(name, kept, f"more than {MOST_ROWS:,} rows; those after them are not read" if more else "")


def _text(value: object) -> str:
    """A cell's value as its reader sees it; "" for an error of a formula."""
    if value is None or value in ERRORS:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()[:LONGEST_CELL]
