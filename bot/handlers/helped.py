"""What staff have filled in: the citizen says whether it is right."""

from bot.bundles import engine
from bot.errors import CitizenError
from bot.handlers import asking, casework
from bot.handlers.casework import Work
from bot.helping import OFFERED, offered
from bot.turn import Turn


def right(turn: Turn) -> None:
    """It counts now; what rested on an answer that it changes is asked again."""
    work, found = _offered(turn)
    values = _without_offers(work)
    for id, value in found.items():
        values = engine.changed(work.bundle, values, id, value)
    work.settle(turn, {id: value for id, value in values.items() if id not in found})
    work.give(turn, found, "staff")
    turn.say("helped.kept")
    _go_on(turn, work)


def wrong(turn: Turn) -> None:
    work, _ = _offered(turn)
    work.settle(turn, _without_offers(work))
    turn.say("helped.dropped")
    _go_on(turn, work)


def _offered(turn: Turn) -> tuple[Work, dict[str, str]]:
    work = casework.current(turn)
    found = offered(work.case) if work else {}
    if work is None or not found:
        raise CitizenError("form.old_choice")
    return work, found


def _without_offers(work: Work) -> dict[str, str]:
    return {id: value for id, value in work.values.items() if not id.startswith(OFFERED)}


def _go_on(turn: Turn, work: Work) -> None:
    asking.ask_next(turn, work)
    turn.conclude("step", 1.0)
