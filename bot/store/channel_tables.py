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
