"""Words about the form itself: back, skip, repeat, where am I, start over, cancel, change, hand in."""

from bot.bundles import engine, papers
from bot.bundles.engine import SKIPPED
from bot.bundles.saying import Said
from bot.domain.messages import OutboundMessage
from bot.errors import CitizenError
from bot.handlers import asking, bundle, casework, correction
from bot.handlers.casework import Work
from bot.turn import Turn


def back(turn: Turn) -> None:
    work = _work(turn)
    if work.step is None and (paper := papers.last_settled(work.bundle, work.values)):
        work.settle(turn, {id: value for id, value in work.values.items() if id != paper})
        sent = [
            kept.file for kept in turn.tables.kept.of_case(work.case.reference) if f"paper.{kept.material}" == paper
        ]
        turn.tables.kept.give(sent, work.case.reference, "")  # kept, but no longer as this paper
        _ask(turn, work)
        return
    before = engine.last_answered(work.bundle, work.values)
    if before is None:
        raise CitizenError("form.at_the_beginning")
    values = work.values
    for question in before.questions:
        values = engine.without(work.bundle, values, question.id)
    work.settle(turn, values)
    _ask(turn, work)


def skip(turn: Turn) -> None:
    work = _work(turn)
    step = work.step
    if step is None or step.question is None:
        _ask(turn, work)
        return
    unknown = step.question.option("unknown")
    if not step.question.optional:
        hint = "form.needed_choose" if unknown else "form.needed"
        turn.say(hint, name=step.question.name, unknown=unknown.value if unknown else "")
    else:
        work.give(turn, {step.question.id: SKIPPED}, "skipped")
    _ask(turn, work)


def repeat(turn: Turn) -> None:
    _ask(turn, _work(turn))


def another(turn: Turn) -> None:
    """Not what we remember: then it is forgotten, and asked for."""
    work = _work(turn)
    step = work.step
    if step and step.question:
        turn.tables.memories.forget(turn.conversation.id, step.question.id)
    _ask(turn, work)


def where(turn: Turn) -> None:
    work = _work(turn)
    number, of = engine.place(work.bundle, work.values)
    turn.say("form.where", name=work.bundle.name, number=str(number), all=str(of), left=str(of - number + 1))
    asking.ask_next(turn, work)
    turn.conclude("status", 1.0)


def change(turn: Turn) -> None:
    correction.ask_which(turn, _work(turn))


def restart(turn: Turn) -> None:
    _confirm(turn, "form.restart_sure", "restart_sure")


def restart_sure(turn: Turn) -> None:
    work = _offered(turn, "restart_sure")
    work.case.state = "dropped"
    casework.keep(turn, work)
    catalogue = turn.resources.catalogue
    bundle.begin(turn, catalogue.bundles.get(work.bundle.id, work.bundle), Said(""))
    turn.conclude("started", 1.0)


def cancel(turn: Turn) -> None:
    _confirm(turn, "form.cancel_sure", "cancel_sure")


def cancel_sure(turn: Turn) -> None:
    work = _offered(turn, "cancel_sure")
    work.case.state = "dropped"
    casework.keep(turn, work)
    turn.conversation.case = None
    turn.say("form.cancelled", name=work.bundle.name)
    turn.conclude("saved", 1.0)


def pause(turn: Turn) -> None:
    """Leaving for now: nothing is lost."""
    work = _work(turn)
    turn.conversation.case = None
    turn.say("form.paused", name=work.bundle.name)
    turn.conclude("saved", 1.0)


def _work(turn: Turn) -> Work:
    work = casework.current(turn)
    if work is None:
        raise CitizenError("form.none")
    return work


def _ask(turn: Turn, work: Work) -> None:
    asking.ask_next(turn, work)
    turn.conclude("step", 1.0)


def _confirm(turn: Turn, sentence: str, sure: str) -> None:
    """What cannot be undone is asked once more, with the way back beside it."""
    work, replies = _work(turn), turn.resources.replies
    choices = (replies.word(sure), replies.word("continue"))
    turn.said.append(OutboundMessage(replies(sentence, name=work.bundle.name), choices=choices))
    turn.conclude("clarify", 1.0)


def _offered(turn: Turn, sure: str) -> Work:
    """The case, where this confirmation is what we asked for last."""
    if turn.resources.replies.word(sure) not in turn.offered:
        raise CitizenError("form.old_choice")
    return _work(turn)
