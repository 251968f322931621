"""All bundles and what they share, read once from config/."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.bundles import checks
from bot.bundles.model import Bundle, Question
from bot.bundles.shared import Shared, with_figures
from bot.errors import ConfigError
from bot.placed import Placed


@dataclass(frozen=True)
class Catalogue:
    """`questions` are the facts of fields.yml by id, `bundles` those of config/bundles by id."""

    questions: Mapping[str, Question]
    bundles: Mapping[str, Bundle]

    def open(self) -> list[Bundle]:
        return [bundle for bundle in self.bundles.values() if bundle.status == "open"]

    def meant(self, intent: str, named: Collection[str]) -> Bundle | None:
        """The open bundle for a wish, by what the message names; one for nothing special, where it names none."""
        fit = [bundle for bundle in self.open() if intent in bundle.intents]
        by_name = [bundle for bundle in fit if set(named) & {*bundle.begins, *bundle.about}]
        rest = [bundle for bundle in fit if not bundle.begins and not bundle.about]
        return next(iter(by_name or rest), None)

    def named(self, name: str) -> Bundle | None:
        return next((bundle for bundle in self.open() if bundle.name == name), None)


def load_catalogue(config: Path, region: str = "") -> Catalogue:
    """The bundles as they hold at a place. ConfigError with every fault of every file, each `file:line: what`."""
    shared = Shared.read(config, region)
    faults, bundles = list(shared.faults), dict[str, Bundle]()
    for path in sorted((config / "bundles").glob("*.yml")):
        file = Placed(path)
        bundle = _bundle(file, shared)
        if bundle is not None:
            checks.same_words(file, bundle, bundles)
            bundles[bundle.id] = bundle
        faults += file.faults
    if faults:
        raise ConfigError("\n".join(faults))
    return Catalogue(shared.questions, bundles)


def _bundle(file: Placed, shared: Shared) -> Bundle | None:
    content = file.content | {
        key: list(_used(file, key, of)) for key, of in shared.parts.items() if key in file.content
    }
    content["steps"] = [_step(file, place, one, shared) for place, one in enumerate(content.get("steps", []))]
    unknown: list[str] = []
    content = with_figures(content, shared.figures, unknown)
    for name in unknown:
        file.fault(f"regions.yml has no {name!r}")
    bundle = None if file.faults else file.read(Bundle, content)
    if bundle is None:
        return None
    if bundle.id != file.path.stem:
        file.fault(f"id must be {file.path.stem!r}, as the file is called", ("id",))
    checks.whole(file, bundle)
    return None if file.faults else bundle


def _used(file: Placed, key: str, shared: Mapping[str, Any]) -> Iterator[Any]:
    """The parts that a file lists; what says `use: ID` is what the bundles share, with what is said beside it."""
    written = file.content[key]
    if not isinstance(written, list):
        file.fault("is no list", (key,))
        return
    count = 0
    for place, one in enumerate(written):
        for part in _drawn(file, (key, place), one, shared):
            file.moved[key, count] = (key, place)
            count += 1
            yield part


def _drawn(file: Placed, at: tuple[str, int], one: Any, shared: Mapping[str, Any]) -> Iterator[Any]:
    if not isinstance(one, dict) or "use" not in one:
        yield one
        return
    known, beside = shared.get(one["use"]), {name: value for name, value in one.items() if name != "use"}
    if known is None:
        file.fault(f"use: {at[0]}.yml has no {one['use']!r}", (*at, "use"))
    elif isinstance(known, dict):
        yield {"id": one["use"], **known, **beside}
    elif set(beside) - {"when"}:
        file.fault("beside the use of several steps only `when` can stand", at)
    else:
        yield from (_also_when(part, beside.get("when", "")) for part in known)


def _also_when(part: Any, condition: str) -> Any:
    if not condition or not isinstance(part, dict):
        return part
    return part | {"when": f"{part['when']} and {condition}" if part.get("when") else condition}


def _step(file: Placed, place: int, written: Any, shared: Shared) -> Any:
    """A step as written, its questions put in. An `ask` without ticks is named after its question."""
    if not isinstance(written, dict) or not {"ask", "tick"} & set(written):
        return written
    key = "tick" if "tick" in written else "ask"
    names = written[key] if isinstance(written[key], list) else [written[key]]
    for name in names:
        if name not in shared.questions:
            file.fault(f"{key}: fields.yml has no {name!r}", ("steps", place, key))
            return written
    asked = [shared.questions[name] for name in names]
    rest = {name: value for name, value in written.items() if name != key}
    return rest | {"ticks": asked} if key == "tick" else {"id": asked[0].id, "question": asked[0], **rest}
