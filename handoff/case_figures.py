"""How cases went over some days: what was decided, in how many working days, and how often nobody had to come."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from pydantic import TypeAdapter

from bot.bundles.model import Bundle, Item
from bot.domain.case import Case
from bot.domain.hours import Hours
from bot.domain.progress import ENDED, Matter
from bot.store.case_tables import case_file, definition, matter, promise
from bot.store.db import Tables
from bot.store.tables import outbox
from handoff.shares import Share

_matter = TypeAdapter(Matter)
_BROUGHT = "window"  # the answer of a paper that was brought to the hall, see bot/bundles/papers.py


@dataclass(frozen=True)
class Timed:
    """Working days from acceptance to decision, beside what was promised and what the law gives."""

    name: str
    decided: int
    days: float
    promised: int
    legal: int
    in_time: Share


@dataclass(frozen=True)
class Visits:
    """`without` us one goes for each item as often as its bundle says; `needed` is what was left of that in `cases`."""

    without: int
    needed: int
    cases: int

    @property
    def saved(self) -> float | None:
        """Of each case, in the mean."""
        return (self.without - self.needed) / self.cases if self.cases else None


@dataclass(frozen=True)
class Worked:
    first_pass: Share
    promises: Share
    items: tuple[Timed, ...]
    visits: Visits


Decided = Sequence[tuple[Matter, Item | None]]


def worked(tables: Tables, hours: Hours, since: datetime, until: datetime) -> Worked:
    decided = _decided(tables, since, until)
    visits = _visits(tables, since, until)
    return Worked(_first_pass(tables, decided), _promises(tables, since, until), _timed(hours, decided), visits)


def _decided(tables: Tables, since: datetime, until: datetime) -> Decided:
    """What was granted or refused in these days, with its item as it stands in the bundle that it was begun with."""
    both = matter.join(case_file, case_file.c.reference == matter.c.case_reference)
    mine = sa.and_(
        matter.c.state.in_(["granted", "refused"]), matter.c.changed_at >= since, matter.c.changed_at < until
    )
    columns = sa.select(matter.c.body, case_file.c.definition).select_from(both).where(mine)
    rows = tables.connection.execute(columns.order_by(matter.c.changed_at)).all()
    items = _items(tables, {row.definition for row in rows})
    found = [(_matter.validate_python(row.body), row.definition) for row in rows]
    return [(one, items[begun].get(one.item)) for one, begun in found]


def _items(tables: Tables, digests: Iterable[str]) -> Mapping[str, Mapping[str, Item]]:
    """The items of definitions: there are few, however many cases share them."""
    found = sa.select(definition).where(definition.c.sha256.in_(list(digests)))
    bundles = {row.sha256: Bundle.model_validate(row.body) for row in tables.connection.execute(found)}
    return {digest: {item.id: item for item in bundle.items} for digest, bundle in bundles.items()}


def _first_pass(tables: Tables, decided: Decided) -> Share:
    """Decided without anything ever having had to be put right: the notice of it would stand in the outbox."""
    told = sa.select(outbox.c.key).where(outbox.c.key.like("report:%:defective:%"))
    defective = {tuple(key.split(":")[1:3]) for key in tables.connection.scalars(told)}
    return Share(sum((one.case, one.item) not in defective for one, _ in decided), len(decided))


def _promises(tables: Tables, since: datetime, until: datetime) -> Share:
    """Papers that were to follow, by the day on which they were due: those that came, of all whose outcome is known."""
    first, last = since.date().isoformat(), until.date().isoformat()
    due = sa.and_(promise.c.kind == "deferral", promise.c.due_on >= first, promise.c.due_on <= last)
    count = sa.select(promise.c.state, sa.func.count()).where(due).group_by(promise.c.state)
    states = {row[0]: int(row[1]) for row in tables.connection.execute(count)}
    return Share(states.get("kept", 0), states.get("kept", 0) + states.get("lapsed", 0))


def _timed(hours: Hours, decided: Decided) -> tuple[Timed, ...]:
    named: dict[str, list[tuple[Matter, int, int]]] = defaultdict(list)
    for one, item in decided:
        if one.accepted_on:
            legal = item.days.legal if item else one.working_days
            named[one.name].append((one, legal, _days(hours, one, one.accepted_on)))
    return tuple(_of_name(name, same) for name, same in sorted(named.items()))


def _of_name(name: str, same: Sequence[tuple[Matter, int, int]]) -> Timed:
    last, legal, _ = same[-1]
    in_time = Share(sum(days <= one.working_days for one, _, days in same), len(same))
    return Timed(name, len(same), sum(days for *_, days in same) / len(same), last.working_days, legal, in_time)


def _days(hours: Hours, one: Matter, accepted: date) -> int:
    """Working days in which it was not the citizen's turn."""
    return max(0, hours.between(accepted, one.changed_at.astimezone(hours.zone).date()) - one.paused_days)


def _visits(tables: Tables, since: datetime, until: datetime) -> Visits:
    """Of cases whose last matter was decided in these days, and of which something was granted."""
    done = sa.func.sum(sa.case((matter.c.state.in_(ENDED), 0), else_=1)) == 0
    granted = sa.func.sum(sa.case((matter.c.state == "granted", 1), else_=0)) > 0
    last = sa.func.max(matter.c.changed_at)
    finished = sa.select(matter.c.case_reference).group_by(matter.c.case_reference).having(done, granted)
    references = tables.connection.scalars(finished.having(last >= since, last < until)).all()
    without = needed = 0
    for reference in references:
        case, granted_items = tables.cases.load(reference), _granted(tables, reference)
        if case is not None:
            items = Bundle.model_validate(case.bundle).items
            without += sum(item.visits for item in items if item.id in granted_items)
            needed += _came(tables, case)
    return Visits(without, needed, len(references))


def _granted(tables: Tables, reference: str) -> set[str]:
    return {one.item for one in tables.matters.of(reference) if one.state == "granted"}


def _came(tables: Tables, case: Case) -> int:
    """Once, where a paper was brought or the licence fetched; also where nobody has noted how it was given out."""
    brought = any(value == _BROUGHT for id, value in case.values.items() if id.startswith("paper."))
    delivery = tables.aftercare.delivery(case.reference)
    return int(brought or delivery is None or delivery.way == "window")


@dataclass(frozen=True)
class Rated:
    """How those who were asked were served. `answered` of `asked`; `good` of those."""

    good: Share
    fair: int
    poor: int
    answered: Share


def rated(tables: Tables, what: str, since: datetime, until: datetime) -> Rated:
    """`what`: "ticket" or "case"."""
    asked = [one for one in tables.aftercare.ratings(since, until) if one.about.startswith(f"{what}:")]
    marks = Counter(one.mark for one in asked if one.mark)
    said = marks.total()
    return Rated(Share(marks["good"], said), marks["fair"], marks["poor"], Share(said, len(asked)))
