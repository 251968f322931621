"""Which step is next, and does this message answer it? Pure: no clock, no tables, no channel."""

from collections.abc import Mapping

from bot.bundles.conditions import facts, holds
from bot.bundles.model import Bundle, Step
from bot.bundles.saying import Said, accept, ticked, told

Answers = Mapping[str, str]

SKIPPED = "-"


def applying(bundle: Bundle, answers: Answers) -> list[Step]:
    """The steps that apply to what has been answered so far."""
    return [step for step in bundle.steps if holds(step.when, answers)]


def next_step(bundle: Bundle, answers: Answers) -> Step | None:
    """The first step that applies and has no answer. There is no other notion of position."""
    return next((step for step in applying(bundle, answers) if not is_done(step, answers)), None)


def is_done(step: Step, answers: Answers) -> bool:
    return all(question.id in answers for question in step.questions) if step.questions else step.id in answers


def last_answered(bundle: Bundle, answers: Answers) -> Step | None:
    """The step with a question before the next one: where going back leads to."""
    ahead = next_step(bundle, answers)
    found = None
    for step in applying(bundle, answers):
        if ahead is not None and step.id == ahead.id:
            break
        found = step if step.questions else found
    return found


def place(bundle: Bundle, answers: Answers) -> tuple[int, int]:
    """Which question is next, and how many there are as far as is known: (3, 7)."""
    asked = [step for step in applying(bundle, answers) if step.questions]
    done = sum(is_done(step, answers) for step in asked)
    return min(done + 1, len(asked)), len(asked)


def answered(step: Step, answers: Answers, said: Said) -> dict[str, str]:
    """What a message answers of a step that asks; CitizenError says what is wrong with it."""
    if step.question:
        return {step.question.id: accept(step.question, said)}
    return ticked(step, [question for question in step.ticks if question.id not in answers], said)


def filled(bundle: Bundle, answers: Answers, said: Said) -> dict[str, str]:
    """What free speech tells of questions that have no answer yet, whether or not it is their turn."""
    found: dict[str, str] = {}
    for question in bundle.questions.values():
        if question.id in answers:
            continue
        value = told(question, said)
        if value is not None:
            found[question.id] = value
    return found


def without(bundle: Bundle, answers: Answers, id: str) -> dict[str, str]:
    """Forget one answer, what rests on it, and whatever no longer applies."""
    return changed(bundle, answers, id, None)


def changed(bundle: Bundle, answers: Answers, id: str, value: str | None) -> dict[str, str]:
    """Put another answer in its place; what rested on the old one is asked again."""
    if answers.get(id) == value:
        return dict(answers)
    gone = {id}
    for step in bundle.steps:
        if facts(step.when) & gone:
            gone |= {step.id, *(question.id for question in step.questions)}
    kept = {key: given for key, given in answers.items() if key not in gone}
    return kept if value is None else kept | {id: value}
