"""One citizen message, from heard to answered. Start reading here.

take_turn() is the whole of it: hear (slow, no transaction), then decide and record (quick, one transaction).
Sending is somebody else's job: see deliver() in bot/loops.py.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from bot.domain.knowledge import REASONS
from bot.domain.messages import InboundEvent, OutboundMessage
from bot.errors import CitizenError
from bot.handlers import human, question, reckoned, smalltalk, unreadable, vote
from bot.hearing import Heard
from bot.store.db import Tables
from bot.store.inbox import event_of
from bot.store.queue import Claim
from bot.turn import Resources, Turn
from nlu.text import has_words

Handler = Callable[[Turn], None]

COMMANDS: dict[str, Handler] = {
    "human": human.ask,
    "help": smalltalk.help,
    "useful": vote.useful,
    "useless": vote.useless,
    **dict.fromkeys(REASONS, vote.reason),
}


def take_turn(resources: Resources, claimed: Claim, now: datetime) -> Turn:
    """Answer a claimed event. Fenced where another worker has it by now; then nothing was saved."""
    event, topic = _in_context(resources, event_of(claimed), now)
    heard = resources.ear.hear(event, now, topic)
    return resources.store.write(lambda tables: _decide(resources, tables, claimed, heard, now))


def _in_context(resources: Resources, event: InboundEvent, now: datetime) -> tuple[InboundEvent, str]:
    """The event, and the question that it may lean on; a number typed under a list of choices is a tap on one."""
    if event.kind not in ("text", "tap"):
        return event, ""
    text, id = event.text.strip(), event.conversation_id
    if event.kind == "text" and text.isdecimal() and len(text) <= 2:
        choices = resources.store.read(lambda tables: tables.outbox.last_choices(id))
        if 0 < int(text) <= len(choices):
            event = replace(event, kind="tap", text=choices[int(text) - 1])
    return event, resources.store.read(lambda tables: tables.conversations.load(id)).topic_on(now)


def _decide(resources: Resources, tables: Tables, claimed: Claim, heard: Heard, now: datetime) -> Turn:
    turn = _begin(resources, tables, claimed, heard, now)
    try:
        with tables.savepoint():
            route(turn)(turn)
    except CitizenError as error:
        turn = _begin(resources, tables, claimed, heard, now)  # nothing of the refused turn remains
        turn.say(error.reply, **error.fields)
        turn.conclude("clarify")
    _introduce(turn)
    tables.inbox.finish(claimed, now, turn.outcome, turn.confidence)
    tables.conversations.save(turn.conversation)
    tables.outbox.put(turn.conversation.id, turn.said, now, f"turn:{claimed.id}", claimed.id)
    return turn


def route(turn: Turn) -> Handler:
    """Who answers? The first line that fits, top to bottom."""
    if turn.event.kind == "agent":
        return human.relay
    if turn.event.kind == "vote":
        return vote.on_answer
    if turn.event.kind not in ("text", "tap"):
        return unreadable.not_text
    text = turn.event.text.strip()
    command = turn.resources.replies.command(text)
    if command is not None:
        return COMMANDS[command]
    if not has_words(text):
        return unreadable.empty
    if len(text) > turn.resources.ear.longest:
        return unreadable.too_long
    return _talked(turn)


def _talked(turn: Turn) -> Handler:
    """Who answers words that are neither a command nor unreadable?"""
    if turn.event.text.strip() == turn.resources.replies("words.none_of_these"):
        return question.none_of_these
    if turn.heard.understanding.intent:
        return smalltalk.reply
    if turn.heard.reckoning:
        return reckoned.answer
    return question.answer


def give_up(resources: Resources, tables: Tables, claimed: Claim, now: datetime) -> None:
    """The last word on an event that cannot be answered: a ticket, and a number."""
    turn = _begin(resources, tables, claimed, Heard(event_of(claimed)), now)
    ticket = human.open_ticket(turn, "failed")
    turn.say(
        "error.gave_up",
        ticket=str(ticket.id),
        number=str(claimed.id),
        reply_by=human.reply_by(turn, ticket.reply_by),
    )
    tables.outbox.put(turn.conversation.id, turn.said, now, f"gave_up:{claimed.id}", claimed.id)


def apologise(resources: Resources, tables: Tables, claimed: Claim, now: datetime) -> None:
    """A word to whoever has waited through several attempts; said once."""
    message = OutboundMessage(resources.replies("error.apology", number=str(claimed.id)))
    tables.outbox.put(claimed.conversation_id, [message], now, f"apology:{claimed.id}", claimed.id)


def _begin(resources: Resources, tables: Tables, claimed: Claim, heard: Heard, now: datetime) -> Turn:
    conversation = tables.conversations.load(claimed.conversation_id)
    return Turn(resources, tables, conversation, heard, claimed.id, now)


def _introduce(turn: Turn) -> None:
    """The bot says what it is at first contact, behind the answer that was asked for."""
    if turn.outcome != "relayed" and not turn.conversation.introduced:
        turn.say("introduction")
        turn.conversation.introduced = True
