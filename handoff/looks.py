"""What the program made of a photo, as staff see it beside the picture."""

from dataclasses import dataclass

from bot.domain.photo import Report
from bot.materials.kinds import Kinds


@dataclass(frozen=True)
class Look:
    """`read` is each field by its name, its value, and whether it is sure."""

    verdict: str
    reasons: tuple[str, ...]
    kind: str
    read: tuple[tuple[str, str, bool], ...]


def look(report: Report, kinds: Kinds) -> Look:
    kind = kinds.get(report.kind)
    names = {id: field.name for id, field in kind.fields.items()} if kind else {}
    read = tuple((names.get(id, id), seen.value, seen.sure) for id, seen in report.fields.items())
    return Look(report.verdict, report.reasons, kind.name if kind else "", read)
