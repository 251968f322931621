"""Notices by template, which reach citizens when the chat may not: the page on which they agree to them."""

from bot.domain.messages import Link, OutboundMessage
from bot.turn import Turn


def ask(turn: Turn) -> None:
    """The page; where the channel has none, reminders come by the chat itself."""
    if _has_notices(turn):
        _show(turn, "subscribe.ask")
    else:
        turn.say("subscribe.not_here")
    turn.conclude("saved", 1.0)


def offer(turn: Turn) -> None:
    """The page, to whoever can be reminded there and has not agreed to anything yet."""
    if _has_notices(turn) and not turn.tables.consents.given(turn.conversation.id):
        _show(turn, "subscribe.offer")


def _has_notices(turn: Turn) -> bool:
    return bool(turn.resources.settings.channels.get(turn.event.channel, {}).get("notices"))


def _show(turn: Turn, sentence: str) -> None:
    replies, hall = turn.resources.replies, turn.resources.settings.hall
    link = Link(replies("link.subscribe"), f"{hall.url}/channels/{turn.event.channel}/subscribe")
    turn.said.append(OutboundMessage(replies(sentence), links=(link,)))
