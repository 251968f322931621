"""Taking an answer back: by its new value, by its name, or by its number on the page of all answers."""

from dataclasses import replace

from bot.bundles import engine
from bot.bundles.saying import Said, told
from bot.domain.messages import OutboundMessage
from bot.handlers import asking, casework
from bot.handlers.casework import Work
from bot.turn import Turn
from nlu.clauses import clauses
from nlu.references import bare, ordinal


def made(turn: Turn, work: Work, said: Said, only_if_clear: bool = False) -> bool:
    """Change what the message corrects. Where it says only that something is wrong, ask what.

    `only_if_clear`: change nothing unless the message names an answer of ours by number or by its whole name.
    """
    named = _named(work, said.text)
    if not only_if_clear:
        values = {id: value for id, value in _told(work, said).items() if value != work.values[id]}
        if values:
            _change(turn, work, values)
            return True
        named = named or _mentioned(work, said.text)
    if named:
        work.settle(turn, engine.without(work.bundle, work.values, named))
        asking.ask_next(turn, work)
        turn.conclude("step", 1.0)
        return True
    if only_if_clear:
        return False
    ask_which(turn, work)
    return True


def is_asked_for(turn: Turn, work: Work) -> bool:
    """Did we ask last which answer is wrong?"""
    return bool(turn.offered) and turn.offered == _names(work)


def ask_which(turn: Turn, work: Work) -> None:
    turn.said.append(OutboundMessage(turn.resources.replies("form.which_answer"), choices=_names(work)))
    turn.conclude("clarify")


def _names(work: Work) -> tuple[str, ...]:
    return tuple(question.name for question in casework.listed(work).values())


def _change(turn: Turn, work: Work, values: dict[str, str]) -> None:
    kept = work.values
    for id, value in values.items():
        kept = engine.changed(work.bundle, kept, id, value)
    applies = {question.id for step in engine.applying(work.bundle, kept) for question in step.questions}
    dropped = [id for id in work.values if id not in kept and id in applies]
    work.settle(turn, kept)
    turn.say("form.changed", facts=casework.facts(turn, work, values))
    if dropped:
        names = turn.resources.replies("words.between").join(work.bundle.questions[id].name for id in dropped)
        turn.say("form.asked_again", names=names)
    asking.ask_next(turn, work)
    turn.conclude("step", 1.0)


def _told(work: Work, said: Said) -> dict[str, str]:
    """New values for questions that have an answer; where a message says two things of one, the last."""
    found: dict[str, str] = {}
    for piece in (said, *(replace(said, text=clause) for clause in clauses(said.text))):
        for id, question in casework.listed(work).items():
            value = told(question, piece)
            if value is not None:
                found[id] = value
    return found


def _named(work: Work, text: str) -> str | None:
    """The answer whose number or whole name a message is."""
    listed = casework.listed(work)
    number = ordinal(text)
    if number is not None and number <= len(listed):
        return list(listed)[number - 1]
    return next((id for id, question in listed.items() if question.name in (text, bare(text))), None)


def _mentioned(work: Work, text: str) -> str | None:
    """The one answer whose name, or half of it, stands in a message."""
    listed = casework.listed(work)
    whole = [id for id, question in listed.items() if question.name in text]
    half = [id for id, question in listed.items() if len(question.name) > 2 and _half_in(question.name, text)]
    found = whole or half
    return found[0] if len(found) == 1 else None


def _half_in(name: str, text: str) -> bool:
    return name[:2] in text or name[-2:] in text
