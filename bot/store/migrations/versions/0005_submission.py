"""Submission: matters, promises, kept files, registrations with departments, invitations, and who did what."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("case_file", sa.Column("submitted_at", sa.Double))
    op.create_table(
        "matter",
        sa.Column("case_reference", sa.Text, primary_key=True),
        sa.Column("item", sa.Text, primary_key=True),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("changed_at", sa.Double, nullable=False),
        sa.Column("body", JSON, nullable=False),
    )
    _promises()
    _files()
    op.create_table(
        "audit",
        sa.Column("id", ID, primary_key=True),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.Column("counts", JSON, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_about", "audit", ["about", "id"])
    op.create_table(
        "invitation",
        sa.Column("code_sha256", sa.Text, primary_key=True),
        sa.Column("case_reference", sa.Text, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("used_at", sa.Double),
    )


def _promises() -> None:
    op.create_table(
        "promise",
        sa.Column("id", ID, primary_key=True),
        sa.Column("case_reference", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("points", JSON, nullable=False),
        sa.Column("agreed_at", sa.Double, nullable=False),
        sa.Column("due_on", sa.Text),
        sa.Column("state", sa.Text, nullable=False, server_default="open"),
        sa.Column("reminded", JSON, nullable=False),
        sa.UniqueConstraint("case_reference", "subject", name="uq_promise_subject"),
        sqlite_autoincrement=True,
    )
    where = sa.text("state = 'open'")
    op.create_index("ix_promise_due", "promise", ["due_on"], sqlite_where=where, postgresql_where=where)
    op.create_table(
        "registration",
        sa.Column("id", ID, primary_key=True),
        sa.Column("key", sa.Text, nullable=False, unique=True),
        sa.Column("case_reference", sa.Text, nullable=False),
        sa.Column("item", sa.Text, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("department", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False, server_default="ready"),
        sa.Column("due", sa.Double, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("error", sa.Text, nullable=False, server_default=""),
        sa.Column("created_at", sa.Double, nullable=False),
        sqlite_autoincrement=True,
    )
    where = sa.text("status = 'ready'")
    op.create_index("ix_registration_due", "registration", ["due"], sqlite_where=where, postgresql_where=where)


def _files() -> None:
    op.create_table(
        "kept_file",
        sa.Column("file", sa.Text, primary_key=True),
        sa.Column("conversation_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("kept_at", sa.Double, nullable=False),
        sa.Column("case_reference", sa.Text, nullable=False, server_default=""),
        sa.Column("material", sa.Text, nullable=False, server_default=""),
    )
    op.create_index("ix_kept_file_conversation", "kept_file", ["conversation_id", "kept_at"])
    op.create_index("ix_kept_file_case", "kept_file", ["case_reference", "material"])
