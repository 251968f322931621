"""Looking at one's own shop before it opens: point by point against the standard; no photo of it is kept."""

from dataclasses import replace

from bot.domain.inspection import Inspection, Stands
from bot.domain.messages import OutboundMessage
from bot.errors import CitizenError
from bot.handlers import asking, casework, papers, shots
from bot.inspections import begin, walk_of
from bot.turn import Turn
from bot.walks import Walk
from knowledge.parts import asks

_LONGEST = 20


def is_meant(turn: Turn) -> bool:
    """Does somebody want to look for themselves, in few words that ask nothing?"""
    text = turn.event.text.strip()
    words = [word for word in (turn.resources.replies.word("self_check"),) if word in text]
    return bool(words) and len(text) <= _LONGEST and not asks(text)


def start(turn: Turn) -> None:
    """Of the kind of shop that is named, or of the form in hand; otherwise it is asked which."""
    work = casework.current(turn)
    walk = _walk(turn)
    if work is not None:
        turn.conversation.case = None
        turn.say("form.paused", name=work.bundle.name)
    mine = [one for one in turn.tables.inspections.of_conversation(turn.conversation.id) if one.way == "check"]
    going = next((one for one in mine if one.state in ("shooting", "paused")), None)
    if going is not None and (walk is None or going.walk["id"] == walk.id):
        going.state = "shooting"
        turn.tables.inspections.save(going)
        ask(turn, going)
    elif walk is None:
        _which(turn)
        return
    else:
        forget(turn)
        values = work.values if work else {}
        one = begin(turn.tables, walk.applying(values), "check", turn.conversation.id, None, turn.now)
        turn.say("selfcheck.begun", name=walk.name, all=str(len(walk_of(one).points)))
        ask(turn, one)
    turn.conclude("started", 1.0)


def forget(turn: Turn) -> None:
    """Earlier checks make room for the new one."""
    mine = [one.id for one in turn.tables.inspections.of_conversation(turn.conversation.id) if one.way == "check"]
    turn.tables.inspections.delete(mine)


def _walk(turn: Turn) -> Walk | None:
    walks, work = turn.resources.walks, casework.current(turn)
    named = walks.called(turn.event.text)
    if named is not None or work is None:
        return named
    return next((one for one in walks.walks.values() if work.bundle.id in one.serves), None)


def _which(turn: Turn) -> None:
    replies, walks = turn.resources.replies, turn.resources.walks.walks.values()
    if not walks:
        raise CitizenError("inspection.none")
    word = replies.word("self_check")
    choices = tuple(replies("inspection.pick", word=word, name=one.name) for one in walks)
    turn.said.append(OutboundMessage(replies("inspection.which"), choices=choices))
    turn.conclude("clarify", 1.0)


def ask(turn: Turn, one: Inspection) -> None:
    """The next point with its standard and why, or what came of all of them."""
    point, walk = shots.next_of(turn, one), walk_of(one)
    if point is None:
        _finish(turn, one, walk)
        return
    sought = walk.sought[point.id]
    told = {"standard": sought.standard, "why": sought.why, "basis": sought.basis}
    text = turn.resources.replies("selfcheck.ask", **shots.placed(turn, walk, sought), **told)
    ways = ("fits", "not_yet", *(["lacks_it"] if sought.may_lack else []), "hold_check")
    turn.said.append(OutboundMessage(text, choices=asking.words(turn, *ways), links=(shots.sketch(turn, sought),)))


def answer(turn: Turn, one: Inspection, stands: Stands) -> None:
    """What the citizen sees for themselves."""
    point = shots.next_of(turn, one)
    if point is not None:
        turn.tables.inspections.put(one.id, replace(point, stands=stands))
    ask(turn, one)
    turn.conclude("step", 1.0)


def look(turn: Turn, one: Inspection) -> None:
    """A photo is only looked at: whether it is clear. It goes at once."""
    kept = papers.keep(turn, video=True)
    turn.tables.kept.discard([kept.file])
    report = turn.heard.report
    if report is not None and report.verdict == "retake":
        turn.say("selfcheck.unclear", advice=shots.advice(turn, report))
    else:
        text = turn.resources.replies("selfcheck.clear")
        turn.said.append(OutboundMessage(text, choices=asking.words(turn, "fits", "not_yet", "hold_check")))
    turn.conclude("step", 1.0)


def _finish(turn: Turn, one: Inspection, walk: Walk) -> None:
    """What has to be mended, what counts most first."""
    replies, points = turn.resources.replies, turn.tables.inspections.points(one.id)
    counts = {name: str(sum(point.stands == name for point in points)) for name in ("fits", "absent", "lacks")}
    turn.say("selfcheck.done", **counts)
    lacking = sorted((point.id for point in points if point.stands == "lacks"), key=lambda id: not walk.sought[id].key)
    lines = []
    for number, id in enumerate(lacking, 1):
        sought = walk.sought[id]
        star = replies("selfcheck.star") if sought.key else ""
        lines.append(replies("selfcheck.line", number=str(number), star=star, name=sought.name, cure=sought.cure))
    if lines:
        turn.say("selfcheck.lines", lines="\n".join(lines))
    else:
        turn.say("selfcheck.all_fit")
    one.state, one.changed_at = "stopped" if lines else "passed", turn.now
    turn.tables.inspections.save(one)
    turn.tables.inspections.note(one.id, "failed" if lines else "passed", "", turn.now)
