"""The figures of the desk over some days, each with what it is a share of."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from bot.domain.rota import Rota
from bot.domain.ticket import Ticket
from bot.store.db import Tables
from bot.store.tables import answer
from handoff.case_figures import Rated, Worked, rated, worked
from handoff.inspection_figures import Inspected, inspected
from handoff.shares import Share


@dataclass(frozen=True)
class Times:
    """Minutes of working time: the middle one, the one that nine of ten are below, and of how many."""

    middle: float | None
    most: float | None
    count: int


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
    worked: Worked
    inspected: Inspected
    rated: Mapping[str, Rated]


def figures(tables: Tables, rota: Rota, since: datetime, until: datetime) -> Figures:
    """Read in one transaction."""
    tickets = [one for one in tables.tickets.since(since) if one.created_at < until]
    outcomes, by_hour, conversations = _questions(tables, rota, since, until)
    people = {one.conversation_id for one in tickets}
    answered = [one for one in tickets if one.answered_at]
    in_time = sum(1 for one in answered if one.answer_due and one.answered_at and one.answered_at <= one.answer_due)
    waiting = tables.tickets.waiting(None)
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
        worked(tables, rota.hours, since, until),
        inspected(tables, rota.hours, since, until),
        {what: rated(tables, what, since, until) for what in ("ticket", "case")},
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
