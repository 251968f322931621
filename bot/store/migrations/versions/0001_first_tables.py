"""The first tables: inbox, outbox, conversation, ticket, visitor."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    create_queue("inbox", sa.Column("outcome", sa.Text), sa.Column("confidence", sa.Double))
    create_queue("outbox", sa.Column("inbox_id", ID))
    op.create_index("ix_outbox_turn", "outbox", ["inbox_id"])
    op.create_table(
        "conversation",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("schema_version", sa.Integer, nullable=False, server_default="1"),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("case_reference", sa.Text),
        sa.Column("introduced", sa.Boolean, nullable=False),
    )
    op.create_table(
        "ticket",
        sa.Column("id", ID, primary_key=True),
        sa.Column("conversation_id", sa.Text, nullable=False),
        sa.Column("inbox_id", ID, nullable=False, unique=True),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False, server_default="waiting"),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("reply_by", sa.Double, nullable=False),
        sqlite_autoincrement=True,
    )
    create_partial("ix_ticket_waiting", "ticket", ["conversation_id"], "state = 'waiting'")
    op.create_table(
        "visitor",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("token_sha256", sa.Text, nullable=False, unique=True),
        sa.Column("created_at", sa.Double, nullable=False),
    )


def create_queue(name: str, *columns: sa.Column[Any]) -> None:
    op.create_table(
        name,
        sa.Column("id", ID, primary_key=True),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("conversation_id", sa.Text, nullable=False),
        sa.Column("body", JSON, nullable=False),
        sa.Column("status", sa.Text, nullable=False, server_default="ready"),
        sa.Column("due", sa.Double, nullable=False),
        sa.Column("lease_until", sa.Double),
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("error", sa.Text),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("finished_at", sa.Double),
        *columns,
        sa.UniqueConstraint("key", "channel", name=f"uq_{name}_key"),
        sqlite_autoincrement=True,
    )
    alive = "status IN ('ready', 'working')"
    create_partial(f"ix_{name}_due", name, ["due", "id"], alive)
    create_partial(f"ix_{name}_head", name, ["conversation_id", "id"], alive)
    create_partial(f"ux_{name}_working", name, ["conversation_id"], "status = 'working'", unique=True)
    op.create_index(f"ix_{name}_history", name, ["conversation_id", "created_at"])


def create_partial(name: str, table: str, columns: list[str], where: str, unique: bool = False) -> None:
    op.create_index(name, table, columns, unique=unique, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
