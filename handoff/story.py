"""The story of a chat for whoever takes it over, so that no question is asked twice."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.bundles.model import Bundle
from bot.domain.case import Case
from bot.domain.knowledge import masked
from bot.domain.masking import masked_value
from bot.domain.messages import InboundEvent, OutboundMessage
from bot.domain.progress import Matter
from bot.domain.promise import Promise
from bot.domain.ticket import Ticket
from bot.store.db import Tables
from bot.store.desk import Note
from bot.store.inbox import Result

Who = Literal["citizen", "bot", "staff"]
_TRIED = ("answered", "not_found", "clarify", "refused", "out_of_remit")


@dataclass(frozen=True)
class Line:
    """One thing that was said. Of a citizen's, `outcome` and `confidence` are what the bot made of it."""

    who: Who
    by: str
    at: datetime
    text: str
    kind: str = "text"
    media: str = ""
    choices: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    outcome: str = ""
    confidence: float | None = None


@dataclass(frozen=True)
class Facts:
    """The case in hand, as far as it is filled in; people's own data masked."""

    reference: str
    bundle: str
    state: str
    answers: tuple[tuple[str, str], ...]
    matters: tuple[Matter, ...]
    promises: tuple[Promise, ...]


@dataclass(frozen=True)
class Story:
    """`tried` are questions with what came of them, `open_questions` those that the bot had no answer to."""

    ticket: Ticket
    lines: tuple[Line, ...]
    facts: Facts | None
    notes: tuple[Note, ...]
    tried: tuple[tuple[str, str], ...]
    open_questions: tuple[str, ...]
    last_words: str
    photos: int
    before: int


def story(tables: Tables, ticket: Ticket) -> Story:
    """Read in one transaction."""
    id = ticket.conversation_id
    heard = [_heard(*one) for one in tables.inbox.history(id) if one[1].kind != "agent"]
    said = [_said(one.created_at, one.message) for one in tables.outbox.after(id, 0, limit=None)]
    lines = tuple(sorted(heard + said, key=lambda line: line.at))
    tried = [(line.text, line.outcome) for line in heard if line.outcome in _TRIED and line.kind == "text"]
    lost = tuple(text for text, outcome in tried if outcome in ("not_found", "clarify"))
    case = _case(tables, id)
    return Story(
        ticket,
        lines,
        None if case is None else _facts(tables, case),
        tuple(tables.desk.notes(id)),
        tuple(tried[-6:]),
        tuple(masked(text) for text in lost[-3:]),
        next((masked(line.text) for line in reversed(heard) if line.kind == "text" and len(line.text) > 3), ""),
        sum(line.kind == "photo" for line in heard),
        sum(line.at < ticket.created_at for line in heard),
    )


def _heard(at: datetime, event: InboundEvent, result: Result) -> Line:
    told = {"outcome": result.outcome or "", "confidence": result.confidence}
    return Line("citizen", "", at, event.text, event.kind, event.media, **told)  # type: ignore[arg-type]


def _said(at: datetime, message: OutboundMessage) -> Line:
    sources = tuple(f"{source.title}{source.article or ''}" for source in message.sources)
    return Line(
        "staff" if message.by else "bot", message.by, at, message.text, choices=message.choices, sources=sources
    )


def _case(tables: Tables, id: str) -> Case | None:
    """The draft in hand, or else the last that was handed in."""
    in_hand = tables.conversations.load(id).case
    if in_hand:
        return tables.cases.load(in_hand)
    return next(iter(tables.cases.of_conversation(id)), None)


def _facts(tables: Tables, case: Case) -> Facts:
    questions = Bundle.model_validate(case.bundle).questions
    values = {id: given.value for id, given in case.answers.items() if given.by != "skipped"}
    answers = tuple(
        (one.name, masked_value(one.kind, values[id]) if one.sensitive else values[id])
        for id, one in questions.items()
        if id in values
    )
    return Facts(
        case.reference,
        str(case.bundle.get("name", "")),
        case.state,
        answers,
        tuple(tables.matters.of(case.reference)),
        tuple(tables.matters.promises(case.reference)),
    )
