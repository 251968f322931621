"""Inspections of what was submitted: they begin, inspectors judge point by point, and the citizen is told at once."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from bot.domain.case import Case
from bot.domain.hours import Hours
from bot.domain.inspection import GOING, Inspection, Point, Verdict, Way, outcome
from bot.domain.messages import Link, OutboundMessage
from bot.domain.progress import Matter
from bot.errors import OperatorError
from bot.replies import Replies
from bot.store.db import Tables
from bot.walks import Sought, Walk, Walks

_DIGITS, _LENGTH = "2346789", 5  # none that a quick hand writes like another


@dataclass(frozen=True)
class Ruling:
    """What an inspector says of a point. `seen` are the files that they looked at: others may have come since."""

    point: str
    verdict: Verdict
    finding: str = ""
    due_on: date | None = None
    finding_file: str = ""
    seen: tuple[str, ...] = ()


@dataclass(frozen=True)
class Inspector:
    """`link` makes the address at which a picture of a finding is seen."""

    replies: Replies
    hours: Hours
    walks: Walks = field(default_factory=Walks)

    def offer(self, case: Case, matter: Matter) -> list[OutboundMessage]:
        """What is to be seen of a matter that was accepted, and in which ways it can be; nothing where none is."""
        found = self.walks.of(str(case.bundle.get("id", "")), matter.item)
        if not found:
            return []
        sight, why = found[0].sight(case.values) if len(found) == 1 else ("photo", ())
        ways = {"photo": ("shoot", "live_visit", "spot_visit"), "live": ("live_visit", "spot_visit")}
        reasons = self.replies("words.between").join(why)
        text = self.replies(f"inspection.offer_{sight}", name=matter.name, why=reasons, days=str(found[0].days))
        return [OutboundMessage(text, choices=tuple(map(self.replies.word, ways.get(sight, ("spot_visit",)))))]

    def is_clear(self, tables: Tables, case: Case, item: str) -> bool:
        """Has been seen what must be seen of an item, or was that waived?"""
        if not self.walks.of(str(case.bundle.get("id", "")), item):
            return True
        return any(
            one.item == item and one.state in ("passed", "waived") for one in tables.inspections.of_case(case.reference)
        )

    def waive(self, tables: Tables, case: Case, matter: Matter, who: str, now: datetime) -> bool:
        """It need not be seen: somebody asked for that with a reason, and `who`, another, agreed. The citizen is told.

        False where there is nothing to be waived (any more).
        """
        if self.is_clear(tables, case, matter.item) or matter.state != "accepted":
            return False
        mine = [one for one in tables.inspections.of_case(case.reference) if one.item == matter.item]
        going = next((one for one in mine if one.state in GOING), None)
        one = going or begin(
            tables, self._walk(case, matter).applying(case.values), "photo", case.conversation_id, matter, now
        )
        one.state, one.changed_at = "waived", now
        tables.inspections.save(one)
        tables.inspections.note(one.id, "waived", who, now)
        told = {"name": matter.name, "number": case.reference, "department": matter.department}
        said = [OutboundMessage(self.replies("inspection.waived", **told))]
        tables.outbox.put(case.conversation_id, said, now, f"inspection:{one.id}:waived")
        return True

    def _walk(self, case: Case, matter: Matter) -> Walk:
        return self.walks.of(str(case.bundle.get("id", "")), matter.item)[0]

    def judge(self, tables: Tables, id: int, told: Ruling, who: str, now: datetime) -> None:
        """One point. OperatorError where it cannot be judged so; then nothing is changed."""
        one = _waiting(tables, id)
        point = next((point for point in tables.inspections.points(id) if point.id == told.point), None)
        if point is None:
            raise OperatorError(f"inspection {id} has no point {told.point}")
        if told.seen != tuple(
            shot.file for shot in tables.inspections.shots(id) if shot.live and shot.point == point.id
        ):
            raise OperatorError(f"inspection {id}: {told.point} was shown anew")
        fails = told.verdict == "fail"
        today = now.astimezone(self.hours.zone).date()
        if fails and (not told.finding.strip() or told.due_on is None or told.due_on <= today):
            raise OperatorError("what fails needs a finding and a day to come")
        due = told.due_on if fails else None
        text, file = (told.finding.strip(), told.finding_file) if fails else ("", "")
        judged = replace(point, verdict=told.verdict, finding=text, finding_file=file, due_on=due)
        tables.inspections.put(id, replace(judged, judged_by=who, judged_at=now))
        tables.audits.put(who, f"inspect {point.id} {told.verdict}", one.case, now)

    def conclude(self, tables: Tables, id: int, who: str, second: str, links: Mapping[str, Link], now: datetime) -> str:
        """`passed`, or `failed` with what failed to be shown again; the citizen is told in the same transaction.

        OperatorError while a point has no verdict, or without a second inspector, as the law has it. `links`: to the
        pictures of findings, by their files.
        """
        one = _waiting(tables, id)
        points = tables.inspections.points(id)
        result = outcome(points)
        if result is None or not second or second == who:
            raise OperatorError(f"inspection {id} cannot be concluded")
        case = tables.cases.load(one.case, hold=True)
        matter = next((found for found in tables.matters.of(one.case) if found.item == one.item), None)
        if case is None or matter is None:
            raise OperatorError(f"inspection {id} has no case")
        tables.inspections.note(id, result, who, now)
        tables.audits.put(who, f"inspection {result}", one.case, now, {"points": len(points)}, second)
        key = f"inspection:{id}:{one.round}:{result}"
        if result == "passed":
            one.state = "passed"
            tables.matters.register(matter, "inspected", now, str(id))
            said = [self._passed(matter, case)]
        else:
            failed = [point for point in points if point.verdict == "fail"]
            said = [self._failed(one, matter, failed, links)]
            _again(tables, one, failed)
        one.changed_at = now
        tables.inspections.save(one)
        tables.outbox.put(one.conversation, said, now, key)
        return result

    def _passed(self, matter: Matter, case: Case) -> OutboundMessage:
        due = matter.due_on(self.hours.after)
        until = self.replies("status.until", day=self.replies.day(due)) if due else ""
        told = {"name": matter.name, "number": case.reference, "department": matter.department, "until": until}
        return OutboundMessage(self.replies("inspection.passed", **told))

    def _failed(
        self, one: Inspection, matter: Matter, failed: Sequence[Point], links: Mapping[str, Link]
    ) -> OutboundMessage:
        """What is amiss, and by when it must be put right."""
        sought, lines = walk_of(one).sought, []
        for n, point in enumerate(failed, 1):
            due = self.replies.day(point.due_on) if point.due_on else ""
            told = {"number": str(n), "name": sought[point.id].name, "finding": point.finding}
            lines.append(self.replies("inspection.failed_line", due=due, **told))
        told = {"name": matter.name, "number": one.case, "count": str(len(failed)), "lines": "\n".join(lines)}
        shown = tuple(links[point.finding_file] for point in failed if point.finding_file in links)
        choices = (self.replies.word("shoot"), self.replies.word("human"))
        return OutboundMessage(self.replies("inspection.failed", **told), choices=choices, links=shown)


def begin(tables: Tables, walk: Walk, way: Way, conversation: str, about: Matter | None, now: datetime) -> Inspection:
    """A new one of the points of a walk; a check of one's own where it is `about` no matter."""
    case, item = (about.case, about.item) if about else ("", "")
    state = "shooting" if way in ("check", "photo") else "waiting"
    sent_at = None if state == "shooting" else now
    body = walk.model_dump(mode="json")
    new = Inspection(0, conversation, case, item, way, state, 1, _code(), "", body, now, now, sent_at)  # type: ignore[arg-type]
    made = tables.inspections.open(new, [one.id for one in walk.points])
    tables.inspections.note(made.id, "begun", "", now)
    if sent_at:
        tables.inspections.note(made.id, "sent", "", now)
    return made


def walk_of(one: Inspection) -> Walk:
    return Walk.model_validate(one.walk)


def sought(one: Inspection, point: str) -> Sought:
    return walk_of(one).sought[point]


def _again(tables: Tables, one: Inspection, failed: Sequence[Point]) -> None:
    """A new round, of what failed alone."""
    one.state, one.way, one.round, one.code, one.coded, one.sent_at = (
        "shooting",
        "photo",
        one.round + 1,
        _code(),
        "",
        None,
    )
    names = {point.id for point in failed}
    tables.inspections.retire(shot.file for shot in tables.inspections.shots(one.id) if shot.point in names)
    for point in failed:
        tables.inspections.put(one.id, replace(point, stands="open", verdict="", judged_by="", judged_at=None))


def _waiting(tables: Tables, id: int) -> Inspection:
    one = tables.inspections.load(id, hold=True)
    if one is None or one.state != "waiting":
        raise OperatorError(f"no inspection {id} waits for a verdict")
    return one


def _code() -> str:
    return "".join(secrets.choice(_DIGITS) for _ in range(_LENGTH))
