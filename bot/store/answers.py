"""Every answer is a row: how sure we were, and what the citizen thought of it."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache

import sqlalchemy as sa

from bot.domain.knowledge import SIGNS, Missed, Vote, masked
from bot.seal import Seal
from bot.store.tables import answer


@dataclass(frozen=True)
class Given:
    """An answer as far as a vote needs to know it."""

    inbox_id: int
    conversation_id: str
    outcome: str
    vote: int


@dataclass(frozen=True)
class Use:
    """How often a passage has answered, and what was thought of it."""

    answers: int = 0
    up: int = 0
    down: int = 0


class Answers:
    def __init__(self, connection: sa.Connection, seal: Seal) -> None:
        self._connection, self._seal = connection, seal

    def keep(
        self,
        inbox_id: int,
        conversation_id: str,
        asked_at: datetime,
        *,
        outcome: str,
        passage_id: str | None,
        confidence: float,
        region: str,
        question: str,
    ) -> None:
        """A row for what a question was answered with. The words are kept of a miss alone, without long numbers."""
        values = {
            "inbox_id": inbox_id,
            "conversation_id": conversation_id,
            "asked_at": asked_at,
            "outcome": outcome,
            "passage_id": passage_id,
            "confidence": confidence,
            "region": region,
            "question": "" if outcome == "answered" else self._seal.write(masked(question)),
        }
        self._connection.execute(_keep_statement(), values)

    def given(self, inbox_id: int) -> Given | None:
        return self._given(answer.c.inbox_id == inbox_id)

    def last(self, conversation_id: str) -> Given | None:
        """What the last question of a conversation was answered with."""
        return self._given(answer.c.conversation_id == conversation_id)

    def vote(self, inbox_id: int, vote: Vote, reason: str, now: datetime, question: str = "") -> None:
        """A second vote replaces the first. `question`: what was asked, where the answer was to something else."""
        this = sa.update(answer).where(answer.c.inbox_id == inbox_id)
        self._connection.execute(this.values(vote=SIGNS[vote], vote_reason=reason, voted_at=now))
        kept = {"question": self._seal.write(masked(question))} if question else {"question": "", "miss_id": None}
        self._connection.execute(this.where(answer.c.outcome == "answered").values(kept))

    def votes(self, conversation_id: str) -> dict[int, Vote]:
        """The votes of one conversation, by answer."""
        voted = sa.select(answer.c.inbox_id, answer.c.vote).where(
            answer.c.conversation_id == conversation_id, answer.c.vote != 0
        )
        return {row.inbox_id: "up" if row.vote > 0 else "down" for row in self._connection.execute(voted)}

    def ungrouped(self, limit: int = 500) -> list[Missed]:
        """Questions without an answer that belong to no miss yet, oldest first."""
        waiting = sa.and_(answer.c.miss_id.is_(None), answer.c.question != sa.literal_column("''"))
        return missed(self._connection, self._seal, waiting, limit)

    def used(self, since: datetime) -> dict[str, Use]:
        """What each passage was answered with since then."""
        up, down = (sa.func.sum(sa.case((answer.c.vote == sign, 1), else_=0)) for sign in (1, -1))
        statement = (
            sa.select(answer.c.passage_id, sa.func.count(), up, down)
            .where(answer.c.outcome == "answered", answer.c.passage_id.is_not(None), answer.c.asked_at >= since)
            .group_by(answer.c.passage_id)
        )
        return {row[0]: Use(int(row[1]), int(row[2]), int(row[3])) for row in self._connection.execute(statement)}

    def counts(self) -> tuple[dict[str, int], dict[str, int]]:
        """Answers by outcome, and votes by "up" and "down"."""
        outcomes = self._connection.execute(sa.select(answer.c.outcome, sa.func.count()).group_by(answer.c.outcome))
        voted = sa.select(answer.c.vote, sa.func.count()).where(answer.c.vote != 0).group_by(answer.c.vote)
        signs = {row[0]: row[1] for row in self._connection.execute(voted)}
        return {row[0]: row[1] for row in outcomes}, {"up": signs.get(1, 0), "down": signs.get(-1, 0)}

    def _given(self, where: sa.ColumnElement[bool]) -> Given | None:
        columns = (answer.c.inbox_id, answer.c.conversation_id, answer.c.outcome, answer.c.vote)
        row = self._connection.execute(sa.select(*columns).where(where).order_by(answer.c.id.desc()).limit(1)).first()
        return None if row is None else Given(*row)


def missed(
    connection: sa.Connection, seal: Seal, where: sa.ColumnElement[bool], limit: int | None = None
) -> list[Missed]:
    """Questions that had no answer, oldest first."""
    columns = (answer.c.id, answer.c.question, answer.c.outcome, answer.c.asked_at, answer.c.vote)
    rows = connection.execute(sa.select(*columns).where(where).order_by(answer.c.id).limit(limit))
    return [Missed(row.id, seal.read(row.question), row.outcome, row.asked_at, row.vote) for row in rows]


@cache
def _keep_statement() -> sa.Insert:
    return sa.insert(answer)
