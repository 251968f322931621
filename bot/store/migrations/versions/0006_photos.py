"""Photos: what was read from them and judged."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "photo",
        sa.Column("file", sa.Text, primary_key=True),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("likeness", sa.Text, nullable=False),
        sa.Column("seen", sa.Text, nullable=False),
        sa.Column("told_at", sa.Double),
        sa.Column("report", sa.Text),
        sa.Column("kept_at", sa.Double, nullable=False),
    )
    op.create_index("ix_photo_sha256", "photo", ["sha256"])
    op.create_table(
        "photo_mark",
        sa.Column("mark", sa.Text, primary_key=True),
        sa.Column("file", sa.Text, primary_key=True),
    )
    op.create_index("ix_photo_mark_file", "photo_mark", ["file"])
