"""What must be true of a bundle as a whole: its parts know one another, conditions rest on what was asked before."""

from collections.abc import Mapping

from bot.bundles import engine
from bot.bundles.conditions import clauses, facts
from bot.bundles.model import Bundle, Item, Material, Question, Scenario, Step
from bot.bundles.saying import Said, accept
from bot.errors import CitizenError
from bot.placed import Placed


def whole(file: Placed, bundle: Bundle) -> None:
    """Every fault of a bundle whose parts are sound."""
    _steps_in_order(file, bundle)
    _items(file, bundle)
    _materials(file, bundle)
    _combined(file, bundle)
    for place, scenario in enumerate(bundle.scenarios):
        _scenario(file, bundle, scenario, ("scenarios", place))


def same_words(file: Placed, bundle: Bundle, others: Mapping[str, Bundle]) -> None:
    """No kind of business begins two bundles, and no two share a name or the letters of their numbers."""
    for other in others.values():
        if other.code == bundle.code or other.name == bundle.name:
            file.fault(f"{other.id} has the same code or name", ("code",))
        for kind in sorted(set(bundle.begins) & set(other.begins)):
            file.fault(f"begins: {kind!r} begins {other.id} already", ("begins",))


def _steps_in_order(file: Placed, bundle: Bundle) -> None:
    """Step ids stand once, and a condition rests on what was asked before it."""
    asked: set[str] = set()
    seen: set[str] = set()
    for place, step in enumerate(bundle.steps):
        if step.id in seen:
            file.fault(f"step {step.id!r} stands twice", ("steps", place))
        seen.add(step.id)
        _rests_on(file, step, asked, bundle, ("steps", place, "when"))
        asked |= {question.id for question in step.questions}


def _rests_on(
    file: Placed, part: Step | Item | Material, asked: set[str], bundle: Bundle, at: tuple[str | int, ...]
) -> None:
    for fact in sorted(facts(part.when) - asked):
        file.fault(f"{part.id}: when: {fact!r} is not asked before it", at)
    for clause in clauses(part.when):
        question = bundle.questions.get(clause.fact)
        never = set(clause.values) - {option.value for option in question.options} if question else set()
        if question and question.options and never:
            file.fault(f"{part.id}: when: {clause.fact} is never {', '.join(sorted(never))}", at)


def _items(file: Placed, bundle: Bundle) -> None:
    asked, items = set(bundle.questions), [item.id for item in bundle.items]
    for place, item in enumerate(bundle.items):
        at = ("items", place)
        if items.index(item.id) != place:
            file.fault(f"item {item.id!r} stands twice", at)
        for before in item.after:
            if before not in items[:place]:
                file.fault(f"item {item.id!r}: after: {before!r} is no item above it", (*at, "after"))
        _rests_on(file, item, asked, bundle, (*at, "when"))


def _materials(file: Placed, bundle: Bundle) -> None:
    asked, items = set(bundle.questions), {item.id: item for item in bundle.items}
    ids = [material.id for material in bundle.materials]
    for place, material in enumerate(bundle.materials):
        at = ("materials", place)
        if ids.index(material.id) != place:
            file.fault(f"material {material.id!r} stands twice", at)
        if not material.items:
            file.fault(f"material {material.id!r}: items: for which?", at)
        for needed in material.items:
            if needed not in items:
                file.fault(f"material {material.id!r}: items: no item {needed!r}", (*at, "items"))
            elif material.how == "promise" and items[needed].high_risk:
                file.fault(f"material {material.id!r}: no promise stands for papers of {needed!r}, of high risk", at)
        _rests_on(file, material, asked, bundle, (*at, "when"))


def _combined(file: Placed, bundle: Bundle) -> None:
    items = {item.id for item in bundle.items}
    for id in bundle.combined.items if bundle.combined else ():
        if id not in items:
            file.fault(f"combined: no item {id!r}", ("combined", "items"))


def _scenario(file: Placed, bundle: Bundle, scenario: Scenario, at: tuple[str | int, ...]) -> None:
    """Each of its answers is one that somebody could have given, and none has a question that would not be asked."""
    questions = bundle.questions
    for id, value in scenario.answers.items():
        if id not in questions:
            file.fault(f"scenario {scenario.name}: {id!r} is not asked", at)
        elif not is_answer(questions[id], value):
            file.fault(f"scenario {scenario.name}: {value!r} is no answer to {id}", at)
    applying = engine.applying(bundle, scenario.answers)
    applies = {question.id for step in applying for question in step.questions}
    for id in sorted(set(scenario.answers) & set(questions) - applies):
        file.fault(f"scenario {scenario.name}: {id!r} does not apply to the rest of its answers", at)
    conditions = [part.when for parts in (bundle.steps, bundle.items, bundle.materials) for part in parts]
    rests = {fact for condition in conditions for fact in facts(condition)}
    ended = any(step.stop for step in applying)
    for id in sorted(rests & applies - set(scenario.answers)) if not ended else ():
        file.fault(f"scenario {scenario.name}: leaves {id!r} open, on which something rests", at)


def is_answer(question: Question, value: str) -> bool:
    """Could this be kept as the answer?"""
    values = [option.value for option in question.options]
    if values:
        return value in values
    try:
        return accept(question, Said(value)) == value
    except CitizenError:
        return False
