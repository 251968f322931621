"""The same person in another channel: a code given here and sent there makes one list of their cases."""

from bot.domain.messages import OutboundMessage
from bot.errors import CitizenError
from bot.handlers import mine
from bot.store.invitations import CODE, CODES_HOLD
from bot.turn import Turn


def begin(turn: Turn) -> None:
    """A code, to be sent from the other channel."""
    code = turn.tables.invitations.make(turn.conversation.id, "person", turn.now)
    turn.say("person.code", code=code, days=str(CODES_HOLD.days))
    turn.conclude("saved", 1.0)


def is_code(turn: Turn) -> bool:
    return _elsewhere(turn) is not None


def join(turn: Turn) -> None:
    """Both are one person's from now on, and the other side is told so, with a way back. Nothing was shown before."""
    elsewhere, found = _elsewhere(turn), CODE.search(turn.event.text.upper())
    if elsewhere == turn.conversation.id:
        raise CitizenError("person.same_place")
    if elsewhere is None or found is None or not turn.tables.invitations.use(found[0], turn.now):
        raise CitizenError("agent.no_such_code")
    turn.tables.people.join(elsewhere, turn.conversation.id)
    choices = (turn.resources.replies.word("part"),)
    told = OutboundMessage(turn.resources.replies("person.joined_there"), choices=choices)
    turn.tables.outbox.put(elsewhere, [told], turn.now, f"joined:{turn.inbox_id}")
    turn.say("person.joined")
    mine.cases(turn)


def part(turn: Turn) -> None:
    parted = turn.tables.people.leave(turn.conversation.id)
    turn.say("person.parted" if parted else "person.alone")
    turn.conclude("saved", 1.0)


def _elsewhere(turn: Turn) -> str | None:
    """The conversation that gave the code which a message holds."""
    found = CODE.search(turn.event.text.upper())
    return turn.tables.invitations.open(found[0], "person", turn.now - CODES_HOLD) if found else None
