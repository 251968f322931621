"""What is searched: every passage, windows over long texts, and each way of asking for an article."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from knowledge.passages import Passage
from knowledge.remit import OUTCOMES
from knowledge.wording import sentences

LONG = 500  # characters above which a passage also gets windows
WINDOW = 350
MOST_WINDOWS = 24  # a text of more than 8,000 characters is searched by its opening and its words


@dataclass(frozen=True)
class Unit:
    """One searchable row; `passage` is the row of the passage that it points at."""

    passage: int
    text: str


def units(passages: Iterable[Passage]) -> Iterator[Unit]:
    """The texts of all passages, passage by passage; the first of each is whole, windows follow."""
    for row, passage in enumerate(passages):
        if passage.kind in OUTCOMES:
            yield Unit(row, "\n".join((passage.title, *passage.questions)))
            continue
        lead = " ".join(part for part in (passage.title, passage.section, passage.article) if part)
        yield Unit(row, f"{lead}\n{passage.text}" if lead else passage.text)
        if len(passage.text) > LONG:
            for window in windows(passage.text):
                yield Unit(row, f"{passage.title}\n{window}" if passage.title else window)


def ways_of_asking(passages: Iterable[Passage]) -> Iterator[Unit]:
    """Each way of asking for a passage, passage by passage."""
    for row, passage in enumerate(passages):
        for question in ways(passage):
            yield Unit(row, question)


def besides(passages: Iterable[Passage]) -> Iterator[Unit]:
    """Each question that is like those for a passage and that nothing answers, passage by passage."""
    for row, passage in enumerate(passages):
        for question in passage.beside:
            yield Unit(row, question)


def ways(passage: Passage) -> tuple[str, ...]:
    """The ways of asking for a passage that has any, with its title as the last one unless it is one of them."""
    return tuple(dict.fromkeys((*passage.questions, passage.title))) if passage.questions else ()


def windows(text: str) -> list[str]:
    """Runs of whole sentences of about WINDOW characters, covering the text once."""
    found: list[str] = []
    held = ""
    for sentence in sentences(text):
        if held and len(held) + len(sentence) > WINDOW:
            found.append(held)
            held = ""
        held += sentence
    return [*found, held][:MOST_WINDOWS] if held else found[:MOST_WINDOWS]


def asking_key(passage_id: str, nth: int) -> str:
    """The name by which the nth way of asking (from nought) of a passage can be left out of a search."""
    return f"{passage_id}?{nth}"


def beside_key(passage_id: str, nth: int) -> str:
    """The same for the nth question that stands beside a passage."""
    return f"{passage_id}!{nth}"


def split_key(key: str) -> tuple[str, str, int] | None:
    """The passage id, "?" or "!", and the place that an `asking_key` or a `beside_key` names; None for any other."""
    found = re.fullmatch(r"(.+)([?!])([0-9]+)", key, re.DOTALL)
    return (found[1], found[2], int(found[3])) if found else None
