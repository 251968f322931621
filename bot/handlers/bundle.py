"""One bundle in chat: it begins, each message is tried as an answer, and it ends in a number."""

from dataclasses import replace

from bot.bundles import engine
from bot.bundles.model import Bundle
from bot.bundles.saying import Said
from bot.domain.messages import OutboundMessage
from bot.errors import CitizenError
from bot.handlers import asking, casework, correction, question, readout
from bot.handlers.casework import Work
from bot.hearing import QUESTIONS
from bot.turn import Turn
from knowledge.parts import asks, wonders
from nlu.clauses import clauses

# Words that are about the form, or about something else altogether: never the text that a question asks for.
ASIDE = QUESTIONS | {"greet", "thank", "goodbye", "ask_identity", "ask_ability", "ask_privacy", "express_anger"}


FREE = ("text", "name", "address")  # kinds of question that any words may answer
SO_MANY_WORDS = 2  # things told of a business, from which on it is meant to be begun, whatever else could be said


def wanted(turn: Turn) -> Bundle | None:
    """The bundle that a message wants to begin: by its name, or by what it wishes and names."""
    catalogue, entities = turn.resources.catalogue, turn.heard.entities
    named = [value for kind in ("business_kind", "licence_kind", "role") for value in entities.get(kind, ())]
    return catalogue.named(turn.event.text.strip()) or catalogue.meant(turn.heard.intent, named)


def start(turn: Turn) -> None:
    """Begin the bundle that is wanted; where there is a draft of it, ask whether to go on with that."""
    bundle, replies = wanted(turn), turn.resources.replies
    if bundle is None:
        raise CitizenError("form.none")
    draft = casework.current(turn)
    if draft and draft.bundle.id == bundle.id:
        choices = (replies.word("continue"), replies.word("restart"))
        turn.said.append(OutboundMessage(replies("form.draft", name=bundle.name), choices=choices))
        turn.conclude("clarify", turn.heard.understanding.confidence)
        return
    turn.say("form.begun", name=bundle.name)
    begin(turn, bundle, casework.said(turn))
    turn.conclude("started", turn.heard.understanding.confidence)


def asked_about(turn: Turn) -> None:
    """A question about opening something: its answer, and the guide is offered."""
    question.answer(turn)
    bundle, replies = wanted(turn), turn.resources.replies
    if bundle is not None and turn.outcome != "clarify":
        choices = (bundle.name, replies.word("just_asking"))
        turn.said.append(OutboundMessage(replies("form.offer", name=bundle.name), choices=choices))


def is_begun(turn: Turn) -> bool:
    """Is it to be begun, rather than asked about: named, wished for, or told of in so many words?"""
    bundle = wanted(turn)
    last = (clauses(turn.event.text) or [turn.event.text])[-1]
    if bundle is None or is_named(turn) or not asks(last):
        return True
    if turn.heard.beside:
        return question.is_answered(turn)
    told = 0 if turn.heard.intent in QUESTIONS else len(engine.filled(bundle, {}, casework.said(turn)))
    return (told >= SO_MANY_WORDS and not wonders(last)) or (told > 0 and not question.is_answered(turn))


def is_named(turn: Turn) -> bool:
    """Is the message the name of a bundle, and no more?"""
    return turn.resources.catalogue.named(turn.event.text.strip()) is not None


def is_refused(turn: Turn) -> bool:
    """Does a message ask for what is never done? What answers the question that stands is not taken for that."""
    work = casework.current(turn)
    if not turn.heard.refused or work is None or work.step is None or not work.step.questions:
        return turn.heard.refused
    return work.step.questions[0].kind in FREE or not _tried(turn, work, casework.said(turn))[0]


def begin(turn: Turn, bundle: Bundle, said: Said) -> None:
    """A new case, with whatever the first words tell already."""
    work = casework.begin(turn, bundle)
    told = engine.filled(bundle, {}, said)
    work.give(turn, told)
    if told:
        turn.say("form.noted", facts=casework.facts(turn, work, told))
    asking.ask_next(turn, work)


def go_on(turn: Turn) -> None:
    """A message in the middle of a form: an answer, a correction, an aside, or nothing that we understand."""
    work = casework.current(turn)
    if work is None:
        raise CitizenError("form.none")
    said = casework.said(turn)
    corrects = turn.heard.intent == "correct_answer" or correction.is_asked_for(turn, work)
    if corrects and correction.made(turn, work, said):
        return
    asked = work.step.question.id if work.step and work.step.question else ""
    values, fault = _told(turn, work, said)
    if not values and said.yes is not None and work.paper and work.paper.commitment:
        raise CitizenError("promise.in_words", agree=turn.resources.replies.word("agree"))
    if not values:
        if correction.made(turn, work, said, only_if_clear=True) or _aside(turn, work):
            return
        raise fault or CitizenError("form.not_understood")
    if turn.heard.intent in QUESTIONS and asks(turn.event.text):
        question.beside(turn)
    work.give(turn, values)
    by_the_way = {id: value for id, value in values.items() if fault or id != asked}
    if by_the_way:
        turn.say("form.noted", facts=casework.facts(turn, work, by_the_way))
    asking.ask_next(turn, work)
    turn.conclude("step", 1.0)


def _told(turn: Turn, work: Work, said: Said) -> tuple[dict[str, str], CitizenError | None]:
    """What a message answers, the question that stands first; and what is wrong with it as an answer to that one."""
    if turn.heard.intent in QUESTIONS:  # what is asked for in a question is no answer of the citizen's
        said = replace(said, text=" ".join(piece for piece in clauses(said.text) if not asks(piece)))
    answered, fault = _tried(turn, work, said) if said.text else ({}, None)
    asked = work.step.questions if work.step else ()
    known = work.values | {question.id: "" for question in asked}
    others = engine.filled(work.bundle, known, said) if said.text else {}
    if not answered and others and fault is None:
        fault = CitizenError("form.not_understood")  # it told something else
    return answered | others, fault


def _tried(turn: Turn, work: Work, said: Said) -> tuple[dict[str, str], CitizenError | None]:
    """What a message answers of the step that stands, or what is wrong with it."""
    step = work.step
    if step is None or not step.questions or readout.pending(work.case):
        return {}, None  # what was asked last is whether a photo was read rightly
    asked = step.questions[0]
    if asked.kind in FREE and turn.heard.intent in ASIDE:
        return {}, None
    known = casework.remembered(turn, asked)
    if known and (said.yes or said.text == turn.resources.replies.word("same")):
        return {asked.id: known}, None
    try:
        return engine.answered(step, work.values, said), None
    except CitizenError as fault:
        return {}, fault


def _aside(turn: Turn, work: Work) -> bool:
    """A question by the way: answered, and then the form's own again. Small talk likewise."""
    intent = turn.heard.intent
    if turn.heard.beside and question.is_answered(turn):
        turn.conclude("answered")  # before this handler
    elif any(one.outcome in ("answered", "refused") for one in turn.heard.answers) or intent in QUESTIONS:
        question.answer(turn)
    elif f"smalltalk.{intent}" in turn.resources.replies.sentences:
        turn.say(f"smalltalk.{intent}")
        turn.conclude("smalltalk", turn.heard.understanding.confidence)
    else:
        return False
    turn.say("form.back_to")
    asking.ask_next(turn, work)
    return True


def ask_again(turn: Turn, fault: CitizenError) -> bool:
    """After a message that was no answer: what is wrong with it, and the question again. False outside of a form."""
    work = casework.current(turn)
    if work is None:
        return False
    turn.say(fault.reply, **fault.fields)
    asking.ask_next(turn, work)
    turn.conclude("clarify")
    return True
