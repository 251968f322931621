"""Appointments, the seats that they take, and who waits for one."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    _appointments()
    op.create_table(
        "seat",
        sa.Column("counter", sa.Text, primary_key=True),
        sa.Column("starts_at", sa.Double, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("appointment_id", ID, nullable=False),
        sa.Column("until", sa.Double),
        sa.UniqueConstraint("counter", "starts_at", "person", name="uq_seat_person"),
    )
    op.create_index("ix_seat_appointment", "seat", ["appointment_id"])
    op.create_table(
        "waiting",
        sa.Column("id", ID, primary_key=True),
        sa.Column("conversation_id", sa.Text, nullable=False),
        sa.Column("counter", sa.Text, nullable=False),
        sa.Column("first", sa.Double, nullable=False),
        sa.Column("last", sa.Double, nullable=False),
        sa.Column("made_at", sa.Double, nullable=False),
        sa.UniqueConstraint("conversation_id", "counter", "first", name="uq_waiting_first"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_waiting_counter", "waiting", ["counter", "id"])


def _appointments() -> None:
    op.create_table(
        "appointment",
        sa.Column("id", ID, primary_key=True),
        sa.Column("counter", sa.Text, nullable=False),
        sa.Column("starts_at", sa.Double, nullable=False),
        sa.Column("ends_at", sa.Double, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("way", sa.Text, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("conversation_id", sa.Text, nullable=False, server_default=""),
        sa.Column("case_reference", sa.Text, nullable=False, server_default=""),
        sa.Column("name", sa.Text, nullable=False, server_default=""),
        sa.Column("phone", sa.Text, nullable=False, server_default=""),
        sa.Column("parts", sa.Integer, nullable=False, server_default="1"),
        sa.Column("made_at", sa.Double, nullable=False),
        sa.Column("changed_at", sa.Double, nullable=False),
        sa.Column("held_until", sa.Double),
        sa.Column("replaces", ID),
        sa.Column("reminded", JSON, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_appointment_person", "appointment", ["person"])
    op.create_index("ix_appointment_conversation", "appointment", ["conversation_id"])
    op.create_index("ix_appointment_starts", "appointment", ["starts_at", "counter"])
    held = sa.text("state = 'held'")
    op.create_index("ix_appointment_held", "appointment", ["held_until"], sqlite_where=held, postgresql_where=held)
