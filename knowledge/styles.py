"""The styles of a .docx file: which of them are titles, headings, hidden, or numbered."""

from dataclasses import dataclass, field
from typing import Any

from knowledge.numbering import W
from knowledge.patterns import pattern


@dataclass(frozen=True)
class Style:
    """What a style says of its paragraphs or runs, with what it inherits."""

    kind: str = ""  # title, heading, contents, or ""
    hidden: bool = False
    numbered: tuple[str, int] = ("", 0)  # the list and its level


@dataclass
class Styles:
    """Styles by their id, read when first asked for; `root` is the element w:styles."""

    root: Any
    _known: dict[str, Style] = field(default_factory=dict)

    def style(self, name: str, depth: int = 0) -> Style:
        if name not in self._known:
            self._known[name] = self._read(name, depth)
        return self._known[name]

    def _read(self, name: str, depth: int) -> Style:
        found = next((one for one in self.root.iterchildren(f"{W}style") if one.get(f"{W}styleId") == name), None)
        if found is None or depth > 20:
            return Style()
        base = found.find(f"{W}basedOn")
        above = self.style(base.get(f"{W}val") or "", depth + 1) if base is not None else Style()
        named = found.find(f"{W}name")
        title = named.get(f"{W}val") or "" if named is not None else ""
        listed, level = list_of(found)
        return Style(
            kind=_kind(title) or ("heading" if _outlined(found) else above.kind),
            hidden=is_on(found.find(f"{W}rPr/{W}vanish")) or above.hidden,
            numbered=(listed or above.numbered[0], above.numbered[1] if level is None else level),
        )


def _kind(name: str) -> str:
    for kind in ("title", "heading", "contents"):
        if pattern("documents", f"{kind}_style").match(name.strip().lower()):
            return kind
    return ""


def _outlined(element: Any) -> bool:
    level = element.find(f"{W}pPr/{W}outlineLvl")
    return level is not None and str(level.get(f"{W}val")) in "012345678"


def kind_of(paragraph: Any, style: Style) -> str:
    """title, heading, contents, or "": a paragraph can be a heading without the style of one."""
    level = paragraph.find(f"{W}pPr/{W}outlineLvl")
    if style.kind or level is None:
        return style.kind
    return "heading" if str(level.get(f"{W}val")) in "012345678" else ""


def list_of(element: Any) -> tuple[str, int | None]:
    """The list that a paragraph or a style is in ("" for none of its own), and the level in it."""
    number, level = (element.find(f"{W}pPr/{W}numPr/{W}{tag}") for tag in ("numId", "ilvl"))
    listed = str(number.get(f"{W}val") or "") if number is not None else ""
    return listed, int(level.get(f"{W}val") or 0) if level is not None else None


def is_on(element: Any) -> bool:
    """Whether a property that is a mere yes or no stands there and is not switched off."""
    return element is not None and element.get(f"{W}val") not in ("0", "false", "off", "none")
