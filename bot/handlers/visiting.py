"""What a visit is shown as: the times as choices, what is held, what is booked, and what is still missing for it."""

from datetime import datetime, time, timedelta

from bot.bundles import papers
from bot.bundles.model import Bundle, Material
from bot.bundles.papers import BROUGHT
from bot.diary import Diary
from bot.domain.appointment import Appointment, Slot
from bot.domain.messages import Link, OutboundMessage
from bot.errors import CitizenError
from bot.filing import outstanding
from bot.handlers import asking, casework
from bot.turn import Turn
from bot.visit_words import VisitWords
from nlu.dates import When, when

_WITH_PAPERS = ("window", "inspection", "joint", "video")


def diary(turn: Turn) -> Diary:
    return Diary(turn.resources.offices, turn.resources.hours)


def words(turn: Turn) -> VisitWords:
    return VisitWords(turn.resources.replies, turn.resources.offices, turn.resources.hours)


def live(turn: Turn) -> list[Appointment]:
    """What this conversation has held or booked that is not over, the earliest first."""
    return turn.tables.appointments.live(turn.conversation.id, turn.now, turn.resources.hours.zone)


def held(turn: Turn) -> Appointment | None:
    return next((one for one in live(turn) if one.state == "held"), None)


def booked(turn: Turn, of: str = "") -> Appointment | None:
    """The booked one whose day a text names; otherwise the one that was made last."""
    all_ = [one for one in live(turn) if one.state == "booked"]
    found = when(of, turn.now.astimezone(turn.resources.hours.zone), turn.resources.hours) if of else None
    meant = [one for one in all_ if found and found.start.date() == one.starts_at.date()]
    return max(meant or all_, key=lambda one: one.id, default=None)


def inspected(turn: Turn) -> str:
    """The case of which somebody is to look at the shop; "" where there is none."""
    mine = turn.tables.inspections.of_conversation(turn.conversation.id)
    return next((one.case for one in mine if one.way in ("live", "spot") and one.state == "waiting"), "")


def release(turn: Turn) -> None:
    """Let go what is held: nobody keeps two times from others."""
    for one in live(turn):
        if one.state == "held":
            turn.tables.appointments.end(one.id, "lapsed", turn.now)


def may_book(turn: Turn, replaces: Appointment | None) -> None:
    """CitizenError for whoever has as many as one may have, or has often not come."""
    book, rules = diary(turn), turn.resources.offices.rules
    until = book.barred_until(turn.tables, turn.conversation.id, turn.now)
    if until is not None:
        raise CitizenError("visit.barred", times=str(rules.no_shows), until=turn.resources.replies.day(until))
    booked = [one for one in live(turn) if one.state == "booked"]
    if replaces is None and len(booked) >= rules.most:
        raise CitizenError("visit.enough", most=str(rules.most))


def label(turn: Turn, begin: str, slot: Slot) -> str:
    """A time as a choice: `begin` is visit.pick or visit.move."""
    counter = turn.resources.offices.counters[slot.counter]
    return turn.resources.replies(begin, when=words(turn).begins(slot), place=counter.name)


def day_label(turn: Turn, slot: Slot) -> str:
    """The choice of waiting for a time on that day."""
    counter, day = turn.resources.offices.counters[slot.counter], slot.starts_at.date()
    return turn.resources.replies("visit.queue", day=turn.resources.replies.day(day), place=counter.name)


def begins(turn: Turn, *names: str) -> tuple[str, ...]:
    """How the choices of these names begin."""
    return tuple(turn.resources.replies.sentences[name].partition("{")[0] for name in names)


def wait(turn: Turn, slot: Slot) -> None:
    """A place in the line for a day that is full."""
    first = datetime.combine(slot.starts_at.date(), time(), turn.resources.hours.zone)
    last = first + timedelta(days=1)
    place = turn.tables.lines.join(turn.conversation.id, slot.counter, first, last, turn.now)
    minutes = str(turn.resources.offices.rules.offer)
    turn.say("visit.queued", day=turn.resources.replies.day(first.date()), place=str(place), minutes=minutes)
    turn.conclude("saved", 1.0)


def written(turn: Turn, found: When) -> str:
    """A date, a time, or both ends of a stretch, in words that cannot be misread."""
    replies, last = turn.resources.replies, found.end - timedelta(microseconds=1)
    first = replies.day(found.start.date())
    if found.grain in ("minute", "hour", "part"):
        until = "" if found.end == found.start else f"-{found.end:%H:%M}"
        return replies("visit.moment", day=first, time=f"{found.start:%H:%M}{until}")
    if last.date() <= found.start.date():
        return first
    return replies("visit.stretch", first=first, last=replies.day(last.date()))


def show_held(turn: Turn, one: Appointment) -> None:
    """What is kept, for how long, and whether everything for it is there."""
    said, until = words(turn), (one.held_until or turn.now).astimezone(turn.resources.hours.zone)
    missing, bring = _papers(turn) if _kind(turn, one) in _WITH_PAPERS else ("", "")
    lines = [
        turn.resources.replies("visit.held", said=said.moment(one.slot), place=said.place(one.slot)),
        said.details(one.slot, bring),
        turn.resources.replies("visit.lacking", missing=missing) if missing else "",
        turn.resources.replies("visit.sure_lacking" if missing else "visit.sure", until=f"{until:%H:%M}"),
    ]
    choices = asking.words(turn, "confirm_visit", "other_time", "drop_visit")
    turn.said.append(OutboundMessage("\n".join(line for line in lines if line), choices=choices))
    turn.conclude("step", 1.0)


def show(turn: Turn, one: Appointment, name: str) -> None:
    """One that is booked, with its calendar file."""
    said = words(turn)
    _, bring = _papers(turn) if _kind(turn, one) in _WITH_PAPERS else ("", "")
    late = str(turn.resources.offices.rules.late)
    head = turn.resources.replies(name, said=said.moment(one.slot), place=said.place(one.slot), number=str(one.id))
    token = turn.resources.files.seal.token(f"visit {one.id}")
    link = Link(turn.resources.replies("link.visit"), f"{turn.resources.settings.hall.url}/visits/{token}.ics")
    rules = turn.resources.replies("visit.rules", late=late) if said.comes(one.slot) else ""
    lines = (head, said.details(one.slot, bring), rules, turn.resources.replies("visit.promise"))
    turn.said.append(OutboundMessage("\n".join(line for line in lines if line), links=(link,)))


def _kind(turn: Turn, one: Appointment) -> str:
    return turn.resources.offices.counters[one.slot.counter].kind


def _papers(turn: Turn) -> tuple[str, str]:
    """What is still missing for the case in hand, and what of it was to be brought along, in words."""
    between, work = turn.resources.replies("words.between"), casework.current(turn)
    if work is None:
        return between.join(_outstanding(turn)), ""
    parts = [part for part in papers.asked(work.bundle, work.values) if isinstance(part, Material)]
    missing = [part.name for part in parts if papers.key(part) not in work.values]
    brought = [part.name for part in parts if work.values.get(papers.key(part)) == BROUGHT]
    if work.step is not None:
        return turn.resources.replies("visit.form_open", name=work.bundle.name), between.join(brought)
    return between.join(missing), between.join(brought)


def _outstanding(turn: Turn) -> list[str]:
    """The papers that are still to come for the case that was handed in last."""
    for case in turn.tables.cases.of_conversation(turn.conversation.id):
        if case.state == "submitted":
            return [part.name for part in outstanding(turn.tables, case, Bundle.model_validate(case.bundle))]
    return []
