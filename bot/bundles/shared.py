"""What bundles share, each named once: fields.yml, items.yml, materials.yml, steps.yml, and regions.yml."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict

from bot.bundles.model import Item, Material, Question
from bot.placed import Placed

Part = TypeVar("Part", bound=BaseModel)

_NAMED = re.compile(r"\$([a-z][a-z0-9_]*)")


class Rule(BaseModel):
    """A figure that places set for themselves. `regions`: by the first two, four or six digits of the division code."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    default: str
    regions: dict[str, str] = {}
    check: str = ""

    def at(self, region: str) -> str:
        """What holds there: the nearest place that says something."""
        return next(
            (self.regions[region[:digits]] for digits in (6, 4, 2) if region[:digits] in self.regions), self.default
        )


@dataclass(frozen=True)
class Shared:
    """`parts`: steps, items and materials as written, by id. `figures`: what regions.yml says for this place."""

    questions: Mapping[str, Question]
    parts: Mapping[str, Mapping[str, Any]]
    figures: Mapping[str, str]
    faults: tuple[str, ...]

    @classmethod
    def read(cls, config: Path, region: str) -> "Shared":
        """Files that are not there share nothing, but for fields.yml."""
        regions = Placed(config / "regions.yml", optional=True)
        rules = _each(regions, Rule, named=False)
        figures = {id: rule.at(region) for id, rule in rules}
        fields = Placed(config / "fields.yml")
        questions = dict(_each(fields, Question))
        files = {name: Placed(config / f"{name}.yml", optional=True) for name in ("steps", "items", "materials")}
        for file in files.values():
            file.content = _with_figures(file, figures)
        for _ in (*_each(files["items"], Item), *_each(files["materials"], Material)):
            pass  # read for their faults; what a bundle adds makes them whole
        faults = [fault for file in (regions, fields, *files.values()) for fault in file.faults]
        return cls(questions, {name: file.content for name, file in files.items()}, figures, tuple(faults))


def with_figures(written: Any, figures: Mapping[str, str], unknown: list[str]) -> Any:
    """`$name` put in, in every text of it; names that nobody set are added to `unknown`."""
    if isinstance(written, dict):
        return {key: with_figures(value, figures, unknown) for key, value in written.items()}
    if isinstance(written, list):
        return [with_figures(value, figures, unknown) for value in written]
    if not isinstance(written, str):
        return written
    unknown += [name for name in _NAMED.findall(written) if name not in figures]
    return _NAMED.sub(lambda match: figures.get(match[1], match[0]), written)


def _with_figures(file: Placed, figures: Mapping[str, str]) -> dict[str, Any]:
    content = {}
    for id, written in file.content.items():
        unknown: list[str] = []
        content[id] = with_figures(written, figures, unknown)
        for name in unknown:
            file.fault(f"regions.yml has no {name!r}", (id,))
    return content


def _each(file: Placed, shape: type[Part], named: bool = True) -> Iterator[tuple[str, Part]]:
    for id, written in file.content.items():
        content = {"id": id, **written} if named and isinstance(written, dict) else written
        part = file.read(shape, content, (id,))
        if part is not None:
            yield id, part
