"""config/papers.yml: the fixed words of every paper, and what stands where on it."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from bot.documents.facts import KINDS, lists, texts
from bot.documents.papers import Section
from bot.errors import ConfigError
from bot.placed import Placed

At = tuple[str | int, ...]

_NAME = re.compile(r"\{([a-z_]+)\}")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(_Part):
    """What stands on every paper. {date}, {page}, {pages}, {number} and {code} are put in."""

    number: str
    made_at: str
    ask: str
    notes: str
    time: str
    page: str
    annex: str
    see_annex: str
    longest: Annotated[int, Field(ge=20)]
    beside: str
    states: dict[str, str]
    blank_date: str
    unshown: str
    unshown_note: str
    heading: str
    numerals: str

    def numbered(self, sections: Iterable[Section]) -> tuple[Section, ...]:
        """Those that hold something, each title with its number before it."""
        numerals = iter(self.numerals.split())
        return tuple(
            replace(one, title=put_in(self.heading, {"number": next(numerals, ""), "title": one.title}))
            if one.title
            else one
            for one in sections
            if not one.empty
        )


class Row(_Part):
    """A fixed row of a paper. One whose facts are all unknown is left out."""

    label: str
    value: str
    half: bool = False


class Part(_Part):
    """A section of a paper. `pairs`, `table`, `points`, `groups` and `tracks` name facts that are lists.

    `points` may be sentences instead; `columns` gives each attribute of the table's entries its heading.
    """

    title: str = ""
    text: str = ""
    rows: tuple[Row, ...] = ()
    pairs: str = ""
    table: str = ""
    columns: dict[str, str] = {}
    widths: tuple[Annotated[int, Field(ge=1, le=20)], ...] = ()
    points: str | tuple[str, ...] = ()
    groups: str = ""
    tracks: str = ""


class Place(_Part):
    """A place to sign: `by` is who signs there, as the program knows them; `name` stands there beforehand."""

    by: str
    caption: str
    name: str = ""


class Layout(_Part):
    title: str
    intro: str = ""
    sections: tuple[Part, ...] = ()
    notes: tuple[str, ...] = ()
    signatures: tuple[Place, ...] = ()
    scan: str = ""


@dataclass(frozen=True)
class Wording:
    words: Words
    papers: Mapping[str, Layout]


def load_wording(config: Path) -> Wording:
    """ConfigError with every fault of config/papers.yml, each `file:line: what`."""
    file = Placed(config / "papers.yml")
    for key in sorted(set(file.content) - {"words", "papers"}):
        file.fault(f"holds words and papers, not {key!r}", (key,))
    words = file.read(Words, file.content.get("words", {}), ("words",))
    written = file.content.get("papers")
    papers = dict(_layouts(file, written if isinstance(written, dict) else {}))
    if file.faults or words is None:
        raise ConfigError("\n".join(file.faults))
    return Wording(words, papers)


def _layouts(file: Placed, written: Mapping[str, Any]) -> Iterator[tuple[str, Layout]]:
    for kind in sorted(set(written) ^ set(KINDS)):
        file.fault(f"no paper is called {kind!r}" if kind in written else f"has no {kind!r}", ("papers", kind))
    for kind in sorted(set(written) & set(KINDS)):
        layout = file.read(Layout, written[kind], ("papers", kind))
        if layout is not None:
            for what, at in _strangers(layout, KINDS[kind]):
                file.fault(what, ("papers", kind, *at))
            yield kind, layout


def _strangers(layout: Layout, shape: type) -> Iterator[tuple[str, At]]:
    """Names in a layout that no fact of its kind has."""
    known = texts(shape)
    sentences: list[tuple[str, At]] = [(layout.intro, ("intro",))]
    sentences += [(note, ("notes", place)) for place, note in enumerate(layout.notes)]
    sentences += [(one.name, ("signatures", place)) for place, one in enumerate(layout.signatures)]
    for place, part in enumerate(layout.sections):
        at: At = ("sections", place)
        sentences += [(part.text, (*at, "text")), *((row.value, (*at, "rows", n)) for n, row in enumerate(part.rows))]
        if not isinstance(part.points, str):
            sentences += [(point, (*at, "points")) for point in part.points]
        yield from ((what, at) for what in _not_lists(part, shape))
    for sentence, at in sentences:
        yield from ((f"no fact is called {name!r}", at) for name in placeholders(sentence) if name not in known)


def _not_lists(part: Part, shape: type) -> Iterator[str]:
    """Lists that are none, and columns that their entries do not have."""
    of = lists(shape)
    named = [part.pairs, part.table, part.groups, part.tracks, part.points if isinstance(part.points, str) else ""]
    yield from (f"no list is called {name!r}" for name in named if name and name not in of)
    if part.table in of:
        attributes = {one.name for one in fields(of[part.table])}
        yield from (f"{part.table} has no {name!r}" for name in part.columns if name not in attributes)
    if bool(part.table) != bool(part.columns) or len(part.widths) not in (0, len(part.columns)):
        yield "a table needs columns, and as many widths where it has any"


def placeholders(sentence: str) -> list[str]:
    """The names of facts in a sentence; a brace that belongs to none is a name that nobody knows."""
    return _NAME.findall(sentence) + re.findall(r"[{}]", _NAME.sub("", sentence))


def put_in(sentence: str, values: Mapping[str, str]) -> str:
    """What is put in is never read again, whatever stands in it."""
    return _NAME.sub(lambda name: values[name[1]], sentence)
