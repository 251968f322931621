"""The turn: what every handler is given, and what it decides."""

from dataclasses import dataclass, field
from datetime import datetime

from bot.bundles.catalogue import Catalogue
from bot.domain.conversation import Conversation
from bot.domain.hours import Hours
from bot.domain.messages import InboundEvent, Link, OutboundMessage, Outcome
from bot.domain.rota import Rota
from bot.hearing import Ear, Heard
from bot.ledger.kinds import Kinds
from bot.materials.eye import Eye
from bot.materials.files import Files
from bot.offices import Offices
from bot.registers import Credit
from bot.replies import Replies
from bot.settings import Settings
from bot.store.db import Store, Tables
from bot.walks import Walks


@dataclass(frozen=True)
class Resources:
    """What every turn may consult; built once in bot/app.py.

    `in_pieces` are the channels in which an unclear message waits for the rest of a thought, `counted` those whose
    platform counts what we say.
    """

    settings: Settings
    store: Store
    ear: Ear
    replies: Replies
    hours: Hours
    catalogue: Catalogue
    files: Files
    credit: Credit
    rota: Rota
    in_pieces: frozenset[str] = frozenset()
    counted: frozenset[str] = frozenset()
    kinds: Kinds = field(default_factory=Kinds)
    eye: Eye = field(default_factory=Eye)
    offices: Offices = field(default_factory=Offices)
    walks: Walks = field(default_factory=Walks)

    def paper_link(self, reference: str, kind: str) -> Link:
        """Where a paper of a case is read, by whoever has the link."""
        token = self.files.seal.token(f"{reference} {kind}")
        return Link(self.replies(f"link.{kind}"), f"{self.settings.hall.url}/papers/{token}")


@dataclass
class Turn:
    """A message being answered: what we know, and what we have decided to say. Never outlives its transaction.

    `offered` are the choices that our last turn gave; `missed` is set where a message led to nothing.
    """

    resources: Resources
    tables: Tables
    conversation: Conversation
    heard: Heard
    inbox_id: int
    now: datetime
    offered: tuple[str, ...] = ()
    said: list[OutboundMessage] = field(default_factory=list)
    outcome: Outcome = "error"
    confidence: float | None = None
    missed: bool = False

    @property
    def event(self) -> InboundEvent:
        return self.heard.event

    def say(self, reply: str, /, **fields: str) -> None:
        """Queue the sentence `reply` of config/replies.yml, filled with `fields`."""
        self.said.append(OutboundMessage(self.resources.replies(reply, hall=self.hall, **fields)))

    @property
    def hall(self) -> str:
        return self.resources.settings.hall.name

    def conclude(self, outcome: Outcome, confidence: float | None = None) -> None:
        self.outcome, self.confidence = outcome, confidence
