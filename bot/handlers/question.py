"""Questions: the answer that was found, the readings to choose from, or an honest word that none was."""

from collections.abc import Sequence

from bot.domain.messages import OutboundMessage, Outcome
from bot.handlers import human
from bot.replies import Replies
from bot.turn import Turn
from knowledge.answer import Answer
from knowledge.passages import Source


def answer(turn: Turn) -> None:
    found = turn.heard.answers
    if not found:
        turn.say("question.unavailable", reply_by=human.reply_by(turn))
        turn.conclude("error")
        return
    messages, outcome = compose(turn.resources.replies, found, human.reply_by(turn))
    turn.said += messages
    turn.conclude(outcome, confidence(found))
    if outcome == "answered":
        turn.conversation.topic, turn.conversation.topic_at = found[0].asked, turn.now


def none_of_these(turn: Turn) -> None:
    """None of the readings that we offered is meant."""
    turn.say("question.none_of_these", reply_by=human.reply_by(turn))
    turn.conclude("not_found")


def confidence(found: Sequence[Answer]) -> float:
    """How sure the least sure of the answers given is; of none is given, that of the first."""
    return min((one.confidence for one in found if one.outcome == "answered"), default=found[0].confidence)


def compose(replies: Replies, found: Sequence[Answer], reply_by: str) -> tuple[list[OutboundMessage], Outcome]:
    """The bubbles for what was found; `reply_by` says when a person would answer instead."""
    answered = [one for one in found if one.outcome == "answered"]
    if not answered:
        return [_withheld(replies, found[0], reply_by)], found[0].outcome
    messages = [message for one in answered for message in _told(replies, one)]
    if missing := [one.asked for one in found if one.outcome != "answered"]:
        asked = replies("words.between").join(replies("words.quoted", text=one) for one in missing)
        messages.append(OutboundMessage(replies("question.part_not_found", asked=asked)))
    return messages, "answered"


def _told(replies: Replies, one: Answer) -> list[OutboundMessage]:
    """The answer, and in a bubble of its own the rest of it; each with what it rests on."""
    texts = [text for text in (one.text, one.detail if one.whole else "") if text]
    if one.check:
        texts[-1] = replies("question.unverified", text=texts[-1])
    return [OutboundMessage(text, sources=one.sources) for text in texts]


def _withheld(replies: Replies, one: Answer, reply_by: str) -> OutboundMessage:
    if one.outcome == "clarify":
        choices = (*one.near, replies("words.none_of_these"))
        return OutboundMessage(replies("question.clarify"), choices=choices)
    if not one.near:
        return OutboundMessage(replies("question.not_found", reply_by=reply_by))
    near = replies("words.between").join(one.near)
    return OutboundMessage(replies("question.not_found_near", near=near, reply_by=reply_by), choices=one.near)


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
