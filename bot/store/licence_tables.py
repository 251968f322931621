"""The tables of the ledger and of its nudges. Changing one needs a migration beside it; a test compares the two."""

import sqlalchemy as sa

from bot.store.tables import Id, Instant, Json
from bot.store.tables import metadata as metadata  # of all tables, these among them

# Days are ISO 8601 text, which both engines compare alike. `key` and `phone_key` are keyed hashes.
holder = sa.Table(
    "holder",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("code", sa.Text, nullable=False, server_default=""),
    sa.Column("phone", sa.Text, nullable=False, server_default=""),
    sa.Column("phone_key", sa.Text, nullable=False, server_default=""),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("conversation_id", sa.Text),
    sa.Column("barred", Json, nullable=False),
    sa.Column("muted_at", Instant),
    sa.Column("told_on", sa.Text),
    sa.Column("wait_until", Instant),
    sa.Column("changed_at", Instant, nullable=False),
    sqlite_autoincrement=True,
)
sa.Index("ix_holder_phone", holder.c.phone_key)
sa.Index("ix_holder_conversation", holder.c.conversation_id)

licence = sa.Table(
    "licence",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("number", sa.Text, nullable=False),
    sa.Column("holder_id", Id, nullable=False),
    sa.Column("place", sa.Text, nullable=False, server_default=""),
    sa.Column("issued_on", sa.Text),
    sa.Column("expires_on", sa.Text),
    sa.Column("state", sa.Text, nullable=False, server_default="active"),
    sa.Column("claimed_on", sa.Text),
    sa.Column("not_before", sa.Text),
    sa.Column("case_reference", sa.Text),
    sa.Column("source", sa.Text, nullable=False, server_default=""),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("changed_at", Instant, nullable=False),
    sa.UniqueConstraint("number", "kind", name="uq_licence_number"),
    sqlite_autoincrement=True,
)
sa.Index("ix_licence_holder", licence.c.holder_id)
sa.Index("ix_licence_expires", licence.c.expires_on, licence.c.kind)

# Which rung holds from which day until before which, for a kind and an end: what the calendar says, and no more.
rung = sa.Table(
    "rung",
    metadata,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("term", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("begins", sa.Text, nullable=False),
    sa.Column("ends", sa.Text, nullable=False),
)

nudge = sa.Table(
    "nudge",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("licence_id", Id, nullable=False),
    sa.Column("term", sa.Text, nullable=False),
    sa.Column("rung", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False, server_default="due"),
    sa.Column("queued_on", sa.Text, nullable=False),
    sa.Column("notice_id", Id),
    sa.Column("answer", sa.Text, nullable=False, server_default=""),
    sa.UniqueConstraint("licence_id", "term", "rung", name="uq_nudge_rung"),
    sqlite_autoincrement=True,
)
_due = nudge.c.state == sa.literal_column("'due'")
sa.Index("ix_nudge_due", nudge.c.licence_id, sqlite_where=_due, postgresql_where=_due)
sa.Index("ix_nudge_notice", nudge.c.notice_id)
sa.Index("ix_nudge_queued", nudge.c.queued_on)

# One message to one person on one day, whatever it speaks of and whichever ways it goes.
notice = sa.Table(
    "notice",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("holder_id", Id, nullable=False),
    sa.Column("day", sa.Text, nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("rung", sa.Text, nullable=False),
    sa.Column("licence_id", Id),
    sa.Column("state", sa.Text, nullable=False, server_default="open"),
    sa.Column("created_at", Instant, nullable=False),
    sa.UniqueConstraint("holder_id", "day", name="uq_notice_day"),
    sqlite_autoincrement=True,
)
sa.Index("ix_notice_code", notice.c.code)

reach = sa.Table(
    "reach",
    metadata,
    sa.Column("notice_id", Id, primary_key=True),
    sa.Column("way", sa.Text, primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("why", sa.Text, nullable=False, server_default=""),
    sa.Column("due", Instant),
    sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
    sa.Column("inbox_id", Id),
    sa.Column("who", sa.Text, nullable=False, server_default=""),
    sa.Column("at", Instant, nullable=False),
)
sa.Index("ix_reach_state", reach.c.state, reach.c.due)

# How far a daily look at the whole ledger has come.
scan = sa.Table(
    "scan",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("day", sa.Text, nullable=False),
    sa.Column("after", Id),
)
