"""What time alone brings about: promises to be reminded of or lapsed, drafts and loose photos that grow old."""

from datetime import datetime, timedelta

from bot.bundles.model import Bundle
from bot.domain.messages import OutboundMessage
from bot.domain.progress import ENDED
from bot.domain.promise import Promise, has_lapsed, reminder
from bot.filing import end, erase
from bot.store.db import Tables
from bot.turn import Resources

_AHEAD = timedelta(days=30)  # no reminder comes earlier than this before its day


def run(resources: Resources, now: datetime) -> int:
    """Everything that is due; how much there was. Running it again does nothing more."""
    return resources.store.write(lambda tables: _promises(resources, tables, now) + _old(resources, tables, now))


def sweep(resources: Resources) -> int:
    """Delete the content of photos that are nobody's any more, then their rows: whatever is cut short is done again."""
    gone = [kept.file for kept in resources.store.read(lambda tables: tables.kept.of_conversation(""))]
    for file in gone:
        resources.files.delete(file)
    if gone:
        resources.store.write(lambda tables: tables.kept.delete(gone))
    return len(gone)


def _promises(resources: Resources, tables: Tables, now: datetime) -> int:
    hours = resources.hours
    today, count = now.astimezone(hours.zone).date(), 0
    for promise in tables.matters.open_promises(today + _AHEAD):
        rung = reminder(promise, today, hours.after)
        if has_lapsed(promise, today):
            _lapse(resources, tables, promise, now)
        elif rung is not None:
            tables.matters.reminded(promise, rung)
            _say(resources, tables, promise, "promise.reminder", f"{promise.id}:{rung}", now)
        else:
            continue
        count += 1
    return count


def _lapse(resources: Resources, tables: Tables, promise: Promise, now: datetime) -> None:
    """The paper did not come: what was told beforehand happens now."""
    tables.matters.settle(promise.id, "lapsed")
    case = tables.cases.load(promise.case)
    if case is not None and resources.settings.promises.lapsed == "withdrawn":
        material = next(one for one in Bundle.model_validate(case.bundle).materials if one.id == promise.subject)
        for one in tables.matters.of(promise.case):
            if one.item in material.items and one.state not in ENDED:
                end(tables, one, now)
    _say(
        resources,
        tables,
        promise,
        f"promise.has_lapsed_{resources.settings.promises.lapsed}",
        f"{promise.id}:lapsed",
        now,
    )


def _say(resources: Resources, tables: Tables, promise: Promise, sentence: str, key: str, now: datetime) -> None:
    case, replies = tables.cases.load(promise.case), resources.replies
    if case is None or promise.due_on is None:
        return
    fields = {"name": promise.name, "number": promise.case, "due": replies.day(promise.due_on)}
    tables.outbox.put(case.conversation_id, [OutboundMessage(replies(sentence, **fields))], now, f"promise:{key}")


def _old(resources: Resources, tables: Tables, now: datetime) -> int:
    """Delete drafts that nobody goes on with, and photos that belong to no case."""
    keeping = resources.settings.keeping
    drafts = tables.cases.abandoned(now - timedelta(days=keeping.drafts))
    erase(tables, drafts)
    loose = [kept.file for kept in tables.kept.loose(now - timedelta(days=keeping.loose)) if kept.conversation_id]
    tables.kept.discard(loose)
    return len(drafts) + len(loose)
