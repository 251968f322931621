"""What was read from a photo, as the citizen is asked about it: nothing of it counts before they say so."""

from collections.abc import Mapping
from datetime import date

from bot.bundles import engine
from bot.bundles.answers import KINDS
from bot.bundles.model import Question
from bot.domain.case import Case
from bot.domain.masking import masked_value
from bot.domain.messages import OutboundMessage
from bot.domain.photo import Report
from bot.errors import CitizenError
from bot.handlers import casework
from bot.handlers.casework import Work
from bot.materials.kinds import FieldKind
from bot.turn import Turn

READ = "read."  # and a question: what a photo says of it
_MASKS = {"person": "name", "id": "id_number", "uscc": "uscc"}


def pending(case: Case) -> dict[str, str]:
    """What photos said and the citizen has not judged yet, by question."""
    return {id.removeprefix(READ): value for id, value in case.values.items() if id.startswith(READ)}


def propose(turn: Turn, work: Work, report: Report) -> None:
    """Keep aside what was read surely, for questions that are asked here and not answered so already."""
    kind = turn.resources.eye.kinds[report.kind]
    asked = {question.id for step in engine.applying(work.bundle, work.values) for question in step.questions}
    found: dict[str, str] = {}
    for id, seen in report.fields.items():
        for name in kind.fields[id].fills if id in kind.fields and seen.sure else ():
            if name in asked and (value := _fit(work.bundle.questions[name], seen.value)) is not None:
                found[name] = value
    known = {id: value for id, value in found.items() if not _agrees(work, id, value)}
    work.give(turn, {READ + id: value for id, value in known.items()}, "photo")


def message(turn: Turn, work: Work) -> OutboundMessage | None:
    """What is to be confirmed: first what is new, all at once; then each thing that stands otherwise in the form."""
    found = pending(work.case)
    replies = turn.resources.replies
    if fresh := fresh_of(work, found):
        lines = [
            replies(
                "form.line", number=str(n), name=work.bundle.questions[id].name, value=_shown(turn, work, id, value)
            )
            for n, (id, value) in enumerate(fresh.items(), 1)
        ]
        wrong = [wrong_word(turn, work.bundle.questions[id]) for id in fresh]
        choices = (replies("words.right"), *wrong, *([replies("words.all_wrong")] if len(wrong) > 1 else []))
        return OutboundMessage(replies("photo.read_out", lines="\n".join(lines)), choices=choices)
    for id, value in found.items():
        told = {"name": work.bundle.questions[id].name, "seen": _shown(turn, work, id, value)}
        text = replies("photo.differs", said=_shown(turn, work, id, work.values[id]), **told)
        return OutboundMessage(text, choices=(replies("words.as_in_photo"), replies("words.as_i_said")))
    return None


def fresh_of(work: Work, found: Mapping[str, str]) -> dict[str, str]:
    """Those to which the form has no answer yet."""
    return {id: value for id, value in found.items() if id not in work.values}


def wrong_word(turn: Turn, question: Question) -> str:
    return turn.resources.replies("words.not_right", name=question.name)


def facts(turn: Turn, report: Report) -> str:
    """What was read, in one line, masked where it is a person's."""
    replies, fields = turn.resources.replies, turn.resources.eye.kinds[report.kind].fields
    told = [
        replies("form.fact", name=fields[id].name, value=_of_paper(turn, fields[id], seen.value))
        for id, seen in report.fields.items()
        if id in fields and (fields[id].required or fields[id].expires)
    ]
    return replies("form.between").join(told)


def told_day(turn: Turn, value: str) -> str:
    """A day as it is told; one that never comes has a word of its own."""
    day = date.fromisoformat(value)
    return turn.resources.replies("words.forever") if day == date.max else turn.resources.replies.day(day)


def _of_paper(turn: Turn, field: FieldKind, value: str) -> str:
    if field.kind in ("since", "until", "day"):
        return told_day(turn, value)
    return masked_value(_MASKS.get(field.kind, ""), value)


def _fit(question: Question, value: str) -> str | None:
    """The value as an answer to the question; None where it would be none."""
    try:
        return KINDS[question.kind](value) if question.kind in KINDS else None
    except CitizenError:
        return None


def _agrees(work: Work, id: str, value: str) -> bool:
    """Does the form say the same? Of an address it is enough that one holds the other."""
    given = work.values.get(id, "")
    if work.bundle.questions[id].kind == "address" and given:
        return given in value or value in given
    return given == value


def _shown(turn: Turn, work: Work, id: str, value: str) -> str:
    question = work.bundle.questions[id]
    return masked_value("uscc", value) if question.kind == "uscc" else casework.shown(turn, question, value)
