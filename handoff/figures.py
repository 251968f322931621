"""The figures of the desk over some days, each with what it is a share of."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from bot.bundles.model import Bundle
from bot.domain.progress import ENDED, Matter
from bot.domain.rota import Rota
from bot.domain.ticket import Ticket
from bot.store.case_tables import case_file, promise
from bot.store.db import Tables
from bot.store.tables import answer, outbox
from handoff.inspection_figures import Inspected, inspected
from handoff.shares import Share


@dataclass(frozen=True)
class Times:
    """Minutes of working time: the middle one, the one that nine of ten are below, and of how many."""

    middle: float | None
    most: float | None
    count: int


@dataclass(frozen=True)
class Item:
    """Working days from acceptance to decision, beside what was promised and what the law gives."""

    name: str
    decided: int
    days: float
    promised: int
    legal: int
    in_time: Share


@dataclass(frozen=True)
class Figures:
    since: datetime
    until: datetime
    outcomes: tuple[tuple[str, int], ...]
    questions: int
    by_hour: tuple[Share, ...]
    handoffs: tuple[tuple[str, int], ...]
    handed: Share
    first_word: Times
    resolution: Times
    in_time: Share
    waiting: int
    oldest: datetime | None
    first_pass: Share
    promises: Share
    items: tuple[Item, ...]
    inspected: Inspected


def figures(tables: Tables, rota: Rota, since: datetime, until: datetime) -> Figures:
    """Read in one transaction."""
    tickets = [one for one in tables.tickets.since(since) if one.created_at < until]
    outcomes, by_hour, conversations = _questions(tables, rota, since, until)
    people = {one.conversation_id for one in tickets}
    answered = [one for one in tickets if one.answered_at]
    in_time = sum(1 for one in answered if one.answer_due and one.answered_at and one.answered_at <= one.answer_due)
    waiting = tables.tickets.waiting(None)
    matters = _matters(tables, since, until)
    return Figures(
        since,
        until,
        tuple(outcomes.most_common()),
        outcomes.total(),
        by_hour,
        tuple(Counter(rota.team(one.team).name for one in tickets).most_common()),
        Share(len(people), len(conversations | people)),
        _times(rota, tickets, lambda one: one.answered_at),
        _times(rota, tickets, lambda one: one.closed_at if one.answered_at else None),
        Share(in_time, len(answered)),
        len(waiting),
        min((one.created_at for one in waiting), default=None),
        _first_pass(tables, matters),
        _promises(tables, since, until),
        _items(tables, rota, matters),
        inspected(tables, rota.hours, since, until),
    )


def _questions(
    tables: Tables, rota: Rota, since: datetime, until: datetime
) -> tuple[Counter[str], tuple[Share, ...], set[str]]:
    """Questions by what came of them; by hour of the day how many were answered; and in which conversations."""
    columns = (answer.c.asked_at, answer.c.outcome, answer.c.conversation_id)
    rows = tables.connection.execute(
        sa.select(*columns).where(answer.c.asked_at >= since, answer.c.asked_at < until)
    ).all()
    hours = [(row.asked_at.astimezone(rota.hours.zone).hour, row.outcome) for row in rows]
    every, served = Counter(hour for hour, _ in hours), Counter(hour for hour, what in hours if what == "answered")
    shares = tuple(Share(served[hour], every[hour]) for hour in range(24))
    return Counter(row.outcome for row in rows), shares, {row.conversation_id for row in rows}


def _times(rota: Rota, tickets: Iterable[Ticket], end: Callable[[Ticket], datetime | None]) -> Times:
    lasted = [
        rota.between(rota.team(one.team).id, one.created_at, moment) / timedelta(minutes=1)
        for one in tickets
        if (moment := end(one)) is not None
    ]
    return Times(quantile(lasted, 0.5), quantile(lasted, 0.9), len(lasted))


def quantile(values: Sequence[float], share: float) -> float | None:
    """The smallest value below or at which this share lies; None of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None


def _matters(tables: Tables, since: datetime, until: datetime) -> list[tuple[Matter, int]]:
    """What was decided in these days, with the working days that the law gives."""
    found = sa.select(case_file.c.reference).where(case_file.c.submitted_at.is_not(None))
    decided = []
    for reference in tables.connection.scalars(found):
        matters = [
            one for one in tables.matters.of(reference) if one.state in ENDED and since <= one.changed_at < until
        ]
        case = tables.cases.load(reference) if matters else None
        legal = {item.id: item.days.legal for item in Bundle.model_validate(case.bundle).items} if case else {}
        decided += [(one, legal.get(one.item, one.working_days)) for one in matters if one.state != "withdrawn"]
    return decided


def _first_pass(tables: Tables, matters: Sequence[tuple[Matter, int]]) -> Share:
    """Decided without anything ever having had to be put right: the notice of it would stand in the outbox."""
    told = sa.select(outbox.c.key).where(outbox.c.key.like("report:%:defective:%"))
    defective = {tuple(key.split(":")[1:3]) for key in tables.connection.scalars(told)}
    return Share(sum((one.case, one.item) not in defective for one, _ in matters), len(matters))


def _promises(tables: Tables, since: datetime, until: datetime) -> Share:
    """Papers that were to follow, by the day on which they were due: those that came, of all whose outcome is known."""
    first, last = since.date().isoformat(), until.date().isoformat()
    due = sa.and_(promise.c.kind == "deferral", promise.c.due_on >= first, promise.c.due_on <= last)
    count = sa.select(promise.c.state, sa.func.count()).where(due).group_by(promise.c.state)
    states = {row[0]: int(row[1]) for row in tables.connection.execute(count)}
    return Share(states.get("kept", 0), states.get("kept", 0) + states.get("lapsed", 0))


def _items(tables: Tables, rota: Rota, matters: Sequence[tuple[Matter, int]]) -> tuple[Item, ...]:
    found = []
    for name in sorted({one.name for one, _ in matters}):
        same = [(one, legal) for one, legal in matters if one.name == name and one.accepted_on]
        days = [_days(rota, one, one.accepted_on) for one, _ in same if one.accepted_on]
        if not same:
            continue
        promised = same[-1][0].working_days
        in_time = Share(sum(each <= one.working_days for each, (one, _) in zip(days, same, strict=True)), len(days))
        found.append(Item(name, len(same), sum(days) / len(days), promised, same[-1][1], in_time))
    return tuple(found)


def _days(rota: Rota, one: Matter, accepted: date) -> int:
    """Working days in which it was not the citizen's turn."""
    return max(0, rota.hours.between(accepted, one.changed_at.astimezone(rota.hours.zone).date()) - one.paused_days)
