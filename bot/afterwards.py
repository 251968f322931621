"""How were you served? Asked once, with the last word on what was done; nobody has to answer."""

from datetime import datetime

from bot.domain.messages import OutboundMessage
from bot.replies import Replies
from bot.store.db import Tables

RATINGS = ("rate_good", "rate_fair", "rate_poor")  # the commands that answer it


def asking(
    tables: Tables, replies: Replies, text: str, about: str, conversation_id: str, now: datetime
) -> OutboundMessage:
    """`text` with the question behind it, in one bubble; as it is where they were asked about this before."""
    if not tables.aftercare.ask(about, conversation_id, now):
        return OutboundMessage(text)
    question = replies("rating.ask")
    return OutboundMessage(f"{text}\n{question}", choices=tuple(map(replies.word, RATINGS)))
