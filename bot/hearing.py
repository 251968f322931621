"""Hearing: everything slow about a message, before any transaction is open."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.messages import InboundEvent
from knowledge.answer import Answer
from knowledge.library import Library
from nlu.text import has_words
from nlu.understand import NOTHING, Understand, Understanding


@dataclass(frozen=True)
class Heard:
    """`answer` is None where there was nothing to look up, or nowhere to look."""

    event: InboundEvent
    understanding: Understanding = NOTHING
    answer: Answer | None = None


@dataclass(frozen=True)
class Ear:
    """`longest` is the number of characters up to which a message is looked up; `commands` are not looked up."""

    understand: Understand
    library: Library
    commands: frozenset[str]
    region: str
    zone: ZoneInfo
    longest: int

    def hear(self, event: InboundEvent, now: datetime) -> Heard:
        text = event.text.strip()
        if text in self.commands or not has_words(text) or len(text) > self.longest:
            return Heard(event)
        understanding = self.understand(text)
        if understanding.intent:
            return Heard(event, understanding)
        return Heard(event, understanding, self.look_up(text, now))

    def look_up(self, question: str, now: datetime, region: str | None = None) -> Answer | None:
        """The answer that holds on the day of `now`, in the hall's zone; None without an index."""
        answers = self.library.live()
        if answers is None:
            return None
        day = now.astimezone(self.zone).date()
        return answers.answer(question, on=day, region=self.region if region is None else region)
