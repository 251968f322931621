"""What a conversation is about, so that a question may lean on the one before."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("conversation", sa.Column("topic", sa.Text, nullable=False, server_default=""))
    op.add_column("conversation", sa.Column("topic_at", sa.Double))
