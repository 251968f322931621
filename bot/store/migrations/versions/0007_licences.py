"""Licences that run out, who is told of it, and what came of it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    _ledger()
    _nudges()
    _notices()


def _ledger() -> None:
    op.create_table(
        "holder",
        sa.Column("id", ID, primary_key=True),
        sa.Column("key", sa.Text, nullable=False, unique=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("code", sa.Text, nullable=False, server_default=""),
        sa.Column("phone", sa.Text, nullable=False, server_default=""),
        sa.Column("phone_key", sa.Text, nullable=False, server_default=""),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("conversation_id", sa.Text),
        sa.Column("barred", JSON, nullable=False),
        sa.Column("muted_at", sa.Double),
        sa.Column("told_on", sa.Text),
        sa.Column("wait_until", sa.Double),
        sa.Column("changed_at", sa.Double, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_holder_phone", "holder", ["phone_key"])
    op.create_index("ix_holder_conversation", "holder", ["conversation_id"])
    op.create_table(
        "licence",
        sa.Column("id", ID, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("holder_id", ID, nullable=False),
        sa.Column("place", sa.Text, nullable=False, server_default=""),
        sa.Column("issued_on", sa.Text),
        sa.Column("expires_on", sa.Text),
        sa.Column("state", sa.Text, nullable=False, server_default="active"),
        sa.Column("claimed_on", sa.Text),
        sa.Column("not_before", sa.Text),
        sa.Column("case_reference", sa.Text),
        sa.Column("source", sa.Text, nullable=False, server_default=""),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("changed_at", sa.Double, nullable=False),
        sa.UniqueConstraint("number", "kind", name="uq_licence_number"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_licence_holder", "licence", ["holder_id"])
    op.create_index("ix_licence_expires", "licence", ["expires_on", "kind"])


def _nudges() -> None:
    op.create_table(
        "rung",
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("term", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("begins", sa.Text, nullable=False),
        sa.Column("ends", sa.Text, nullable=False),
    )
    op.create_table(
        "nudge",
        sa.Column("id", ID, primary_key=True),
        sa.Column("licence_id", ID, nullable=False),
        sa.Column("term", sa.Text, nullable=False),
        sa.Column("rung", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False, server_default="due"),
        sa.Column("queued_on", sa.Text, nullable=False),
        sa.Column("notice_id", ID),
        sa.Column("answer", sa.Text, nullable=False, server_default=""),
        sa.UniqueConstraint("licence_id", "term", "rung", name="uq_nudge_rung"),
        sqlite_autoincrement=True,
    )
    due = sa.text("state = 'due'")
    op.create_index("ix_nudge_due", "nudge", ["licence_id"], sqlite_where=due, postgresql_where=due)
    op.create_index("ix_nudge_notice", "nudge", ["notice_id"])
    op.create_index("ix_nudge_queued", "nudge", ["queued_on"])
    op.create_table(
        "scan",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("after", ID),
    )


def _notices() -> None:
    op.create_table(
        "notice",
        sa.Column("id", ID, primary_key=True),
        sa.Column("holder_id", ID, nullable=False),
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("rung", sa.Text, nullable=False),
        sa.Column("licence_id", ID),
        sa.Column("state", sa.Text, nullable=False, server_default="open"),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.UniqueConstraint("holder_id", "day", name="uq_notice_day"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_notice_code", "notice", ["code"])
    op.create_table(
        "reach",
        sa.Column("notice_id", ID, primary_key=True),
        sa.Column("way", sa.Text, primary_key=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False, server_default=""),
        sa.Column("due", sa.Double),
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("inbox_id", ID),
        sa.Column("who", sa.Text, nullable=False, server_default=""),
        sa.Column("at", sa.Double, nullable=False),
    )
    op.create_index("ix_reach_state", "reach", ["state", "due"])
