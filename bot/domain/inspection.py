"""Inspections: where each point of one stands, which comes next, and when there is enough to send or to conclude."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

# How it is looked at: by the citizen alone, by photos that staff judge, live by video, or on the spot.
Way = Literal["check", "photo", "live", "spot"]
State = Literal["shooting", "paused", "waiting", "passed", "waived", "stopped"]
# `fits` and `lacks` are the citizen's own words in a check of their own; `absent`: the shop does without, they say.
Stands = Literal["open", "later", "shown", "absent", "fits", "lacks"]
Verdict = Literal["", "pass", "fail"]
# Was the code in the first picture? Not read once, it is asked for again; then staff are told.
Coded = Literal["", "asked", "seen", "unread"]
What = Literal["begun", "sent", "failed", "passed", "waived", "stopped", "moved", "reminded", "overdue"]

GOING: tuple[State, ...] = ("shooting", "paused", "waiting")
_SLOT = re.compile(r"inspection\.(\d+)\.([a-z_]+)")


@dataclass
class Inspection:
    """`walk` is the definition as it stood at the beginning, with the points that apply. `case` is "" of a check.

    `code` must stand in the first picture of each round; the points that failed are shown again in the next round.
    """

    id: int
    conversation: str
    case: str
    item: str
    way: Way
    state: State
    round: int
    code: str
    coded: Coded
    walk: dict[str, Any]
    begun_at: datetime
    changed_at: datetime
    sent_at: datetime | None = None


@dataclass(frozen=True)
class Shot:
    """A photo or short video of a point. One that was replaced after it was judged stays, and is not `live`."""

    file: str
    point: str
    round: int
    kind: str
    sha256: str
    at: datetime
    live: bool = True


@dataclass(frozen=True)
class Point:
    """Where one point stands. A `finding` is shown until the next verdict; `agreed`: its photos may be taken."""

    id: str
    stands: Stands = "open"
    agreed: bool = False
    retakes: int = 0
    verdict: Verdict = ""
    finding: str = ""
    finding_file: str = ""
    due_on: date | None = None
    judged_by: str = ""
    judged_at: datetime | None = None


def slot(inspection: int, point: str) -> str:
    """What a kept photo of a point is for, in the place of a material."""
    return f"inspection.{inspection}.{point}"


def is_slot(material: str) -> bool:
    return _SLOT.fullmatch(material) is not None


def upcoming(points: Iterable[Point]) -> Point | None:
    """What is looked at next: in the order of the walk, and what was put off at the end."""
    points = list(points)
    for wanted in ("open", "later"):
        found = next((one for one in points if one.stands == wanted), None)
        if found is not None:
            return found
    return None


def unaccounted(points: Iterable[Point]) -> list[Point]:
    """Those of which nothing was shown nor said."""
    return [one for one in points if one.stands in ("open", "later")]


def unjudged(points: Iterable[Point]) -> list[Point]:
    return [one for one in points if not one.verdict]


def outcome(points: Sequence[Point]) -> Literal["passed", "failed"] | None:
    """None while a point has no verdict: nothing is concluded with one unaccounted for."""
    if not points or unjudged(points):
        return None
    return "passed" if all(one.verdict == "pass" for one in points) else "failed"
