"""The terminal: one line in, one answer out; for people who try banshi and for scripts."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.channels.base import Capabilities, Reception, VoteEvent
from bot.domain.messages import InboundEvent, Kind, OutboundMessage, writable
from bot.errors import ConfigError

NAME = "terminal"

_KEYS: dict[str, Kind] = {
    "text": "text",
    "tap": "tap",
    "photo": "photo",
    "file": "file",
    "voice": "voice",
    "location": "location",
    "agent": "agent",
}
_SHIFT = re.compile(r"\+(\d{1,5})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class BadLine(ConfigError):
    """A line that is not an event of interfaces.md."""


@dataclass(frozen=True)
class Wait:
    """Time passes."""

    by: timedelta


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    max_text: Annotated[int, Field(ge=100, le=20000)] = 2000


def connect(settings: dict[str, Any]) -> "Terminal":
    return Terminal(Settings.model_validate(settings))


def understood(line: str, citizen: str, event_id: str, now: datetime) -> InboundEvent | Wait:
    """One JSON object with one known key, or a vote. BadLine says what is wrong with it."""
    try:
        content = json.loads(line)
    except ValueError as error:
        raise BadLine(f"not JSON: {error}") from error
    if isinstance(content, dict) and "vote" in content:
        return _vote(content, citizen, event_id, now)
    key, value = _pair(content)
    if key == "clock":
        return Wait(_shift(value))
    if key not in _KEYS:
        raise BadLine(f"unknown key {key!r}; known are {', '.join([*_KEYS, 'clock', 'vote'])}")
    if key == "location":
        return _event(citizen, event_id, "location", now, location=_place(value))
    if not isinstance(value, str):
        raise BadLine(f"{key} is not a string")
    if key in ("text", "tap", "agent"):
        return _event(citizen, event_id, _KEYS[key], now, text=value)
    return _event(citizen, event_id, _KEYS[key], now, media=value)


def typed(text: str, citizen: str, event_id: str, now: datetime) -> InboundEvent:
    """A line that somebody typed."""
    return _event(citizen, event_id, "text", now, text=text)


class Terminal:
    """Hands each message to `show`, which the command sets before anything is sent."""

    def __init__(self, settings: Settings) -> None:
        self.capabilities = Capabilities(max_text=settings.max_text)
        self.show: Callable[[OutboundMessage], None] = lambda message: None

    def router(self, reception: Reception) -> APIRouter | None:
        return None

    async def send(self, conversation_id: str, message: OutboundMessage, key: str) -> None:
        self.show(message)


def _event(
    citizen: str,
    event_id: str,
    kind: Kind,
    now: datetime,
    text: str = "",
    media: str = "",
    location: tuple[float, float] | None = None,
) -> InboundEvent:
    return InboundEvent(
        NAME, event_id, citizen, kind, now, text=writable(text), media=writable(media), location=location
    )


def _pair(content: Any) -> tuple[str, Any]:
    if not isinstance(content, dict) or len(content) != 1:
        raise BadLine('one object with one key, such as {"text": "…"}')
    key, value = next(iter(content.items()))
    return key, value


def _vote(content: dict[str, Any], citizen: str, event_id: str, now: datetime) -> InboundEvent:
    try:
        vote = VoteEvent.model_validate(content)
    except ValidationError as error:
        fault = error.errors()[0]
        raise BadLine(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}") from error
    return vote.event(NAME, event_id, citizen, now)


def _shift(value: Any) -> timedelta:
    found = _SHIFT.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise BadLine('clock is like "+3d", "+2h", "+30m" or "+10s"')
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _place(value: Any) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2 or not all(isinstance(x, int | float) for x in value):
        raise BadLine("location is [latitude, longitude]")
    return float(value[0]), float(value[1])
