"""The tables of cases. Changing one needs a migration beside it; a test compares the two."""

import sqlalchemy as sa

from bot.store.tables import Id, Instant, Json
from bot.store.tables import metadata as metadata  # of all tables, these among them

definition = sa.Table(
    "definition",
    metadata,
    sa.Column("sha256", sa.Text, primary_key=True),
    sa.Column("body", Json, nullable=False),
)

case_file = sa.Table(
    "case_file",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("reference", sa.Text, nullable=False, unique=True),
    sa.Column("schema_version", sa.Integer, nullable=False, server_default="1"),
    sa.Column("conversation_id", sa.Text, nullable=False),
    sa.Column("definition", sa.Text, nullable=False),
    sa.Column("answers", Json, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("updated_at", Instant, nullable=False),
    sa.Column("submitted_at", Instant),
    sqlite_autoincrement=True,
)
sa.Index("ix_case_file_conversation", case_file.c.conversation_id, case_file.c.id)

counter = sa.Table(
    "counter",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", Id, nullable=False),
)

memory = sa.Table(
    "memory",
    metadata,
    sa.Column("conversation_id", sa.Text, primary_key=True),
    sa.Column("field", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
    sa.Column("kept_at", Instant, nullable=False),
)

matter = sa.Table(
    "matter",
    metadata,
    sa.Column("case_reference", sa.Text, primary_key=True),
    sa.Column("item", sa.Text, primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("changed_at", Instant, nullable=False),
    sa.Column("body", Json, nullable=False),
)

promise = sa.Table(
    "promise",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("case_reference", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("points", Json, nullable=False),
    sa.Column("agreed_at", Instant, nullable=False),
    sa.Column("due_on", sa.Text),
    sa.Column("state", sa.Text, nullable=False, server_default="open"),
    sa.Column("reminded", Json, nullable=False),
    sa.UniqueConstraint("case_reference", "subject", name="uq_promise_subject"),
    sqlite_autoincrement=True,
)
_open_promise = promise.c.state == sa.literal_column("'open'")
sa.Index("ix_promise_due", promise.c.due_on, sqlite_where=_open_promise, postgresql_where=_open_promise)

kept_file = sa.Table(
    "kept_file",
    metadata,
    sa.Column("file", sa.Text, primary_key=True),
    sa.Column("conversation_id", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("kept_at", Instant, nullable=False),
    sa.Column("case_reference", sa.Text, nullable=False, server_default=""),
    sa.Column("material", sa.Text, nullable=False, server_default=""),
)
sa.Index("ix_kept_file_conversation", kept_file.c.conversation_id, kept_file.c.kept_at)
sa.Index("ix_kept_file_case", kept_file.c.case_reference, kept_file.c.material)

registration = sa.Table(
    "registration",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    sa.Column("case_reference", sa.Text, nullable=False),
    sa.Column("item", sa.Text, nullable=False),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("department", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False, server_default="ready"),
    sa.Column("due", Instant, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
    sa.Column("error", sa.Text, nullable=False, server_default=""),
    sa.Column("created_at", Instant, nullable=False),
    sqlite_autoincrement=True,
)
_unregistered = registration.c.status == sa.literal_column("'ready'")
sa.Index("ix_registration_due", registration.c.due, sqlite_where=_unregistered, postgresql_where=_unregistered)

invitation = sa.Table(
    "invitation",
    metadata,
    sa.Column("code_sha256", sa.Text, primary_key=True),
    sa.Column("case_reference", sa.Text, nullable=False),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("used_at", Instant),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("at", Instant, nullable=False),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("about", sa.Text, nullable=False),
    sa.Column("counts", Json, nullable=False),
    sa.Column("why", sa.Text, nullable=False, server_default=""),
    sqlite_autoincrement=True,
)
sa.Index("ix_audit_about", audit.c.about, audit.c.id)
