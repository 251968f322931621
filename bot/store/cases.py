"""Cases: each with the definition that it was begun with, which stands once however many cases share it."""

import hashlib
import json
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy.dialects import postgresql, sqlite

from bot.domain.case import Case, Given
from bot.seal import Seal
from bot.store.case_tables import case_file, counter, definition
from bot.store.people import others

GUESS = "guess "  # a series of one day, that counts tries and no cases

_answers = TypeAdapter(dict[str, Given])


class Cases:
    """What citizens answered is sealed."""

    def __init__(self, connection: sa.Connection, seal: Seal) -> None:
        self._connection, self._seal = connection, seal

    def count_up(self, name: str) -> int:
        """The next number of a series: 1, 2, 3 …; no two callers get the same, on either engine."""
        statement = _count_statement(self._connection.dialect.name)
        return int(self._connection.execute(statement, {"name": name, "value": 1}).scalar_one())

    def forget_counts(self, begin: str, before: str) -> None:
        """The series whose names begin so, up to the one of this name."""
        old = sa.and_(counter.c.name.startswith(begin, autoescape=True), counter.c.name < before)
        self._connection.execute(sa.delete(counter).where(old))

    def open(self, reference: str, conversation_id: str, bundle: dict[str, Any], now: datetime) -> Case:
        case = Case(reference, conversation_id, bundle, now, now)
        digest = self._keep_definition(bundle)
        row = {"reference": reference, "conversation_id": conversation_id, "definition": digest, "created_at": now}
        self._connection.execute(sa.insert(case_file).values(**row, answers={}, state=case.state, updated_at=now))
        return case

    def load(self, reference: str, *, hold: bool = False) -> Case | None:
        """`hold`: nobody else changes it until this transaction ends (SQLite has one writer anyway)."""
        if hold:
            mine = sa.select(case_file.c.id).where(case_file.c.reference == reference)
            self._connection.execute(mine.with_for_update())
        return next(iter(self._select(case_file.c.reference == reference)), None)

    def of_conversation(self, conversation_id: str) -> list[Case]:
        """The cases of whoever talks there, also those of other channels, the latest first."""
        mine = case_file.c.conversation_id == conversation_id
        return self._select(sa.or_(mine, case_file.c.conversation_id.in_(others(conversation_id))))

    def save(self, case: Case, now: datetime) -> None:
        case.updated_at = now
        values = {
            "conversation_id": case.conversation_id,
            "answers": self._seal.write(_answers.dump_json(case.answers).decode()),
            "state": case.state,
            "submitted_at": case.submitted_at,
            "updated_at": now,
        }
        self._connection.execute(sa.update(case_file).where(case_file.c.reference == case.reference).values(**values))

    def drafts(self, conversation_id: str) -> list[str]:
        """The numbers of what was begun and never handed in."""
        mine = sa.and_(case_file.c.conversation_id == conversation_id, _UNFINISHED)
        return list(self._connection.scalars(sa.select(case_file.c.reference).where(mine)))

    def abandoned(self, before: datetime, limit: int) -> list[str]:
        """The numbers of drafts that nobody has touched since, nor touches now."""
        old = sa.select(case_file.c.reference).where(case_file.c.updated_at < before, _UNFINISHED)
        return list(self._connection.scalars(old.limit(limit).with_for_update(skip_locked=True)))

    def delete(self, references: list[str]) -> None:
        self._connection.execute(sa.delete(case_file).where(case_file.c.reference.in_(references)))

    def _keep_definition(self, bundle: dict[str, Any]) -> str:
        written = json.dumps(bundle, ensure_ascii=False, sort_keys=True)
        digest = hashlib.sha256(written.encode()).hexdigest()
        insert = (postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert)(definition)
        self._connection.execute(insert.values(sha256=digest, body=bundle).on_conflict_do_nothing())
        return digest

    def _select(self, *where: sa.ColumnElement[bool]) -> list[Case]:
        both = case_file.join(definition, definition.c.sha256 == case_file.c.definition)
        statement = sa.select(case_file, definition.c.body).select_from(both).where(*where)
        return [
            Case(
                row.reference,
                row.conversation_id,
                row.body,
                row.created_at,
                row.updated_at,
                self._read(row.answers),
                row.state,
                row.submitted_at,
            )
            for row in self._connection.execute(statement.order_by(case_file.c.id.desc()))
        ]

    def _read(self, answers: Any) -> dict[str, Given]:
        if isinstance(answers, str):
            return _answers.validate_json(self._seal.read(answers))
        return _answers.validate_python(answers)  # as it was begun, or by a program from before the seal


_UNFINISHED = case_file.c.state.in_(["filling", "confirming", "dropped"])


@cache
def _count_statement(dialect: str) -> sa.Executable:
    insert = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(counter)
    return insert.on_conflict_do_update(index_elements=["name"], set_={"value": counter.c.value + 1}).returning(
        counter.c.value
    )
