"""The tables of inspections. Changing one needs a migration beside it; a test compares the two."""

import sqlalchemy as sa

from bot.store.tables import Id, Instant, Json
from bot.store.tables import metadata as metadata  # of all tables, these among them

inspection = sa.Table(
    "inspection",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("conversation_id", sa.Text, nullable=False),
    sa.Column("case_reference", sa.Text, nullable=False, server_default=""),
    sa.Column("item", sa.Text, nullable=False, server_default=""),
    sa.Column("way", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("round", sa.Integer, nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("coded", sa.Text, nullable=False, server_default=""),
    sa.Column("walk", Json, nullable=False),
    sa.Column("begun_at", Instant, nullable=False),
    sa.Column("changed_at", Instant, nullable=False),
    sa.Column("sent_at", Instant),
    sqlite_autoincrement=True,
)
sa.Index("ix_inspection_conversation", inspection.c.conversation_id, inspection.c.id)
sa.Index("ix_inspection_case", inspection.c.case_reference)
sa.Index("ix_inspection_state", inspection.c.state, inspection.c.sent_at)

# `finding` is sealed: what an inspector wrote of somebody's shop.
inspection_point = sa.Table(
    "inspection_point",
    metadata,
    sa.Column("inspection_id", Id, primary_key=True),
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
    sa.Column("judged_at", Instant),
)

inspection_shot = sa.Table(
    "inspection_shot",
    metadata,
    sa.Column("file", sa.Text, primary_key=True),
    sa.Column("inspection_id", Id, nullable=False),
    sa.Column("point", sa.Text, nullable=False),
    sa.Column("round", sa.Integer, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("live", sa.Boolean, nullable=False),
)
sa.Index("ix_inspection_shot", inspection_shot.c.inspection_id, inspection_shot.c.point)

inspection_event = sa.Table(
    "inspection_event",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("inspection_id", Id, nullable=False),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sqlite_autoincrement=True,
)
sa.Index("ix_inspection_event", inspection_event.c.inspection_id, inspection_event.c.id)
