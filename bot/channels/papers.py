"""Papers of ours that go as files, where a platform takes them; every other link stays one."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from bot.channels.base import Paper, Reception
from bot.domain.messages import Link
from bot.errors import ChannelError

log = logging.getLogger(__name__)

LARGEST = 20 * 1024 * 1024
_MOST = 2  # papers of one message; each is counted

T = TypeVar("T")


async def as_files(
    reception: Reception, links: Sequence[Link], give: Callable[[Link, Paper], Awaitable[T]]
) -> tuple[list[T], tuple[Link, ...]]:
    """What `give` made of our papers, and the links that stay links: whatever is no paper, too large or not taken."""
    given, left = list[T](), list[Link]()
    for link in links:
        paper = await reception.paper(link.url) if len(given) < _MOST else None
        if paper is None or not paper.name.endswith(".pdf") or len(paper.content) > LARGEST:
            left.append(link)
            continue
        try:
            given.append(await give(link, paper))
        except ChannelError as error:
            log.warning("a paper stays a link: %s", error)
            left.append(link)
    return given, tuple(left)
