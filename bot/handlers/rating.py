"""How citizens say that they were served, and why, if they like."""

import re
from datetime import timedelta

from bot.afterwards import RATINGS
from bot.domain.aftercare import MARKS
from bot.domain.knowledge import LONGEST_REASON
from bot.domain.messages import OutboundMessage
from bot.errors import CitizenError
from bot.handlers import asking
from bot.turn import Turn

_COUNTS = timedelta(days=7)  # after it was asked
REASONS = ("rated_slow", "rated_unclear", "rated_undone", "rated_manner")


def give(turn: Turn) -> None:
    """Of what they were asked about last. Whoever was not content is asked why, once."""
    asked = turn.tables.aftercare.last_asked(turn.conversation.id, turn.now - _COUNTS)
    if asked is None:
        turn.say("smalltalk.rate_service")
        turn.conclude("smalltalk")
        return
    command = turn.resources.replies.command(turn.event.text.strip())
    mark = MARKS[RATINGS.index(command or RATINGS[0])]
    turn.tables.aftercare.rate(asked.id, mark, turn.now)
    if mark == "good":
        turn.say("rating.thanks")
    else:
        choices = asking.words(turn, *REASONS)
        turn.said.append(OutboundMessage(turn.resources.replies("rating.why"), choices=tuple(choices)))
    turn.conclude("saved", 1.0)


def is_reason(turn: Turn) -> bool:
    """Words of their own: behind the word that we named for it."""
    return bool(_of(turn))


def reason(turn: Turn) -> None:
    asked = turn.tables.aftercare.last_asked(turn.conversation.id, turn.now - _COUNTS)
    if asked is None or not asked.mark:
        raise CitizenError("rating.nothing")
    turn.tables.aftercare.explain(asked.id, (_of(turn) or turn.event.text.strip())[:LONGEST_REASON])
    turn.say("rating.passed_on")
    turn.conclude("saved", 1.0)


def _of(turn: Turn) -> str:
    found = re.match(turn.resources.replies("rating.because") + r"\s*[:\uff1a]\s*(\S.*)", turn.event.text.strip(), re.S)
    return found[1].strip() if found else ""
