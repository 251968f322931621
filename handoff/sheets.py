"""What inspectors see of each point: its standard, its pictures, and what the machine made of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.bundles.model import Bundle
from bot.domain.case import Case
from bot.domain.inspection import Point, Shot
from bot.domain.photo import Report
from bot.sketches import svg
from bot.walks import Sought


@dataclass(frozen=True)
class Sheet:
    """One point as inspectors see it: what was shown of it, and what the machine made of the pictures."""

    point: Point
    sought: Sought
    sketch: str
    shots: Sequence[Shot]
    before: Sequence[Shot]
    hints: Mapping[str, tuple[str, ...]]


def sheet_of(point: Point, sought: Sought, shots: Sequence[Shot], reports: Mapping[str, Report]) -> Sheet:
    mine = [shot for shot in shots if shot.point == point.id]
    hints = {shot.file: reports[shot.file].reasons for shot in mine if shot.file in reports}
    live, before = ([shot for shot in mine if shot.live is now] for now in (True, False))
    return Sheet(point, sought, svg(sought.name, sought.sketch), live, before, hints)


def facts(case: Case, bundle: Bundle) -> list[tuple[str, str]]:
    """What the form says of the shop, without what is a person's."""
    asked = [(id, one) for id, one in bundle.questions.items() if id in case.answers and not one.sensitive]
    return [(one.name, case.values[id] + one.unit) for id, one in asked if case.answers[id].by != "skipped"]
