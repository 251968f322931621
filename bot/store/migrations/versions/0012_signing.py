"""Signatures: the link that asks for one, and the evidence that one was given."""

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    pass
