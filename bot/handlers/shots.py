"""One point of an inspection after the other: what is asked for, and what becomes of a photo or a short video."""

from dataclasses import replace

from bot.domain.case import Kept
from bot.domain.inspection import Inspection, Point, Shot, slot, unaccounted, upcoming
from bot.domain.messages import Link, OutboundMessage
from bot.domain.photo import Report
from bot.errors import CitizenError
from bot.handlers import asking, papers
from bot.inspections import walk_of
from bot.materials.video import LONGEST
from bot.turn import Turn
from bot.walks import Sought, Walk

RETAKES, EASED_RETAKES = 2, 1  # photos of a point that may fail; the next one is taken as it is


def ask(turn: Turn, one: Inspection) -> None:
    """The point that comes next, or what is left to do once all of them are there."""
    walk, point = walk_of(one), next_of(turn, one)
    if point is None:
        _whole(turn, one)
        return
    sought = walk.sought[point.id]
    told = placed(turn, walk, sought)
    if sought.sensitive and not point.agreed:
        word = turn.resources.replies.word("consent")
        text = turn.resources.replies("inspection.consent", word=word, **told)
        turn.said.append(OutboundMessage(text, choices=asking.words(turn, "consent", "put_off", "spot_visit")))
        return
    text = turn.resources.replies("inspection.ask", standard=sought.standard, shoot=sought.shoot, **told)
    text += _beside(turn, one, point, sought)
    ways = ("why_so", *(["lacks_it"] if sought.may_lack else []), "put_off", "hold_shots")
    turn.said.append(OutboundMessage(text, choices=asking.words(turn, *ways), links=(sketch(turn, sought),)))


def _beside(turn: Turn, one: Inspection, point: Point, sought: Sought) -> str:
    """What failed the last time, and what must be in the first picture."""
    replies, text = turn.resources.replies, ""
    if point.finding and point.due_on:
        text += replies("inspection.last_time", finding=point.finding, due=replies.day(point.due_on))
    if sought.sight == "video":
        text += replies("inspection.video", most=str(LONGEST))
    return text + (replies("inspection.code", code=one.code) if _wants_code(one) else "")


def placed(turn: Turn, walk: Walk, sought: Sought) -> dict[str, str]:
    """Which point of how many it is."""
    key = turn.resources.replies("inspection.key") if sought.key else ""
    number = 1 + list(walk.sought).index(sought.id)
    return {"number": str(number), "all": str(len(walk.points)), "name": sought.name, "key": key}


def sketch(turn: Turn, sought: Sought) -> Link:
    """Where it is drawn what a good picture shows."""
    title = turn.resources.replies("inspection.sketch", name=sought.name)
    return Link(title, f"{turn.resources.settings.hall.url}/sketches/{sought.id}.svg")


def next_of(turn: Turn, one: Inspection) -> Point | None:
    return upcoming(turn.tables.inspections.points(one.id))


def _whole(turn: Turn, one: Inspection) -> None:
    replies, points = turn.resources.replies, turn.tables.inspections.points(one.id)
    if one.round > 1:
        count = sum(point.verdict != "pass" for point in points)
        text = replies("inspection.whole_again", count=str(count))
        turn.said.append(OutboundMessage(text, choices=asking.words(turn, "hand_over", "hold_shots")))
        return
    shown, absent = (sum(point.stands == stands for point in points) for stands in ("shown", "absent"))
    without = replies("inspection.whole_absent", absent=str(absent)) if absent else ""
    text = replies("inspection.whole", all=str(len(points)), shown=str(shown), absent=without)
    turn.said.append(OutboundMessage(text, choices=asking.words(turn, "hand_over", "hold_shots")))


def take(turn: Turn, one: Inspection) -> None:
    """A photo or a short video of the point that is at hand."""
    kept = papers.keep(turn, video=True)
    point, sought = next_of(turn, one), walk_of(one).sought
    if point is None or (sought[point.id].sensitive and not point.agreed):
        turn.tables.kept.discard([kept.file])
        ask(turn, one)
    elif fault := _fault(turn, one, point, sought[point.id], kept):
        turn.tables.kept.discard([kept.file])
        turn.said.append(OutboundMessage(fault))
    else:
        _bind(turn, one, point, sought[point.id], kept)
    turn.conclude("step", 1.0)


def _fault(turn: Turn, one: Inspection, point: Point, sought: Sought, kept: Kept) -> str:
    """Why another one is wanted; "" where this one will do. It is asked for once more, and never for ever."""
    replies, report = turn.resources.replies, turn.heard.report
    before = [shot for shot in turn.tables.inspections.shots(one.id) if shot.point == point.id]
    if any(shot.sha256 == kept.sha256 for shot in before):
        again = any(shot.sha256 == kept.sha256 and shot.live for shot in before)
        return replies("inspection.same_again" if again else "inspection.same_as_failed")
    if kept.kind == "mp4":
        return replies("inspection.photo_first", code=one.code) if _wants_code(one) else ""
    if report is None or report.verdict != "retake":
        return ""
    if report.reasons[0] == "no_code":
        if one.coded:
            return ""
        one.coded = "asked"
        turn.tables.inspections.save(one)
        return replies("inspection.no_code", code=one.code)
    if point.retakes >= (EASED_RETAKES if turn.conversation.eased else RETAKES):
        return ""
    turn.tables.inspections.put(one.id, replace(point, retakes=point.retakes + 1))
    return advice(turn, report)


def advice(turn: Turn, report: Report) -> str:
    """The fault of a picture of a shop, and the cure."""
    return turn.resources.replies(f"photo.retake_{report.reasons[0]}", what=turn.resources.replies("words.scene"))


def _bind(turn: Turn, one: Inspection, point: Point, sought: Sought, kept: Kept) -> None:
    """It is of this point from now on, with its time and its hash."""
    tables, report, said = turn.tables, turn.heard.report, turn.resources.replies
    tables.kept.give([kept.file], one.case, slot(one.id, point.id))
    shot = Shot(kept.file, point.id, one.round, kept.kind, kept.sha256, turn.now)
    tables.inspections.show(one.id, shot)
    reasons = report.reasons if report else ()
    if _wants_code(one):
        one.coded = "seen" if report is not None and report.verdict != "retake" else "unread"
        tables.inspections.save(one)
    if "no_code" in reasons:
        turn.say("inspection.code_unread")
    elif report is not None and report.verdict == "retake":
        turn.say("inspection.blurred_kept")
    if "same_photo" in reasons:
        turn.say("inspection.same_elsewhere", number=placed(turn, walk_of(one), sought)["number"])
    count = len(live(turn, one, point.id))
    if count >= sought.most:
        turn.say("inspection.got_last", name=sought.name)
        tables.inspections.put(one.id, replace(point, stands="shown"))
        ask(turn, one)
        return
    told = {"name": sought.name, "count": str(count), "left": str(sought.most - count)}
    text = said("inspection.got", next=said.word("next_shot"), **told)
    turn.said.append(OutboundMessage(text, choices=asking.words(turn, "next_shot", "hold_shots")))


def _wants_code(one: Inspection) -> bool:
    """Has the first picture of this round still to come?"""
    return one.coded in ("", "asked")


def live(turn: Turn, one: Inspection, point: str) -> list[str]:
    """What was sent of a point and counts."""
    return [shot.file for shot in turn.tables.inspections.shots(one.id) if shot.point == point and shot.live]


def next_one(turn: Turn, one: Inspection) -> None:
    """There are photos enough of the point that is at hand."""
    point = next_of(turn, one)
    if point is not None and not live(turn, one, point.id):
        raise CitizenError("inspection.empty")
    if point is not None:
        turn.tables.inspections.put(one.id, replace(point, stands="shown"))
    ask(turn, one)


def drop(turn: Turn, one: Inspection, point: Point) -> None:
    """What was sent of it is nobody's any more, and it is open again."""
    files = live(turn, one, point.id)
    turn.tables.kept.discard(files)
    turn.tables.inspections.drop(files)
    turn.tables.inspections.put(one.id, replace(point, stands="open", retakes=0))


def done(turn: Turn, one: Inspection) -> dict[str, str]:
    points = turn.tables.inspections.points(one.id)
    return {"done": str(len(points) - len(unaccounted(points))), "all": str(len(points))}
