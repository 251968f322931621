"""A photo is looked at before the turn that answers it: cleaned, and read where something is to be read from it.

Both take seconds. So the citizen hears at once that it is being done, and the event is put off until the one cleaner,
then the one reader, is free: nobody else waits, and the inbox is the queue.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.bundles import engine, papers
from bot.bundles.model import Bundle, Material
from bot.domain.inspection import Inspection, slot, upcoming
from bot.domain.messages import InboundEvent, OutboundMessage
from bot.domain.photo import Report
from bot.errors import CitizenError
from bot.filing import outstanding
from bot.inspections import sought
from bot.intake import cleaned_of, photo_of
from bot.materials.cleaning import Picture
from bot.materials.figures import Figures
from bot.materials.files import raw
from bot.materials.likeness import SAME, differ, marks
from bot.materials.pages import small
from bot.materials.worker import Busy
from bot.store.db import Tables
from bot.store.photos import Photo, Twin
from bot.store.queue import Claim
from bot.turn import Resources

_AGAIN = timedelta(seconds=0.5)


@dataclass(frozen=True)
class Looked:
    """What came with an event: nothing, a picture, or what is wrong with it; and the report, where it was judged."""

    picture: Picture | CitizenError | None = None
    sha256: str = ""
    report: Report | None = None


@dataclass(frozen=True)
class Wanted:
    """Which kinds of document are waited for: for which material of which case. `others`: other papers will do too.

    `looked_at`: a picture of a shop, of no kind; `code` must stand in it. `ours`: no person has the word.
    """

    kinds: tuple[str, ...] = ()
    others: bool = False
    case: str = ""
    material: str = ""
    code: str = ""
    looked_at: bool = False
    ours: bool = True


def look(resources: Resources, claimed: Claim, event: InboundEvent, now: datetime) -> Looked | None:
    """None where the event is put off until the photo can be cleaned or read."""
    if not event.media:
        return Looked()
    photo, wanted = resources.store.read(
        lambda tables: (tables.photos.find(event.media), wanted_now(resources, tables, claimed.conversation_id))
    )
    is_read = resources.eye.reads(wanted.kinds, wanted.code)
    if photo is None:
        if is_read and resources.store.write(lambda tables: _tell(resources, tables, claimed, now)):
            return None
        try:
            photo = _cleaned(resources, event.media, is_read, now)
        except CitizenError as fault:
            return Looked(fault)
        except Busy:
            resources.store.write(lambda tables: _wait(resources, tables, claimed, wanted.ours, now))
            return None
    resources.files.delete(raw(event.media))  # here, so that it goes even if we were killed once it was cleaned
    cleaned = cleaned_of(photo)
    if photo.report is not None:
        return Looked(cleaned.picture, photo.sha256, photo.report)
    if not (wanted.kinds or wanted.looked_at) or cleaned.picture.kind == "mp4":
        return Looked(cleaned.picture, photo.sha256)
    return _read(resources, claimed, photo, wanted, is_read, now)


def _read(
    resources: Resources, claimed: Claim, photo: Photo, wanted: Wanted, is_read: bool, now: datetime
) -> Looked | None:
    """None where the event is put off."""
    cleaned = cleaned_of(photo)

    def tell(tables: Tables) -> bool:
        tables.photos.told(photo.file, now)
        return _tell(resources, tables, claimed, now)

    if is_read and not photo.told and resources.store.write(tell):
        return None
    try:
        report = _judged(resources, photo.file, cleaned.figures, wanted, now)
    except Busy:
        resources.store.write(lambda tables: tables.inbox.put_off(claimed, now + _AGAIN))
        return None
    report = resources.store.write(lambda tables: _kept(tables, photo, report, wanted, claimed.conversation_id))
    return Looked(cleaned.picture, photo.sha256, report)


def _judged(resources: Resources, file: str, figures: Figures, wanted: Wanted, now: datetime) -> Report:
    content, today = resources.files.read(file), now.astimezone(resources.hours.zone).date()
    if wanted.looked_at:
        return resources.eye.seen(content, figures, wanted.code)
    return resources.eye.judged(content, figures, wanted.kinds, today, wanted.others)


def _cleaned(resources: Resources, file: str, told: bool, now: datetime) -> Photo:
    """Clean what was kept as it came. CitizenError where it cannot be taken, Busy where another is cleaned.

    What it was is deleted by the caller, once it is recorded what it is: killed before, we clean it again.
    """
    known = resources.store.read(lambda tables: tables.kept.find(file))
    content = resources.files.read(raw(file))
    cleaned, made = resources.eye.clean(content, wait=False)
    resources.files.keep(made, file)
    photo, shown = replace(photo_of(file, content, cleaned), told=told), small(made)

    def record(tables: Tables) -> bool:
        if not tables.kept.cleaned(file, cleaned.picture.kind, cleaned.picture.size) and known is not None:
            return False
        tables.photos.put(photo, marks(photo.likeness), now, shown)
        return True

    if not resources.store.write(record):  # taken back or erased meanwhile
        for name in (file, raw(file)):
            resources.files.delete(name)
        raise CitizenError("photo.unreadable")
    return photo


def _tell(resources: Resources, tables: Tables, claimed: Claim, now: datetime) -> bool:
    """Say that it came; its turn comes again at once. False where that was said before."""
    message = OutboundMessage(resources.replies("photo.checking"))
    said = tables.outbox.put(claimed.conversation_id, [message], now, f"checking:{claimed.id}", claimed.id)
    if said:
        tables.inbox.put_off(claimed, now)
    return said


def _wait(resources: Resources, tables: Tables, claimed: Claim, ours: bool, now: datetime) -> None:
    """Until the cleaner is free. While a person has the word, we say nothing."""
    if not (ours and _tell(resources, tables, claimed, now)):
        tables.inbox.put_off(claimed, now + _AGAIN)


def wanted_now(resources: Resources, tables: Tables, conversation_id: str) -> Wanted:
    """What a photo would be for, if it came now. Nothing that needs a consent which was not given."""
    conversation = tables.conversations.load(conversation_id)
    if conversation.owner == "human":
        return Wanted(ours=False)
    case = tables.cases.load(conversation.case) if conversation.case else None
    if case is not None and case.state == "filling":
        bundle, values = Bundle.model_validate(case.bundle), case.values
        step = engine.next_step(bundle, values)
        if step is not None:
            asked = {question.id for question in step.questions}
            return Wanted(_telling(resources, asked), True, case.reference)
        part = papers.wanted(bundle, values)
        return _for_material(part, values.keys(), case.reference) if isinstance(part, Material) else Wanted()
    inspection = tables.inspections.current(conversation_id)
    if inspection is not None:
        return _of_shop(tables, inspection)
    found = [
        _for_material(part, one.values.keys(), one.reference)
        for one in tables.cases.of_conversation(conversation_id)
        if one.state == "submitted"
        for part in outstanding(tables, one, Bundle.model_validate(one.bundle))
    ]
    return found[0] if len(found) == 1 else Wanted()


def _of_shop(tables: Tables, one: Inspection) -> Wanted:
    """A picture of the point that is at hand; nothing that needs a consent which was not given."""
    point = upcoming(tables.inspections.points(one.id))
    if one.way == "check" or point is None:
        return Wanted(looked_at=one.way == "check")
    if sought(one, point.id).sensitive and not point.agreed:
        return Wanted()
    code = one.code if one.coded in ("", "asked") else ""
    return Wanted(case=one.case, material=slot(one.id, point.id), code=code, looked_at=True)


def _for_material(part: Material, answered: Collection[str], case: str) -> Wanted:
    given = not papers.consent(part) or papers.consent(part) in answered
    return Wanted(part.photo, part.other_papers, case, part.id) if given else Wanted()


def _telling(resources: Resources, asked: set[str]) -> tuple[str, ...]:
    """The documents that answer what is asked, and tell nothing that needs a consent."""
    kinds = resources.eye.kinds.values()
    return tuple(
        kind.id
        for kind in kinds
        if not kind.sensitive and any(asked & set(field.fills) for field in kind.fields.values())
    )


def _kept(tables: Tables, photo: Photo, report: Report, wanted: Wanted, conversation_id: str) -> Report:
    """Keep the report. One that passed, but was sent for something else before, goes to staff."""
    if report.verdict == "pass" and any(
        _is_same(photo, report, twin) and _is_elsewhere(twin, wanted, conversation_id)
        for twin in tables.photos.alike(photo, marks(photo.likeness))
    ):
        report = replace(report, verdict="human", reasons=("same_photo", *report.reasons))
    tables.photos.judged(photo.file, report)
    return report


def _is_elsewhere(twin: Twin, wanted: Wanted, conversation_id: str) -> bool:
    """For somebody else, or for another paper of the same case? One's own papers may serve for many cases."""
    other_slot = twin.case == wanted.case and twin.material != wanted.material
    return twin.conversation_id != conversation_id or other_slot


def _is_same(photo: Photo, report: Report, twin: Twin) -> bool:
    """The same bytes; or as like as one photo saved twice, and nothing read in it that differs."""
    if twin.photo.sha256 == photo.sha256:
        return True
    theirs = twin.photo.report.fields if twin.photo.report else {}
    agree = all(theirs[id].value == seen.value for id, seen in report.fields.items() if id in theirs)
    return agree and bool(theirs) == bool(report.fields) and differ(twin.photo.likeness, photo.likeness) <= SAME
