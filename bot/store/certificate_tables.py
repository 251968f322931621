"""The tables of certificates of a trade. Changing one needs a migration beside it; a test compares the two."""

import sqlalchemy as sa

from bot.store.tables import Id, Instant, metadata

# Days are ISO 8601 text. A row of edition 0 is a case that may come to a certificate.
certificate = sa.Table(
    "certificate",
    metadata,
    sa.Column("case_reference", sa.Text, primary_key=True),
    sa.Column("edition", sa.Integer, nullable=False, server_default="0"),
    sa.Column("due", sa.Boolean, nullable=False),
    sa.Column("made_at", Instant),
)

certificate_part = sa.Table(
    "certificate_part",
    metadata,
    sa.Column("case_reference", sa.Text, primary_key=True),
    sa.Column("item", sa.Text, primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("number", sa.Text, nullable=False),
    sa.Column("department", sa.Text, nullable=False),
    sa.Column("valid_until", sa.Text),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("licence_id", Id),
)
