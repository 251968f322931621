"""What comes in and what goes out, in no channel's dialect."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.domain.knowledge import Vote
from knowledge.passages import Source

Kind = Literal["text", "tap", "photo", "file", "voice", "location", "agent", "timer", "vote"]
Outcome = Literal[
    "answered",
    "clarify",
    "not_found",
    "out_of_remit",
    "refused",
    "needs_identity",
    "started",
    "step",
    "saved",
    "submitted",
    "booked",
    "status",
    "nudged",
    "handed_off",
    "relayed",
    "smalltalk",
    "error",
]

# C0 and C1 controls but tab and newline, and halves of surrogate pairs, which no database takes.
_UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True)
class InboundEvent:
    """One thing that happened in a conversation, as a channel reported it.

    `event_id` is the channel's own id: a second delivery carries the same one.
    A vote is on the answer to the event of the inbox id `answer`. `by` is the member of staff whose words an `agent`
    event has, where the channel knows.
    """

    channel: str
    event_id: str
    sender: str
    kind: Kind
    sent_at: datetime
    account: str = "main"
    text: str = ""
    media: str = ""
    location: tuple[float, float] | None = None
    vote: Vote = ""
    answer: int | None = None
    reason: str = ""
    by: str = ""

    @property
    def conversation_id(self) -> str:
        return f"{self.channel}:{self.account}:{self.sender}"


@dataclass(frozen=True)
class Link:
    title: str
    url: str


@dataclass(frozen=True)
class OutboundMessage:
    """One bubble. Each channel renders choices and sources in its own way; there is no markup in the text.

    `answer` is set on an answer that can be voted on: the inbox id of the question. `by` is the person whose words
    they are, "" of the bot's own. With a `template` it is a notice that somebody subscribed to: a channel that has such
    puts the `facts` into it, and the text is not said.
    """

    text: str
    choices: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    file: str | None = None
    sources: tuple[Source, ...] = ()
    answer: int | None = None
    by: str = ""
    template: str = ""
    facts: tuple[tuple[str, str], ...] = ()


def merged(messages: Sequence[OutboundMessage]) -> list[OutboundMessage]:
    """Neighbours as one bubble, where the first has no choices and no sources: a platform counts each bubble."""
    found: list[OutboundMessage] = []
    for message in messages:
        last = found[-1] if found else None
        if last is None or last.template or message.template or _ends(last):
            found.append(message)
            continue
        found[-1] = OutboundMessage(
            f"{last.text}\n\n{message.text}",
            message.choices,
            (*last.links, *message.links),
            message.file,
            message.sources,
            message.answer,
        )
    return found


def _ends(message: OutboundMessage) -> bool:
    return bool(message.choices or message.sources or message.file or message.answer is not None)


def writable(text: str) -> str:
    """`text` without what cannot be stored: a lone surrogate becomes the replacement mark, controls go."""
    return _UNWRITABLE.sub(lambda found: "\ufffd" if found[0] >= "\ud800" else "", text)
