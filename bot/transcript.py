"""A conversation as documents: what was said on both sides, and what one event caused."""

from bot.domain.documents import AnswerDocument, History, Line, answer_document, message_document
from bot.domain.messages import OutboundMessage
from bot.store.db import Tables


def caused(tables: Tables, inbox_id: int, conversation_id: str) -> AnswerDocument | None:
    """Everything that an event caused; None while it has no answer."""
    result = tables.inbox.result(inbox_id)
    if result.outcome is None:
        return None
    conversation = tables.conversations.load(conversation_id)
    return answer_document(result.outcome, result.confidence, conversation, tables.outbox.of_turn(inbox_id))


def transcript(tables: Tables, conversation_id: str) -> History:
    """The conversation so far, in the order in which it was said."""
    heard = [
        Line(
            who="citizen",
            kind=event.kind,
            at=at,
            event_id=event.event_id.partition(":")[2],
            message=message_document(OutboundMessage(event.text, file=event.media or None)),
        )
        for at, event in tables.inbox.of_conversation(conversation_id)
    ]
    votes = tables.answers.votes(conversation_id)
    said = [
        Line(
            who="bot",
            at=line.created_at,
            id=line.id,
            message=message_document(line.message),
            vote=votes.get(line.message.answer or 0, ""),
        )
        for line in tables.outbox.after(conversation_id, 0, limit=None)
    ]
    lines = sorted(heard + said, key=lambda line: (line.at, line.id or 0))
    eased = tables.conversations.load(conversation_id).eased
    return History(lines=lines, cursor=max((line.id or 0 for line in said), default=0), eased=eased)
