"""The tables of talk and of knowledge. Changing one needs a migration beside it; a test compares the two."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

metadata = sa.MetaData()


class Instant(sa.TypeDecorator[datetime]):
    """An aware time, stored as seconds since 1970 so that both engines compare it alike."""

    impl = sa.Double
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> float | None:
        return None if value is None else value.timestamp()

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:
        return None if value is None else datetime.fromtimestamp(value, UTC)


Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def live(table: sa.FromClause) -> sa.ColumnElement[bool]:
    """Not finished. Written with literals, or neither engine could use the partial indexes."""
    return table.c.status.in_([sa.literal_column("'ready'"), sa.literal_column("'working'")])


def working(table: sa.FromClause) -> sa.ColumnElement[bool]:
    return table.c.status == sa.literal_column("'working'")


def _queue(name: str, *columns: sa.Column[Any]) -> sa.Table:
    """Inbox and outbox have one shape. `tries` counts claims and is the fencing token.

    SQLite picks an index by its columns alone. So that a claim walks the two partial ones, and not everything that was
    ever said, no other index may begin with the channel, or with the conversation and the id.
    """
    table = sa.Table(
        name,
        metadata,
        sa.Column("id", Id, primary_key=True),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("conversation_id", sa.Text, nullable=False),
        sa.Column("body", Json, nullable=False),
        sa.Column("status", sa.Text, nullable=False, server_default="ready"),
        sa.Column("due", Instant, nullable=False),
        sa.Column("lease_until", Instant),
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("error", sa.Text),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("finished_at", Instant),
        *columns,
        sa.UniqueConstraint("key", "channel", name=f"uq_{name}_key"),
        sqlite_autoincrement=True,  # a number that a citizen was told is never given again
    )
    alive, held = live(table), working(table)
    sa.Index(f"ix_{name}_due", table.c.due, table.c.id, sqlite_where=alive, postgresql_where=alive)
    sa.Index(f"ix_{name}_head", table.c.conversation_id, table.c.id, sqlite_where=alive, postgresql_where=alive)
    sa.Index(f"ix_{name}_history", table.c.conversation_id, table.c.created_at)
    sa.Index(
        f"ux_{name}_working",
        table.c.conversation_id,
        unique=True,
        sqlite_where=held,
        postgresql_where=held,
    )
    return table


inbox = _queue("inbox", sa.Column("outcome", sa.Text), sa.Column("confidence", sa.Double))
outbox = _queue("outbox", sa.Column("inbox_id", Id))
sa.Index("ix_outbox_turn", outbox.c.inbox_id)

conversation = sa.Table(
    "conversation",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("schema_version", sa.Integer, nullable=False, server_default="1"),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("case_reference", sa.Text),
    sa.Column("introduced", sa.Boolean, nullable=False),
    sa.Column("topic", sa.Text, nullable=False, server_default=""),
    sa.Column("topic_at", Instant),
    sa.Column("misses", sa.Integer, nullable=False, server_default="0"),
    sa.Column("eased", sa.Boolean, nullable=False, server_default=sa.false()),
)

ticket = sa.Table(
    "ticket",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("conversation_id", sa.Text, nullable=False),
    sa.Column("inbox_id", Id, nullable=False, unique=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False, server_default="waiting"),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("reply_by", Instant, nullable=False),
    sa.Column("team", sa.Text, nullable=False, server_default=""),
    sa.Column("first", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("wanted", sa.Text, nullable=False, server_default=""),
    sa.Column("agent", sa.Text, nullable=False, server_default=""),
    sa.Column("held_at", Instant),
    sa.Column("answered_at", Instant),
    sa.Column("spoken_at", Instant),
    sa.Column("closed_at", Instant),
    sa.Column("ended", sa.Text, nullable=False, server_default=""),
    sa.Column("transfers", sa.Integer, nullable=False, server_default="0"),
    sa.Column("answer_due", Instant),
    sa.Column("done_due", Instant),
    sa.Column("told_at", Instant),
    sa.Column("escalated_at", Instant),
    sa.Column("device", sa.Text, nullable=False, server_default=""),
    sqlite_autoincrement=True,
)
_alive = ticket.c.state.in_([sa.literal_column("'waiting'"), sa.literal_column("'held'")])
sa.Index("ux_ticket_live", ticket.c.conversation_id, unique=True, sqlite_where=_alive, postgresql_where=_alive)
sa.Index("ix_ticket_conversation", ticket.c.conversation_id, ticket.c.id)
sa.Index("ix_ticket_agent", ticket.c.agent, ticket.c.id)

visitor = sa.Table(
    "visitor",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("token_sha256", sa.Text, nullable=False, unique=True),
    sa.Column("created_at", Instant, nullable=False),
)

answer = sa.Table(
    "answer",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("inbox_id", Id, unique=True),
    sa.Column("conversation_id", sa.Text, nullable=False),
    sa.Column("asked_at", Instant, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("passage_id", sa.Text),
    sa.Column("confidence", sa.Double, nullable=False),
    sa.Column("region", sa.Text, nullable=False, server_default=""),
    sa.Column("question", sa.Text, nullable=False, server_default=""),
    sa.Column("vote", sa.Integer, nullable=False, server_default="0"),
    sa.Column("vote_reason", sa.Text, nullable=False, server_default=""),
    sa.Column("voted_at", Instant),
    sa.Column("miss_id", Id),
    sqlite_autoincrement=True,
)
_ungrouped = sa.and_(answer.c.miss_id.is_(None), answer.c.question != sa.literal_column("''"))
sa.Index("ix_answer_ungrouped", answer.c.id, sqlite_where=_ungrouped, postgresql_where=_ungrouped)
sa.Index("ix_answer_miss", answer.c.miss_id)
sa.Index("ix_answer_passage", answer.c.passage_id, answer.c.asked_at)
sa.Index("ix_answer_conversation", answer.c.conversation_id, answer.c.id)

miss = sa.Table(
    "miss",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False, server_default="open"),
    sa.Column("owner", sa.Text, nullable=False, server_default=""),
    sa.Column("article_id", sa.Text),
    sa.Column("note", sa.Text, nullable=False, server_default=""),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("updated_at", Instant, nullable=False),
    sqlite_autoincrement=True,
)

article_version = sa.Table(
    "article_version",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("article", sa.Text, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("note", sa.Text, nullable=False, server_default=""),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("reviewer", sa.Text, nullable=False, server_default=""),
    sa.Column("decided_at", Instant),
    sa.Column("publisher", sa.Text, nullable=False, server_default=""),
    sa.Column("published_at", Instant),
    sa.Column("shipped_sha256", sa.Text, nullable=False, server_default=""),
    sa.UniqueConstraint("article", "number", name="uq_article_version_number"),
    sqlite_autoincrement=True,
)
_in_force = article_version.c.state.in_(
    [sa.literal_column(f"'{one}'") for one in ("published", "withdrawn", "shipped")]
)
sa.Index(
    "ux_article_version_live",
    article_version.c.article,
    unique=True,
    sqlite_where=_in_force,
    postgresql_where=_in_force,
)

article_review = sa.Table(
    "article_review",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("article", sa.Text, nullable=False),
    sa.Column("reviewer", sa.Text, nullable=False),
    sa.Column("reviewed_at", Instant, nullable=False),
    sqlite_autoincrement=True,
)
