"""Word files: what a reader sees on the page, in its order, headings marked, rows with cells parted by bars."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from knowledge.containers import BROKEN, check_container
from knowledge.document import Document, title_of
from knowledge.errors import SourceFault
from knowledge.numbering import Numbering, W
from knowledge.patterns import pattern
from knowledge.styles import Styles, is_on, kind_of, list_of
from knowledge.wording import closed_up

# Deleted and moved text, phonetic guides, and the second copy of a drawing for older programs.
UNSEEN = {f"{W}{tag}" for tag in ("del", "moveFrom", "rt", "pPr", "rPr", "instrText", "delText")} | {
    "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
}
BREAKS = {f"{W}br": "\n", f"{W}cr": "\n", f"{W}tab": " ", f"{W}noBreakHyphen": "-"}
SMALLEST = 4  # half points: nobody reads less than two points
DEEPEST = 40  # tables within tables, controls within controls


def read_docx(path: Path) -> Document:
    """Raises SourceFault for a file that is broken, encrypted, or too large when unpacked."""
    import docx
    from docx.exceptions import PythonDocxError
    from docx.opc.exceptions import OpcError

    check_container(path)
    try:
        opened = docx.Document(str(path))
        page = _Page(Styles(opened.styles.element), Numbering(_numbering(opened.part)))
        text = "\n".join(page.lines(opened.element.body))
        named = str(opened.core_properties.title or "")
    except (*BROKEN, PythonDocxError, OpcError) as error:
        raise SourceFault(path, 0, "broken: not a .docx file that can be read") from error
    return Document(text, title_of(text, closed_up("".join(page.titles)), named, page.headings))


def _numbering(part: Any) -> Any:
    from docx.opc.constants import RELATIONSHIP_TYPE

    parts = (one.target_part for one in part.rels.values() if one.reltype == RELATIONSHIP_TYPE.NUMBERING)
    return next((one.element for one in parts), None)


@dataclass
class _Page:
    """Reads the body of a document; keeps the titles and headings that it meets."""

    styles: Styles
    numbering: Numbering
    titles: list[str] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)

    def lines(self, element: Any, depth: int = 0) -> Iterator[str]:
        for child in element.iterchildren() if depth < DEEPEST else ():
            if child.tag == f"{W}p":
                yield from self._paragraph(child)
            elif child.tag == f"{W}tbl":
                yield from self._rows(child, depth)
            elif child.tag in (f"{W}sdt", f"{W}sdtContent", f"{W}ins", f"{W}moveTo", f"{W}customXml"):
                yield from self.lines(child, depth + 1)

    def _paragraph(self, element: Any) -> Iterator[str]:
        named = element.find(f"{W}pPr/{W}pStyle")
        style = self.styles.style(named.get(f"{W}val") if named is not None else "")
        kind = kind_of(element, style)
        if kind == "contents" or style.hidden:
            return
        text = "".join(self._runs(element))
        lines = [line for part in text.split("\n") if (line := re.sub(r"[ \t\r\u00a0]+", " ", part).strip())]
        if not lines:
            return
        listed, level = list_of(element)
        label = self.numbering.label(listed or style.numbered[0], style.numbered[1] if level is None else level)
        lines[0] = f"{label} {lines[0]}" if label else lines[0]
        if kind == "title" and not self.headings:
            self.titles += lines
        if kind and not pattern("law", "article").match(lines[0]):
            line = " ".join(lines)
            self.headings.append(closed_up(line))
            lines = [f"# {line}"]
        yield from lines

    def _runs(self, element: Any, depth: int = 0) -> Iterator[str]:
        for child in element.iterchildren() if depth < DEEPEST else ():
            if child.tag in UNSEEN or (child.tag == f"{W}r" and self._is_hidden(child)):
                continue
            if child.tag == f"{W}t":
                yield child.text or ""
            elif child.tag in BREAKS:
                yield BREAKS[child.tag]
            elif child.tag == f"{W}p":  # a text box within a paragraph
                yield "\n"
                yield from self._runs(child, depth + 1)
                yield "\n"
            else:
                yield from self._runs(child, depth + 1)

    def _is_hidden(self, run: Any) -> bool:
        """Hidden by its own hand or its style; too small to read; white with nothing behind it."""
        look = run.find(f"{W}rPr")
        if look is None:
            return False
        vanish, named = look.find(f"{W}vanish"), look.find(f"{W}rStyle")
        if vanish is not None:
            return is_on(vanish)
        if named is not None and self.styles.style(named.get(f"{W}val") or "").hidden:
            return True
        size = look.find(f"{W}sz")
        if size is not None and str(size.get(f"{W}val")).isdecimal() and int(size.get(f"{W}val")) < SMALLEST:
            return True
        colour = look.find(f"{W}color")
        return colour is not None and str(colour.get(f"{W}val")).upper() == "FFFFFF" and not _has_ground(run)

    def _rows(self, table: Any, depth: int) -> Iterator[str]:
        above: dict[int, str] = {}
        for row in _within(table, f"{W}tr"):
            if is_on(row.find(f"{W}trPr/{W}hidden")) or row.find(f"{W}trPr/{W}del") is not None:
                continue
            cells = list(_within(row, f"{W}tc"))
            if len(cells) == 1:
                yield from self.lines(cells[0], depth + 1)
                continue
            texts, column = [], 0
            for cell in cells:
                if not _goes_on(cell):
                    above[column] = " ".join(line.lstrip("# ") for line in self.lines(cell, depth + 1))
                texts.append(above.get(column, ""))
                span = cell.find(f"{W}tcPr/{W}gridSpan")
                column += int(span.get(f"{W}val")) if span is not None else 1
            if any(texts):
                yield " | ".join(texts).strip(" |")


def _within(element: Any, tag: str) -> Iterator[Any]:
    """The rows of a table or the cells of a row, those in content controls and in tracked insertions too."""
    for child in element.iterchildren():
        if child.tag == tag:
            yield child
        elif child.tag in (f"{W}sdt", f"{W}sdtContent", f"{W}ins", f"{W}customXml"):
            yield from _within(child, tag)


def _goes_on(cell: Any) -> bool:
    """Whether a cell continues the one above it."""
    merged = cell.find(f"{W}tcPr/{W}vMerge")
    return merged is not None and merged.get(f"{W}val", "continue") == "continue"


def _has_ground(run: Any) -> bool:
    """Whether anything but the white page may lie behind a run: a shade or a mark of it, its paragraph or its cell."""
    places: Iterable[Any] = (run, *run.iterancestors(f"{W}p", f"{W}tc", f"{W}tbl"))
    paths = ("rPr/{0}shd", "rPr/{0}highlight", "pPr/{0}shd", "tcPr/{0}shd", "tblPr/{0}shd", "tblPr/{0}tblStyle")
    return any(place.find(W + path.format(W)) is not None for place in places for path in paths)
