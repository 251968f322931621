"""The daily look at the ledger: whatever rung holds for a licence today is queued, once."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial

from bot.domain.hours import Hours
from bot.domain.licence import ladder
from bot.ledger.kinds import Kinds
from bot.store.db import Store, Tables
from bot.store.nudges import CHUNK, Counts, Span

log = logging.getLogger(__name__)

AHEAD = timedelta(days=420)  # the longest way from the first rung to the end
BEHIND = timedelta(days=60)  # for so long a licence is told of after its end
_ROWS_AT_ONCE = 2000


@dataclass(frozen=True)
class Ladders:
    """The rungs of every kind and end that the ledger holds. They are worked out once in the life of a program, which
    begins anew when the calendar is changed; so days that were provisional move when their holidays are known.

    `_known` says of each kind and end that stands in the table of rungs whether it is provisional.
    """

    kinds: Kinds
    hours: Hours
    _known: dict[tuple[str, str], bool] = field(default_factory=dict, init=False, repr=False, compare=False)

    def refresh(self, store: Store, today: date, *, dry: bool = False) -> int:
        """Bring the table of rungs up to date; how many of its ends rest on holidays not announced yet."""
        if not dry:
            self._roll(store, today)
        terms = store.read(lambda tables: tables.nudges.terms(today - BEHIND, today + AHEAD))
        new = terms - self._known.keys()
        if new:
            stands = set() if self._known else store.read(lambda tables: tables.nudges.spans())
            worked_out = {term: self._worked_out(*term) for term in new}
            self._write(store, stands, {span for spans, _ in worked_out.values() for span in spans}, new)
            self._known.update((term, provisional) for term, (_, provisional) in worked_out.items())
        unknown = sum(self._known[term] for term in terms)
        if any(self._known[term] for term in new):
            log.warning("%d ends of licences rest on holidays not announced yet: config/calendar.yml, years", unknown)
        return unknown

    def _write(self, store: Store, stands: set[Span], wanted: set[Span], of: set[tuple[str, str]]) -> None:
        """Only what differs; rungs that the rules have no more are dropped."""
        names = {span[:3] for span in wanted}
        gone = [span for span in stands if span[:2] in of and span[:3] not in names]
        for rows in _pieces(sorted(wanted - stands)):
            store.write(partial(_keep, rows))
        for rows in _pieces(gone):
            store.write(partial(_drop, rows))

    def _worked_out(self, code: str, term: str) -> tuple[list[Span], bool]:
        """The rungs of a kind and an end, and whether they are provisional."""
        kind, expires = self.kinds.of.get(code), date.fromisoformat(term)
        found = kind.window(expires, self.hours) if kind else None
        if found is None:
            return [], False
        rungs = ladder(found, expires, self.hours)
        days = [rung.on.isoformat() for rung in rungs] + [(expires + BEHIND).isoformat()]
        spans = [Span(code, term, *one) for one in zip((rung.name for rung in rungs), days, days[1:], strict=False)]
        return [span for span in spans if span.begins < span.ends], found.provisional

    def _roll(self, store: Store, today: date) -> None:
        """Yearly duties come back a month after their end."""
        for code, kind in self.kinds.of.items():
            ended = today - timedelta(days=30)
            if kind.closes is not None and (end := kind.closes_after(today)):
                store.write(partial(_roll_one, code, ended, end))


def run(store: Store, ladders: Ladders, today: date, *, dry: bool = False) -> Counts:
    """Look at the whole ledger, in short transactions. Whatever was queued stays queued; running it again adds nothing.

    `dry`: nothing is queued, only counted.
    """
    ladders.refresh(store, today, dry=dry)
    found, after = Counts(), 0
    while True:
        upto, one = store.write(partial(_chunk, today, after, dry))
        if upto is None:
            return found
        found.add(one)
        after = upto


def _chunk(today: date, after: int, dry: bool, tables: Tables) -> tuple[int | None, Counts]:
    upto = tables.nudges.chunk_after(after, CHUNK)
    if upto is None:
        return None, Counts()
    found = tables.nudges.count(after, upto, today)
    if not dry and found.queued:
        tables.nudges.queue(after, upto, today)
    return upto, found


def _keep(rows: list[Span], tables: Tables) -> None:
    tables.nudges.keep_spans(rows)


def _drop(rows: list[Span], tables: Tables) -> None:
    tables.nudges.drop_spans(rows)


def _roll_one(code: str, ended: date, end: date, tables: Tables) -> None:
    tables.nudges.roll(code, ended, end)


def _pieces(rows: list[Span]) -> Iterator[list[Span]]:
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        yield rows[start : start + _ROWS_AT_ONCE]
