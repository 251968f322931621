"""The tables of appointments. Changing one needs a migration beside it; a test compares the two."""

import sqlalchemy as sa

from bot.store.tables import Id, Instant, Json
from bot.store.tables import metadata as metadata  # of all tables, these among them

appointment = sa.Table(
    "appointment",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("counter", sa.Text, nullable=False),
    sa.Column("starts_at", Instant, nullable=False),
    sa.Column("ends_at", Instant, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("way", sa.Text, nullable=False),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("conversation_id", sa.Text, nullable=False, server_default=""),
    sa.Column("case_reference", sa.Text, nullable=False, server_default=""),
    sa.Column("name", sa.Text, nullable=False, server_default=""),
    sa.Column("phone", sa.Text, nullable=False, server_default=""),
    sa.Column("parts", sa.Integer, nullable=False, server_default="1"),
    sa.Column("made_at", Instant, nullable=False),
    sa.Column("changed_at", Instant, nullable=False),
    sa.Column("held_until", Instant),
    sa.Column("replaces", Id),
    sa.Column("reminded", Json, nullable=False),
    sqlite_autoincrement=True,
)
sa.Index("ix_appointment_person", appointment.c.person)
sa.Index("ix_appointment_conversation", appointment.c.conversation_id)
sa.Index("ix_appointment_starts", appointment.c.starts_at, appointment.c.counter)
_held = appointment.c.state == sa.literal_column("'held'")
sa.Index("ix_appointment_held", appointment.c.held_until, sqlite_where=_held, postgresql_where=_held)

# Capacity is kept by the keys: one row for each seat that is taken, and one seat of a time for one person.
seat = sa.Table(
    "seat",
    metadata,
    sa.Column("counter", sa.Text, primary_key=True),
    sa.Column("starts_at", Instant, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("appointment_id", Id, nullable=False),
    sa.Column("until", Instant),
    sa.UniqueConstraint("counter", "starts_at", "person", name="uq_seat_person"),
)
sa.Index("ix_seat_appointment", seat.c.appointment_id)

# Who waits for a time between two moments at a counter that is full.
waiting = sa.Table(
    "waiting",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("conversation_id", sa.Text, nullable=False),
    sa.Column("counter", sa.Text, nullable=False),
    sa.Column("first", Instant, nullable=False),
    sa.Column("last", Instant, nullable=False),
    sa.Column("made_at", Instant, nullable=False),
    sa.UniqueConstraint("conversation_id", "counter", "first", name="uq_waiting_first"),
    sqlite_autoincrement=True,
)
sa.Index("ix_waiting_counter", waiting.c.counter, waiting.c.id)
