"""Signatures: the link that asks for one, and the evidence that one was given."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


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
