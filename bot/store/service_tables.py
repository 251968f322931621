"""The tables of what goes with the service. Changing one needs a migration beside it; a test compares the two."""

import sqlalchemy as sa

from bot.store.tables import Id, Instant
from bot.store.tables import metadata as metadata  # of all tables, these among them

# What came of a case was given to whose it is. `note` is sealed.
delivery = sa.Table(
    "delivery",
    metadata,
    sa.Column("case_reference", sa.Text, primary_key=True),
    sa.Column("way", sa.Text, nullable=False),
    sa.Column("note", sa.Text, nullable=False, server_default=""),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
)

# Whoever was served is asked once; `mark` is "" until they say. `reason` is sealed.
rating = sa.Table(
    "rating",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("about", sa.Text, nullable=False, unique=True),
    sa.Column("conversation_id", sa.Text, nullable=False),
    sa.Column("asked_at", Instant, nullable=False),
    sa.Column("mark", sa.Text, nullable=False, server_default=""),
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
    sa.Column("given_at", Instant),
    sqlite_autoincrement=True,
)
sa.Index("ix_rating_conversation", rating.c.conversation_id, rating.c.id)
sa.Index("ix_rating_asked", rating.c.asked_at)

# Who looks after a case, or a conversation, by name.
specialist = sa.Table(
    "specialist",
    metadata,
    sa.Column("about", sa.Text, primary_key=True),
    sa.Column("staff", sa.Text, nullable=False),
    sa.Column("named_by", sa.Text, nullable=False),
    sa.Column("named_at", Instant, nullable=False),
)
sa.Index("ix_specialist_staff", specialist.c.staff)

# What a group of staff was told of a citizen: in which topic, of which ticket, and how far.
topic = sa.Table(
    "topic",
    metadata,
    sa.Column("conversation_id", sa.Text, primary_key=True),
    sa.Column("channel", sa.Text, primary_key=True),
    sa.Column("thread", Id),
    sa.Column("ticket_id", Id, nullable=False),
    sa.Column("told", sa.Text, nullable=False, server_default=""),
    sa.Column("heard_id", Id, nullable=False, server_default="0"),
)
sa.Index("ix_topic_thread", topic.c.channel, topic.c.thread)

# Accounts of platforms that are members of staff.
device = sa.Table(
    "device",
    metadata,
    sa.Column("platform", sa.Text, primary_key=True),
    sa.Column("account", sa.Text, primary_key=True),
    sa.Column("staff", sa.Text, nullable=False),
    sa.Column("bound_at", Instant, nullable=False),
)

# Somebody who went to sign in elsewhere and is to come back. `verifier` is sealed.
sign_in = sa.Table(
    "sign_in",
    metadata,
    sa.Column("state_sha256", sa.Text, primary_key=True),
    sa.Column("nonce", sa.Text, nullable=False),
    sa.Column("verifier", sa.Text, nullable=False),
    sa.Column("until", Instant, nullable=False),
)
