"""Certificates of a trade, with the licences that each lists."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "certificate",
        sa.Column("case_reference", sa.Text, primary_key=True),
        sa.Column("edition", sa.Integer, nullable=False, server_default="0"),
        sa.Column("due", sa.Boolean, nullable=False),
        sa.Column("made_at", sa.Double),
    )
    op.create_table(
        "certificate_part",
        sa.Column("case_reference", sa.Text, primary_key=True),
        sa.Column("item", sa.Text, primary_key=True),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("department", sa.Text, nullable=False),
        sa.Column("valid_until", sa.Text),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("licence_id", ID),
    )
