"""Entities marked in an example, in the ways that Rasa knows: [text](entity), [text]{"entity": …}, [text][{…}, {…}]."""

import json
import re
from dataclasses import dataclass

_MARKED = re.compile(
    r"\[(?P<text>[^\]]+?)\]"
    r"(?:\((?P<entity>[^:)]+?)(?::(?P<value>[^)]+))?\)|(?P<one>\{[^}]+?\})|\[(?P<many>\s*\{.*?\}\s*)\])"
)
_LEFT_OPEN = re.compile(r"\]\s*[({]|\]\[\{")


@dataclass(frozen=True)
class Annotation:
    """`value` is what the text stands for, the text itself where nothing else is said. Offsets of the plain text."""

    start: int
    end: int
    entity: str
    value: str


def annotated(marked: str) -> tuple[str, tuple[Annotation, ...]]:
    """The plain text and its entities. ValueError where a mark cannot be read."""
    plain, at, found = "", 0, []
    for mark in _MARKED.finditer(marked):
        plain += marked[at : mark.start()]
        text, start = mark["text"], len(plain)
        plain += text
        at = mark.end()
        for entity, value in _named(mark):
            found.append(Annotation(start, len(plain), entity, value or text))
    plain += marked[at:]
    if _LEFT_OPEN.search(plain):
        raise ValueError(f"an entity's mark cannot be read in {marked!r}")
    return plain, tuple(found)


def _named(mark: re.Match[str]) -> list[tuple[str, str]]:
    """Name and value of what a mark says; there may be several."""
    if mark["entity"]:
        return [(mark["entity"].strip(), (mark["value"] or "").strip())]
    try:
        told = json.loads(f"[{mark['one'] or mark['many']}]")
        return [(str(one["entity"]), str(one.get("value", ""))) for one in told]
    except (json.JSONDecodeError, KeyError, AttributeError, TypeError) as error:
        raise ValueError(f"an entity's mark cannot be read: {mark[0]!r}") from error
