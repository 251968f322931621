"""What must be handed in, and what may be promised: pure, like the questions. Each is settled by an answer of its own.

`paper.ID` settles a material: photo, window (brought to the hall), defer (it follows), promise (a commitment instead),
sign (the program makes it out, and the person applied for signs it).
`way.ID` settles an item that may be granted on a promise: promise, or ordinary.
"""

from collections.abc import Iterator, Mapping

from bot.bundles.conditions import holds
from bot.bundles.model import Bundle, Item, Material, Question
from bot.bundles.plan import plan

Answers = Mapping[str, str]

SENT, BROUGHT, DEFERRED, PROMISED, ORDINARY = "photo", "window", "defer", "promise", "ordinary"
BY_HAND = "sign"


def key(part: Material | Item) -> str:
    """The answer that settles it."""
    return f"paper.{part.id}" if isinstance(part, Material) else f"way.{part.id}"


def asked(bundle: Bundle, answers: Answers) -> list[Material | Item]:
    """What somebody who answers like this is asked for, in its order: first the promises, then the papers."""
    found = plan(bundle, answers)
    ways = [item for item in found.items if item.commitment]
    return [*ways, *(material for material in found.materials if material.how in ("photo", "defer", "promise"))]


def consent(part: Material | Question) -> str:
    """The answer that stands for the citizen's consent to what it tells; "" where none is wanted."""
    return f"consent.{part.sensitive}" if part.sensitive in ("identity", "health") else ""


def wanted(bundle: Bundle, answers: Answers) -> Material | Item | None:
    """The first that is not settled."""
    return next((part for part in asked(bundle, answers) if key(part) not in answers), None)


def last_settled(bundle: Bundle, answers: Answers) -> str | None:
    """The answer that settled the last of them before the first that is not settled."""
    found = None
    for part in asked(bundle, answers):
        if key(part) not in answers:
            break
        found = key(part)
    return found


def deferred(bundle: Bundle, answers: Answers) -> list[Material]:
    """The materials that are to follow."""
    return [part for part in _materials(bundle, answers) if answers.get(key(part)) == DEFERRED]


def by_hand(bundle: Bundle, answers: Answers) -> bool:
    """Is a paper to be made out and signed?"""
    return any(answers.get(key(part)) == BY_HAND for part in _materials(bundle, answers))


def promised(bundle: Bundle, answers: Answers) -> list[Material | Item]:
    """What rests on a promise."""
    return [part for part in asked(bundle, answers) if answers.get(key(part)) == PROMISED]


def settled(bundle: Bundle, answers: Answers) -> dict[str, str]:
    """The answers that still count: whatever no longer applies is gone, and what rested on it."""
    steps = {question.id for step in bundle.steps if holds(step.when, answers) for question in step.questions}
    shown = {step.id for step in bundle.steps if not step.questions and holds(step.when, answers)}
    papers = {key(part) for part in asked(bundle, answers)}
    counts = steps | shown | papers
    left = {id: value for id, value in answers.items() if id in counts or id.startswith("consent.")}
    return left if len(left) == len(answers) else settled(bundle, left)


def _materials(bundle: Bundle, answers: Answers) -> Iterator[Material]:
    return (part for part in asked(bundle, answers) if isinstance(part, Material))
