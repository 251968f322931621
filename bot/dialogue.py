"""One citizen message, from heard to answered. Start reading here.

take_turn() is the whole of it: hear (slow, no transaction), then decide and record (quick, one transaction).
Sending is somebody else's job: see deliver() in bot/loops.py.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.messages import InboundEvent, OutboundMessage, merged
from bot.errors import CitizenError
from bot.handlers import (
    bundle,
    casework,
    easing,
    human,
    inspecting,
    papers,
    question,
    reckoned,
    smalltalk,
    status,
    unreadable,
    visit,
)
from bot.hearing import Heard
from bot.looking import look
from bot.store.db import Tables
from bot.store.inbox import event_of
from bot.store.queue import Claim
from bot.thoughts import whole_thought
from bot.turn import Resources, Turn
from bot.wishes import IN_A_FORM, INTENTS, OF_CASES, OF_KIND, WHOLE, WITH_A_PERSON, WITHOUT_WORDS, Handler, of_command
from knowledge.parts import asks
from nlu.labels import meant
from nlu.references import choice
from nlu.text import has_words

CHOICES_HOLD = timedelta(days=1)
LONGEST_CHOICE = 40
TOGETHER = 2  # attempts at which the bubbles of a thought are answered together
MISSES = 2  # in a row, after which a person is offered


def take_turn(resources: Resources, claimed: Claim, now: datetime) -> Turn | None:
    """Answer a claimed event, and the bubbles behind it that belong to the same thought.

    Fenced where another worker has it by now; then nothing was saved. None where it waits: for the rest of a
    thought, or for the photo to be read.
    """
    gap = timedelta(seconds=resources.settings.work.thought)
    bubbles = resources.store.read(lambda tables: tables.inbox.following(claimed, gap))
    alone = not gap or claimed.tries > TOGETHER  # so that a bubble that cannot be answered takes no other with it
    thought = whole_thought(bubbles[:1] if alone else bubbles, resources.replies)
    event, offered, topic = _in_context(resources, thought.event, now)
    heard = resources.ear.hear(event, now, topic)
    if claimed.channel in resources.in_pieces and claimed.tries == 1 and thought.may_go_on(heard, now, gap):
        resources.store.write(lambda tables: tables.inbox.hold(claimed, thought.last + gap))
        return None
    looked = look(resources, claimed, event, now)
    if looked is None:
        return None
    heard = replace(heard, picture=looked.picture, sha256=looked.sha256, report=looked.report)
    return resources.store.write(lambda tables: _decide(resources, tables, claimed, heard, now, offered, thought.rest))


def _in_context(resources: Resources, event: InboundEvent, now: datetime) -> tuple[InboundEvent, tuple[str, ...], str]:
    """The event, the choices that stand, and the question that it may lean on; a choice typed is a tap on it."""
    if event.kind not in ("text", "tap"):
        return event, (), ""
    id = event.conversation_id
    offered, topic = resources.store.read(
        lambda tables: (tables.outbox.last_choices(id, now - CHOICES_HOLD), tables.conversations.load(id).topic_on(now))
    )
    if event.kind == "text" and (label := _chosen(event.text.strip(), offered)):
        event = replace(event, kind="tap", text=label)
    return event, offered, topic


def _chosen(text: str, offered: tuple[str, ...]) -> str | None:
    """The offered choice that a text is, by its number, its place in words, or its label."""
    if not offered or len(text) > LONGEST_CHOICE:
        return None
    place = int(text) if text.isdecimal() and len(text) <= 2 else choice(text) or 0
    return offered[place - 1] if 0 < place <= len(offered) else meant(text, offered, loosely=False)


def _decide(
    resources: Resources,
    tables: Tables,
    claimed: Claim,
    heard: Heard,
    now: datetime,
    offered: tuple[str, ...],
    rest: Sequence[int],
) -> Turn:
    turn = _begin(resources, tables, claimed, heard, now, offered)
    try:
        with tables.savepoint():
            handler = route(turn)
            if turn.heard.beside and handler is not question.answer:
                question.beside(turn)
            handler(turn)
    except CitizenError as error:
        turn = _begin(resources, tables, claimed, heard, now, offered)  # nothing of the refused turn remains
        if not bundle.ask_again(turn, error):
            turn.say(error.reply, **error.fields)
            turn.conclude("clarify")
        turn.missed = True
    if isinstance(heard.picture, CitizenError):
        tables.kept.refuse(heard.event.media, now)
    _after(turn)
    tables.inbox.finish(claimed, now, turn.outcome, turn.confidence)
    tables.inbox.finish_with(claimed, rest, now, turn.outcome)
    tables.conversations.save(turn.conversation)
    said = merged(turn.said) if claimed.channel in resources.counted else easing.in_lines(turn)
    tables.outbox.put(turn.conversation.id, said, now, f"turn:{claimed.id}", claimed.id)
    return turn


def route(turn: Turn) -> Handler:
    """Who answers? The first line that fits, top to bottom."""
    if turn.event.kind in OF_KIND:
        return OF_KIND[turn.event.kind]
    if silence := _not_the_bot(turn):
        return silence
    if turn.event.media and turn.heard.picture is not None:
        return inspecting.take if inspecting.current(turn) is not None else papers.take
    if turn.event.kind not in ("text", "tap"):
        return WITHOUT_WORDS.get(turn.event.kind, unreadable.not_text)
    text = turn.event.text.strip()
    command = turn.resources.replies.command(text)
    if command is not None:
        return of_command(turn, command)
    if not has_words(text):
        return unreadable.empty
    if len(text) > turn.resources.ear.longest:
        return unreadable.too_long
    return _talked(turn)


def _not_the_bot(turn: Turn) -> Handler | None:
    """While a person has the word, or the bot is switched off here."""
    spoken = turn.event.kind in ("text", "tap")
    command = turn.resources.replies.command(turn.event.text.strip()) if spoken else None
    if turn.conversation.owner == "human":
        return None if command in WITH_A_PERSON else human.listen
    if turn.tables.desk.is_off(turn.event.channel):
        return human.ask if command == "human" else human.switched_off
    return None


def _talked(turn: Turn) -> Handler:
    """Who answers words that are neither a command nor unreadable?"""
    text, intent = turn.event.text.strip(), turn.heard.intent
    if text == turn.resources.replies("words.none_of_these"):
        return question.none_of_these
    for is_it, handler in WHOLE.items():
        if is_it(turn):
            return handler
    if intent in OF_CASES and status.has_none(turn) and asks(text) and question.is_answered(turn):
        return question.answer  # about cases in general, since there is none
    work = casework.current(turn)
    if intent in INTENTS:
        return INTENTS[intent]
    if work is not None:
        return _in_form(turn, intent)
    if text.isdecimal() and len(text) <= 2:
        return unreadable.old_number
    return _outside_form(turn, intent)


def _in_form(turn: Turn, intent: str) -> Handler:
    if intent in IN_A_FORM:
        return IN_A_FORM[intent]
    return bundle.start if bundle.is_named(turn) else bundle.go_on


def _outside_form(turn: Turn, intent: str) -> Handler:
    if visit.is_meant(turn):
        return visit.ask
    if bundle.wanted(turn) is not None:
        return bundle.start if bundle.is_begun(turn) else bundle.asked_about
    if intent in IN_A_FORM and not question.is_answered(turn):
        return IN_A_FORM[intent]
    if inspecting.current(turn) is not None:
        return inspecting.aside
    if f"smalltalk.{intent}" in turn.resources.replies.sentences:
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
    tables.conversations.save(turn.conversation)
    tables.outbox.put(turn.conversation.id, turn.said, now, f"gave_up:{claimed.id}", claimed.id)


def apologise(resources: Resources, tables: Tables, claimed: Claim, now: datetime) -> None:
    """A word to whoever has waited through several attempts; said once."""
    message = OutboundMessage(resources.replies("error.apology", number=str(claimed.id)))
    tables.outbox.put(claimed.conversation_id, [message], now, f"apology:{claimed.id}", claimed.id)


def _begin(
    resources: Resources,
    tables: Tables,
    claimed: Claim,
    heard: Heard,
    now: datetime,
    offered: tuple[str, ...] = (),
) -> Turn:
    conversation = tables.conversations.load(claimed.conversation_id, hold=True)
    if conversation.eased:
        resources = replace(resources, replies=resources.replies.eased)
    return Turn(resources, tables, conversation, heard, claimed.id, now, offered)


def _is_talk(turn: Turn) -> bool:
    return turn.event.kind == "text" and turn.resources.replies.command(turn.event.text.strip()) is None


def _after(turn: Turn) -> None:
    """Two misses in a row offer a person; and the bot says what it is at first contact, behind its answer."""
    conversation = turn.conversation
    if turn.outcome == "relayed":
        return
    lost = turn.missed or turn.outcome == "not_found"
    if lost and conversation.owner == "queued" and _is_talk(turn):
        human.keep(turn)
    conversation.misses = conversation.misses + 1 if lost and conversation.owner == "bot" else 0
    if conversation.misses >= (1 if conversation.eased else MISSES):
        turn.say("human.offered")
        conversation.misses = 0
    if turn.said and not turn.said[-1].template and not conversation.introduced:
        turn.say("introduction")
        conversation.introduced = True
