"""An appointment as a calendar file, which telephones and computers take over."""

from datetime import datetime, timedelta

from icalendar import Alarm, Calendar, Event

ALARMS = (timedelta(days=1), timedelta(hours=2))


def invite(
    uid: str,
    title: str,
    starts_at: datetime,
    ends_at: datetime,
    *,
    made_at: datetime,
    where: str = "",
    text: str = "",
    at: tuple[float, float] | None = None,
    cancelled: bool = False,
) -> bytes:
    """One event with its alarms; where it was cancelled, the calendar takes it away again."""
    event = Event()
    event.add("uid", uid)
    event.add("summary", title)
    event.add("dtstart", starts_at)
    event.add("dtend", ends_at)
    event.add("dtstamp", made_at)
    event.add("sequence", int(cancelled))
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    for name, value in (("location", where), ("description", text), ("geo", at)):
        if value:
            event.add(name, value)
    for before in () if cancelled else ALARMS:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", title)
        alarm.add("trigger", -before)
        event.add_component(alarm)
    calendar = Calendar()
    calendar.add("prodid", "-//banshi//appointments//")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if cancelled else "PUBLISH")
    calendar.add_component(event)
    made: bytes = calendar.to_ical()
    return made
