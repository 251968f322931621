"""Greetings, thanks, and what we say of ourselves."""

from bot.domain.messages import OutboundMessage
from bot.handlers import question
from bot.turn import Turn


def help(turn: Turn) -> None:
    turn.say("help")
    turn.conclude("smalltalk", 1.0)


def reply(turn: Turn) -> None:
    """A word in return; none beside a question that was answered just now."""
    if turn.heard.beside and question.is_answered(turn):
        return
    turn.say(f"smalltalk.{turn.heard.understanding.intent}")
    turn.conclude("smalltalk", turn.heard.understanding.confidence)


def soothe(turn: Turn) -> None:
    """Somebody is fed up: few words, and a person within reach."""
    replies = turn.resources.replies
    turn.said.append(OutboundMessage(replies("smalltalk.express_anger"), choices=(replies.word("human"),)))
    turn.conclude("smalltalk", turn.heard.understanding.confidence)


def just_asking(turn: Turn) -> None:
    turn.say("smalltalk.acknowledge")
    turn.conclude("smalltalk", 1.0)
