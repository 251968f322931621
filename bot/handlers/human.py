"""The way to a person and back: a ticket, the hour at which somebody answers, and silence while somebody does."""

from datetime import datetime

from bot.domain.hours import Hours
from bot.domain.messages import OutboundMessage
from bot.domain.ticket import Reason, Ticket
from bot.handover import Handover
from bot.replies import Replies
from bot.turn import Turn


def ask(turn: Turn) -> None:
    ticket = open_ticket(turn, "asked")
    turn.say("human.waiting", number=str(ticket.id), reply_by=_wait(turn, ticket))
    turn.conclude("handed_off")


def complain(turn: Turn) -> None:
    """Something went wrong with a person or an office: to people, never argued with here."""
    ticket = open_ticket(turn, "complaint")
    turn.say("human.complaint", number=str(ticket.id), reply_by=_wait(turn, ticket))
    turn.conclude("handed_off")


def help_fill(turn: Turn) -> None:
    """Somebody who would rather have it filled in: staff see the draft, and the citizen confirms what they fill in."""
    ticket = open_ticket(turn, "help")
    turn.say("human.helper", number=str(ticket.id), reply_by=_wait(turn, ticket))
    turn.conclude("handed_off")


def back(turn: Turn) -> None:
    """No person any more, by the citizen's own word."""
    ticket = turn.tables.tickets.of(turn.conversation.id)
    if ticket is None:
        turn.say("human.nobody")
    else:
        turn.tables.tickets.close(ticket.id, "citizen", turn.now)
        turn.said.append(_handover(turn).ended(turn.tables, ticket, "citizen", turn.now, ""))
    turn.conversation.owner = "bot"
    turn.conclude("handed_off")


def open_ticket(turn: Turn, reason: Reason) -> Ticket:
    """The one that is alive, or a new one for the team that it is for. Until somebody comes the bot goes on."""
    tables, conversation = turn.tables, turn.conversation
    if turn.conversation.owner == "bot":
        turn.conversation.owner = "queued"
    case = tables.cases.load(conversation.case) if conversation.case else None
    bundle = str(case.bundle.get("id", "")) if case else ""
    handover = Handover(turn.resources.rota, turn.resources.replies)
    return handover.open(tables, conversation, turn.inbox_id, reason, bundle, turn.now)


def reply_by(turn: Turn, when: datetime | None = None) -> str:
    """When a person will answer, in words."""
    return opening(turn.resources.replies, turn.resources.hours, when or turn.now, turn.now)


def opening(replies: Replies, hours: Hours, when: datetime, now: datetime) -> str:
    """ "Now", or the date, weekday and time of the first opening from `when` on."""
    return _at(replies, hours, hours.next_open(when), now)


def _at(replies: Replies, hours: Hours, when: datetime, now: datetime) -> str:
    opens = when.astimezone(hours.zone)
    if opens <= now:
        return replies("human.open")
    weekday = replies("words.weekdays").split()[opens.weekday()]
    written = replies("words.when", month=str(opens.month), day=str(opens.day), weekday=weekday, time=f"{opens:%H:%M}")
    return replies("human.closed", when=written)


def _wait(turn: Turn, ticket: Ticket) -> str:
    """Where they stand and for how long, if somebody is there to tell; otherwise when the team is at work."""
    resources = turn.resources
    minutes = _handover(turn).minutes(turn.tables, ticket, turn.now)
    if minutes is None or ticket.state != "waiting":
        begins = resources.rota.next_on(resources.rota.team(ticket.team).id, turn.now)
        return _at(resources.replies, resources.hours, begins, turn.now)
    place = turn.tables.tickets.ahead(ticket) + 1
    return resources.replies("human.place", place=str(place), minutes=str(minutes))


def _handover(turn: Turn) -> Handover:
    return Handover(turn.resources.rota, turn.resources.replies)


def relay(turn: Turn) -> None:
    """The words of staff, from whatever device: whoever speaks owns the conversation, until the last word."""
    tables, conversation, replies = turn.tables, turn.conversation, turn.resources.replies
    text, by = turn.event.text, turn.event.by
    ticket = tables.tickets.of(conversation.id) if by else open_ticket(turn, "asked")
    if ticket is None or (by and ticket.agent != by):  # somebody else has it by now
        turn.conclude("refused")
        return
    if text.strip() in replies("words.done").split():
        tables.tickets.close(ticket.id, "agent", turn.now)
        conversation.owner = "bot"
        name = ticket.agent or replies("words.staff")
        turn.said.append(_handover(turn).ended(tables, ticket, "agent", turn.now, name))
    else:
        if conversation.owner != "human":
            tables.tickets.hand(ticket.id, "", turn.now)
            conversation.owner = "human"
            turn.say("human.joined_outside")
        tables.tickets.spoken(ticket.id, turn.now)
        turn.said.append(OutboundMessage(text, by=ticket.agent or replies("words.staff")))
    turn.conclude("relayed")


def listen(turn: Turn) -> None:
    """A person has the word: what the citizen sends is kept for them, and the bot says nothing."""
    turn.conclude("relayed")


def keep(turn: Turn) -> None:
    """In the place of "I do not know" while a person is on the way: it was probably meant for them."""
    turn.said.clear()
    turn.say("human.kept")
    turn.conclude("handed_off")


def switched_off(turn: Turn) -> None:
    """The bot is switched off in this channel; people are still to be had."""
    turn.say("human.switched_off")
    turn.conclude("refused")
