"""What is the citizen's own here: cases, drafts, what we remember, and forgetting all of it."""

from bot.domain.case import Case
from bot.domain.messages import OutboundMessage
from bot.domain.progress import stage
from bot.errors import CitizenError
from bot.filing import erase
from bot.handlers import asking, casework
from bot.turn import Turn

_MOST = 6


def cases(turn: Turn) -> None:
    """Every case of this citizen, the latest first."""
    mine = [case for case in turn.tables.cases.of_conversation(turn.conversation.id) if case.state != "dropped"]
    if not mine:
        turn.say("mine.none")
    else:
        lines = "\n".join(_line(turn, number, case) for number, case in enumerate(mine[:_MOST], 1))
        turn.say("mine.cases", lines=lines)
    turn.conclude("status", 1.0)


def carry_on(turn: Turn) -> None:
    """Go on with the latest draft."""
    work = casework.current(turn)
    if work is None:
        mine = turn.tables.cases.of_conversation(turn.conversation.id)
        draft = next((case for case in mine if case.state == "filling"), None)
        if draft is None:
            raise CitizenError("form.none")
        work = casework.bring_here(turn, draft)
    asking.ask_next(turn, work)
    turn.conclude("step", 1.0)


def remember(turn: Turn) -> None:
    """Keep what may be used again of the case handed in last: the citizen has just agreed to it."""
    if turn.resources.replies.word("remember") not in turn.offered:
        raise CitizenError("form.old_choice")
    mine = turn.tables.cases.of_conversation(turn.conversation.id)
    handed_in = [(case.submitted_at, case) for case in mine if case.state == "submitted" and case.submitted_at]
    if not handed_in:
        raise CitizenError("mine.none")
    _, done = max(handed_in, key=lambda one: one[0])
    questions = turn.resources.catalogue.questions
    values = {
        id: given.value
        for id, given in done.answers.items()
        if id in questions and questions[id].reuse != "never" and given.by != "skipped"
    }
    turn.tables.memories.keep(turn.conversation.id, values, turn.now)
    turn.say("memory.kept")
    turn.conclude("saved", 1.0)


def dont_remember(turn: Turn) -> None:
    turn.say("memory.not_kept")
    turn.conclude("saved", 1.0)


def told(turn: Turn) -> None:
    """What we remember of somebody, to themselves."""
    questions = turn.resources.catalogue.questions
    known = turn.tables.memories.of(turn.conversation.id)
    shown = [
        turn.resources.replies("form.fact", name=questions[id].name, value=casework.shown(turn, questions[id], value))
        for id, value in known.items()
        if id in questions
    ]
    if shown:
        turn.say("memory.known", facts=turn.resources.replies("form.between").join(shown))
    else:
        turn.say("memory.nothing")
    turn.conclude("status", 1.0)


def forget(turn: Turn) -> None:
    replies = turn.resources.replies
    choices = (replies.word("forget_sure"), replies.word("keep"))
    turn.said.append(OutboundMessage(replies("memory.forget_sure"), choices=choices))
    turn.conclude("clarify", 1.0)


def forget_sure(turn: Turn) -> None:
    """What we remember and every draft is deleted at once; what was handed in stays, by law."""
    if turn.resources.replies.word("forget_sure") not in turn.offered:
        raise CitizenError("form.old_choice")
    turn.tables.memories.forget(turn.conversation.id)
    erase(turn.tables, turn.tables.cases.drafts(turn.conversation.id))
    turn.conversation.case, turn.conversation.topic, turn.conversation.topic_at = None, "", None
    turn.say("memory.forgotten")
    turn.conclude("saved", 1.0)


def keep(turn: Turn) -> None:
    turn.say("memory.still_kept")
    turn.conclude("saved", 1.0)


def _line(turn: Turn, number: int, case: Case) -> str:
    replies = turn.resources.replies
    day = case.updated_at.astimezone(turn.resources.hours.zone).date()
    fields = {"number": str(number), "name": str(case.bundle.get("name", "")), "reference": case.reference}
    state = replies(f"mine.{case.state}")
    if case.state == "submitted":
        state = replies(f"progress.{stage(turn.tables.matters.of(case.reference))}")
    return replies("mine.case", **fields, state=state, day=replies.day(day))
