"""What inspections look at: the points of config/points.yml, and the walks of config/inspections that list them."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from bot.bundles.conditions import NotACondition, facts, holds
from bot.bundles.model import Bundle
from bot.bundles.schema import loose
from bot.errors import ConfigError
from bot.placed import Placed

Sight = Literal["photo", "video", "live", "spot"]

# `box x y w h text` and its like, on a sheet of 160 by 100.
_SHAPE = re.compile(
    r"(?:(?:box|dash)( \d{1,3}){4}|round( \d{1,3}){3}|(?:line|arrow)( \d{1,3}){4}|text( \d{1,3}){2})( .*)?"
)
_Text = Annotated[str, Field(min_length=2, max_length=200)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Sought(_Part):
    """A point that is looked at; see config/points.yml. `when`: where one of the conditions holds."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z_]*$")]
    name: Annotated[str, Field(min_length=2, max_length=24)]
    key: bool = False
    standard: _Text
    why: _Text
    basis: _Text
    shoot: _Text
    cure: _Text
    sight: Literal["photo", "video", "live"] = "photo"
    may_lack: bool = False
    sensitive: Literal["", "health"] = ""
    most: Annotated[int, Field(ge=1, le=20)] = 3
    sketch: Annotated[tuple[str, ...], Field(min_length=1, max_length=12)]
    check: str = ""
    when: tuple[str, ...] = ()


class Elsewhere(_Part):
    """Where photos are not enough, and why."""

    when: str
    sight: Literal["live", "spot"]
    why: _Text


class Walk(_Part):
    """What is looked at in a shop of one kind. `serves`: the items of bundles that need it; `words` name the kind.

    `beside`: materials of the case that inspectors see beside it.
    """

    id: Annotated[str, Field(pattern=r"^[a-z][a-z-]*$")]
    name: Annotated[str, Field(min_length=2, max_length=12)]
    words: Annotated[tuple[str, ...], Field(min_length=1)]
    serves: Mapping[str, tuple[str, ...]]
    days: Annotated[int, Field(ge=1, le=20)]
    route: _Text
    beside: tuple[str, ...] = ()
    rules: tuple[Elsewhere, ...] = ()
    check: str = ""
    points: Annotated[tuple[Sought, ...], Field(min_length=1)]

    @cached_property
    def sought(self) -> dict[str, Sought]:
        return {one.id: one for one in self.points}

    def applying(self, values: Mapping[str, str]) -> "Walk":
        """With the points that matter to a shop of which this is known; what nobody has said is looked at."""
        kept = [one for one in self.points if not one.when or any(_may_hold(when, values) for when in one.when)]
        return self.model_copy(update={"points": tuple(kept)})

    def sight(self, values: Mapping[str, str]) -> tuple[Sight, tuple[str, ...]]:
        """How it must be looked at, and why not by photos. Only what is known to hold asks for more than photos."""
        rules = [one for one in self.rules if holds(one.when, values)]
        live = [one for one in self.points if one.sight == "live" and any(holds(when, values) for when in one.when)]
        if any(one.sight == "spot" for one in rules):
            return "spot", tuple(one.why for one in rules if one.sight == "spot")
        if rules or live:
            return "live", (*(one.why for one in rules), *(one.name for one in live))
        return "photo", ()


@dataclass(frozen=True)
class Walks:
    """All by id."""

    walks: Mapping[str, Walk] = field(default_factory=dict)

    def of(self, bundle: str, item: str) -> list[Walk]:
        """Those that an item may need: several where the bundle does not tell the kind of shop."""
        return [one for one in self.walks.values() if item in one.serves.get(bundle, ())]

    def called(self, text: str) -> Walk | None:
        """The walk that a text names, by the longest word."""
        named = [(len(word), one.id) for one in self.walks.values() for word in (one.name, *one.words) if word in text]
        return self.walks[max(named)[1]] if named else None

    def point(self, id: str) -> Sought | None:
        return next((one.sought[id] for one in self.walks.values() if id in one.sought), None)


def load_walks(
    config: Path, questions: Collection[str] | None = None, bundles: Mapping[str, Bundle] | None = None
) -> Walks:
    """ConfigError with every fault of every file, each `file:line: what`. Without the files there is nothing to see.

    What conditions rest on must be among `questions`, what is served among `bundles`, where these are given.
    """
    shared = Placed(config / "points.yml", optional=True)
    points = {id: _written(shared, id, one) for id, one in shared.content.items()}
    faults, walks = shared.faults, dict[str, Walk]()
    for path in sorted((config / "inspections").glob("*.yml")):
        file = Placed(path)
        walk = _walk(file, points)
        if walk is not None:
            walks[walk.id] = walk
            if bundles is not None:
                _serves(file, walk, bundles)
            for place, rule in enumerate(walk.rules):
                _rests(file, [rule.when], questions, ("rules", place))
            for place, point in enumerate(walk.points):
                _rests(file, point.when, questions, ("points", place))
        faults += file.faults
    used = {one.id for walk in walks.values() for one in walk.points}
    if not faults:
        faults += [f"{shared.path}:{shared.line((id,))}: {id}: in no walk" for id in points if id not in used]
    if faults:
        raise ConfigError("\n".join(faults))
    return Walks(walks)


def schema() -> dict[str, Any]:
    """The JSON schema of a file of config/inspections, as it is written: points are named, and may have conditions."""
    made = Walk.model_json_schema()
    conditions = made["$defs"].pop("Sought")["properties"]["when"]
    named = {"use": {"type": "string"}, "when": conditions}
    point = {"type": "object", "properties": named, "required": ["use"], "additionalProperties": False}
    made["properties"]["points"]["items"] = point
    return loose(made)


def _written(file: Placed, id: str, written: Any) -> Any:
    """A point as written, once its own faults are told; None where it has any."""
    content = {"id": id, **written} if isinstance(written, dict) else written
    found = file.read(Sought, content, (id,))
    strange = [shape for shape in found.sketch if not _SHAPE.fullmatch(shape)] if found else []
    for shape in strange:
        file.fault(f"sketch: not a shape: {shape!r}", (id, "sketch"))
    return None if strange or not found else content


def _walk(file: Placed, points: Mapping[str, Any]) -> Walk | None:
    written = file.content.get("points", [])
    listed = [_used(file, place, one, points) for place, one in enumerate(written if isinstance(written, list) else [])]
    walk = None if file.faults or None in listed else file.read(Walk, file.content | {"points": listed})
    if walk is None:
        return None
    if walk.id != file.path.stem:
        file.fault(f"id must be {file.path.stem!r}, as the file is called", ("id",))
    ids = [one.id for one in walk.points]
    for place, id in enumerate(ids):
        if ids.index(id) != place:
            file.fault(f"point {id!r} stands twice", ("points", place))
        if walk.sought[id].sight == "live" and not walk.sought[id].when:
            file.fault(f"{id}: seen live, it needs a `when`, or no shop could show photos", ("points", place))
    return walk


def _used(file: Placed, place: int, one: Any, points: Mapping[str, Any]) -> Any:
    if not isinstance(one, dict) or one.get("use") not in points:
        file.fault(f"points.yml has no {one.get('use') if isinstance(one, dict) else one!r}", ("points", place))
        return one
    known = points[one["use"]]
    return known and {**known, **{name: value for name, value in one.items() if name != "use"}}


def _serves(file: Placed, walk: Walk, bundles: Mapping[str, Bundle]) -> None:
    """Bundles with their items."""
    for bundle, items in walk.serves.items():
        known = bundles.get(bundle)
        if known is None:
            file.fault(f"serves: no bundle {bundle!r}", ("serves", bundle))
        for item in set(items) - {one.id for one in known.items} if known else ():
            file.fault(f"serves: {bundle} has no item {item!r}", ("serves", bundle))


def _rests(file: Placed, whens: Sequence[str], questions: Collection[str] | None, at: tuple[str, int]) -> None:
    for when in whens:
        try:
            strange = facts(when) - set(questions) if questions is not None else set()
        except NotACondition as error:
            file.fault(str(error), at)
            continue
        for fact in sorted(strange):
            file.fault(f"when: fields.yml has no {fact!r}", at)


def _may_hold(when: str, values: Mapping[str, str]) -> bool:
    return holds(when, values) or not facts(when) <= {id for id, value in values.items() if value}
