"""Greetings, thanks, and what we say of ourselves."""

from bot.turn import Turn


def help(turn: Turn) -> None:
    turn.say("help")
    turn.conclude("smalltalk", 1.0)


def reply(turn: Turn) -> None:
    turn.say(f"smalltalk.{turn.heard.understanding.intent}")
    turn.conclude("smalltalk", turn.heard.understanding.confidence)
