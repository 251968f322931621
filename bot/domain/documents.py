"""What we say as JSON: the document of `banshi ask`, `banshi chat --jsonl` and the web chat, and the chat's others."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel

from bot.domain.conversation import Conversation, Owner
from bot.domain.knowledge import Vote
from bot.domain.messages import Kind, OutboundMessage, Outcome
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
    """One bubble. `answer` names an answer that can be voted on, for `{"vote": …, "answer": …}`; otherwise null.

    `by` is the member of staff who says it, "" of the assistant's own words.
    """

    text: str
    choices: list[str]
    links: list[LinkDocument]
    file: str | None
    sources: list[SourceDocument]
    answer: int | None = None
    by: str = ""


class AnswerDocument(BaseModel):
    """Everything that one event caused. `confidence` is null where nothing was looked up."""

    outcome: Outcome
    confidence: float | None
    owner: Owner
    case: str | None
    messages: list[MessageDocument]


class Visitor(BaseModel):
    """Who is writing, and the token that proves it. The token is shown once."""

    visitor: str
    token: str


class ChatAnswer(AnswerDocument):
    event_id: str
    repeat: bool


class Kept(BaseModel):
    """The event is on disk; the answer will come on the stream."""

    event_id: str
    repeat: bool


class Upload(BaseModel):
    """A file that is kept: `photo` is its name for `{"photo": …}` or `{"file": …}`."""

    photo: str
    kind: Literal["jpeg", "png", "webp", "pdf", "mp4"]
    bytes: int


class Refusal(BaseModel):
    """`detail` is a sentence for the citizen, in Chinese."""

    detail: str


class Line(BaseModel):
    """One line of a conversation. `id` is the cursor of the stream, for lines of ours; `vote` is what was thought.

    `kind` is how the citizen said it. Of a photo or file, `message.file` is the name that its upload was given.
    `eased`: who reads it has asked for large type.
    """

    who: Literal["citizen", "bot"]
    kind: Kind | None = None
    at: datetime
    id: int | None = None
    event_id: str | None = None
    message: MessageDocument
    vote: Vote = ""
    eased: bool = False


class History(BaseModel):
    """`cursor` is the id behind which the stream goes on. `eased`: who reads it asked for large type."""

    lines: list[Line]
    cursor: int
    eased: bool = False


def message_document(message: OutboundMessage) -> MessageDocument:
    return MessageDocument(
        text=message.text,
        choices=list(message.choices),
        links=[LinkDocument(title=link.title, url=link.url) for link in message.links],
        file=message.file,
        sources=[_source(source) for source in message.sources],
        answer=message.answer,
        by=message.by,
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
