"""The tables of signatures. Changing one needs a migration beside it; a test compares the two."""

import sqlalchemy as sa

from bot.store.tables import Id, Instant
from bot.store.tables import metadata as metadata  # of all tables, these among them

# `steps` is sealed JSON: who signs, how far they are, and at the end the evidence.
signing = sa.Table(
    "signing",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("token_sha256", sa.Text, nullable=False, unique=True),
    sa.Column("case_reference", sa.Text, nullable=False),
    sa.Column("conversation_id", sa.Text, nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False, server_default="open"),
    sa.Column("made_at", Instant, nullable=False),
    sa.Column("until", Instant, nullable=False),
    sa.Column("steps", sa.Text, nullable=False),
    sqlite_autoincrement=True,
)
sa.Index("ix_signing_case", signing.c.case_reference, signing.c.id)
sa.Index("ix_signing_conversation", signing.c.conversation_id, signing.c.id)

# With what evidence is attested. `private` is sealed.
signing_key = sa.Table(
    "signing_key",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("public", sa.Text, nullable=False),
    sa.Column("private", sa.Text, nullable=False),
    sa.Column("made_at", Instant, nullable=False),
)
