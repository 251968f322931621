"""What lists show of photos; and who is spoken to in short sentences and large type."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "thumbnail",
        sa.Column("file", sa.Text, primary_key=True),
        sa.Column("content", sa.Text, nullable=False),
    )
    op.add_column("conversation", sa.Column("eased", sa.Boolean, nullable=False, server_default=sa.false()))
