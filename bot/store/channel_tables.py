"""The tables of channels. Changing one needs a migration beside it; a test compares the two."""

import sqlalchemy as sa

from bot.store.tables import Instant
from bot.store.tables import metadata as metadata  # of all tables, these among them

send_window = sa.Table(
    "send_window",
    metadata,
    sa.Column("conversation_id", sa.Text, primary_key=True),
    sa.Column("typed_left", sa.Integer, nullable=False, server_default="0"),
    sa.Column("typed_until", Instant, nullable=False, server_default="0"),
    sa.Column("tapped_left", sa.Integer, nullable=False, server_default="0"),
    sa.Column("tapped_until", Instant, nullable=False, server_default="0"),
    sa.Column("parked", sa.Text, nullable=False, server_default=""),
)

# How far the list of an account of WeCom customer service was read. What is older than `begun_at` is not ours.
kf_cursor = sa.Table(
    "kf_cursor",
    metadata,
    sa.Column("account", sa.Text, primary_key=True),
    sa.Column("cursor", sa.Text, nullable=False, server_default=""),
    sa.Column("begun_at", Instant, nullable=False),
    sa.Column("moved_at", Instant),
)

# Who serves a citizen there, as the platform sees it. `code` lets us say one thing more, until `code_until`.
kf_session = sa.Table(
    "kf_session",
    metadata,
    sa.Column("conversation_id", sa.Text, primary_key=True),
    sa.Column("state", sa.Integer, nullable=False, server_default="0"),
    sa.Column("servicer", sa.Text, nullable=False, server_default=""),
    sa.Column("code", sa.Text, nullable=False, server_default=""),
    sa.Column("code_until", Instant, nullable=False, server_default="0"),
    sa.Column("refused_until", Instant, nullable=False, server_default="0"),
    sa.Column("changed_at", Instant, nullable=False),
)
_served = kf_session.c.state.in_([sa.literal_column("2"), sa.literal_column("3")])
sa.Index("ix_kf_session_served", kf_session.c.changed_at, sqlite_where=_served, postgresql_where=_served)

# Notices that somebody agreed to: standing, or `left` times. What was taken back is kept too, with when it was.
consent = sa.Table(
    "consent",
    metadata,
    sa.Column("conversation_id", sa.Text, primary_key=True),
    sa.Column("template", sa.Text, primary_key=True),
    sa.Column("standing", sa.Boolean, nullable=False),
    sa.Column("left", sa.Integer, nullable=False),
    sa.Column("given_at", Instant),
    sa.Column("refused_at", Instant),
)

# Conversations of one person in several channels. `name` is one of them, and says nothing of who it is.
person = sa.Table(
    "person",
    metadata,
    sa.Column("conversation_id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
)
sa.Index("ix_person_name", person.c.name)
