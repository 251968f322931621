"""A paper as plain values: what stands on it, and nothing of how it looks."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import datetime
from typing import Any, Literal

from bot.domain.signing import Stroke

StageState = Literal["done", "now", "todo"]

_LINES = {"\r\n": "\n", "\r": "\n", "\u2028": "\n", "\u2029": "\n", "\t": "    "}
_TURNING = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True)
class Box:
    """One choice of a row of check boxes."""

    name: str
    ticked: bool = False


@dataclass(frozen=True)
class Line:
    """A row of a form: a label, and a value or check boxes. Two `half` rows in a row stand side by side."""

    label: str
    value: str = ""
    boxes: tuple[Box, ...] = ()
    half: bool = False


@dataclass(frozen=True)
class Stage:
    """One stage of a sub-case; `note` is its date or what is being waited for."""

    name: str
    state: StageState
    note: str = ""


@dataclass(frozen=True)
class Track:
    """The way of one sub-case through its stages."""

    name: str
    department: str
    stages: tuple[Stage, ...]


@dataclass(frozen=True)
class Section:
    """A title and whichever of these it holds, shown in this order.

    `widths` are shares of the table's width; `groups` are things that go side by side, group after group.
    """

    title: str = ""
    text: str = ""
    lines: tuple[Line, ...] = ()
    columns: tuple[str, ...] = ()
    widths: tuple[int, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    points: tuple[str, ...] = ()
    groups: tuple[tuple[str, ...], ...] = ()
    tracks: tuple[Track, ...] = ()

    @property
    def empty(self) -> bool:
        return not (self.text or self.lines or self.rows or self.points or self.groups or self.tracks)


@dataclass(frozen=True)
class Signed:
    """Who signed, when, and the signature itself: PNG bytes, or the strokes of a pen."""

    name: str = ""
    date: str = ""
    image: bytes = b""
    strokes: tuple[Stroke, ...] = ()


@dataclass(frozen=True)
class Signature:
    """A place to sign or to seal, with what is there already."""

    caption: str
    signed: Signed = Signed()


@dataclass(frozen=True)
class Annex:
    """The full text of a value that its row does not hold."""

    label: str
    text: str


@dataclass(frozen=True)
class Imprint:
    """Who makes a paper out and when. `contact` is where to ask; `link` is what the QR code holds."""

    number: str
    hall: str
    made_at: datetime
    department: str = ""
    contact: str = ""
    link: str = ""


@dataclass(frozen=True)
class Paper:
    """Any paper of a case. `scan` says what the QR code is for."""

    title: str
    imprint: Imprint
    intro: str = ""
    sections: tuple[Section, ...] = ()
    notes: tuple[str, ...] = ()
    signatures: tuple[Signature, ...] = ()
    scan: str = ""
    annexes: tuple[Annex, ...] = ()


def with_annexes(paper: Paper, longest: int, see: str) -> Paper:
    """Values of rows over `longest` characters go to an annex, whole; `see` with {number} takes their place."""
    annexes = list(paper.annexes)

    def fitting(line: Line) -> Line:
        if len(line.value) <= longest:
            return line
        annexes.append(Annex(line.label, line.value))
        return replace(line, value=see.replace("{number}", str(len(annexes))))

    sections = tuple(replace(section, lines=tuple(map(fitting, section.lines))) for section in paper.sections)
    return replace(paper, sections=sections, annexes=tuple(annexes))


def plain(value: Any) -> Any:
    """A paper, or a part of one, as values for JSON, every text legible; bytes and times stay as they are."""
    if isinstance(value, str):
        return legible(value)
    if isinstance(value, Mapping):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(one) for one in value]
    if is_dataclass(value):
        return {one.name: plain(getattr(value, one.name)) for one in fields(value)}
    return value


def legible(text: str) -> str:
    """Without what no paper can show: control characters, and signs that turn the order of what stands beside them."""
    for written, meant in _LINES.items():
        text = text.replace(written, meant)
    return "".join(map(_legible, text))


def _legible(sign: str) -> str:
    kind = unicodedata.category(sign)
    if kind == "Cs":
        return "\ufffd"
    return "" if sign in _TURNING or sign == "\ufeff" or (kind == "Cc" and sign != "\n") else sign
