"""A licence goes on: one confirmation where nothing has changed, the ordinary form otherwise, or it is given up."""

from datetime import date

from bot.bundles import papers
from bot.bundles.engine import SKIPPED
from bot.bundles.model import Bundle
from bot.domain.licence import Licence
from bot.domain.masking import masked_value
from bot.domain.messages import OutboundMessage
from bot.errors import CitizenError
from bot.handlers import asking, casework, handing_in, human
from bot.handlers.casework import Work
from bot.ledger.kinds import Kind, Way
from bot.ledger.wording import Wording
from bot.store.notices import Notice
from bot.turn import Turn

_LATER = 7  # working days before the last, on which somebody who waits is reminded


def same(turn: Turn, notice: Notice) -> None:
    """Nothing has changed: what is to be confirmed, and what it costs to apply now."""
    one = subject(turn, notice)
    kind, wording, replies = kind_of(turn, one), wording_of(turn), turn.resources.replies
    turn.tables.notices.answered(notice.id, one.id, "same")
    way, window = kind.same, kind.window(one.expires_on, turn.resources.hours) if one.expires_on else None
    if window is not None and today(turn) < window.earliest:
        turn.say("nudge.too_early", earliest=replies.day(window.earliest))
        turn.conclude("status", 1.0)
        return
    if way is None or not wording.renewable(one, today(turn)):
        _to_a_person(turn, "nudge.no_renewal")
        return
    bundle = turn.resources.catalogue.bundles[way.bundle]
    points = replies("words.between").join(way.confirm)
    text = replies("nudge.confirm", points=points, warning=_warning(turn, one, kind))
    facts = _facts(turn, bundle, way, one)
    turn.said.append(OutboundMessage(text.rstrip()))
    turn.say("nudge.known", facts=facts)
    later = later_day(turn, one)
    choices = (*wording.words("sure"), *([later[1]] if later else []), *wording.words("changed"))
    turn.said.append(OutboundMessage(_terms(turn, kind, bundle, way), choices=choices))
    turn.conclude("clarify", 1.0)


def sure(turn: Turn, notice: Notice) -> None:
    """The one confirmation: of the will to go on, and that nothing has changed. What is complete is handed in."""
    one = subject(turn, notice)
    kind = kind_of(turn, one)
    way = kind.same
    if way is None or not wording_of(turn).renewable(one, today(turn)):
        raise CitizenError("nudge.over")
    work = _begin(turn, one, way)
    if turn.resources.credit.may_promise(work.values):
        promised = [part for part in papers.asked(work.bundle, work.values) if part.id in way.agreed]
        work.give(turn, {papers.key(part): papers.PROMISED for part in promised})
    if work.step is None and work.paper is None and not handing_in.is_by_agent(work.bundle, work.case):
        turn.conversation.case = None
        handing_in.file(turn, work.case, work.bundle)
        return
    complete = work.step is None  # but for its papers
    if complete:
        work.give(turn, {handing_in.SURE: SKIPPED}, "told")
    _go_on(turn, work, "nudge.begun_sure" if complete else "nudge.begun")


def changed(turn: Turn, notice: Notice) -> None:
    one = subject(turn, notice)
    turn.tables.notices.answered(notice.id, one.id, "changed")
    way = kind_of(turn, one).changed
    if way is None:
        _to_a_person(turn, "nudge.no_renewal")
        return
    work = _begin(turn, one, way)
    _go_on(turn, work, "nudge.begun")


def closing(turn: Turn, notice: Notice) -> None:
    """No more of it: nothing is said of this licence again, and it is to be deregistered."""
    one = subject(turn, notice)
    turn.tables.notices.answered(notice.id, one.id, "closing")
    turn.tables.licences.set(one.id, "closing")
    way = turn.resources.kinds.closed_by(one.kind)
    if way is None:
        _to_a_person(turn, "nudge.closing_human")
        return
    work = _begin(turn, one, way)
    _go_on(turn, work, "nudge.closing")


def wording_of(turn: Turn) -> Wording:
    resources = turn.resources
    return Wording(resources.replies, resources.kinds, resources.hours, turn.hall)


def today(turn: Turn) -> date:
    return turn.now.astimezone(turn.resources.hours.zone).date()


def kind_of(turn: Turn, one: Licence) -> Kind:
    return turn.resources.kinds.of[one.kind]


def subject(turn: Turn, notice: Notice) -> Licence:
    """The licence that is talked of. CitizenError where nothing is to be done about it any more."""
    one = turn.tables.licences.load(notice.licence, hold=True) if notice.licence else None
    if one is None or one.state != "active":
        raise CitizenError("nudge.over")
    return one


def later_day(turn: Turn, one: Licence) -> tuple[date, str] | None:
    """A later day that is still in time, and how it is offered; None where none is left."""
    window = kind_of(turn, one).window(one.expires_on, turn.resources.hours) if one.expires_on else None
    if window is None:
        return None
    day = turn.resources.hours.after(window.latest, -_LATER)
    replies = turn.resources.replies
    return (day, replies("nudge.say_later", day=replies.day(day))) if day > today(turn) else None


def _begin(turn: Turn, one: Licence, way: Way) -> Work:
    """A case of a bundle, with what the ledger knows of this licence."""
    work = casework.begin(turn, turn.resources.catalogue.bundles[way.bundle])
    filled = _filled(turn, one, way)
    said = {id for id, text in way.answers.items() if "{" not in text}
    work.give(turn, {id: value for id, value in filled.items() if id not in said}, "ledger")
    work.give(turn, {id: value for id, value in filled.items() if id in said})
    casework.keep(turn, work)
    return work


def _go_on(turn: Turn, work: Work, sentence: str) -> None:
    turn.say(sentence, name=work.bundle.name)
    asking.ask_next(turn, work)
    turn.conclude("started", 1.0)


def _filled(turn: Turn, one: Licence, way: Way) -> dict[str, str]:
    holder = turn.tables.licences.holder(one.holder)
    known = {"number": one.number, "shop": one.shop, "address": one.address}
    return way.filled(known | {"holder": holder.name if holder else "", "phone": holder.phone if holder else ""})


def _facts(turn: Turn, bundle: Bundle, way: Way, one: Licence) -> str:
    """What the application will say, as it is echoed: masked where it is a person's."""
    replies, questions = turn.resources.replies, bundle.questions
    told = [
        replies(
            "form.fact",
            name=questions[id].name,
            value=masked_value(questions[id].kind, value) if questions[id].sensitive else value,
        )
        for id, value in _filled(turn, one, way).items()
    ]
    return replies("form.between").join(told)


def _warning(turn: Turn, one: Licence, kind: Kind) -> str:
    """What it costs to apply today, honestly."""
    window = kind.window(one.expires_on, turn.resources.hours) if one.expires_on else None
    if one.expires_on is None or window is None:
        return ""
    told = []
    if kind.restarts == "yes" and (left := (one.expires_on - today(turn)).days) > 0:
        told.append(turn.resources.replies("nudge.restarts", days=str(left)))
    if today(turn) > window.latest and kind.late == "pause":
        told.append(turn.resources.replies("nudge.pauses"))
    return "".join(told)


def _terms(turn: Turn, kind: Kind, bundle: Bundle, way: Way) -> str:
    """What the one confirmation stands for: an application, and the promises that go with it, word for word."""
    replies = turn.resources.replies
    promises = [item.commitment for item in bundle.items if item.id in way.agreed and item.commitment]
    points = [point for promise in promises for point in promise.points] or list(way.confirm)
    lines = "\n".join(replies("words.number", number=str(n), choice=point) for n, point in enumerate(points, 1))
    told = {"points": lines, "act": kind.act or replies("words.renewal"), "sure": replies("nudge.say_sure")}
    basis = promises[0].basis if promises else kind.basis
    consequence = promises[0].consequence if promises else replies("nudge.untrue")
    return replies("nudge.terms", consequence=consequence, basis=basis, **told)


def _to_a_person(turn: Turn, sentence: str) -> None:
    ticket = human.open_ticket(turn, "asked")
    turn.say(sentence, number=str(ticket.id), reply_by=human.reply_by(turn, ticket.reply_by))
    turn.conclude("handed_off")
