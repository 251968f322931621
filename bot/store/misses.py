"""What the base could not answer, question by question and gathered into misses."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.domain.knowledge import Miss, Missed, MissState
from bot.seal import Seal
from bot.store.answers import missed
from bot.store.tables import answer, miss


class Misses:
    def __init__(self, connection: sa.Connection, seal: Seal) -> None:
        self._connection, self._seal = connection, seal

    def open(self, title: str, at: datetime) -> int:
        """A new miss; its id."""
        values = {"title": self._seal.write(title), "state": "open", "created_at": at, "updated_at": at}
        return int(self._connection.execute(sa.insert(miss).values(values).returning(miss.c.id)).scalar_one())

    def gather(self, id: int, answer_ids: Collection[int], at: datetime) -> None:
        """Put answers into a miss; what is in another already stays there."""
        free = sa.and_(answer.c.id.in_(list(answer_ids)), answer.c.miss_id.is_(None))
        self._connection.execute(sa.update(answer).where(free).values(miss_id=id))
        self._connection.execute(sa.update(miss).where(miss.c.id == id).values(updated_at=at))

    def all(self, states: Collection[MissState] = ("open", "taken"), limit: int | None = 1000) -> list[Miss]:
        """Those that most have asked for first."""
        return self._select(miss.c.state.in_(list(states)), limit=limit)

    def every(self) -> list[Miss]:
        return self._select()

    def get(self, id: int) -> Miss | None:
        return next(iter(self._select(miss.c.id == id)), None)

    def of_article(self, article: str) -> list[Miss]:
        """The misses that an article is being written for."""
        return self._select(miss.c.article_id == article, miss.c.state.in_(["open", "taken"]))

    def questions(self, id: int) -> list[Missed]:
        return missed(self._connection, self._seal, answer.c.miss_id == id)

    def put_back(self, kept: Miss, questions: Collection[Missed]) -> None:
        """A miss of an export with its questions, which belong to no conversation here."""
        names = ("state", "owner", "article_id", "note", "created_at", "updated_at")
        values = {"title": self._seal.write(kept.title)} | {name: getattr(kept, name) for name in names}
        id = self._connection.execute(sa.insert(miss).values(values).returning(miss.c.id)).scalar_one()
        rows = [
            {
                "miss_id": id,
                "conversation_id": "",
                "confidence": 0.0,
                "question": self._seal.write(one.question),
                "outcome": one.outcome,
                "asked_at": one.asked_at,
                "vote": one.vote,
            }
            for one in questions
        ]
        if rows:
            self._connection.execute(sa.insert(answer), rows)

    def change(self, id: int, now: datetime, **values: str) -> None:
        """Set `state`, `owner`, `article_id` or `note`."""
        self._connection.execute(sa.update(miss).where(miss.c.id == id).values(updated_at=now, **values))

    def count_open(self) -> int:
        """Misses that nobody has dealt with, and questions that belong to none yet."""
        kept = sa.select(sa.func.count()).select_from(miss).where(miss.c.state.in_(["open", "taken"]))
        loose = sa.and_(answer.c.miss_id.is_(None), answer.c.question != sa.literal_column("''"))
        new = sa.select(sa.func.count()).select_from(answer).where(loose)
        return int(self._connection.scalar(kept) or 0) + int(self._connection.scalar(new) or 0)

    def _select(self, *where: sa.ColumnElement[bool], limit: int | None = None) -> list[Miss]:
        asked = sa.func.sum(sa.case((answer.c.outcome != "answered", 1), else_=0))
        wrong = sa.func.sum(sa.case((answer.c.vote < 0, 1), else_=0))
        votes = sa.func.coalesce(asked + wrong, 0)
        columns: list[sa.ColumnElement[Any]] = [
            miss.c[name] for name in ("id", "title", "state", "owner", "article_id", "note", "created_at", "updated_at")
        ]
        counted: list[sa.ColumnElement[Any]] = [*columns, votes, sa.func.max(answer.c.asked_at)]
        statement = (
            sa.select(*counted)
            .select_from(miss.outerjoin(answer, answer.c.miss_id == miss.c.id))
            .where(*where)
            .group_by(*columns)
            .order_by(votes.desc(), miss.c.id)
            .limit(limit)
        )
        rows = self._connection.execute(statement)
        return [Miss(id, self._seal.read(title), *rest) for id, title, *rest in rows]
