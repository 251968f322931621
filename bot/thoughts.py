"""One thought in several bubbles: people send a sentence in pieces, and want one answer to it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.messages import InboundEvent
from bot.hearing import Heard
from bot.replies import Replies
from bot.store.inbox import Bubble
from nlu.references import choice


@dataclass(frozen=True)
class Thought:
    """The bubbles as one event; `rest` are the ids of all but the first, `last` when the last of them came."""

    event: InboundEvent
    rest: tuple[int, ...]
    last: datetime
    open: bool

    def may_go_on(self, heard: Heard, now: datetime, gap: timedelta) -> bool:
        """Is it young, and unclear, so that the rest of it may be on its way?"""
        return self.open and now - self.last < gap and not heard.clear


def whole_thought(bubbles: Sequence[Bubble], replies: Replies) -> Thought:
    """The first bubble and those behind it that belong to it: words, and one picture with them.

    Never a command, a number or a tap: these are whole by themselves. Pictures without words are taken one by one.
    """
    first, *behind = bubbles
    open_ = _is_words(first.event, replies) or _is_picture(first.event)
    together = [first]
    for bubble in behind if open_ else []:
        second = _is_picture(bubble.event) and any(_is_picture(one.event) for one in together)
        if second or not (_is_words(bubble.event, replies) or _is_picture(bubble.event)):
            break
        together.append(bubble)
    words = [bubble for bubble in together if _is_words(bubble.event, replies)]
    if not words:
        return Thought(first.event, (), first.at, False)
    media = next((bubble.event.media for bubble in together if _is_picture(bubble.event)), "")
    text = " ".join(bubble.event.text.strip() for bubble in words) if len(words) > 1 else words[0].event.text
    event = replace(words[0].event, text=text, media=media)
    return Thought(event, tuple(bubble.id for bubble in together[1:]), together[-1].at, open_)


def _is_picture(event: InboundEvent) -> bool:
    return event.kind in ("photo", "file")


def _is_words(event: InboundEvent, replies: Replies) -> bool:
    text = event.text.strip()
    return event.kind == "text" and not text.isdecimal() and choice(text) is None and replies.command(text) is None
