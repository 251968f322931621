"""What time alone brings about: promises to be reminded of or lapsed, certificates that change, drafts and loose photos
that grow old.
"""

import logging
from datetime import datetime, timedelta
from functools import partial

from bot.bundles.model import Bundle
from bot.domain.case import Case
from bot.domain.certificate import Certificate, Part
from bot.domain.messages import InboundEvent, OutboundMessage
from bot.domain.progress import ENDED, stranded
from bot.domain.promise import RUNGS, Promise, Rung, has_lapsed, reminder
from bot.errors import StoreError
from bot.filing import end, erase, forget_links, outstanding
from bot.handover import Handover
from bot.ledger.certificates import certify
from bot.materials.files import raw
from bot.replies import Replies
from bot.store.cases import GUESS
from bot.store.db import Tables
from bot.store.invitations import CODES_HOLD
from bot.turn import Resources

log = logging.getLogger(__name__)

_AT_ONCE = 50
LINKS_COUNT = timedelta(days=1)  # so long as they are counted, see bot/handlers/signing.py


def run(resources: Resources, now: datetime) -> int:
    """What is due, up to fifty of each; how much there was. What was done is not done again."""
    done = _promises(resources, now) + _certificates(resources, now) if resources.hours.has_opened(now) else 0
    return done + resources.store.write(lambda tables: _old(resources, tables, now))


def sweep(resources: Resources) -> int:
    """Delete the content of photos that are nobody's any more, then their rows: whatever is cut short is done again."""
    gone = [kept.file for kept in resources.store.read(lambda tables: tables.kept.of_conversation(""))]
    for file in gone:
        resources.files.delete(file)
        resources.files.delete(raw(file))
    if gone:
        resources.store.write(lambda tables: tables.kept.delete(gone))
    return len(gone)


def _promises(resources: Resources, now: datetime) -> int:
    """Reminders and lapses, each saved by itself."""
    hours = resources.hours
    local = now.astimezone(hours.zone)
    ahead = hours.after(local.date(), RUNGS[0][0])
    open_ = resources.store.read(lambda tables: tables.matters.open_promises(ahead))
    due = [one for one in open_ if has_lapsed(one, local.date()) or _rung(resources, one, now)]
    return sum(_attended(resources, one, now) for one in due[:_AT_ONCE])


def _rung(resources: Resources, promise: Promise, now: datetime) -> Rung | None:
    """The reminder that is due; none on the day on which it was promised."""
    hours = resources.hours
    today = now.astimezone(hours.zone).date()
    return reminder(promise, today, hours.after) if promise.agreed_at.astimezone(hours.zone).date() < today else None


def _attended(resources: Resources, promise: Promise, now: datetime) -> bool:
    """False where it cannot be done: that keeps no other waiting."""
    try:
        resources.store.write(partial(_attend, resources, promise, now))
    except StoreError:
        raise
    except Exception as error:  # noqa: BLE001 - its text may hold what a citizen typed
        log.error("a promise was not attended to: %s", type(error).__name__, extra={"case": promise.case})
        return False
    return True


def _attend(resources: Resources, promise: Promise, now: datetime, tables: Tables) -> None:
    case = tables.cases.load(promise.case, hold=True)
    rung = _rung(resources, promise, now)
    if case is None or not _is_wanted(tables, case, promise):
        tables.matters.settle(promise.id, "void")
    elif rung is None:
        _lapse(resources, tables, promise, case, now)
    else:
        tables.matters.reminded(promise, rung)
        _say(resources, tables, promise, case, "promise.reminder", rung, now)


def _is_wanted(tables: Tables, case: Case, promise: Promise) -> bool:
    """Does any matter still wait for this paper?"""
    parts = outstanding(tables, case, Bundle.model_validate(case.bundle))
    return case.state == "submitted" and any(part.id == promise.subject for part in parts)


def _lapse(resources: Resources, tables: Tables, promise: Promise, case: Case, now: datetime) -> None:
    """The paper did not come: what was told beforehand happens now."""
    if not tables.matters.settle(promise.id, "lapsed"):
        return
    what = resources.settings.promises.lapsed
    if what == "told":
        _to_staff(resources, tables, promise, case, now)
    else:
        material = next(one for one in Bundle.model_validate(case.bundle).materials if one.id == promise.subject)
        for one in tables.matters.of(promise.case):
            if one.item in material.items and one.state not in ENDED:
                end(tables, one, now)
        for one in stranded(tables.matters.of(promise.case)):
            end(tables, one, now)
    _say(resources, tables, promise, case, f"promise.has_lapsed_{what}", "lapsed", now)


def _to_staff(resources: Resources, tables: Tables, promise: Promise, case: Case, now: datetime) -> None:
    """Staff decide what becomes of it: a ticket, and what it is about as a note beside the conversation."""
    id, handover = case.conversation_id, Handover(resources.rota, resources.replies)
    channel, account, sender = id.split(":", 2)
    event = InboundEvent(channel, f"lapsed:{promise.id}", sender, "timer", now, account=account)
    inbox_id, _ = tables.inbox.accept(event, now)
    tables.inbox.dismiss(inbox_id, now)  # nobody said anything: it is what the ticket hangs on
    tables.conversations.pass_on(id, "bot", "queued")
    handover.open(tables, tables.conversations.load(id), inbox_id, "lapsed", str(case.bundle.get("id", "")), now)
    due = resources.replies.day(promise.due_on) if promise.due_on else ""
    text = resources.replies("promise.note_lapsed", name=promise.name, number=promise.case, due=due)
    tables.desk.write_note(id, resources.replies("words.bot"), text, now)


def _say(
    resources: Resources, tables: Tables, promise: Promise, case: Case, sentence: str, key: str, now: datetime
) -> None:
    replies = resources.replies
    due = replies.day(promise.due_on) if promise.due_on else ""
    text = replies(sentence, name=promise.name, number=promise.case, due=due)
    tables.outbox.put(case.conversation_id, [OutboundMessage(text)], now, f"promise:{promise.id}:{key}")


def _certificates(resources: Resources, now: datetime) -> int:
    """Certificates of a trade that are to be made, or made anew, each saved by itself."""
    today = now.astimezone(resources.hours.zone).date()
    stale = resources.store.read(lambda tables: tables.certificates.stale(today, _AT_ONCE))
    for reference in stale:
        resources.store.write(partial(_certify, resources, reference, now))
    return len(stale)


def _certify(resources: Resources, reference: str, now: datetime, tables: Tables) -> None:
    case = tables.cases.load(reference, hold=True)
    if case is None:
        tables.certificates.delete([reference])
        return
    today = now.astimezone(resources.hours.zone).date()
    made = certify(tables, resources.kinds, reference, Bundle.model_validate(case.bundle), now, today)
    if made:
        said = _of_certificate(resources, made)
        tables.outbox.put(case.conversation_id, [said], now, f"certificate:{reference}:{made.edition}")


def _of_certificate(resources: Resources, one: Certificate) -> OutboundMessage:
    """What its holder is told: it is there, it was made anew, or it holds no more."""
    replies, told = resources.replies, {"number": one.number, "edition": str(one.edition)}
    if not one.holds:
        return OutboundMessage(replies("certificate.void", **told))
    lines = "\n".join(_part_line(replies, part) for part in one.parts)
    text = replies("certificate.issued" if one.edition == 1 else "certificate.renewed", lines=lines, **told)
    return OutboundMessage(text, links=(resources.paper_link(one.case, "certificate"),))


def _part_line(replies: Replies, part: Part) -> str:
    until = replies("certificate.until", day=replies.day(part.valid_until)) if part.valid_until else ""
    return replies("certificate.line", name=part.name, state=replies(f"certificate.{part.state}"), until=until)


def _old(resources: Resources, tables: Tables, now: datetime) -> int:
    """Delete drafts that nobody goes on with, photos that belong to no case, codes and counts of days gone by."""
    keeping = resources.settings.keeping
    drafts = tables.cases.abandoned(now - timedelta(days=keeping.drafts), _AT_ONCE)
    erase(tables, drafts)
    loose = [kept.file for kept in tables.kept.loose(now - timedelta(days=keeping.loose)) if kept.conversation_id]
    tables.kept.discard(loose)
    for reference in tables.invitations.lapsed("confirm", now - CODES_HOLD):
        _tell_agent(resources, tables, reference, now)
    tables.invitations.forget(now - CODES_HOLD)
    tables.uploads.forget(now)
    forget_links(tables, tables.signings.unsigned(now - LINKS_COUNT))
    tables.cases.forget_counts(GUESS, f"{GUESS}{now.astimezone(resources.hours.zone).date()}")
    return len(drafts) + len(loose)


def _tell_agent(resources: Resources, tables: Tables, reference: str, now: datetime) -> None:
    """The code for the one applied for was not used in time: whoever applies can ask for another."""
    case = tables.cases.load(reference)
    if case is not None and case.state == "confirming":
        text = resources.replies("agent.code_lapsed", name=str(case.bundle.get("name", "")), number=reference)
        tables.outbox.put(case.conversation_id, [OutboundMessage(text)], now, f"code_lapsed:{reference}:{now.date()}")
