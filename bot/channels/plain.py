"""A message as plain text, for channels without buttons: choices are numbers, links and sources are lines."""

import re

from bot.domain.messages import OutboundMessage
from bot.handlers.question import source_lines
from bot.replies import Replies

_ENDS = re.compile(r"(?<=[。！？；\n])")  # where a text may be cut, best first; then anywhere between two letters


def plain(message: OutboundMessage, replies: Replies) -> str:
    """The text, its links, the choices by number, and what it rests on last."""
    lines = [message.text, *(replies("words.link", title=link.title, url=link.url) for link in message.links)]
    numbered = enumerate(message.choices, 1)
    lines += [replies("words.number", number=str(number), choice=choice) for number, choice in numbered]
    lines += source_lines(replies, message.sources)
    return "\n".join(line for line in lines if line)


def pieces(text: str, most: int) -> list[str]:
    """The text in parts of at most `most` bytes each, cut at the ends of sentences where that is possible."""
    found: list[str] = []
    rest = ""
    for sentence in _ENDS.split(text):
        if len((rest + sentence).encode()) > most and rest.strip():
            found.append(rest.strip())
            rest = ""
        rest += sentence
        while len(rest.encode()) > most:
            head = rest.encode()[:most].decode(errors="ignore")
            found.append(head)
            rest = rest[len(head) :]
    return [*found, rest.strip()] if rest.strip() else found
