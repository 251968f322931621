"""The answer as JSON: the document that `banshi ask`, `banshi chat --jsonl` and the web chat give."""

from collections.abc import Sequence
from datetime import date

from pydantic import BaseModel

from bot.domain.conversation import Conversation, Owner
from bot.domain.messages import OutboundMessage, Outcome
from knowledge.passages import Source


class SourceDocument(BaseModel):
    title: str
    number: str | None
    article: str | None
    valid_from: date | None
    quote: str


class LinkDocument(BaseModel):
    title: str
    url: str


class MessageDocument(BaseModel):
    text: str
    choices: list[str]
    links: list[LinkDocument]
    file: str | None
    sources: list[SourceDocument]


class AnswerDocument(BaseModel):
    """Everything that one event caused. `confidence` is null where nothing was looked up."""

    outcome: Outcome
    confidence: float | None
    owner: Owner
    case: str | None
    messages: list[MessageDocument]


def message_document(message: OutboundMessage) -> MessageDocument:
    return MessageDocument(
        text=message.text,
        choices=list(message.choices),
        links=[LinkDocument(title=link.title, url=link.url) for link in message.links],
        file=message.file,
        sources=[_source(source) for source in message.sources],
    )


def answer_document(
    outcome: Outcome,
    confidence: float | None,
    conversation: Conversation,
    messages: Sequence[OutboundMessage],
) -> AnswerDocument:
    return AnswerDocument(
        outcome=outcome,
        confidence=None if confidence is None else round(confidence, 4),
        owner=conversation.owner,
        case=conversation.case,
        messages=[message_document(message) for message in messages],
    )


def _source(source: Source) -> SourceDocument:
    return SourceDocument(
        title=source.title,
        number=source.number,
        article=source.article,
        valid_from=source.valid_from,
        quote=source.quote or source.gist,
    )
