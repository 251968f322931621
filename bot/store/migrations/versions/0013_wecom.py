"""Where we stand in the list of messages of WeCom customer service, and which notices somebody agreed to."""

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    pass
