"""The guide's result, from a bundle and what has been answered: what to do, in which order, with which papers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.bundles import engine
from bot.bundles.conditions import holds
from bot.bundles.model import Bundle, Item, Material, Step


@dataclass(frozen=True)
class Plan:
    """`order`: item ids that may go side by side, group after group. Days are working days along the longest way.

    `stop` is the step at which the way ends early, if it does; `visits_saved` compares with going for each item.
    """

    items: tuple[Item, ...]
    materials: tuple[Material, ...]
    fields_to_ask: tuple[str, ...]
    order: tuple[tuple[str, ...], ...]
    legal: int
    promised: int
    visits_saved: int
    stop: Step | None


def plan(bundle: Bundle, answers: Mapping[str, str]) -> Plan:
    """What applies to these answers. A condition on what nobody has said yet does not hold."""
    items = tuple(item for item in bundle.items if holds(item.when, answers))
    ids = {item.id for item in items}
    materials = tuple(
        material for material in bundle.materials if ids & set(material.items) and holds(material.when, answers)
    )
    steps = engine.applying(bundle, answers)
    return Plan(
        items,
        materials,
        tuple(question.id for step in steps for question in step.questions if question.id not in answers),
        _order(items),
        _longest(items, lambda item: item.days.legal),
        _longest(items, lambda item: item.days.promised),
        sum(item.visits for item in items) - min(len(items), 1),
        next((step for step in steps if step.stop), None),
    )


def document(found: Plan) -> dict[str, object]:
    """The plan as the JSON of `banshi plan`."""
    return {
        "items": [
            {
                "id": item.id,
                "name": item.name,
                "department": item.department,
                "result": item.result,
                "basis": item.basis,
                "days": item.days.model_dump(),
                "check": item.check,
            }
            for item in found.items
        ],
        "materials": [
            {
                "id": material.id,
                "name": material.name,
                "items": list(material.items),
                "why": material.why,
                "how": material.how,
                "basis": material.basis,
                "check": material.check,
            }
            for material in found.materials
        ],
        "fields_to_ask": list(found.fields_to_ask),
        "order": [list(group) for group in found.order],
        "working_days": {"legal": found.legal, "promised": found.promised},
        "visits_saved": found.visits_saved,
        "stop": found.stop.stop if found.stop else None,
    }


def _order(items: tuple[Item, ...]) -> tuple[tuple[str, ...], ...]:
    """Groups of items; each group needs only what stands in the groups before it."""
    depth = _along(items, lambda item: 1)
    levels = sorted(set(depth.values()))
    return tuple(tuple(item.id for item in items if depth[item.id] == level) for level in levels)


def _longest(items: tuple[Item, ...], days: Callable[[Item], int]) -> int:
    return max(_along(items, days).values(), default=0)


def _along(items: tuple[Item, ...], length: Callable[[Item], int]) -> dict[str, int]:
    """For each item the sum of lengths along the longest way to its end. The items stand in a possible order."""
    reached: dict[str, int] = {}
    for item in items:
        reached[item.id] = length(item) + max(
            (reached[before] for before in item.after if before in reached), default=0
        )
    return reached
