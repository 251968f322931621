"""The passages of one generation in an SQLite file: written once, then only read."""

import json
import sqlite3
import threading
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any, Literal

import numpy as np
import sqlite_utils
from numpy.typing import NDArray

from knowledge.errors import IndexUnusable
from knowledge.passages import Passage, Source
from knowledge.remit import OUTCOMES
from knowledge.units import Unit
from knowledge.wording import bare

FOREVER = date.max.toordinal()


def write_passages(
    file: Path, passages: Sequence[Passage], texts: Sequence[Unit], asks: Sequence[Unit], beside: Sequence[Unit]
) -> None:
    """A new file with the passages, the texts that are searched, the ways of asking and what is beside, by row."""
    database = sqlite_utils.Database(file)
    try:
        table: Any = database["passages"]
        table.insert_all((_row(n, one) for n, one in enumerate(passages)), pk="row")
        table.create_index(["id"], unique=True)
        table.create_index(["kind", "title"])
        for name, units in (("units", texts), ("asks", asks), ("besides", beside)):
            searched: Any = database[name]
            searched.create({"row": int, "passage": int, "form": str}, pk="row")
            # The form is kept for ways of asking alone: what somebody types word by word is found by it.
            searched.insert_all(
                {"row": n, "passage": unit.passage, "form": bare(unit.text) if units is asks else ""}
                for n, unit in enumerate(units)
            )
        table = database["asks"]
        table.create_index(["form"])
    finally:
        database.close()


def _row(number: int, passage: Passage) -> dict[str, object]:
    row = asdict(passage)
    row["valid_from"] = passage.valid_from.isoformat() if passage.valid_from else None
    row["valid_until"] = passage.valid_until.isoformat() if passage.valid_until else None
    row["questions"] = json.dumps(passage.questions, ensure_ascii=False)
    row["beside"] = json.dumps(passage.beside, ensure_ascii=False)
    row["sources"] = json.dumps(row["sources"], ensure_ascii=False, default=str)
    clean = {
        key: value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
        for key, value in row.items()
    }
    return {"row": number, **clean}


def _day(written: str | None) -> date | None:
    return date.fromisoformat(written) if written else None


def _passage(row: dict[str, Any]) -> Passage:
    fields = {key: value for key, value in row.items() if key != "row"}
    fields["valid_from"], fields["valid_until"] = _day(row["valid_from"]), _day(row["valid_until"])
    fields["questions"] = tuple(json.loads(row["questions"]))
    fields["beside"] = tuple(json.loads(row["beside"]))
    fields["sources"] = tuple(
        Source(**{**one, "valid_from": _day(one["valid_from"])}) for one in json.loads(row["sources"])
    )
    return Passage(**fields)


class Store:
    """One generation's passages; texts stay on disk, what filters need is in arrays. Safe for several threads."""

    def __init__(self, file: Path) -> None:
        if not file.is_file():
            raise IndexUnusable(f"{file}: no such file")
        self._lock = threading.Lock()
        connection = sqlite3.connect(
            f"{file.resolve().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
        )
        self._database = sqlite_utils.Database(connection)
        try:
            self._read()
        except sqlite3.DatabaseError as error:
            connection.close()
            raise IndexUnusable(f"{file}: damaged: {error}") from error

    def _read(self) -> None:
        meta = list(self._query("select kind, valid_from, valid_until, region from passages order by row"))
        self.count = len(meta)
        self.begins = np.array([_ordinal(row["valid_from"], 0) for row in meta], np.int32)
        self.ends = np.array([_ordinal(row["valid_until"], FOREVER) for row in meta], np.int32)
        self.regions = np.array([int(row["region"] or 0) for row in meta], np.int32)
        self.remit = {kind: [n for n, row in enumerate(meta) if row["kind"] == kind] for kind in OUTCOMES}
        self.ours = np.array([row["kind"] not in OUTCOMES for row in meta], np.bool_)
        self.unit_passage = self._passages_of("units")
        self.ask_passage = self._passages_of("asks")
        self.beside_passage = self._passages_of("besides")
        self.first_unit = np.searchsorted(self.unit_passage, np.arange(self.count)).astype(np.int64)

    def _passages_of(self, table: str) -> NDArray[np.int32]:
        return np.array([row["passage"] for row in self._query(f"select passage from {table} order by row")], np.int32)

    def _query(self, sql: str, values: Iterable[object] = ()) -> list[dict[str, Any]]:
        with self._lock:
            return list(self._database.query(sql, list(values)))

    def passages(self, rows: Sequence[int]) -> list[Passage]:
        """The passages of the given rows, in their order."""
        marks = ",".join("?" * len(rows))
        found = {
            row["row"]: _passage(row) for row in self._query(f"select * from passages where row in ({marks})", rows)
        }
        return [found[row] for row in rows]

    def row_of(self, passage_id: str) -> int | None:
        found = self._query("select row from passages where id = ?", [passage_id])
        return int(found[0]["row"]) if found else None

    def asked_for(self, question: str) -> list[tuple[int, int]]:
        """The passages for which exactly this is asked, each with the place of that way of asking."""
        form = bare(question)
        asks = self._query("select row, passage from asks where form = ?", [form])
        return [(int(ask["passage"]), int(ask["row"] - self._first_ask(ask["passage"]))) for ask in asks]

    def _first_ask(self, passage: int) -> int:
        return int(np.searchsorted(self.ask_passage, passage))

    def phrasings(self) -> list[str]:
        """Titles and ways of asking: what people say who mean something that the base has."""
        rows = self._query("select title, questions from passages where kind != 'document' or questions != '[]'")
        asked = (question for row in rows for question in json.loads(row["questions"]))
        return [*dict.fromkeys(row["title"] for row in rows), *asked]

    def law_titles(self) -> list[str]:
        return [row["title"] for row in self._query("select distinct title from passages where kind = 'law'")]

    def numbers(self) -> list[str]:
        """Every number of a document (the sign under which it was issued) that the base has."""
        return [row["number"] for row in self._query("select distinct number from passages where number is not null")]

    def rows_of(
        self, column: Literal["title", "number"], values: Collection[str], article: str = ""
    ) -> NDArray[np.int64]:
        """The rows of the statutes or documents so titled or numbered; only the given article's where one is given."""
        marks = ",".join("?" * len(values))
        sql = f"select row from passages where {column} in ({marks}) and kind != 'article'"
        given: list[object] = list(values)
        if article:
            sql, given = f"{sql} and article = ?", [*given, article]
        return np.array([row["row"] for row in self._query(sql, given)], np.int64)

    def articles(self) -> dict[int, Passage]:
        """What is written to be asked for, by row: our articles, the entries of question sheets, what is not ours."""
        rows = self._query("select * from passages where questions != '[]' order by row")
        return {row["row"]: _passage(row) for row in rows}

    def close(self) -> None:
        with self._lock:
            self._database.close()


def _ordinal(written: str | None, otherwise: int) -> int:
    day = _day(written)
    return day.toordinal() if day else otherwise
