"""Deliveries and ratings, named specialists, customer-service groups, and signing in elsewhere."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("ticket") as ticket:
        ticket.add_column(sa.Column("device", sa.Text, nullable=False, server_default=""))
    op.create_table(
        "delivery",
        sa.Column("case_reference", sa.Text, primary_key=True),
        sa.Column("way", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False, server_default=""),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
    )
    op.create_table(
        "rating",
        sa.Column("id", ID, primary_key=True),
        sa.Column("about", sa.Text, nullable=False, unique=True),
        sa.Column("conversation_id", sa.Text, nullable=False),
        sa.Column("asked_at", sa.Double, nullable=False),
        sa.Column("mark", sa.Text, nullable=False, server_default=""),
        sa.Column("reason", sa.Text, nullable=False, server_default=""),
        sa.Column("given_at", sa.Double),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_rating_conversation", "rating", ["conversation_id", "id"])
    op.create_index("ix_rating_asked", "rating", ["asked_at"])
    op.create_table(
        "specialist",
        sa.Column("about", sa.Text, primary_key=True),
        sa.Column("staff", sa.Text, nullable=False),
        sa.Column("named_by", sa.Text, nullable=False),
        sa.Column("named_at", sa.Double, nullable=False),
    )
    op.create_index("ix_specialist_staff", "specialist", ["staff"])
    _groups()
    op.create_table(
        "sign_in",
        sa.Column("state_sha256", sa.Text, primary_key=True),
        sa.Column("nonce", sa.Text, nullable=False),
        sa.Column("verifier", sa.Text, nullable=False),
        sa.Column("until", sa.Double, nullable=False),
    )


def _groups() -> None:
    op.create_table(
        "topic",
        sa.Column("conversation_id", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("thread", ID),
        sa.Column("ticket_id", ID, nullable=False),
        sa.Column("told", sa.Text, nullable=False, server_default=""),
        sa.Column("heard_id", ID, nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("conversation_id", "channel"),
    )
    op.create_index("ix_topic_thread", "topic", ["channel", "thread"])
    op.create_table(
        "device",
        sa.Column("platform", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("staff", sa.Text, nullable=False),
        sa.Column("bound_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("platform", "account"),
    )
