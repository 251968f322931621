"""The tables of photos. Changing one needs a migration beside it; a test compares the two."""

import sqlalchemy as sa

from bot.store.tables import Instant
from bot.store.tables import metadata as metadata  # of all tables, these among them

# `seen` and `report` are sealed JSON: what a photo is, and what was read from it.
photo = sa.Table(
    "photo",
    metadata,
    sa.Column("file", sa.Text, primary_key=True),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("likeness", sa.Text, nullable=False),
    sa.Column("seen", sa.Text, nullable=False),
    sa.Column("told_at", Instant),
    sa.Column("report", sa.Text),
    sa.Column("kept_at", Instant, nullable=False),
)
sa.Index("ix_photo_sha256", photo.c.sha256)

photo_mark = sa.Table(
    "photo_mark",
    metadata,
    sa.Column("mark", sa.Text, primary_key=True),
    sa.Column("file", sa.Text, primary_key=True),
)
sa.Index("ix_photo_mark_file", photo_mark.c.file)

# `content` is sealed, as the photo itself is.
thumbnail = sa.Table(
    "thumbnail",
    metadata,
    sa.Column("file", sa.Text, primary_key=True),
    sa.Column("content", sa.Text, nullable=False),
)
