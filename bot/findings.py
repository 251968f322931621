"""What an inspector found has a day by which it must be put right: a word before it, and one after."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Literal

from bot.domain.inspection import Inspection, Point, unjudged
from bot.domain.messages import OutboundMessage
from bot.store.db import Tables
from bot.turn import Resources

_AHEAD = timedelta(days=1)
_AT_ONCE = 50

Rung = Literal["reminded", "overdue"]


def run(resources: Resources, now: datetime) -> int:
    """How many were told: each once in a round of an inspection, from the hour of opening on, so that none is woken."""
    hours, store = resources.hours, resources.store
    local = now.astimezone(hours.zone)
    if not hours.has_opened(now):
        return 0
    ids = store.read(lambda tables: tables.inspections.due(local.date(), _AHEAD, _AT_ONCE))
    return sum(store.write(partial(_tell, resources, id, local.date(), now)) for id in ids)


def _tell(resources: Resources, id: int, today: date, now: datetime, tables: Tables) -> bool:
    one = tables.inspections.load(id, hold=True)
    points = _open(tables.inspections.points(id)) if one else []
    if one is None or one.state not in ("shooting", "paused") or not points:
        return False
    due = min(point.due_on for point in points if point.due_on)
    rung: Rung = "overdue" if due < today else "reminded"
    if due - today > _AHEAD or rung in _told(tables, one):
        return False
    replies = resources.replies
    name = next((matter.name for matter in tables.matters.of(one.case) if matter.item == one.item), "")
    told = {"name": name, "count": str(len(points)), "due": replies.day(due), "word": replies.word("shoot")}
    text = replies("inspection.overdue" if rung == "overdue" else "inspection.remind", **told)
    choices = (replies.word("shoot"), replies.word("human"))
    key = f"inspection:{id}:{one.round}:{rung}"
    tables.outbox.put(one.conversation, [OutboundMessage(text, choices=choices)], now, key)
    tables.inspections.note(id, rung, "", now)
    return True


def _open(points: Sequence[Point]) -> list[Point]:
    """Found wanting, and not handed over again."""
    return [point for point in unjudged(points) if point.due_on]


def _told(tables: Tables, one: Inspection) -> set[str]:
    """What was said since the verdict that asked for it."""
    said: set[str] = set()
    for happened in tables.inspections.events(one.id):
        said = set() if happened.what == "failed" else said | {happened.what}
    return said
