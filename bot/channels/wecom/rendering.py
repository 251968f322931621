"""A message in WeCom's own forms: texts, a menu to be tapped, files."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.channels.plain import pieces, plain
from bot.domain.messages import OutboundMessage
from bot.replies import Replies

LONGEST = 2000  # bytes of one text; from 2,048 on the platform refuses it
_HEAD, _ITEM, _ITEMS = 1024, 128, 10  # bytes above a menu and of one of its lines, and how many lines


@dataclass(frozen=True)
class Native:
    """`text` is the same in words alone, for a time when it cannot be sent as it is."""

    text: str
    form: dict[str, Any]


@dataclass(frozen=True)
class Sent:
    """A file that the platform has, and the words for it."""

    title: str
    media_id: str


def text_of(text: str) -> Native:
    return Native(text, {"msgtype": "text", "text": {"content": text}})


def menu_of(head: str, choices: Sequence[str], words: str) -> Native:
    """A menu; `words` say the same without one."""
    lines = [{"type": "click", "click": {"id": str(n), "content": one}} for n, one in enumerate(choices, 1)]
    return Native(words, {"msgtype": "msgmenu", "msgmenu": {"head_content": head, "list": lines}})


def fits_menu(choices: Sequence[str]) -> bool:
    return 0 < len(choices) <= _ITEMS and all(0 < len(one.encode()) <= _ITEM for one in choices)


def rendered(message: OutboundMessage, replies: Replies, files: Sequence[Sent] = ()) -> list[Native]:
    """As few messages as can be. What is asked stands last, where it is tapped."""
    sent = [Native(one.title, {"msgtype": "file", "file": {"media_id": one.media_id}}) for one in files]
    body = pieces(plain(replace(message, choices=()), replies), LONGEST)
    whole = pieces(plain(message, replies), LONGEST)
    if not fits_menu(message.choices) or not body or (len(body[-1].encode()) > _HEAD and len(whole) == 1):
        return _with_files([text_of(part) for part in whole], sent, bool(message.choices))
    *front, last = [*body[:-1], *pieces(body[-1], _HEAD)]
    words = plain(OutboundMessage(last, message.choices), replies)
    texts = [*(text_of(part) for part in front), menu_of(last, message.choices, words)]
    return _with_files(texts, sent, True)


def _with_files(texts: list[Native], files: list[Native], asks: bool) -> list[Native]:
    return [*texts[:-1], *files, *texts[-1:]] if asks else [*texts, *files]
