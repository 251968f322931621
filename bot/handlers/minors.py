"""Whoever is not of age: their guardian applies, or staff see to it; what they gave is not kept."""

from datetime import date

from bot.domain.photo import Report
from bot.filing import erase
from bot.handlers import bundle, casework, human
from bot.turn import Turn
from knowledge.parts import asks
from nlu.ages import own_age
from nlu.codes import day_of


def is_told(turn: Turn) -> bool:
    """Does somebody who applies, or begins to, say that they are not of age? A question about it is answered as one."""
    age = own_age(turn.event.text)
    if age is None or age >= turn.resources.settings.applicants.adult:
        return False
    return casework.current(turn) is not None or (bundle.wanted(turn) is not None and not asks(turn.event.text))


def refuse(turn: Turn) -> None:
    _refuse(turn, own_age(turn.event.text) or 0)


def is_seen(turn: Turn, report: Report) -> bool:
    """Was a photo refused because of the age that it tells? Then it is not to be kept either."""
    kind, adult = turn.resources.eye.kinds.get(report.kind), turn.resources.settings.applicants.adult
    numbers = [seen.value for id, seen in report.fields.items() if kind and id in kind.fields and kind.fields[id].adult]
    today = turn.now.astimezone(turn.resources.hours.zone).date()
    ages = [_age(born, today) for number in numbers if (born := day_of(number[6:14]))]
    youngest = min(ages, default=adult)
    if youngest < adult:
        _refuse(turn, youngest)
        turn.say("minor.mistaken")
    return youngest < adult


def _refuse(turn: Turn, age: int) -> None:
    rules, work = turn.resources.settings.applicants, casework.current(turn)
    years = {"adult": str(rules.adult), "working": str(rules.working)}
    if age >= rules.working:
        ticket = human.open_ticket(turn, "minor")
        turn.say("minor.working", number=str(ticket.id), reply_by=human.reply_by(turn, ticket.reply_by), **years)
        turn.conclude("handed_off", 1.0)
        return
    turn.say("minor.guardian", **years)
    if work is not None:
        erase(turn.tables, [work.case.reference])
        turn.conversation.case = None
        turn.say("minor.erased")
    turn.conclude("refused", 1.0)


def _age(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
