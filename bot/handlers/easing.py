"""Few words, large type and a person at the first failure, for elders and whoever asks for it."""

from dataclasses import replace

from bot.domain.messages import OutboundMessage
from bot.turn import Turn
from knowledge.parts import asks

_LONGEST, _LINES = 24, 4  # characters of a message that only says so; lines that may stand by themselves
_LISTED = "0123456789·★"


def is_meant(turn: Turn) -> bool:
    """Does somebody say that they are old, or that they cannot read this?"""
    text = turn.event.text.strip()
    begins = tuple(turn.resources.replies("words.eased").split())
    return len(text) <= _LONGEST and text.startswith(begins) and not asks(text)


def on(turn: Turn) -> None:
    replies = turn.resources.replies
    turn.conversation.eased = True
    turn.said.append(OutboundMessage(replies("eased.on", word=replies.word("usual")), choices=(replies.word("human"),)))
    turn.conclude("saved", 1.0)


def off(turn: Turn) -> None:
    turn.conversation.eased = False
    turn.say("eased.off")
    turn.conclude("saved", 1.0)


def in_lines(turn: Turn) -> list[OutboundMessage]:
    """What is said: to whoever is eased one line a bubble, but for lists and where it would be too many."""
    if not turn.conversation.eased:
        return turn.said
    return [part for message in turn.said for part in _parts(message)]


def _parts(message: OutboundMessage) -> list[OutboundMessage]:
    lines = [line for line in message.text.split("\n") if line.strip()]
    listed = any(line.lstrip()[0] in _LISTED for line in lines)
    if message.by or message.sources or listed or not 1 < len(lines) <= _LINES:
        return [message]
    return [*map(OutboundMessage, lines[:-1]), replace(message, text=lines[-1])]
