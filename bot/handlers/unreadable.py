"""Messages that hold nothing to answer. They are kept all the same."""

from bot.errors import CitizenError
from bot.turn import Turn


def not_text(turn: Turn) -> None:
    """A photo without its content is one that the channel could not fetch."""
    raise CitizenError("photo.lost" if turn.event.kind == "photo" else "unreadable.not_text")


def empty(turn: Turn) -> None:
    raise CitizenError("unreadable.no_words" if turn.event.text.strip() else "unreadable.empty")


def too_long(turn: Turn) -> None:
    length, most = len(turn.event.text), turn.resources.ear.longest
    raise CitizenError("unreadable.too_long", length=str(length), most=str(most))


def old_number(turn: Turn) -> None:
    """A number alone, and no choices that it could be of."""
    raise CitizenError("unreadable.old_number", number=turn.event.text.strip())
