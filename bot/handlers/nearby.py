"""The nearest office for a place, a town or a building: what it can do, and when it is open."""

import math
from datetime import datetime, timedelta

from bot.errors import CitizenError
from bot.handlers import casework, question
from bot.handlers.casework import Work
from bot.offices import Office
from bot.turn import Turn

_MOST, _DAYS = 3, 14
_PLACES = ("ask_place", "book_appointment", "start_bundle", "")


def is_meant(turn: Turn) -> bool:
    """Does it ask for a place near by: one of ours by its name, or any, where the base knows no other answer?"""
    text, offices = turn.event.text.strip(), turn.resources.offices
    if not any(word in text for word in offices.near):
        return False
    if offices.called(text) is not None:
        return turn.heard.intent in _PLACES
    return turn.heard.intent == "ask_place" and not question.is_answered(turn)


def tell(turn: Turn) -> None:
    """The offices by their distance from the place that was sent, or around the one that is named."""
    offices, at = turn.resources.offices, turn.event.location
    if not offices.offices:
        raise CitizenError("unreadable.not_text")
    named = None if at else offices.called(turn.event.text)
    if at is None and named is None:
        turn.say("nearby.ask")
        turn.conclude("clarify")
        return
    work = casework.current(turn)
    bundle = work.bundle.id if work else ""
    origin = at or (offices.offices[named].at if named else None)
    found = offices.nearest(origin, bundle) if origin else []
    if named is not None:
        found = [(named, 0.0), *(one for one in found if one[0] != named)]
    lines = [_line(turn, place, id, km, id == named, work) for place, (id, km) in enumerate(found[:_MOST], 1)]
    turn.say("nearby.list", lines="\n".join(lines))
    first = next((id for id, _ in found if any(one.office == id for one in offices.counters.values())), None)
    if first is not None:
        turn.say("nearby.book", name=offices.offices[first].name)
    turn.conclude("answered", 1.0)


def _line(turn: Turn, place: int, id: str, km: float, named: bool, work: Work | None) -> str:
    replies, office = turn.resources.replies, turn.resources.offices.offices[id]
    distance = replies("nearby.named") if named else replies("nearby.far", km=f"{km:.1f}")
    here = work is None or turn.resources.offices.serves(id, work.bundle.id)
    does = office.does if here or work is None else office.does + replies("nearby.not_here", name=work.bundle.name)
    return replies(
        "nearby.line",
        number=str(place),
        name=office.name,
        distance=distance if math.isfinite(km) else replies("nearby.other"),
        address=office.address,
        does=does,
        open=_open(turn, office),
    )


def _open(turn: Turn, office: Office) -> str:
    """When it is open today, or next."""
    replies, hours = turn.resources.replies, turn.resources.hours
    if office.kind == "terminal":
        return replies("nearby.always")
    today = turn.now.astimezone(hours.zone)
    for day in (today.date() + timedelta(days=n) for n in range(_DAYS)):
        spans = [(a, b) for a, b in office.on(day, hours) if datetime.combine(day, b, hours.zone) > today]
        if spans:
            written = replies("words.between").join(f"{opens:%H:%M}-{closes:%H:%M}" for opens, closes in spans)
            if day == today.date():
                return replies("nearby.open", hours=written)
            return replies("nearby.shut", day=replies.day(day), hours=written)
    return ""
