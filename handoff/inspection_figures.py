"""How inspections went over some days, from what happened when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from bot.domain.hours import Hours
from bot.store.db import Tables
from bot.store.inspections import Happened
from handoff.shares import Share

_ENDS = ("passed", "failed")


@dataclass(frozen=True)
class Inspected:
    """`first_pass`: of those first concluded in these days, those that passed at once; `checked` the same of those
    whose citizens had looked for themselves before. `remote`: of those that passed, those that nobody went to.

    `days`: working days, in the mean, in which the `count` that passed lay with staff.
    """

    first_pass: Share
    checked: Share
    remote: Share
    days: float | None
    count: int


def inspected(tables: Tables, hours: Hours, since: datetime, until: datetime) -> Inspected:
    first, checked, passed = list[bool](), list[bool](), list[Sequence[Happened]]()
    remote = 0
    for id, group in groupby(sorted(tables.inspections.events(), key=_key), key=lambda one: one.inspection):
        events = list(group)
        ends = [one for one in events if one.what in _ENDS]
        one = tables.inspections.load(id)
        if one is None or not ends:
            continue
        if since <= ends[0].at < until:
            first.append(ends[0].what == "passed")
            if _was_checked(tables, one.conversation, events[0].at):
                checked.append(first[-1])
        if ends[-1].what == "passed" and since <= ends[-1].at < until:
            passed.append(events)
            remote += one.way != "spot"
    days = [_days(hours, events) for events in passed]
    mean = sum(days) / len(days) if days else None
    shares = (Share(sum(first), len(first)), Share(sum(checked), len(checked)), Share(remote, len(passed)))
    return Inspected(*shares, mean, len(passed))


def _key(one: Happened) -> tuple[int, datetime]:
    return one.inspection, one.at


def _was_checked(tables: Tables, conversation: str, before: datetime) -> bool:
    mine = tables.inspections.of_conversation(conversation)
    return any(one.way == "check" and one.state in ("passed", "stopped") and one.changed_at <= before for one in mine)


def _days(hours: Hours, events: Sequence[Happened]) -> int:
    """Each stretch from when it was sent to the verdict; what the citizen took in between is left out."""
    sent: datetime | None = None
    spent = 0
    for one in events:
        if one.what == "sent":
            sent = one.at
        elif one.what in _ENDS and sent is not None:
            spent += hours.between(*(at.astimezone(hours.zone).date() for at in (sent, one.at)))
            sent = None
    return spent
