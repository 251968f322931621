"""Where an inspection begins and is gone on with: by photos, or with somebody who looks live or on the spot."""

from bot.domain.case import Case
from bot.domain.inspection import Inspection, Way, unaccounted
from bot.domain.messages import OutboundMessage
from bot.domain.progress import Matter
from bot.handlers import inspecting, shots, visit
from bot.inspections import Inspector, begin, walk_of
from bot.turn import Turn
from bot.walks import Walk


def shoot(turn: Turn) -> None:
    """Begin with what an accepted matter needs, or go on with it."""
    mine = turn.tables.inspections.of_conversation(turn.conversation.id)
    going = next((one for one in mine if one.state in ("shooting", "paused") and one.case), None)
    going = going or _back_to_photos(turn, mine)
    if going is not None:
        _go_on(turn, going)
        return
    wanted = _wanted(turn)
    if not wanted:
        _nothing(turn, mine)
        return
    case, matter, walks = wanted[0]
    named = turn.resources.walks.called(turn.event.text)
    if len(walks) > 1 and named not in walks:
        _which(turn, walks)
        return
    walk = next((one for one in walks if one == named), walks[0])
    if walk.sight(case.values)[0] != "photo":
        turn.said += Inspector(turn.resources.replies, turn.resources.hours, turn.resources.walks).offer(case, matter)
        turn.conclude("clarify", 1.0)
        return
    one = begin(turn.tables, walk.applying(case.values), "photo", turn.conversation.id, matter, turn.now)
    turn.say("inspection.begun", name=matter.name, all=str(len(walk_of(one).points)), route=walk.route)
    turn.conversation.case = None
    shots.ask(turn, one)
    turn.conclude("started", 1.0)


def is_pick(turn: Turn) -> bool:
    """Is it one of the kinds of shop that we asked about?"""
    text = turn.event.text.strip()
    return text in turn.offered and text.startswith(turn.resources.replies.word("shoot"))


def _which(turn: Turn, walks: list[Walk]) -> None:
    replies = turn.resources.replies
    word = replies.word("shoot")
    choices = tuple(replies("inspection.pick", word=word, name=one.name) for one in walks)
    turn.said.append(OutboundMessage(replies("inspection.which"), choices=choices))
    turn.conclude("clarify", 1.0)


def _go_on(turn: Turn, one: Inspection) -> None:
    one.state, one.changed_at, turn.conversation.case = "shooting", turn.now, None
    turn.tables.inspections.save(one)
    left = len(unaccounted(turn.tables.inspections.points(one.id)))
    if one.round > 1 and left:
        turn.say("inspection.again", left=str(left))
    else:
        turn.say("inspection.resumed")
    inspecting.ask(turn, one)


def _back_to_photos(turn: Turn, mine: list[Inspection]) -> Inspection | None:
    """One that was to be seen live or on the spot, and has not been looked at: photos may still do."""
    for one in mine:
        case = turn.tables.cases.load(one.case) if one.state == "waiting" and one.way in ("live", "spot") else None
        judged = any(point.verdict for point in turn.tables.inspections.points(one.id))
        if case is not None and not judged and walk_of(one).sight(case.values)[0] == "photo":
            one.way, one.sent_at = "photo", None
            return one
    return None


def _wanted(turn: Turn) -> list[tuple[Case, Matter, list[Walk]]]:
    """Accepted matters that must be seen and are not being looked at yet."""
    found = []
    for case in turn.tables.cases.of_conversation(turn.conversation.id):
        known = {one.item for one in turn.tables.inspections.of_case(case.reference) if one.state != "stopped"}
        for matter in turn.tables.matters.of(case.reference) if case.state == "submitted" else ():
            walks = turn.resources.walks.of(str(case.bundle.get("id", "")), matter.item)
            if walks and matter.state == "accepted" and matter.item not in known:
                found.append((case, matter, walks))
    return found


def _nothing(turn: Turn, mine: list[Inspection]) -> None:
    """Why there is nothing to be shown now."""
    turn.conclude("status", 1.0)
    last = next((one for one in mine if one.case and one.state in ("waiting", "passed", "waived")), None)
    if last is not None:
        name = next((one.name for one in turn.tables.matters.of(last.case) if one.item == last.item), "")
        if last.state in ("passed", "waived"):
            turn.say(f"inspection.has_{last.state}", name=name)
        else:
            turn.say("inspection.waiting", name=name, due=inspecting.due(turn, last))
        return
    for case in turn.tables.cases.of_conversation(turn.conversation.id):
        for matter in turn.tables.matters.of(case.reference) if case.state == "submitted" else ():
            if matter.state in ("waiting", "received", "defective") and turn.resources.walks.of(
                str(case.bundle.get("id", "")), matter.item
            ):
                turn.say("inspection.not_accepted", name=matter.name)
                return
    turn.say("inspection.none")


def live_visit(turn: Turn) -> None:
    _visit(turn, "live")


def spot_visit(turn: Turn) -> None:
    _visit(turn, "spot")


def _visit(turn: Turn, way: Way) -> None:
    """Somebody is to look live: what was to be shown by photos waits for them, and a time is found."""
    mine = turn.tables.inspections.of_conversation(turn.conversation.id)
    going = next((one for one in mine if one.case and one.state in ("shooting", "paused", "waiting")), None)
    wanted = _wanted(turn)
    if going is not None and going.round == 1:
        going.way, going.state, going.sent_at, going.changed_at = way, "waiting", going.sent_at or turn.now, turn.now
        turn.tables.inspections.save(going)
        turn.tables.inspections.note(going.id, "moved", "", turn.now)
    elif going is None and wanted:
        case, matter, walks = wanted[0]
        begin(turn.tables, walks[0].applying(case.values), way, turn.conversation.id, matter, turn.now)
    visit.ask(turn)
