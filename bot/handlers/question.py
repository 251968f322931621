"""Questions: the answer that was found, the readings to choose from, or an honest word that none was."""

from collections.abc import Sequence
from dataclasses import replace

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
    turn.said += _votable(messages, turn.inbox_id) if outcome == "answered" else messages
    turn.conclude(outcome, confidence(found))
    _keep(turn, found[0])
    if outcome == "answered":
        turn.conversation.topic, turn.conversation.topic_at = found[0].asked, turn.now


def beside(turn: Turn) -> None:
    """What was asked beside something else, before that is done."""
    if is_answered(turn):
        answer(turn)


def is_answered(turn: Turn) -> bool:
    """Has the base an answer to what was asked?"""
    return any(one.outcome == "answered" for one in turn.heard.answers)


def _keep(turn: Turn, first: Answer) -> None:
    """A row for what was answered first, so that votes, misses and use can be counted."""
    if first.outcome in ("answered", "clarify", "not_found"):
        turn.tables.answers.keep(
            turn.inbox_id,
            turn.conversation.id,
            turn.now,
            outcome=first.outcome,
            passage_id=first.passage_id,
            confidence=first.confidence,
            region=turn.resources.settings.hall.region,
            question=first.asked,
        )


def _votable(messages: Sequence[OutboundMessage], inbox_id: int) -> list[OutboundMessage]:
    """The bubbles, of which the last that answers can be voted on."""
    last = max((n for n, one in enumerate(messages) if one.sources), default=len(messages) - 1)
    return [replace(one, answer=inbox_id) if n == last else one for n, one in enumerate(messages)]


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
    messages = [_told(replies, one) for one in answered]
    if missing := [one.asked for one in found if one.outcome != "answered"]:
        asked = replies("words.between").join(replies("words.quoted", text=one) for one in missing)
        messages.append(OutboundMessage(replies("question.part_not_found", asked=asked)))
    return messages, "answered"


def _told(replies: Replies, one: Answer) -> OutboundMessage:
    """The answer, the points that belong to it, and what it rests on."""
    points = [replies("words.point", text=line.removeprefix("- ")) for line in one.detail.splitlines() if line.strip()]
    text = "\n".join([one.text, *(points if one.whole else ())])
    if one.check:
        text = replies("question.unverified", text=text)
    return OutboundMessage(text, sources=one.sources)


def _withheld(replies: Replies, one: Answer, reply_by: str) -> OutboundMessage:
    if one.outcome == "clarify":
        choices = (*one.near, replies("words.none_of_these"))
        return OutboundMessage(replies("question.clarify"), choices=choices)
    if one.outcome == "out_of_remit":
        return OutboundMessage(one.text or replies("question.out_of_remit", reply_by=reply_by))
    if one.outcome == "refused":
        return OutboundMessage(one.text or replies("question.refused", reply_by=reply_by))
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
