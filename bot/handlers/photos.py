"""Photos that were judged: what is wrong and how to do better, what was read, and whether that is right."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.bundles import engine
from bot.bundles.model import Material
from bot.domain.case import Kept
from bot.domain.messages import OutboundMessage
from bot.domain.photo import Report
from bot.errors import CitizenError
from bot.handlers import asking, casework, minors, readout
from bot.handlers.casework import Work
from bot.handlers.readout import READ
from bot.turn import Turn

RETAKES, EASED_RETAKES = 2, 1  # photos that may fail before a person is offered


def accepted(turn: Turn, work: Work, part: Material | None, kept: Kept, report: Report) -> bool:
    """Say what came of a photo; False where another one is wanted. Without a `part` it came by the way."""
    if minors.is_seen(turn, report):
        turn.tables.kept.discard([kept.file])
        return False
    if part is None:
        if report.verdict == "pass":
            _praise(turn, work, report)
        else:
            turn.say("paper.early" if work.step else "paper.beside")
        return True
    if report.verdict in ("retake", "reject"):
        _refuse(turn, work, part, kept, report)
        return False
    if report.verdict == "pass" and len(part.photo) > 1 and report.kind not in missing(turn, work, part):
        turn.tables.kept.discard([kept.file])
        turn.say("photo.again", kind=turn.resources.eye.kinds[report.kind].name)
        asking.ask_next(turn, work)
        turn.conclude("clarify", 1.0)
        return False
    if report.verdict == "human":
        turn.say("photo.to_staff", name=part.name)
    elif report.kind:
        _praise(turn, work, report)
    else:
        turn.say("paper.received", name=part.name)
    _drop_failed(turn, work, but=kept.file)
    return True


def _praise(turn: Turn, work: Work, report: Report) -> None:
    """What was read, masked; what of it belongs into the form is asked about before anything else."""
    kind = turn.resources.eye.kinds[report.kind]
    if work.case.state == "filling":
        readout.propose(turn, work, report)
    turn.say("photo.passed", kind=kind.name, facts=readout.facts(turn, report))


def _refuse(turn: Turn, work: Work, part: Material, kept: Kept, report: Report) -> None:
    """The fault and the cure; after so many, the way to a person."""
    name = f"retake.{part.id}"
    count = int(work.values.get(name, "0")) + 1
    work.give(turn, {name: str(count)}, "told")
    _drop_failed(turn, work, but=kept.file)
    turn.tables.kept.give([kept.file], work.case.reference, "")
    casework.keep(turn, work)
    text, choices = advice(turn, missing(turn, work, part) or part.photo, report), asking.words(turn, "bring")
    if count >= (EASED_RETAKES if turn.conversation.eased else RETAKES):
        turn.said.append(OutboundMessage(text))
        text, choices = turn.resources.replies("photo.person"), asking.words(turn, "use_it", "bring", "human")
    turn.said.append(OutboundMessage(text, choices=choices))
    turn.conclude("clarify", 1.0)


def advice(turn: Turn, wanted: Sequence[str], report: Report) -> str:
    """Why a photo will not do, and what would."""
    replies, kinds = turn.resources.replies, turn.resources.eye.kinds
    kind = kinds.get(report.kind)
    field = kind.fields.get(report.about) if kind else None
    reason = report.reasons[0]
    if reason == "expired" and kind and field:
        return replies("photo.expired", kind=kind.name, day=readout.told_day(turn, report.fields[report.about].value))
    if report.verdict == "reject":
        seen = replies("photo.looks_like", kind=kind.name) if kind else ""
        return replies("photo.wrong", seen=seen, wanted=asking.sheets(turn, wanted))
    what = replies("words.quoted", text=field.name) if field else replies("words.letters")
    return replies(f"photo.retake_{reason}", what=what)


def _drop_failed(turn: Turn, work: Work, but: str) -> None:
    """Photos that will not do are kept no longer than until the next."""
    reports = turn.tables.photos.of_case(work.case.reference)
    failed = [
        kept.file
        for kept in turn.tables.kept.of_case(work.case.reference)
        if not kept.material
        and kept.file != but
        and kept.file in reports
        and reports[kept.file].verdict in ("retake", "reject")
    ]
    turn.tables.kept.discard(failed)


def missing(turn: Turn, work: Work, part: Material) -> list[str]:
    """The kinds of which a sheet has still to come, where each of several must."""
    reports = turn.tables.photos.of_case(work.case.reference)
    mine = [kept.file for kept in turn.tables.kept.of_case(work.case.reference) if kept.material == part.id]
    seen = {reports[file].kind for file in mine if file in reports}
    return [kind for kind in part.photo if kind not in seen] if len(part.photo) > 1 else []


def is_reply(turn: Turn) -> bool:
    """Does the message say whether what was read is right?"""
    asked = _asked(turn)
    if asked is None or turn.offered != asked.choices:
        return False
    return turn.event.text.strip() in asked.choices or turn.heard.intent in ("affirm", "deny")


def reply(turn: Turn) -> None:
    """What is right counts from now on, read from a photo; the rest is asked."""
    work, asked = casework.current(turn), _asked(turn)
    if work is None or asked is None:
        raise CitizenError("form.old_choice")
    found = readout.pending(work.case)
    fresh, text = readout.fresh_of(work, found), turn.event.text.strip()
    if fresh:
        _settle(turn, work, fresh, _right(turn, work, fresh, text))
    else:
        id, value = next(iter(found.items()))
        as_in_photo = text == turn.resources.replies("words.as_in_photo")
        _settle(turn, work, {id: value}, {id: value} if as_in_photo else {})
        if not as_in_photo:
            _note_difference(turn, work, id)
    asking.ask_next(turn, work)
    turn.conclude("step", 1.0)


def _right(turn: Turn, work: Work, fresh: dict[str, str], text: str) -> dict[str, str]:
    """What the citizen lets stand: all of it, all but one, or nothing."""
    replies = turn.resources.replies
    if text == replies("words.right") or turn.heard.intent == "affirm":
        return fresh
    one_wrong = {readout.wrong_word(turn, work.bundle.questions[id]): id for id in fresh}
    if text not in one_wrong:
        return {}
    return {id: value for id, value in fresh.items() if id != one_wrong[text]}


def _settle(turn: Turn, work: Work, judged: Mapping[str, str], right: Mapping[str, str]) -> None:
    before = work.values
    values = {id: value for id, value in before.items() if id not in {READ + one for one in judged}}
    for id, value in right.items():
        values = engine.changed(work.bundle, values, id, value) if id in values else values | {id: value}
    work.settle(turn, {id: value for id, value in values.items() if id not in right})
    work.give(turn, right, "photo")
    changed = {id: value for id, value in right.items() if id in before}
    if changed:
        turn.say("form.changed", facts=casework.facts(turn, work, changed))


def _note_difference(turn: Turn, work: Work, id: str) -> None:
    """The form says otherwise than a photo, and the citizen stands by it: staff see to that."""
    kinds = turn.resources.eye.kinds
    for file, report in turn.tables.photos.of_case(work.case.reference).items():
        fields = kinds[report.kind].fields if report.kind else {}
        if any(id in fields[seen].fills for seen in report.fields if seen in fields):
            noted = replace(report, verdict="human", reasons=("differs", *report.reasons))
            turn.tables.photos.judged(file, noted)
    turn.say("photo.differs_noted", name=work.bundle.questions[id].name)


def _asked(turn: Turn) -> OutboundMessage | None:
    work = casework.current(turn)
    return readout.message(turn, work) if work is not None else None


def last_failed(turn: Turn, work: Work) -> Kept | None:
    """The last photo that would not do; from now on it is for staff to judge."""
    reports = turn.tables.photos.of_case(work.case.reference)
    for kept in reversed(turn.tables.kept.of_case(work.case.reference)):
        report = reports.get(kept.file)
        if not kept.material and report is not None and report.verdict in ("retake", "reject"):
            turn.tables.photos.judged(kept.file, replace(report, verdict="human"))
            return kept
    return None
