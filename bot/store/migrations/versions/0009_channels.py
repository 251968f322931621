"""Channels that count: how much may still be said to somebody, until when, and what waits to be said."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "send_window",
        sa.Column("conversation_id", sa.Text, primary_key=True),
        sa.Column("typed_left", sa.Integer, nullable=False, server_default="0"),
        sa.Column("typed_until", sa.Double, nullable=False, server_default="0"),
        sa.Column("tapped_left", sa.Integer, nullable=False, server_default="0"),
        sa.Column("tapped_until", sa.Double, nullable=False, server_default="0"),
        sa.Column("parked", sa.Text, nullable=False, server_default=""),
    )
