"""What a department says of a matter: its state moves on, what waited for it begins, and the citizen is told."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from bot.afterwards import asking
from bot.bundles.model import Bundle
from bot.domain.aftercare import Delivered
from bot.domain.case import Case
from bot.domain.hours import Hours
from bot.domain.messages import OutboundMessage
from bot.domain.progress import ENDED, Matter, moved, ready, stranded
from bot.errors import OperatorError
from bot.inspections import Inspector
from bot.ledger.cases import granted
from bot.ledger.kinds import Kinds
from bot.replies import Replies
from bot.store.db import Tables
from bot.walks import Walks

Reported = Literal["received", "defective", "accepted", "granted", "refused"]


class Report(BaseModel):
    """One message of a department. `defects` are all of them at once; `number` and `valid_until` of the licence."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    case: str
    item: str
    state: Reported
    defects: tuple[Annotated[str, Field(min_length=1, max_length=300)], ...] = ()
    reason: Annotated[str, Field(max_length=500)] = ""
    number: Annotated[str, Field(max_length=60)] = ""
    valid_until: date | None = None


@dataclass(frozen=True)
class Voice:
    """What is wanted to tell a citizen of it."""

    replies: Replies
    hours: Hours
    hall: str
    kinds: Kinds = field(default_factory=Kinds)
    walks: Walks = field(default_factory=Walks)

    def say(self, sentence: str, **fields: str) -> OutboundMessage:
        return OutboundMessage(self.replies(sentence, **fields))


def report(
    tables: Tables,
    voice: Voice,
    told: Report,
    now: datetime,
    may: Callable[[str], bool] = lambda department: True,
) -> Matter:
    """Take a report in; the same one again changes nothing. `may`: does it come from this department?

    OperatorError where there is no such matter, or the state cannot follow; nothing is changed.
    """
    case = tables.cases.load(told.case, hold=True)
    matters = tables.matters.of(told.case)
    one = next((matter for matter in matters if matter.item == told.item), None)
    if case is None or one is None or not may(one.department):
        raise OperatorError(f"no matter {told.item} of a case {told.case}")
    new = replace(one, defects=told.defects, number=told.number, valid_until=told.valid_until)
    if new == one and one.state == told.state:
        return one
    if told.state == "defective" and not told.defects:
        raise OperatorError(f"{told.case} {told.item}: defective needs defects")
    try:
        new = moved(new, told.state, now.astimezone(voice.hours.zone).date(), now, voice.hours.between)
    except ValueError as error:
        raise OperatorError(f"{told.case}: {error}") from error
    tables.matters.save(new)
    if new.state == "granted":
        granted(tables, voice.kinds, case, new, now)
        tables.certificates.touch(case.reference)
    messages = [_news(voice, case, new, told)]
    messages += _to_be_seen(tables, voice, case, one, new, now)
    matters = [new if matter.item == new.item else matter for matter in matters]
    messages += _others(tables, voice, matters, now)
    if all(matter.state in ENDED for matter in tables.matters.of(told.case)):
        messages += _end(voice, case, matters)
    since = one.changed_at.timestamp()  # so that two who take in one report queue its news once
    tables.outbox.put(case.conversation_id, messages, now, f"report:{told.case}:{told.item}:{told.state}:{since}")
    return new


def _to_be_seen(
    tables: Tables, voice: Voice, case: Case, before: Matter, one: Matter, now: datetime
) -> list[OutboundMessage]:
    """What was accepted may have to be seen; what is decided no more."""
    if one.state in ENDED:
        tables.inspections.stop(case.reference, one.item, now)
    first = one.state == "accepted" and before.accepted_on is None
    return Inspector(voice.replies, voice.hours, voice.walks).offer(case, one) if first else []


def _others(tables: Tables, voice: Voice, matters: Sequence[Matter], now: datetime) -> list[OutboundMessage]:
    """Those that waited for what is decided now: they begin, or never will."""
    said = []
    for one in ready(matters):
        begun = replace(one, state="received", changed_at=now)
        tables.matters.save(begun)
        tables.matters.register(begun, "submit", now)
        said.append(voice.say("progress.begins", name=begun.name, department=begun.department))
    for one in stranded(matters):
        tables.matters.save(replace(one, state="withdrawn", changed_at=now))
        said.append(voice.say("progress.stranded", name=one.name))
    return said


def _news(voice: Voice, case: Case, one: Matter, told: Report) -> OutboundMessage:
    replies = voice.replies
    fields = {"name": one.name, "number": case.reference, "department": one.department, "reason": told.reason}
    if one.state == "defective":
        lines = "\n".join(replies("words.number", number=str(n), choice=what) for n, what in enumerate(one.defects, 1))
        return voice.say("progress.news_defective", lines=lines, **fields)
    if one.state == "accepted":
        due = one.due_on(voice.hours.after)
        return voice.say("progress.news_accepted", due=replies.day(due) if due else "", **fields)
    return voice.say(f"progress.news_{one.state}", result=one.result, **fields)


def _end(voice: Voice, case: Case, matters: Sequence[Matter]) -> list[OutboundMessage]:
    """All is decided: where and how to get what came of it, and what to heed from now on."""
    granted = [one for one in matters if one.state == "granted"]
    if not granted:
        return []
    bundle, between = Bundle.model_validate(case.bundle), voice.replies("words.between")
    names = between.join(one.result for one in granted)
    told = {"results": names, "hall": voice.hall, "number": case.reference, "how": case.values.get("delivery", "")}
    said = [voice.say("progress.collect", hours=_hours(voice), **told)]
    ids = {one.item for one in granted}
    advice = [line for item in bundle.items if item.id in ids for line in item.advice]
    if advice:
        lines = "\n".join(voice.replies("words.number", number=str(n), choice=line) for n, line in enumerate(advice, 1))
        said.append(voice.say("progress.advice", lines=lines))
    return said


def deliver(tables: Tables, voice: Voice, reference: str, way: Delivered, note: str, who: str, now: datetime) -> None:
    """What came of a case was given to the citizen, who is told, and asked how it was. OperatorError where nothing was
    granted, something is still to be decided, or it was delivered before.
    """
    case, matters = tables.cases.load(reference, hold=True), tables.matters.of(reference)
    results = [one.result for one in matters if one.state == "granted"]
    if case is None or not results or any(one.state not in ENDED for one in matters):
        raise OperatorError(f"nothing to deliver of {reference}")
    if not tables.aftercare.deliver(reference, way, note, who, now):
        raise OperatorError(f"{reference} was delivered before")
    replies = voice.replies
    told = replies(f"progress.delivered_{way}", results=replies("words.between").join(results), number=reference)
    text = replies("progress.delivered_note", told=told, note=note) if note else told
    said = asking(tables, replies, text, f"case:{reference}", case.conversation_id, now)
    tables.outbox.put(case.conversation_id, [said], now, f"delivered:{reference}")


def reopen(tables: Tables, voice: Voice, reference: str, item: str, now: datetime) -> bool:
    """Take a decision back: the matter is looked at again. False where it is not decided."""
    found = next((one for one in tables.matters.of(reference) if one.item == item), None)
    case = tables.cases.load(reference, hold=True)
    if found is None or case is None or found.state not in ("granted", "refused"):
        return False
    tables.matters.save(replace(found, state="accepted", changed_at=now, number="", valid_until=None))
    tables.certificates.touch(reference)
    said = [voice.say("progress.news_reopened", name=found.name, number=reference, department=found.department)]
    tables.outbox.put(case.conversation_id, said, now, f"reopen:{reference}:{item}:{now.timestamp()}")
    return True


def _hours(voice: Voice) -> str:
    """The opening hours of a working day."""
    spans = [voice.replies("progress.hours", opens=f"{a:%H:%M}", closes=f"{b:%H:%M}") for a, b in voice.hours.spans]
    return voice.replies("words.between").join(spans)
