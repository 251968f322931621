"""Questions: the answer that was found, or an honest word that none was."""

from collections.abc import Sequence

from bot.domain.messages import OutboundMessage, Outcome
from bot.handlers import human
from bot.replies import Replies
from bot.turn import Turn
from knowledge.answer import Answer
from knowledge.passages import Source


def answer(turn: Turn) -> None:
    if turn.heard.answer is None:
        turn.say("question.unavailable", reply_by=human.reply_by(turn))
        turn.conclude("error")
        return
    message, outcome = compose(turn.resources.replies, turn.heard.answer, human.reply_by(turn))
    turn.said.append(message)
    turn.conclude(outcome, turn.heard.answer.confidence)


def compose(replies: Replies, found: Answer, reply_by: str) -> tuple[OutboundMessage, Outcome]:
    """One bubble for `found`; `reply_by` says when a person would answer instead."""
    if found.outcome == "answered":
        name = "question.unverified" if found.check else "question.answered"
        return OutboundMessage(replies(name, text=found.text), sources=found.sources), "answered"
    if not found.near:
        return OutboundMessage(replies("question.not_found", reply_by=reply_by)), "not_found"
    near = replies("words.between").join(found.near)
    text = replies("question.not_found_near", near=near, reply_by=reply_by)
    return OutboundMessage(text, choices=found.near), "not_found"


def source_lines(replies: Replies, sources: Sequence[Source]) -> list[str]:
    """Each source on a line, as a channel without pages shows it."""
    lines = []
    for source in sources:
        parts = [replies("words.title", title=source.title), source.number or "", source.article or ""]
        if source.valid_from is not None:
            lines.append("".join(parts) + replies("words.in_force", date=source.valid_from.isoformat()))
        else:
            lines.append("".join(parts))
    return [replies("words.basis", source=line) for line in lines]
