"""Who we are talking with, and who is talking: the bot, nobody yet, or a human agent."""

from dataclasses import dataclass
from typing import Literal

Owner = Literal["bot", "queued", "human"]


@dataclass
class Conversation:
    """One citizen in one channel. There is no step pointer: where a citizen stands is derived."""

    id: str
    owner: Owner = "bot"
    case: str | None = None
    introduced: bool = False
