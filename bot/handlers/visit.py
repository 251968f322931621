"""Coming to the hall: the day that was said is echoed as a date, and staff make the appointment."""

from datetime import datetime, timedelta

from bot.handlers import human
from bot.turn import Turn
from nlu.dates import When, is_lunar, when

MEANT = frozenset({"book_appointment", "change_appointment", "cancel_appointment"})


def is_meant(turn: Turn) -> bool:
    """Does somebody probably want to come, and names a day for it?"""
    probably = turn.heard.understanding.intent in MEANT
    return probably and (bool(turn.heard.entities.get("date")) or is_lunar(turn.event.text))


def ask(turn: Turn) -> None:
    """To book, to change or to cancel: a request to the staff, with the absolute date that we understood."""
    text, hours = turn.event.text, turn.resources.hours
    found = when(text, turn.now.astimezone(hours.zone), hours)
    if found is None:
        turn.say("visit.lunar" if is_lunar(text) else "visit.when")
        turn.conclude("clarify")
        return
    if found.grain in ("minute", "hour", "part", "day") and not hours.on(found.start.date()):
        turn.say("visit.closed", day=turn.resources.replies.day(found.start.date()), when=_opening(turn, found.start))
        turn.conclude("clarify")
        return
    ticket = human.open_ticket(turn, "appointment")
    reply_by = human.reply_by(turn, ticket.reply_by)
    turn.say("visit.passed_on", when=written(turn, found), number=str(ticket.id), reply_by=reply_by)
    turn.conclude("handed_off")


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


def _opening(turn: Turn, after: datetime) -> str:
    hours = turn.resources.hours
    return turn.resources.replies.day(hours.next_open(after).astimezone(hours.zone).date())
