"""Where we stand in the list of messages of WeCom customer service, and which notices somebody agreed to."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "kf_cursor",
        sa.Column("account", sa.Text, primary_key=True),
        sa.Column("cursor", sa.Text, nullable=False, server_default=""),
        sa.Column("begun_at", sa.Double, nullable=False),
        sa.Column("moved_at", sa.Double),
    )
    op.create_table(
        "kf_session",
        sa.Column("conversation_id", sa.Text, primary_key=True),
        sa.Column("state", sa.Integer, nullable=False, server_default="0"),
        sa.Column("servicer", sa.Text, nullable=False, server_default=""),
        sa.Column("code", sa.Text, nullable=False, server_default=""),
        sa.Column("code_until", sa.Double, nullable=False, server_default="0"),
        sa.Column("refused_until", sa.Double, nullable=False, server_default="0"),
        sa.Column("changed_at", sa.Double, nullable=False),
    )
    served = sa.text("state IN (2, 3)")
    op.create_index("ix_kf_session_served", "kf_session", ["changed_at"], sqlite_where=served, postgresql_where=served)
    op.create_table(
        "consent",
        sa.Column("conversation_id", sa.Text, primary_key=True),
        sa.Column("template", sa.Text, primary_key=True),
        sa.Column("standing", sa.Boolean, nullable=False),
        sa.Column("left", sa.Integer, nullable=False),
        sa.Column("given_at", sa.Double),
        sa.Column("refused_at", sa.Double),
    )
    op.create_table(
        "person",
        sa.Column("conversation_id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
    )
    op.create_index("ix_person_name", "person", ["name"])
