"""What a channel is, and what it may ask of us."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, Protocol

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from bot.bells import Bells
from bot.domain.case import Kept
from bot.domain.group import GroupKind
from bot.domain.knowledge import LONGEST_REASON
from bot.domain.messages import InboundEvent, OutboundMessage, writable
from bot.handover import Handover
from bot.replies import Replies
from bot.store.db import Tables


@dataclass(frozen=True)
class Capabilities:
    """What a channel can show and carry. `max_text` counts characters of one incoming message.

    `counted`: the platform counts our bubbles, so that few are made of many.
    `group`: it has a group of staff, who talk with citizens in topics, or are only told that somebody waits.
    `pieces`: people send a thought in several bubbles, so that an unclear one waits a little for the rest.
    """

    max_text: int
    pieces: bool = False
    counted: bool = False
    buttons: bool = False
    card: bool = False
    file: bool = False
    group: GroupKind = ""


@dataclass(frozen=True)
class Paper:
    """A paper of ours, made out."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Reception:
    """The way in. The callables cross into a thread, see bot/loops.py; `keep` tells the workers.

    `take` keeps a photo or file of a conversation, whose event comes later; see bot/intake.py. `paper` is what stands
    behind a link of ours. `hall` and `url` are its name and its address on the web.
    """

    keep: Callable[[InboundEvent], Awaitable[tuple[int, bool]]]
    take: Callable[[str, bytes], Awaitable[Kept]]
    read: Callable[[Callable[[Tables], Any]], Awaitable[Any]]
    write: Callable[[Callable[[Tables], Any]], Awaitable[Any]]
    paper: Callable[[str], Awaitable[Paper | None]]
    bells: Bells
    replies: Replies
    handover: Handover
    hall: str
    url: str


class VoteEvent(BaseModel):
    """A vote: on the answer of that number, which a message carries as `answer`."""

    model_config = ConfigDict(extra="forbid")
    vote: Literal["up", "down"]
    answer: Annotated[int, Field(ge=1, le=2**62)]
    reason: Annotated[str, Field(max_length=LONGEST_REASON)] = ""

    def event(self, channel: str, event_id: str, sender: str, now: datetime) -> InboundEvent:
        reason = writable(self.reason)
        return InboundEvent(channel, event_id, sender, "vote", now, vote=self.vote, answer=self.answer, reason=reason)


class Channel(Protocol):
    """One module in this folder is one channel; its file name is its section in config/settings.toml."""

    capabilities: Capabilities

    def router(self, reception: Reception) -> APIRouter | None:
        """Its webhooks. Each verifies, parses, hands every event to `reception.keep`, and acknowledges."""

    async def send(self, conversation_id: str, message: OutboundMessage, key: str) -> None:
        """Say it, or raise TryLater, Undeliverable or Unknown. `key` is the same whenever it is tried again."""
