"""Files that the channel cannot carry: a page on which they are sent."""

from datetime import timedelta

from bot.domain.messages import Link, OutboundMessage
from bot.turn import Turn

HOLDS = timedelta(minutes=30)


def ask(turn: Turn) -> None:
    """A link to the page; what comes by it is of this conversation, as if it had been sent here."""
    token = turn.tables.uploads.open(turn.conversation.id, turn.now, HOLDS)
    replies, minutes = turn.resources.replies, str(int(HOLDS.total_seconds()) // 60)
    link = Link(replies("link.upload"), f"{turn.resources.settings.hall.url}/upload/{token}")
    turn.said.append(OutboundMessage(replies("upload.ask", minutes=minutes), links=(link,)))
    turn.conclude("step" if turn.conversation.case else "saved", 1.0)
