"""The way to a person: a ticket, and the hour at which somebody answers."""

from datetime import datetime

from bot.domain.hours import Hours
from bot.domain.messages import OutboundMessage
from bot.domain.ticket import Reason, Ticket
from bot.replies import Replies
from bot.turn import Turn


def ask(turn: Turn) -> None:
    ticket = open_ticket(turn, "asked")
    turn.say("human.waiting", number=str(ticket.id), reply_by=reply_by(turn, ticket.reply_by))
    turn.conclude("handed_off")


def complain(turn: Turn) -> None:
    """Something went wrong with a person or an office: to people, never argued with here."""
    ticket = open_ticket(turn, "complaint")
    turn.say("human.complaint", number=str(ticket.id), reply_by=reply_by(turn, ticket.reply_by))
    turn.conclude("handed_off")


def help_fill(turn: Turn) -> None:
    """Somebody who would rather have it filled in: staff see the draft, and the citizen confirms what they fill in."""
    ticket = open_ticket(turn, "help")
    turn.say("human.helper", number=str(ticket.id), reply_by=reply_by(turn, ticket.reply_by))
    turn.conclude("handed_off")


def open_ticket(turn: Turn, reason: Reason) -> Ticket:
    when = turn.resources.hours.next_open(turn.now)
    return turn.tables.tickets.open(turn.conversation.id, turn.inbox_id, reason, turn.now, when)


def reply_by(turn: Turn, when: datetime | None = None) -> str:
    """When a person will answer, in words."""
    return opening(turn.resources.replies, turn.resources.hours, when or turn.now, turn.now)


def opening(replies: Replies, hours: Hours, when: datetime, now: datetime) -> str:
    """ "Now", or the date, weekday and time of the first opening from `when` on."""
    opens = hours.next_open(when).astimezone(hours.zone)
    if opens <= now:
        return replies("human.open")
    weekday = replies("words.weekdays").split()[opens.weekday()]
    written = replies("words.when", month=str(opens.month), day=str(opens.day), weekday=weekday, time=f"{opens:%H:%M}")
    return replies("human.closed", when=written)


def relay(turn: Turn) -> None:
    """The words of a member of staff, as they are."""
    turn.said.append(OutboundMessage(turn.event.text))
    turn.conclude("relayed")
