"""Words about an inspection that is at hand: put aside, shown anew, asked about, and handed to the inspector."""

from collections.abc import Callable
from dataclasses import replace

from bot.domain.inspection import Inspection, Stands, unaccounted
from bot.errors import CitizenError
from bot.handlers import checking, question, shots, smalltalk
from bot.handlers.casework import current as draft
from bot.hearing import QUESTIONS
from bot.inspections import walk_of
from bot.turn import Turn
from nlu.references import ordinal


def current(turn: Turn) -> Inspection | None:
    """The one that is at hand: none while a form is."""
    return turn.tables.inspections.current(turn.conversation.id) if draft(turn) is None else None


def at_hand(act: Callable[[Turn, Inspection], None]) -> Callable[[Turn], None]:
    """A word that only means something while one is at hand."""

    def handler(turn: Turn) -> None:
        one = current(turn)
        if one is None:
            raise CitizenError("inspection.none")
        act(turn, one)
        turn.tables.inspections.save(replace(_fresh(turn, one), changed_at=turn.now))

    return handler


def _fresh(turn: Turn, one: Inspection) -> Inspection:
    return turn.tables.inspections.load(one.id) or one


def take(turn: Turn) -> None:
    one = current(turn)
    if one is None:
        raise CitizenError("inspection.none")
    (checking.look if one.way == "check" else shots.take)(turn, one)


def ask(turn: Turn, one: Inspection) -> None:
    (checking.ask if one.way == "check" else shots.ask)(turn, one)
    turn.conclude("step", 1.0)


def hold(turn: Turn, one: Inspection) -> None:
    """Enough for today; everything stays."""
    turn.tables.inspections.save(replace(one, state="paused"))
    turn.say("selfcheck.held" if one.way == "check" else "inspection.held", **shots.done(turn, one))
    turn.conclude("saved", 1.0)


def put_off(turn: Turn, one: Inspection) -> None:
    """This point comes last; what was sent of it already is enough."""
    point, walk = shots.next_of(turn, one), walk_of(one)
    if point is None or one.way == "check":
        ask(turn, one)
        return
    if shots.live(turn, one, point.id):
        shots.next_one(turn, one)
    else:
        turn.tables.inspections.put(one.id, replace(point, stands="later"))
        turn.say("inspection.put_off", name=walk.sought[point.id].name)
        shots.ask(turn, one)
    turn.conclude("step", 1.0)


def lacks(turn: Turn, one: Inspection) -> None:
    """The shop does without: the citizen says so, and the inspector judges."""
    point, walk = shots.next_of(turn, one), walk_of(one)
    if point is not None:
        if not walk.sought[point.id].may_lack:
            raise CitizenError("inspection.cannot_lack")
        if one.way != "check":
            shots.drop(turn, one, point)
            turn.say("inspection.noted_lack", name=walk.sought[point.id].name)
        turn.tables.inspections.put(one.id, replace(point, stands="absent"))
    ask(turn, one)


def fits(turn: Turn, one: Inspection) -> None:
    _own_word(turn, one, "fits")


def not_yet(turn: Turn, one: Inspection) -> None:
    _own_word(turn, one, "lacks")


def _own_word(turn: Turn, one: Inspection, stands: Stands) -> None:
    if one.way != "check":
        ask(turn, one)
        return
    checking.answer(turn, one, stands)


def next_shot(turn: Turn, one: Inspection) -> None:
    (checking.ask if one.way == "check" else shots.next_one)(turn, one)
    turn.conclude("step", 1.0)


def why(turn: Turn, one: Inspection) -> None:
    """Why a point is looked at, on what basis, and what is usually amiss."""
    point = shots.next_of(turn, one)
    if point is not None:
        sought = walk_of(one).sought[point.id]
        turn.say("inspection.why", name=sought.name, why=sought.why, basis=sought.basis, cure=sought.cure)
    ask(turn, one)


def where(turn: Turn, one: Inspection) -> None:
    turn.say("inspection.where", name=walk_of(one).name, **shots.done(turn, one))
    ask(turn, one)
    turn.conclude("status", 1.0)


def agree(turn: Turn, one: Inspection) -> None:
    """Photos of what is sensitive may be taken."""
    point = shots.next_of(turn, one)
    if point is None or turn.resources.replies.word("consent") not in turn.offered:
        raise CitizenError("form.old_choice")
    turn.tables.inspections.put(one.id, replace(point, agreed=True))
    ask(turn, one)


def hand_over(turn: Turn, one: Inspection) -> None:
    """To the inspector: only with every point accounted for."""
    left = unaccounted(turn.tables.inspections.points(one.id))
    if left or one.way != "photo":
        turn.say("inspection.not_whole", left=str(len(left)))
        ask(turn, one)
        return
    sent = replace(one, state="waiting", sent_at=turn.now)
    turn.tables.inspections.save(sent)
    turn.tables.inspections.note(one.id, "sent", "", turn.now)
    turn.say("inspection.sent", number=one.case, due=due(turn, sent))
    turn.conclude("submitted", 1.0)


def is_redo(turn: Turn) -> bool:
    """Is one point to be shown anew?"""
    text, word = turn.event.text.strip(), turn.resources.replies.word("reshoot")
    return text.startswith(word) and len(text) <= 2 * len(word) + 6 and draft(turn) is None


def redo(turn: Turn) -> None:
    """Show one point anew: the one that is named, or the last one. What has passed stays."""
    one = current(turn) or _sent(turn)
    points = turn.tables.inspections.points(one.id)
    shown = [
        place for place, point in enumerate(points, 1) if point.stands in ("shown", "absent") and not point.verdict
    ]
    number = ordinal(turn.event.text) or (shown[-1] if shown else 1)
    if number > len(points):
        raise CitizenError("inspection.no_such", number=str(number), all=str(len(points)))
    point = points[number - 1]
    told = {"number": str(number), "name": walk_of(one).sought[point.id].name}
    if point.verdict == "pass":
        raise CitizenError("inspection.is_right", **told)
    if point.stands == "open" and not shots.live(turn, one, point.id):
        raise CitizenError("inspection.not_yet_shot", **told)
    if one.state == "waiting":
        one = replace(one, state="shooting", sent_at=None)
        turn.tables.inspections.save(one)
        turn.say("inspection.taken_back")
    shots.drop(turn, one, point)
    ask(turn, one)


def _sent(turn: Turn) -> Inspection:
    """What waits for the inspector, who has not begun."""
    mine = turn.tables.inspections.of_conversation(turn.conversation.id)
    found = next((one for one in mine if one.state == "waiting" and one.way == "photo"), None)
    if found is None:
        raise CitizenError("inspection.none")
    begun = found.sent_at or turn.now
    if any(point.judged_at and point.judged_at >= begun for point in turn.tables.inspections.points(found.id)):
        raise CitizenError("inspection.being_judged")
    return found


def due(turn: Turn, one: Inspection) -> str:
    """The day by which there is a result."""
    hours = turn.resources.hours
    sent = (one.sent_at or turn.now).astimezone(hours.zone).date()
    return turn.resources.replies.day(hours.after(sent, walk_of(one).days))


def aside(turn: Turn) -> None:
    """Something by the way: answered, and then the point that stands again."""
    one, intent = current(turn), turn.heard.intent
    if one is None:
        raise CitizenError("inspection.none")
    if one.way == "check" and intent in ("affirm", "deny"):
        checking.answer(turn, one, "fits" if intent == "affirm" else "lacks")
        return
    if turn.heard.beside and question.is_answered(turn):
        turn.conclude("answered")
    elif intent in QUESTIONS or any(answer.outcome != "not_found" for answer in turn.heard.answers):
        question.answer(turn)
    elif f"smalltalk.{intent}" in turn.resources.replies.sentences:
        smalltalk.reply(turn)
    else:
        question.answer(turn)
    outcome, confidence = turn.outcome, turn.confidence
    turn.say("inspection.back_to")
    ask(turn, one)
    turn.conclude(outcome, confidence)
