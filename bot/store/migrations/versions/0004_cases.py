"""Cases, the definitions that they were begun with, numbers that count up, and what a citizen lets us remember."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "definition",
        sa.Column("sha256", sa.Text, primary_key=True),
        sa.Column("body", JSON, nullable=False),
    )
    op.create_table(
        "case_file",
        sa.Column("id", ID, primary_key=True),
        sa.Column("reference", sa.Text, nullable=False, unique=True),
        sa.Column("schema_version", sa.Integer, nullable=False, server_default="1"),
        sa.Column("conversation_id", sa.Text, nullable=False),
        sa.Column("definition", sa.Text, nullable=False),
        sa.Column("answers", JSON, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("updated_at", sa.Double, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_case_file_conversation", "case_file", ["conversation_id", "id"])
    op.create_table(
        "counter",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", ID, nullable=False),
    )
    op.create_table(
        "memory",
        sa.Column("conversation_id", sa.Text, primary_key=True),
        sa.Column("field", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("kept_at", sa.Double, nullable=False),
    )
    op.add_column("conversation", sa.Column("misses", sa.Integer, nullable=False, server_default="0"))
