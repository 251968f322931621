"""Inspections by photo: what was shown, shot by shot, and what the inspector found."""

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    pass
