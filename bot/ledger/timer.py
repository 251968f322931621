"""The event by which a conversation is told of a notice: it waits there for its turn, as everything else."""

from datetime import datetime

from bot.domain.messages import InboundEvent
from bot.store.notices import Way

_NAMES: dict[Way, str] = {"chat": "nudge", "notice": "notice"}


def timer(notice: int, conversation_id: str, now: datetime, way: Way, nth: int = 0) -> InboundEvent:
    """The event by which a conversation is told of a notice, as its turn comes."""
    channel, account, sender = conversation_id.split(":", 2)
    return InboundEvent(channel, f"{_NAMES[way]}:{notice}:{nth}", sender, "timer", now, account=account)


def way_of(event: InboundEvent) -> tuple[Way, int, int]:
    """Which way it goes, of which notice it tells, and how often it was put off."""
    name, notice, nth = event.event_id.split(":")
    return next(way for way, timed in _NAMES.items() if timed == name), int(notice), int(nth)
