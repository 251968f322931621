"""Where each matter of a case stands, and the day by which it must be decided."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

# Received is not accepted, and accepted is not decided: three states that a citizen must be able to tell apart.
ItemState = Literal["waiting", "received", "defective", "accepted", "granted", "refused", "withdrawn"]
CaseStage = Literal["received", "defective", "accepted", "granted", "refused", "withdrawn"]
ENDED: tuple[ItemState, ...] = ("granted", "refused", "withdrawn")

# What a department may report of a matter that stands so. What is granted on the spot was accepted on that day.
STEPS: dict[ItemState, tuple[ItemState, ...]] = {
    "waiting": (),
    "received": ("defective", "accepted", "granted", "refused"),
    "defective": ("received", "accepted", "refused"),
    "accepted": ("defective", "granted", "refused"),
    "granted": (),
    "refused": (),
    "withdrawn": (),
}


@dataclass(frozen=True)
class Matter:
    """One item of a case. `working_days` are promised from the day of acceptance; days in which it waits for the
    citizen are added. `defects` are told all at once; `number` and `valid_until` are of the licence that came of it.
    """

    case: str
    item: str
    name: str
    department: str
    result: str
    working_days: int
    state: ItemState
    changed_at: datetime
    after: tuple[str, ...] = ()
    accepted_on: date | None = None
    paused_on: date | None = None
    paused_days: int = 0
    defects: tuple[str, ...] = ()
    number: str = ""
    valid_until: date | None = None

    def due_on(self, after: Callable[[date, int], date]) -> date | None:
        """The day by which it must be decided; None before it is accepted, and while it waits for the citizen."""
        if self.state != "accepted" or self.accepted_on is None:
            return None
        return after(self.accepted_on, self.working_days + self.paused_days)


def moved(
    matter: Matter, state: ItemState, today: date, now: datetime, days_between: Callable[[date, date], int]
) -> Matter:
    """The matter in its new state. ValueError where that cannot follow. `days_between` counts working days."""
    if state not in STEPS[matter.state]:
        raise ValueError(f"{matter.item}: {state} cannot follow {matter.state}")
    paused = matter.paused_days
    if matter.paused_on is not None and state != "defective":
        paused += days_between(matter.paused_on, today)
    accepted = matter.accepted_on or (today if state in ("accepted", "granted") else None)
    pausing = today if state == "defective" and matter.accepted_on else None
    return replace(matter, state=state, changed_at=now, accepted_on=accepted, paused_on=pausing, paused_days=paused)


def ready(matters: Iterable[Matter]) -> list[Matter]:
    """Those that waited for others, which are now granted."""
    matters = list(matters)
    granted = {one.item for one in matters if one.state == "granted"}
    return [one for one in matters if one.state == "waiting" and set(one.after) <= granted]


def stranded(matters: Iterable[Matter]) -> list[Matter]:
    """Those that wait, directly or behind others, for one that was refused or withdrawn: they never begin."""
    matters = list(matters)
    gone = {one.item for one in matters if one.state in ("refused", "withdrawn")}
    found: list[Matter] = []
    for one in matters:  # in an order in which each stands behind what it waits for
        if one.state == "waiting" and gone & set(one.after):
            gone.add(one.item)
            found.append(one)
    return found


def stage(matters: Iterable[Matter]) -> CaseStage:
    """One word for the whole case: what came of it, what the citizen must see to, or how far the furthest is."""
    states = {one.state for one in matters}
    if states <= set(ENDED):
        return "granted" if "granted" in states else "refused" if "refused" in states else "withdrawn"
    if "defective" in states:
        return "defective"
    return "accepted" if states & {"accepted", "granted"} else "received"
