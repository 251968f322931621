"""The table of links to send files with. Changing it needs a migration beside it; a test compares the two."""

import sqlalchemy as sa

from bot.store.tables import Instant, Json
from bot.store.tables import metadata as metadata  # of all tables, this among them

# `browser` is a digest of what the browser is known by that sent the first file; `events` are ids of the inbox.
upload = sa.Table(
    "upload",
    metadata,
    sa.Column("token_sha256", sa.Text, primary_key=True),
    sa.Column("conversation_id", sa.Text, nullable=False),
    sa.Column("until", Instant, nullable=False),
    sa.Column("browser", sa.Text, nullable=False, server_default=""),
    sa.Column("events", Json, nullable=False),
)
sa.Index("ix_upload_conversation", upload.c.conversation_id)
