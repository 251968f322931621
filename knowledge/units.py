"""What is searched: every passage, each way of asking for an article, and windows over long texts."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from knowledge.passages import Passage
from knowledge.wording import sentences

Role = Literal["text", "question", "window"]

LONG = 500  # characters above which a passage also gets windows
WINDOW = 350
MOST_WINDOWS = 24  # a text of more than 8,000 characters is searched by its opening and its words


@dataclass(frozen=True)
class Unit:
    """One searchable row; `passage` is the row of the passage that it points at."""

    passage: int
    role: Role
    text: str

    @property
    def is_question(self) -> bool:
        return self.role == "question"


def units(passages: Iterable[Passage]) -> Iterator[Unit]:
    """The units of all passages, passage by passage; the first of each is its whole text."""
    for row, passage in enumerate(passages):
        lead = " ".join(part for part in (passage.title, passage.section, passage.article) if part)
        yield Unit(row, "text", f"{lead}\n{passage.text}" if lead else passage.text)
        for question in passage.questions:
            yield Unit(row, "question", question)
        if len(passage.text) > LONG:
            for window in windows(passage.text):
                yield Unit(row, "window", f"{passage.title}\n{window}" if passage.title else window)


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


def unit_key(passage_id: str, nth: int) -> str:
    """The name by which the nth way of asking (from nought) of a passage can be left out of a search."""
    return f"{passage_id}?{nth}"
