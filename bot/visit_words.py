"""Appointments in words: when, where, what to bring; in the chat, in a reminder and in a calendar."""

from dataclasses import dataclass

from bot.domain.appointment import Slot
from bot.domain.hours import Hours
from bot.offices import Offices
from bot.replies import Replies


@dataclass(frozen=True)
class VisitWords:
    replies: Replies
    offices: Offices
    hours: Hours

    def begins(self, slot: Slot) -> str:
        """The day and the beginning, short enough for a choice."""
        at = slot.starts_at.astimezone(self.hours.zone)
        weekday = self.replies("words.weekdays").split()[at.weekday()]
        return self.replies("words.when", month=str(at.month), day=str(at.day), weekday=weekday, time=f"{at:%H:%M}")

    def moment(self, slot: Slot) -> str:
        """The date with its year, from when to when."""
        first, last = (at.astimezone(self.hours.zone) for at in (slot.starts_at, slot.ends_at))
        return self.replies("visit.moment", day=self.replies.day(first.date()), time=f"{first:%H:%M}-{last:%H:%M}")

    def place(self, slot: Slot) -> str:
        return f"{self.offices.office_of(slot.counter).name} {self.offices.counters[slot.counter].name}"

    def comes(self, slot: Slot) -> bool:
        """Does the citizen come, rather than somebody to them?"""
        return self.offices.counters[slot.counter].kind not in ("video", "inspection", "joint")

    def where(self, slot: Slot) -> str:
        """Where to go; nowhere, for whoever is called on or calls."""
        one, office = self.offices.counters[slot.counter], self.offices.office_of(slot.counter)
        return " ".join(part for part in (office.address if self.comes(slot) else "", one.place) if part)

    def details(self, slot: Slot, bring: str = "") -> str:
        """Where, and what to bring, a line each."""
        always = self.offices.counters[slot.counter].bring
        lines = [self.replies("visit.where", where=self.where(slot))] if self.where(slot) else []
        brought = self.replies("words.between").join(part for part in (always, bring) if part)
        name = "visit.bring" if self.comes(slot) else "visit.prepare"
        return "\n".join([*lines, *([self.replies(name, bring=brought)] if brought else [])])
