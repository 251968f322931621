"""What a channel is, and what it may ask of us."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from fastapi import APIRouter

from bot.bells import Bells
from bot.domain.messages import InboundEvent, OutboundMessage
from bot.store.db import Tables


@dataclass(frozen=True)
class Capabilities:
    """What a channel can show and carry. `max_text` counts characters of one incoming message."""

    max_text: int
    buttons: bool = False
    card: bool = False
    file: bool = False


@dataclass(frozen=True)
class Reception:
    """The way in. The callables cross into a thread, see bot/loops.py; `keep` tells the workers."""

    keep: Callable[[InboundEvent], Awaitable[tuple[int, bool]]]
    read: Callable[[Callable[[Tables], Any]], Awaitable[Any]]
    write: Callable[[Callable[[Tables], Any]], Awaitable[Any]]
    bells: Bells


class Channel(Protocol):
    """One module in this folder is one channel; its file name is its section in config/settings.toml."""

    capabilities: Capabilities

    def router(self, reception: Reception) -> APIRouter | None:
        """Its webhooks. Each verifies, parses, hands every event to `reception.keep`, and acknowledges."""

    async def send(self, conversation_id: str, message: OutboundMessage, key: str) -> None:
        """Say it, or raise TryLater, Undeliverable or Unknown. `key` is the same whenever it is tried again."""
