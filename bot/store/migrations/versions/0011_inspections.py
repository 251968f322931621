"""Inspections by photo: what was shown, shot by shot, and what the inspector found."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    _inspections()
    op.create_table(
        "inspection_shot",
        sa.Column("file", sa.Text, primary_key=True),
        sa.Column("inspection_id", ID, nullable=False),
        sa.Column("point", sa.Text, nullable=False),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("live", sa.Boolean, nullable=False),
    )
    op.create_index("ix_inspection_shot", "inspection_shot", ["inspection_id", "point"])
    op.create_table(
        "inspection_event",
        sa.Column("id", ID, primary_key=True),
        sa.Column("inspection_id", ID, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_inspection_event", "inspection_event", ["inspection_id", "id"])


def _inspections() -> None:
    op.create_table(
        "inspection",
        sa.Column("id", ID, primary_key=True),
        sa.Column("conversation_id", sa.Text, nullable=False),
        sa.Column("case_reference", sa.Text, nullable=False, server_default=""),
        sa.Column("item", sa.Text, nullable=False, server_default=""),
        sa.Column("way", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("coded", sa.Text, nullable=False, server_default=""),
        sa.Column("walk", JSON, nullable=False),
        sa.Column("begun_at", sa.Double, nullable=False),
        sa.Column("changed_at", sa.Double, nullable=False),
        sa.Column("sent_at", sa.Double),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_inspection_conversation", "inspection", ["conversation_id", "id"])
    op.create_index("ix_inspection_case", "inspection", ["case_reference"])
    op.create_index("ix_inspection_state", "inspection", ["state", "sent_at"])
    op.create_table(
        "inspection_point",
        sa.Column("inspection_id", ID, primary_key=True, autoincrement=False),
        sa.Column("point", sa.Text, primary_key=True),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("stands", sa.Text, nullable=False),
        sa.Column("agreed", sa.Boolean, nullable=False),
        sa.Column("retakes", sa.Integer, nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("finding", sa.Text, nullable=False),
        sa.Column("finding_file", sa.Text, nullable=False),
        sa.Column("due_on", sa.Text),
        sa.Column("judged_by", sa.Text, nullable=False),
        sa.Column("judged_at", sa.Double),
    )
