"""Whether an answer was of use: by the buttons under it, or by a word right after it."""

from bot.domain.knowledge import LONGEST_REASON, REASONS, Vote, masked
from bot.domain.messages import OutboundMessage
from bot.errors import CitizenError
from bot.store.answers import Given
from bot.turn import Turn


def on_answer(turn: Turn) -> None:
    """A tap on a button. The page says thank you by itself."""
    event = turn.event
    given = turn.tables.answers.given(event.answer) if event.answer is not None else None
    if given is None or given.conversation_id != turn.conversation.id:
        turn.say("vote.not_here")
        turn.conclude("refused")
        return
    _keep(turn, given, event.vote, _reason(turn, event.reason) if event.vote == "down" else "")


def useful(turn: Turn) -> None:
    _keep(turn, _last(turn), "up")
    turn.say("vote.thanks")


def useless(turn: Turn) -> None:
    replies = turn.resources.replies
    _keep(turn, _last(turn), "down")
    choices = tuple(word for word in map(replies.word, REASONS) if word)
    turn.said.append(OutboundMessage(replies("vote.why"), choices=choices))


def reason(turn: Turn) -> None:
    """Why the last answer was of no use; it was voted down just before."""
    given = _last(turn)
    if given.vote >= 0:
        raise CitizenError("vote.nothing")
    _keep(turn, given, "down", _reason(turn, turn.event.text.strip()))
    turn.say("vote.passed_on")


def _last(turn: Turn) -> Given:
    given = turn.tables.answers.last(turn.conversation.id)
    if given is None or given.outcome != "answered":
        raise CitizenError("vote.nothing")
    return given


def _reason(turn: Turn, said: str) -> str:
    """A reason's name, whether it was given by its name or by its word; anything else as it is, but not long."""
    name = said if said in REASONS else turn.resources.replies.command(said) or ""
    return name if name in REASONS else masked(said)[:LONGEST_REASON]


def _keep(turn: Turn, given: Given, vote: Vote, reason: str = "") -> None:
    """An answer to something else is a question that waits for one: then its words are kept."""
    question = turn.tables.inbox.text_of(given.inbox_id) if reason == "not_asked" else ""
    turn.tables.answers.vote(given.inbox_id, vote, reason, turn.now, question)
    turn.conclude("saved")
