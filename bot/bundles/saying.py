"""What a message says as an answer to a question: by number, by name, by free speech, by yes and no."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.bundles.answers import KINDS
from bot.bundles.model import Means, Option, Question, Step
from bot.errors import CitizenError
from nlu.labels import meant
from nlu.negation import denied_behind, negated
from nlu.references import choice


@dataclass(frozen=True)
class Said:
    """A message as an answer: what was typed, and what was understood in it.

    `entities` holds the values that were named and not denied, in their order; `yes` is None where neither was said.
    """

    text: str
    entities: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    yes: bool | None = None


def accept(question: Question, said: Said) -> str:
    """The answer that a message gives; CitizenError says what is wrong with it."""
    if question.kind == "choose":
        return _chosen(question, said).value
    named = said.entities.get(question.entity, ()) if question.entity else ()
    if len(named) > 1 and question.kind in ("area", "number", "phone"):
        raise CitizenError("answer.several", values=" / ".join(named))
    return KINDS[question.kind](named[0] if named and question.kind != "text" else said.text)


def told(question: Question, said: Said) -> str | None:
    """The answer that a message gives to a question by the way; None where it does not.

    That one does not know is said of the question that was asked, and of no other.
    """
    if question.kind == "choose":
        option = _heard(question.options, said.text)
        return option.value if option and option.means != "unknown" else None
    named = said.entities.get(question.entity, ()) if question.entity else ()
    if len(named) != 1:
        return None
    try:
        return KINDS[question.kind](named[0])
    except CitizenError:
        return None


def _chosen(question: Question, said: Said) -> Option:
    options = question.options
    found = _pointed_at(options, said.text) or _heard(options, said.text)
    if found is None and said.yes is not None:
        found = question.option("yes" if said.yes else "no")
    found = found or _near(options, said.text)
    if found is None:
        raise CitizenError("answer.choose", count=str(len(options)))
    return found


def ticked(step: Step, open_: list[Question], said: Said) -> dict[str, str]:
    """Which of the open questions are meant: these are yes, the rest is no. Where all that is said is no, just that."""
    found = {question.id: value for question in open_ if (value := told(question, said)) is not None}
    none = step.none in said.text or (said.yes is False and not found)
    named = [] if none else _named(open_, said.text) or (_nearly(open_, said.text) if not found else [])
    found |= {question.id: _value(question, "yes") for question in named}
    if not found and not none:
        raise CitizenError("answer.tick", none=step.none)
    if none or any(found.get(question.id) == _value(question, "yes") for question in open_):
        found = {question.id: _value(question, "no") for question in open_} | found
    return found


def _named(questions: list[Question], text: str) -> list[Question]:
    """Those whose number or whole name is given, where a message holds little else than numbers and names."""
    pieces = [piece for piece in re.split(r"[\s\W]+", text) if piece]
    names = [question for question in questions if question.name in pieces]
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    bare = len(re.sub(r"[\d\s\W]", "", text)) <= len(numbers)
    if names or not bare or not all(0 < number <= len(questions) for number in numbers):
        return names
    return [questions[number - 1] for number in numbers]


def _nearly(questions: list[Question], text: str) -> list[Question]:
    label = meant(text.strip(), {question.name: question for question in questions})
    return [question for question in questions if question.name == label]


def _value(question: Question, means: Means) -> str:
    option = question.option(means)
    return option.value if option else ""


def _pointed_at(options: tuple[Option, ...], text: str) -> Option | None:
    """The option of this number, or of exactly this name."""
    typed = text.strip()
    place = int(typed) if typed.isdecimal() and len(typed) <= 2 else choice(typed) or 0
    if 0 < place <= len(options):
        return options[place - 1]
    return next((option for option in options if option.value == typed), None)


def _near(options: tuple[Option, ...], text: str) -> Option | None:
    """The option whose name is begun, or spelt nearly so."""
    label = meant(text.strip(), {option.value: option for option in options})
    return next((option for option in options if option.value == label), None)


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
