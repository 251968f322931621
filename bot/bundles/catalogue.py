"""All bundles and the facts that they share, read once from config/bundles and config/fields.yml."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.bundles.conditions import clauses, facts
from bot.bundles.model import Bundle, Item, Material, Question, Step
from bot.bundles.placed import Placed
from bot.errors import ConfigError


@dataclass(frozen=True)
class Catalogue:
    """`questions` are the facts of fields.yml by id, `bundles` those of config/bundles by id."""

    questions: Mapping[str, Question]
    bundles: Mapping[str, Bundle]

    def open(self) -> list[Bundle]:
        return [bundle for bundle in self.bundles.values() if bundle.status == "open"]

    def beginning(self, kind: str) -> Bundle | None:
        """The open bundle with which a business of this kind begins."""
        return next((bundle for bundle in self.open() if kind in bundle.begins), None)

    def named(self, name: str) -> Bundle | None:
        return next((bundle for bundle in self.open() if bundle.name == name), None)


def load_catalogue(config: Path) -> Catalogue:
    """ConfigError with every fault of every file, each `file:line: what`."""
    fields = Placed(config / "fields.yml")
    questions = dict(_questions(fields))
    faults, bundles = list(fields.faults), dict[str, Bundle]()
    for path in sorted((config / "bundles").glob("*.yml")):
        file = Placed(path)
        bundle = _bundle(file, questions)
        if bundle is not None:
            _same_words(file, bundle, bundles)
            bundles[bundle.id] = bundle
        faults += file.faults
    if faults:
        raise ConfigError("\n".join(faults))
    return Catalogue(questions, bundles)


def _questions(file: Placed) -> Iterator[tuple[str, Question]]:
    for id, written in file.content.items():
        content = {"id": id, **written} if isinstance(written, dict) else written
        question = file.read(Question, content, (id,))
        if question is not None:
            yield id, question


def _bundle(file: Placed, questions: Mapping[str, Question]) -> Bundle | None:
    content = dict(file.content)
    written = content.get("steps")
    steps = (
        [_step(file, one, place, questions) for place, one in enumerate(written)]
        if isinstance(written, list)
        else written
    )
    if file.faults:
        return None
    bundle = file.read(Bundle, content | {"steps": steps})
    if bundle is None:
        return None
    if bundle.id != file.path.stem:
        file.fault(f"id must be {file.path.stem!r}, as the file is called", ("id",))
    _steps_in_order(file, bundle)
    _items_and_materials(file, bundle)
    return None if file.faults else bundle


def _step(file: Placed, written: Any, place: int, questions: Mapping[str, Question]) -> Any:
    """A step as written, its question put in. An `ask` is named after its question."""
    if not isinstance(written, dict) or "ask" not in written:
        return written
    asked = questions.get(written["ask"])
    if asked is None:
        file.fault(f"ask: fields.yml has no {written['ask']!r}", ("steps", place, "ask"))
        return written
    rest = {key: value for key, value in written.items() if key != "ask"}
    return {"id": asked.id, "question": asked, **rest}


def _steps_in_order(file: Placed, bundle: Bundle) -> None:
    """Step ids stand once, and a condition rests on what was asked before it."""
    asked: set[str] = set()
    seen: set[str] = set()
    for place, step in enumerate(bundle.steps):
        if step.id in seen:
            file.fault(f"step {step.id!r} stands twice", ("steps", place))
        seen.add(step.id)
        _rests_on(file, step, asked, bundle, ("steps", place, "when"))
        if step.question:
            asked.add(step.id)


def _rests_on(
    file: Placed, part: Step | Item | Material, asked: set[str], bundle: Bundle, at: tuple[str | int, ...]
) -> None:
    for fact in sorted(facts(part.when) - asked):
        file.fault(f"{part.id}: when: {fact!r} is not asked before it", at)
    for clause in clauses(part.when):
        question = bundle.questions.get(clause.fact)
        values = {option.value for option in question.options} if question else set()
        wanted = {one.strip() for one in clause.value.split("|")} if clause.operator == "in" else {clause.value}
        if values and clause.operator in ("==", "!=", "in") and not wanted <= values:
            file.fault(f"{part.id}: when: {clause.fact} is never {', '.join(sorted(wanted - values))}", at)


def _items_and_materials(file: Placed, bundle: Bundle) -> None:
    asked, items = set(bundle.questions), [item.id for item in bundle.items]
    for place, item in enumerate(bundle.items):
        at = ("items", place)
        if items.index(item.id) != place:
            file.fault(f"item {item.id!r} stands twice", at)
        for before in item.after:
            if before not in items[:place]:
                file.fault(f"item {item.id!r}: after: {before!r} is no item above it", (*at, "after"))
        _rests_on(file, item, asked, bundle, (*at, "when"))
    for place, material in enumerate(bundle.materials):
        at = ("materials", place)
        for needed in material.items:
            if needed not in items:
                file.fault(f"material {material.id!r}: items: no item {needed!r}", (*at, "items"))
        _rests_on(file, material, asked, bundle, (*at, "when"))


def _same_words(file: Placed, bundle: Bundle, others: Mapping[str, Bundle]) -> None:
    """No kind of business begins two bundles, and no two share a name or the letters of their numbers."""
    for other in others.values():
        if other.code == bundle.code or other.name == bundle.name:
            file.fault(f"{other.id} has the same code or name", ("code",))
        for kind in sorted(set(bundle.begins) & set(other.begins)):
            file.fault(f"begins: {kind!r} begins {other.id} already", ("begins",))
