"""Looking after the knowledge base: answers, misses, versions of articles, reviews."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    create_answers()
    create_articles()


def create_answers() -> None:
    op.create_table(
        "answer",
        sa.Column("id", ID, primary_key=True),
        sa.Column("inbox_id", ID, unique=True),
        sa.Column("conversation_id", sa.Text, nullable=False),
        sa.Column("asked_at", sa.Double, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("passage_id", sa.Text),
        sa.Column("confidence", sa.Double, nullable=False),
        sa.Column("region", sa.Text, nullable=False, server_default=""),
        sa.Column("question", sa.Text, nullable=False, server_default=""),
        sa.Column("vote", sa.Integer, nullable=False, server_default="0"),
        sa.Column("vote_reason", sa.Text, nullable=False, server_default=""),
        sa.Column("voted_at", sa.Double),
        sa.Column("miss_id", ID),
        sqlite_autoincrement=True,
    )
    create_partial("ix_answer_ungrouped", "answer", ["id"], "miss_id IS NULL AND question != ''")
    op.create_index("ix_answer_miss", "answer", ["miss_id"])
    op.create_index("ix_answer_passage", "answer", ["passage_id", "asked_at"])
    op.create_index("ix_answer_conversation", "answer", ["conversation_id", "id"])
    op.create_table(
        "miss",
        sa.Column("id", ID, primary_key=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False, server_default="open"),
        sa.Column("owner", sa.Text, nullable=False, server_default=""),
        sa.Column("article_id", sa.Text),
        sa.Column("note", sa.Text, nullable=False, server_default=""),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("updated_at", sa.Double, nullable=False),
        sqlite_autoincrement=True,
    )


def create_articles() -> None:
    op.create_table(
        "article_version",
        sa.Column("id", ID, primary_key=True),
        sa.Column("article", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False, server_default=""),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("reviewer", sa.Text, nullable=False, server_default=""),
        sa.Column("decided_at", sa.Double),
        sa.Column("publisher", sa.Text, nullable=False, server_default=""),
        sa.Column("published_at", sa.Double),
        sa.Column("shipped_sha256", sa.Text, nullable=False, server_default=""),
        sa.UniqueConstraint("article", "number", name="uq_article_version_number"),
        sqlite_autoincrement=True,
    )
    in_force = "state IN ('published', 'withdrawn', 'shipped')"
    create_partial("ux_article_version_live", "article_version", ["article"], in_force, unique=True)
    op.create_table(
        "article_review",
        sa.Column("id", ID, primary_key=True),
        sa.Column("article", sa.Text, nullable=False),
        sa.Column("reviewer", sa.Text, nullable=False),
        sa.Column("reviewed_at", sa.Double, nullable=False),
        sqlite_autoincrement=True,
    )


def create_partial(name: str, table: str, columns: list[str], where: str, unique: bool = False) -> None:
    op.create_index(name, table, columns, unique=unique, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
