"""The tables of the desk. Changing one needs a migration beside it; a test compares the two."""

import sqlalchemy as sa

from bot.store.tables import Id, Instant, Json
from bot.store.tables import metadata as metadata  # of all tables, these among them

staff = sa.Table(
    "staff",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("roles", Json, nullable=False),
    sa.Column("teams", Json, nullable=False),
    sa.Column("password", sa.Text, nullable=False),
    sa.Column("totp", sa.Text, nullable=False, server_default=""),
    sa.Column("totp_step", Id, nullable=False, server_default="0"),
    sa.Column("fresh", sa.Boolean, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
    sa.Column("locked_until", Instant),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("online", sa.Boolean, nullable=False),
    sa.Column("seen_at", Instant),
    sa.Column("given_at", Instant),
    sa.Column("created_at", Instant, nullable=False),
)

session = sa.Table(
    "session",
    metadata,
    sa.Column("token_sha256", sa.Text, primary_key=True),
    sa.Column("staff", sa.Text, nullable=False),
    sa.Column("csrf", sa.Text, nullable=False),
    sa.Column("complete", sa.Boolean, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("seen_at", Instant, nullable=False),
)
sa.Index("ix_session_staff", session.c.staff)

note = sa.Table(
    "note",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("conversation_id", sa.Text, nullable=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("written_at", Instant, nullable=False),
    sqlite_autoincrement=True,
)
sa.Index("ix_note_conversation", note.c.conversation_id, note.c.id)

approval = sa.Table(
    "approval",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("about", sa.Text, nullable=False),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("asked_by", sa.Text, nullable=False),
    sa.Column("asked_at", Instant, nullable=False),
    sa.Column("state", sa.Text, nullable=False, server_default="open"),
    sa.Column("decided_by", sa.Text, nullable=False, server_default=""),
    sa.Column("decided_at", Instant),
    sqlite_autoincrement=True,
)

switch = sa.Table(
    "switch",
    metadata,
    sa.Column("channel", sa.Text, primary_key=True),
    sa.Column("off", sa.Boolean, nullable=False),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
)
