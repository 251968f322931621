"""Sheets of questions and answers: one passage a row, searched by each of its ways of asking."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from knowledge.errors import SourceFault
from knowledge.passages import Passage, Source
from knowledge.patterns import pattern, phrases
from knowledge.places import ends_with_place, place_named
from knowledge.provenance import Said
from knowledge.tables import Row, Sheet
from knowledge.validity import day_of, place_of_issue
from knowledge.wording import bare, plain

COLUMNS = ("question", "answer", "source", "number", "region", "valid_from", "valid_until", "others")
HEADER_WITHIN = 10  # rows of a sheet
LONGEST_TITLE = 60


@dataclass(frozen=True)
class _Entry:
    """One row, read; the sheet and its number are for the faults."""

    sheet: Sheet
    row: int
    questions: tuple[str, ...]
    answer: str
    source: Source
    region: str
    valid_from: date | None
    valid_until: date | None

    def clashes(self, other: "_Entry") -> bool:
        """Whether there is a day on which both would hold in the same place."""
        begins, ends = self.valid_from or date.min, self.valid_until or date.max
        return (
            self.region == other.region
            and begins < (other.valid_until or date.max)
            and (other.valid_from or date.min) < ends
        )


def sheet_passages(
    sheets: Sequence[Sheet], path: Path, name: str, said: Said
) -> tuple[list[Passage], list[SourceFault]]:
    """One passage a row, and a fault for each row or sheet that is not one; `name` makes the ids."""
    reading = _Sheets(path, said)
    for sheet in sheets:
        reading.sheet(sheet)
    several = len(sheets) > 1
    return [_passage(entry, name, several, said) for entry in reading.settled()], reading.faults


def _passage(entry: _Entry, name: str, several: bool, said: Said) -> Passage:
    title = entry.questions[0]
    named = pattern("sheets", "plain_sheet").match(plain(entry.sheet.name))
    return Passage(
        id=f"{name}#{entry.sheet.name}:{entry.row}" if several else f"{name}#{entry.row}",
        kind="document",
        title=title if len(title) <= LONGEST_TITLE else f"{title[: LONGEST_TITLE - 1]}…",
        text=entry.answer,
        authority=said.get("authority", "guide"),
        number=entry.source.number,
        section="" if named else entry.sheet.name,
        region=entry.region,
        valid_from=entry.valid_from,
        valid_until=entry.valid_until,
        questions=entry.questions,
        sources=(entry.source,),
    )


class _RowFault(Exception):
    """Why a row is no entry."""


@dataclass
class _Sheets:
    """Reads the sheets of one file; faults are kept with the number of their row."""

    path: Path
    said: Said
    faults: list[SourceFault] = field(default_factory=list)
    entries: list[_Entry] = field(default_factory=list)

    def sheet(self, sheet: Sheet) -> None:
        if sheet.why:
            self.faults.append(SourceFault(self.path, 0, f"{_called(sheet)}{sheet.why}"))
        if not sheet.rows:
            return
        at, columns = next(_headers(sheet.rows), (0, {}))
        if not columns:
            expected = "; ".join(f"{key}: {', '.join(phrases('sheets', key)[:4])}" for key in COLUMNS)
            what = f"{_called(sheet)}no row of headers with a question and an answer (expected {expected})"
            self.faults.append(SourceFault(self.path, 0, what))
            return
        for number, cells in sheet.rows[at + 1 :]:
            try:
                self.entries.append(self._entry(sheet, number, cells, columns))
            except _RowFault as fault:
                self._fault(sheet, number, str(fault))

    def _fault(self, sheet: Sheet, row: int, what: str) -> None:
        self.faults.append(SourceFault(self.path, row, f"{_called(sheet)}row {row}: {what}"))

    def _entry(self, sheet: Sheet, row: int, cells: tuple[str, ...], columns: dict[str, int]) -> _Entry:
        told = {key: cells[at] for key, at in columns.items() if at < len(cells)}
        question, answer = told.get("question", ""), told.get("answer", "")
        if not bare(question):
            raise _RowFault("no question")
        if not bare(answer):
            raise _RowFault("no answer")
        others = (part.strip() for part in pattern("sheets", "parts").split(told.get("others", "")))
        title = re.sub(r"\s+", " ", question)
        first, last = self._day(told, "valid_from"), self._day(told, "valid_until")
        if first and last and first >= last:
            raise _RowFault("valid_until is not after valid_from")
        return _Entry(
            sheet=sheet,
            row=row,
            questions=tuple(dict.fromkeys([title, *(one for one in others if bare(one))])),
            answer=answer,
            source=Source(
                title=told.get("source") or self.said.get("title") or self.path.stem,
                number=told.get("number") or self.said.get("number"),
                valid_from=first,
                quote=answer,
            ),
            region=self._region(told, title, sheet.name),
            valid_from=first,
            valid_until=last,
        )

    def _day(self, told: dict[str, str], key: str) -> date | None:
        if key == "valid_from" and "valid_from" in self.said:
            return self.said["valid_from"]
        if key == "valid_until" and "valid_until" in self.said:
            return self.said["valid_until"]
        written = told.get(key, "")
        if written in phrases("sheets", "open_ended"):
            return None
        found = pattern("sheets", "day").fullmatch(written) or pattern("documents", "day").fullmatch(written)
        if not found or not (day := day_of(found)):
            raise _RowFault(f"{key} is no date (YYYY-MM-DD): {written!r}")
        return day

    def _region(self, told: dict[str, str], title: str, sheet: str) -> str:
        if "region" in self.said:
            return self.said["region"]
        written = told.get("region", "")
        if not written:
            return place_of_issue(title, sheet, self.path.stem)
        if written in phrases("sheets", "whole_country"):
            return ""
        if re.fullmatch(r"[1-9]\d{5}", written):
            return written
        alone = ends_with_place(written) and not pattern("sheets", "several").search(written)
        if alone and (code := place_named(written)):
            return code
        raise _RowFault(f"region {written!r} is neither six digits nor the name of a province or city")

    def settled(self) -> Iterator[_Entry]:
        """The entries without those that ask what an earlier one asks, in the same place and at the same time."""
        asked: dict[str, list[_Entry]] = {}
        kept = []
        for entry in self.entries:
            if earlier := _clash(asked.setdefault(bare(entry.questions[0]), []), entry):
                answer = "the same" if bare(earlier.answer) == bare(entry.answer) else "another"
                self._fault(entry.sheet, entry.row, f"the question of {_place(earlier)} again, with {answer} answer")
                continue
            asked[bare(entry.questions[0])].append(entry)
            kept.append(entry)
        for entry in kept:
            yield replace(entry, questions=(entry.questions[0], *self._others(entry, asked)))

    def _others(self, entry: _Entry, asked: dict[str, list[_Entry]]) -> Iterator[str]:
        for question in entry.questions[1:]:
            if (other := _clash(asked.setdefault(bare(question), []), entry)) and other is not entry:
                self._fault(entry.sheet, entry.row, f"way of asking {question!r} belongs to {_place(other)} already")
            else:
                asked[bare(question)].append(entry)
                yield question


def _clash(earlier: Sequence[_Entry], entry: _Entry) -> _Entry | None:
    return next((other for other in earlier if other.clashes(entry)), None)


def _place(entry: _Entry) -> str:
    return f"{_called(entry.sheet)}row {entry.row}"


def _called(sheet: Sheet) -> str:
    return f"sheet {sheet.name!r}: " if sheet.name else ""


def _headers(rows: Sequence[Row]) -> Iterator[tuple[int, dict[str, int]]]:
    """The rows among the first ones that are headed with a question and an answer: their place, and the columns."""
    for at, (_, cells) in enumerate(rows[:HEADER_WITHIN]):
        columns: dict[str, int] = {}
        for column, cell in enumerate(cells):
            header = pattern("sheets", "header_marks").sub("", plain(cell))
            for key in COLUMNS:
                if header in phrases("sheets", key):
                    columns.setdefault(key, column)
        if {"question", "answer"} <= columns.keys():
            yield at, columns
