"""What a citizen has promised: to bring a paper later, or that a thing is as the law wants it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

PromiseKind = Literal["deferral", "commitment"]
PromiseState = Literal["open", "kept", "lapsed", "void"]
Rung = Literal["T-3", "T-1", "T0"]
RUNGS: tuple[tuple[int, Rung], ...] = ((3, "T-3"), (1, "T-1"), (0, "T0"))


@dataclass(frozen=True)
class Promise:
    """A deferral names a material and is due on a day; a commitment names an item or a material, and what was agreed.

    `reminded` are the reminders that have gone out. A deferral is kept when the paper comes, lapsed when its day has
    passed without it, and void when the case is withdrawn.
    """

    id: int
    case: str
    subject: str
    name: str
    kind: PromiseKind
    points: tuple[str, ...]
    agreed_at: datetime
    due_on: date | None = None
    state: PromiseState = "open"
    reminded: tuple[Rung, ...] = ()


def reminder(promise: Promise, today: date, after: Callable[[date, int], date]) -> Rung | None:
    """The reminder that is due: the latest whose day has come, unless it or a later one has gone out already.

    `after` counts working days.
    """
    if promise.due_on is None or promise.state != "open" or today > promise.due_on:
        return None
    come = [place for place, (before, _) in enumerate(RUNGS) if after(promise.due_on, -before) <= today]
    if not come or any(rung in promise.reminded for _, rung in RUNGS[come[-1] :]):
        return None
    return RUNGS[come[-1]][1]


def has_lapsed(promise: Promise, today: date) -> bool:
    return promise.state == "open" and promise.due_on is not None and promise.due_on < today
