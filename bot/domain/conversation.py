"""Who we are talking with, and who is talking: the bot, nobody yet, or a human agent."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

Owner = Literal["bot", "queued", "human"]
TOPIC_HOLDS = timedelta(minutes=30)


@dataclass
class Conversation:
    """One citizen in one channel. There is no step pointer: where a citizen stands is derived.

    `case` is the reference of the case in progress; `misses` counts messages in a row that led to nothing.
    `eased`: short sentences, large type, a person after one failure; for elders, and whoever asks for it.
    """

    id: str
    owner: Owner = "bot"
    case: str | None = None
    introduced: bool = False
    topic: str = ""
    topic_at: datetime | None = None
    misses: int = 0
    eased: bool = False

    def topic_on(self, now: datetime) -> str:
        """The question that a next one may lean on, as it was understood; "" once it has grown old."""
        return self.topic if self.topic_at and now - self.topic_at <= TOPIC_HOLDS else ""
