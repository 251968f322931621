"""Which step is next, and does this message answer it? Pure: no clock, no tables, no channel."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.bundles import answers as kinds
from bot.bundles.conditions import facts, holds
from bot.bundles.model import Bundle, Option, Question, Step
from bot.errors import CitizenError
from nlu.labels import meant
from nlu.negation import denied_behind, negated
from nlu.references import choice

Answers = Mapping[str, str]

SKIPPED = "-"


@dataclass(frozen=True)
class Said:
    """A message as an answer: what was typed, and what was understood in it.

    `entities` holds the values that were named and not denied, in their order; `yes` is None where neither was said.
    """

    text: str
    entities: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    yes: bool | None = None


def applying(bundle: Bundle, answers: Answers) -> list[Step]:
    """The steps that apply to what has been answered so far."""
    return [step for step in bundle.steps if holds(step.when, answers)]


def next_step(bundle: Bundle, answers: Answers) -> Step | None:
    """The first step that applies and has no answer. There is no other notion of position."""
    return next((step for step in applying(bundle, answers) if step.id not in answers), None)


def last_answered(bundle: Bundle, answers: Answers) -> Question | None:
    """The question before the next step: where going back leads to."""
    ahead = next_step(bundle, answers)
    found = None
    for step in applying(bundle, answers):
        if ahead is not None and step.id == ahead.id:
            break
        found = step.question or found
    return found


def place(bundle: Bundle, answers: Answers) -> tuple[int, int]:
    """Which question is next, and how many there are as far as is known: (3, 7)."""
    asked = [step.id for step in applying(bundle, answers) if step.question]
    done = sum(id in answers for id in asked)
    return min(done + 1, len(asked)), len(asked)


def accept(question: Question, said: Said) -> str:
    """The answer that a message gives; CitizenError says what is wrong with it."""
    if question.kind == "choose":
        return _chosen(question, said).value
    named = said.entities.get(question.entity, ()) if question.entity else ()
    if len(named) > 1 and question.kind in ("area", "number", "phone"):
        raise CitizenError("answer.several", values=" / ".join(named))
    return kinds.KINDS[question.kind](named[0] if named and question.kind != "text" else said.text)


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


def told(question: Question, said: Said) -> str | None:
    """The answer that a message gives to a question by the way; None where it does not."""
    if question.kind == "choose":
        option = _heard(question.options, said.text)
        return option.value if option else None
    named = said.entities.get(question.entity, ()) if question.entity else ()
    if len(named) != 1:
        return None
    try:
        return kinds.KINDS[question.kind](named[0])
    except CitizenError:
        return None


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
            gone.add(step.id)
    kept = {key: given for key, given in answers.items() if key not in gone}
    return kept if value is None else kept | {id: value}


def _chosen(question: Question, said: Said) -> Option:
    options, typed = question.options, said.text.strip()
    labels = {option.value: option for option in options}
    place = int(typed) if typed.isdecimal() and len(typed) <= 2 else choice(typed) or 0
    if 0 < place <= len(options):
        return options[place - 1]
    if typed in labels:
        return labels[typed]
    heard = _heard(options, said.text)
    if heard is not None:
        return heard
    if said.yes is not None:
        for option in options:
            if option.means == ("yes" if said.yes else "no"):
                return option
    label = meant(typed, labels)
    if label is None:
        raise CitizenError("answer.choose", count=str(len(options)))
    return labels[label]


def _heard(options: tuple[Option, ...], text: str) -> Option | None:
    """The one option that free speech means; None where it means none, or more than one."""
    spans: list[tuple[int, int, Option]] = []
    for option in options:
        for word in option.hears:
            at = text.find(word)
            while at >= 0:
                spans.append((at, at + len(word), option))
                at = text.find(word, at + 1)
    whole = [span for span in spans if not any(_inside(span, other) for other in spans)]
    said = (_as_meant(options, option, negated(text, at) or denied_behind(text, end)) for at, end, option in whole)
    found = {one.value: one for one in said if one}
    return next(iter(found.values())) if len(found) == 1 else None


def _inside(span: tuple[int, int, Option], other: tuple[int, int, Option]) -> bool:
    return other[0] <= span[0] and span[1] <= other[1] and other[1] - other[0] > span[1] - span[0]


def _as_meant(options: tuple[Option, ...], option: Option, denied: bool) -> Option | None:
    """The option, or its opposite where the word is denied; None where a denied option has no opposite."""
    if not denied:
        return option
    opposite = {"yes": "no", "no": "yes"}.get(option.means)
    return next((other for other in options if other.means == opposite), None) if opposite else None
