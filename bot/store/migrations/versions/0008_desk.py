"""The desk: accounts, sessions, notes, four eyes, switches; who works at which ticket, and until when."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    _tickets()
    _accounts()
    op.add_column("audit", sa.Column("why", sa.Text, nullable=False, server_default=""))
    op.create_table(
        "note",
        sa.Column("id", ID, primary_key=True),
        sa.Column("conversation_id", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("written_at", sa.Double, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_note_conversation", "note", ["conversation_id", "id"])
    op.create_table(
        "approval",
        sa.Column("id", ID, primary_key=True),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("asked_by", sa.Text, nullable=False),
        sa.Column("asked_at", sa.Double, nullable=False),
        sa.Column("state", sa.Text, nullable=False, server_default="open"),
        sa.Column("decided_by", sa.Text, nullable=False, server_default=""),
        sa.Column("decided_at", sa.Double),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "switch",
        sa.Column("channel", sa.Text, primary_key=True),
        sa.Column("off", sa.Boolean, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
    )


def _tickets() -> None:
    for name in ("team", "wanted", "agent", "ended"):
        op.add_column("ticket", sa.Column(name, sa.Text, nullable=False, server_default=""))
    for name in ("held_at", "answered_at", "spoken_at", "closed_at", "answer_due", "done_due", "told_at"):
        op.add_column("ticket", sa.Column(name, sa.Double))
    op.add_column("ticket", sa.Column("escalated_at", sa.Double))
    op.add_column("ticket", sa.Column("first", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("ticket", sa.Column("transfers", sa.Integer, nullable=False, server_default="0"))
    alive = sa.text("state in ('waiting', 'held')")
    op.drop_index("ix_ticket_waiting", "ticket")
    op.create_index(
        "ux_ticket_live", "ticket", ["conversation_id"], unique=True, sqlite_where=alive, postgresql_where=alive
    )
    op.create_index("ix_ticket_conversation", "ticket", ["conversation_id", "id"])
    op.create_index("ix_ticket_agent", "ticket", ["agent", "id"])
    waiting = "SELECT conversation_id FROM ticket WHERE state = 'waiting'"
    op.execute(f"UPDATE conversation SET owner = 'queued' WHERE id IN ({waiting})")


def _accounts() -> None:
    op.create_table(
        "staff",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("roles", JSON, nullable=False),
        sa.Column("teams", JSON, nullable=False),
        sa.Column("password", sa.Text, nullable=False),
        sa.Column("totp", sa.Text, nullable=False, server_default=""),
        sa.Column("totp_step", ID, nullable=False, server_default="0"),
        sa.Column("fresh", sa.Boolean, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
        sa.Column("locked_until", sa.Double),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("online", sa.Boolean, nullable=False),
        sa.Column("seen_at", sa.Double),
        sa.Column("given_at", sa.Double),
        sa.Column("created_at", sa.Double, nullable=False),
    )
    op.create_table(
        "session",
        sa.Column("token_sha256", sa.Text, primary_key=True),
        sa.Column("staff", sa.Text, nullable=False),
        sa.Column("csrf", sa.Text, nullable=False),
        sa.Column("complete", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("seen_at", sa.Double, nullable=False),
    )
    op.create_index("ix_session_staff", "session", ["staff"])
