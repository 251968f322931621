"""Signatures: the link that asks for one, and the evidence that one was given; links to send files with."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "signing",
        sa.Column("id", ID, primary_key=True),
        sa.Column("token_sha256", sa.Text, nullable=False, unique=True),
        sa.Column("case_reference", sa.Text, nullable=False),
        sa.Column("conversation_id", sa.Text, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False, server_default="open"),
        sa.Column("made_at", sa.Double, nullable=False),
        sa.Column("until", sa.Double, nullable=False),
        sa.Column("steps", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_signing_case", "signing", ["case_reference", "id"])
    op.create_index("ix_signing_conversation", "signing", ["conversation_id", "id"])
    op.create_table(
        "signing_key",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("public", sa.Text, nullable=False),
        sa.Column("private", sa.Text, nullable=False),
        sa.Column("made_at", sa.Double, nullable=False),
    )
    op.create_table(
        "upload",
        sa.Column("token_sha256", sa.Text, primary_key=True),
        sa.Column("conversation_id", sa.Text, nullable=False),
        sa.Column("until", sa.Double, nullable=False),
        sa.Column("browser", sa.Text, nullable=False, server_default=""),
        sa.Column("events", JSON, nullable=False),
    )
    op.create_index("ix_upload_conversation", "upload", ["conversation_id"])
