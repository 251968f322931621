"""Hearing: everything slow about a message, before any transaction is open."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.messages import InboundEvent
from knowledge.answer import Answer
from knowledge.library import Library
from nlu.reckoning import Reckoning, reckoning
from nlu.text import has_words
from nlu.understand import NOTHING, Understand, Understanding


@dataclass(frozen=True)
class Heard:
    """`reckoning` is a date to be worked out. `answers` has one for each thing asked.

    They are empty where there was nothing to look up, or nowhere to look.
    """

    event: InboundEvent
    understanding: Understanding = NOTHING
    reckoning: Reckoning | None = None
    answers: tuple[Answer, ...] = ()


@dataclass(frozen=True)
class Ear:
    """`longest` is the number of characters up to which a message is looked up; `commands` are not looked up."""

    understand: Understand
    library: Library
    commands: frozenset[str]
    region: str
    zone: ZoneInfo
    longest: int

    def hear(self, event: InboundEvent, now: datetime, topic: str = "") -> Heard:
        """`topic` is the question before, on which this one may lean."""
        text = event.text.strip()
        if text in self.commands or not has_words(text) or len(text) > self.longest:
            return Heard(event)
        understanding = self.understand(text)
        if understanding.intent:
            return Heard(event, understanding)
        if sum_ := reckoning(text, now.astimezone(self.zone).date()):
            return Heard(event, understanding, sum_)
        return Heard(event, understanding, answers=self.look_up(text, now, topic=topic))

    def look_up(self, question: str, now: datetime, region: str | None = None, topic: str = "") -> tuple[Answer, ...]:
        """The answers that hold on the day of `now`, in the hall's zone; empty without an index."""
        answers = self.library.live()
        if answers is None:
            return ()
        day = now.astimezone(self.zone).date()
        region = self.region if region is None else region
        return answers.answers(question, on=day, region=region, earlier=topic)
