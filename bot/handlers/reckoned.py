"""Dates worked out: so many working days, days or months from or before a day, by the calendar."""

from calendar import monthrange
from datetime import date, timedelta

from bot.domain.hours import Hours
from bot.domain.messages import OutboundMessage
from bot.replies import Replies
from bot.turn import Turn
from nlu.reckoning import Reckoning


def answer(turn: Turn) -> None:
    asked, hours = turn.heard.reckoning, turn.resources.hours
    if asked is None:
        return
    end = reached(asked, hours)
    text = said(turn.resources.replies, asked, end)
    working = asked.unit == "working"
    if working and not (hours.announced(end) and hours.announced(asked.start)):
        text += turn.resources.replies("reckoned.unannounced", year=str(max(end, asked.start).year))
    sources = (hours.basis,) if working and hours.basis else ()
    turn.said.append(OutboundMessage(text, sources=sources))
    turn.conclude("answered", 1.0)


def said(replies: Replies, asked: Reckoning, end: date) -> str:
    """The sum and what it comes to, in words."""
    number = str(abs(asked.count))
    if asked.unit == "working":
        length = replies("reckoned.working_days", count=number)
    elif asked.unit == "day":
        length = replies("reckoned.days", count=number)
    else:
        length = replies("reckoned.months", count=number)
    backwards = asked.count < 0
    way = replies("reckoned.before") if backwards else replies("reckoned.after")
    text = replies("reckoned.sum", start=replies.day(asked.start), way=way, length=length, end=replies.day(end))
    counted = replies("reckoned.by_working_days") if asked.unit == "working" else replies("reckoned.by_days")
    return f"{text}\n{counted}"


def reached(asked: Reckoning, hours: Hours) -> date:
    """The day that a sum comes to; the last of a month where the month is too short."""
    if asked.unit == "working":
        return hours.after(asked.start, asked.count)
    if asked.unit == "day":
        return asked.start + timedelta(days=asked.count)
    month = asked.start.year * 12 + asked.start.month - 1 + asked.count
    year, month = month // 12, month % 12 + 1
    return date(year, month, min(asked.start.day, monthrange(year, month)[1]))
