"""An examination: committed questions, put to the whole program one conversation each, and marked by rule."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.dialogue import take_turn
from bot.domain.messages import InboundEvent, OutboundMessage, Outcome
from bot.errors import ConfigError
from bot.turn import Resources, Turn

CHANNEL = "exam"
ON = date(2026, 11, 22)
Half = Literal["dev", "test"]
Verdict = Literal["right", "wrong", "withheld"]
Progress = Callable[[int, int], None]


class Question(BaseModel):
    """One question of the file: `must` and `never` are patterns for what is shown; `after` is asked before it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    half: Half
    topic: str
    kind: str
    ask: Annotated[str, Field(min_length=1)]
    expect: tuple[Outcome, ...]
    must: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    sources: tuple[str, ...] = Field((), alias="from")
    after: str = ""
    region: str = ""
    on: date = ON


@dataclass(frozen=True)
class Mark:
    """What became of a question. `right`: an outcome that is expected, and where it answers, complete and correct."""

    question: Question
    outcome: Outcome
    verdict: Verdict
    said: tuple[OutboundMessage, ...]


def read_questions(file: Path) -> list[Question]:
    """The questions of a file. ConfigError with the number of the question that is not as it should be."""
    try:
        rows = yaml.safe_load(file.read_text(encoding="utf-8"))["questions"]
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise ConfigError(f"{file}: no list `questions`: {error}") from error
    if not isinstance(rows, list):
        raise ConfigError(f"{file}: `questions` is no list")
    found = []
    for number, row in enumerate(rows, 1):
        try:
            found.append(Question.model_validate(row))
        except ValidationError as error:
            first = error.errors()[0]
            raise ConfigError(f"{file}: question {number}: {first['loc']}: {first['msg']}") from error
    return found


def sit(resources: Resources, asked: Sequence[Question], progress: Progress | None = None) -> list[Mark]:
    """Put every question, each in a new conversation of the store at hand, and mark what comes back."""
    marks = []
    for number, question in enumerate(asked):
        if progress:
            progress(number, len(asked))
        ear = replace(resources.ear, region=question.region)
        marks.append(_mark(question, *_put(replace(resources, ear=ear), question)))
    return marks


def _put(resources: Resources, question: Question) -> tuple[Outcome, tuple[OutboundMessage, ...]]:
    """The last turn's outcome and its bubbles, the introduction aside."""
    day = question.on
    now = datetime(day.year, day.month, day.day, 10, tzinfo=resources.hours.zone)
    introduction = resources.replies("introduction", hall=resources.settings.hall.name)
    outcome: Outcome = "error"
    said: tuple[OutboundMessage, ...] = ()
    for n, text in enumerate(filter(None, (question.after, question.ask))):
        event = InboundEvent(CHANNEL, f"{question.id}:{n}", question.id, "text", now, text=text)
        turn = _turn(resources, event, now)
        outcome, said = turn.outcome, tuple(one for one in turn.said if one.text != introduction)
    return outcome, said


def _turn(resources: Resources, event: InboundEvent, now: datetime) -> Turn:
    lease = timedelta(minutes=1)
    resources.store.write(lambda tables: tables.inbox.accept(event, now))
    claimed = resources.store.write(lambda tables: tables.inbox.claim(now, lease, {CHANNEL}, 1, event.conversation_id))
    turn = take_turn(resources, claimed[0], now)
    assert turn is not None  # this channel's messages never wait for the rest of a thought
    return turn


def _mark(question: Question, outcome: Outcome, said: tuple[OutboundMessage, ...]) -> Mark:
    shown = "\n".join([*(one.text for one in said), *(_cited(one) for one in said)])
    has_all = all(re.search(one, shown) for one in question.must)
    fits = has_all and not any(re.search(one, shown) for one in question.never)
    if outcome in question.expect:
        verdict: Verdict = "right" if outcome != "answered" or fits else "wrong"
    else:
        verdict = "wrong" if outcome == "answered" else "withheld"
    return Mark(question, outcome, verdict, said)


def _cited(message: OutboundMessage) -> str:
    return "\n".join(f"{one.title} {one.number or ''} {one.article or ''}" for one in message.sources)


def figures(marks: Sequence[Mark]) -> dict[str, dict[str, float]]:
    """By kind and in all: how many, and the shares that are right, wrong and withheld."""
    groups = {kind: [one for one in marks if one.question.kind == kind] for kind in {m.question.kind for m in marks}}
    return {kind: _shares(group) for kind, group in [*sorted(groups.items()), ("all", list(marks))]}


def _shares(group: Sequence[Mark]) -> dict[str, float]:
    count = max(len(group), 1)
    shares = {one: round(sum(mark.verdict == one for mark in group) / count, 4) for one in get_args(Verdict)}
    return {"n": len(group), **shares}
