"""What becomes of a time that is held or booked: confirmed, let go, cancelled, shown."""

from bot.domain.appointment import BOOKED
from bot.domain.messages import OutboundMessage
from bot.errors import CitizenError
from bot.handlers import asking, casework, visiting
from bot.handlers.visiting import diary
from bot.turn import Turn


def confirm(turn: Turn) -> None:
    """What was held is booked."""
    held = visiting.held(turn)
    if held is None or not diary(turn).confirm(turn.tables, held, turn.now):
        raise CitizenError("visit.no_hold")
    visiting.show(turn, held, "visit.booked")
    turn.conclude("booked", 1.0)
    _back_to_form(turn)


def drop(turn: Turn) -> None:
    """What was held is free again; what was booked stays."""
    if visiting.held(turn) is None:
        raise CitizenError("visit.no_hold")
    visiting.release(turn)
    turn.say("visit.dropped")
    turn.conclude("saved", 1.0)
    _back_to_form(turn)


def cancel(turn: Turn) -> None:
    """Asks again first: whoever gives up a time may not get it back."""
    one = visiting.booked(turn, of=turn.event.text)
    if one is None:
        turn.say("visit.nothing")
        turn.conclude("clarify")
        return
    said = visiting.words(turn)
    text = turn.resources.replies("visit.cancel", said=said.moment(one.slot), place=said.place(one.slot))
    turn.said.append(OutboundMessage(text, choices=asking.words(turn, "cancel_visit_sure", "other_time", "keep_visit")))
    turn.conclude("clarify", 1.0)


def cancel_sure(turn: Turn) -> None:
    one = visiting.booked(turn)
    if turn.resources.replies.word("cancel_visit_sure") not in turn.offered or one is None:
        raise CitizenError("visit.nothing")
    turn.tables.appointments.end(one.id, "cancelled", turn.now, BOOKED)
    said = visiting.words(turn)
    turn.say("visit.cancelled", said=said.moment(one.slot), place=said.place(one.slot))
    turn.conclude("saved", 1.0)


def mine(turn: Turn) -> None:
    """Every appointment that is not over."""
    live = [one for one in visiting.live(turn) if one.state == "booked"]
    for one in live:
        visiting.show(turn, one, "visit.mine")
    if not live:
        turn.say("visit.nothing")
    turn.conclude("status", 1.0)


def _back_to_form(turn: Turn) -> None:
    work = casework.current(turn)
    if work is not None:
        asking.ask_next(turn, work)
