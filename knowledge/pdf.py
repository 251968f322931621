"""PDF files: the text that they carry, page by page; scans are named, not guessed at."""

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from knowledge.document import Document, title_of
from knowledge.errors import SourceFault
from knowledge.glyphs import Glyph, glyphs
from knowledge.lines import Line, line_of, paragraphs, without_margins

MOST_PAGES = 2_000
MOST_LETTERS = 4_000_000
PICTURE = 0.25  # of a page, from which its pictures count as its content
WHOLE_PAGE = 0.6  # of a page under pictures, with hardly a letter beside them, is a scan with a stamp
STAMP = 30  # letters
SCANNED = "scanned, no text layer"
STRANGE = 0.2  # of a page's signs without meaning: then its font does not say what they are
WRONG_PASSWORD = 4
_ONE_AT_A_TIME = threading.Lock()  # the library keeps state that threads would share


def read_pdf(path: Path) -> Document:
    """Raises SourceFault for a file that is broken, encrypted, too long, or a scan from end to end."""
    with _ONE_AT_A_TIME:
        pages, named = _pages(path)
    kept = without_margins([line for page in pages for line in page.lines], len(pages))
    letters = dict.fromkeys(range(len(pages)), 0)
    for line in kept:
        letters[line.page] += len(line.text)
    scanned = {number for number, page in enumerate(pages) if page.is_scan(letters[number])}
    strange = {number for number, page in enumerate(pages) if page.strange}
    damaged = {number for number, page in enumerate(pages) if page.damaged}
    whys = ((scanned, SCANNED), (strange, "the font gives its signs no meaning"), (damaged, "damaged"))
    faults = tuple(f"{_listed(numbers)}: {why}; not read" for numbers, why in whys if numbers)
    kept = [line for line in kept if line.page not in scanned]
    if not kept:
        raise SourceFault(path, 0, "; ".join(faults) or "no text")
    parts = list(paragraphs(kept))
    text = "\n".join(parts)
    return Document(text, title_of(text, "", named, [part[2:] for part in parts[:12] if part[:2] == "# "]), faults)


@dataclass(frozen=True)
class _Page:
    """One page: its lines, the count of its signs, and what else is known of it."""

    lines: tuple[Line, ...] = ()
    signs: int = 0
    pictures: float = 0.0  # the share of the page that they cover
    strange: bool = False
    damaged: bool = False

    def is_scan(self, letters: int) -> bool:
        """Whether the page is a picture; `letters` are those that are left without its margins."""
        return (not letters and self.pictures >= PICTURE) or (letters < STAMP and self.pictures >= WHOLE_PAGE)


def _page(opened: Any, number: int) -> _Page:
    import pypdfium2
    import pypdfium2.raw as pdfium

    try:
        page = opened[number]
        width, height = page.get_size()
        pictures = page.get_objects(filter=(pdfium.FPDF_PAGEOBJ_IMAGE,), max_depth=4)
        boxes = [picture.get_bounds() for picture in pictures]
        covered = sum(abs((right - left) * (top - bottom)) for left, bottom, right, top in boxes) / (width * height)
        rows: list[list[Glyph]] = [[]]
        for glyph in glyphs(page, invisible_too=covered >= PICTURE):
            if glyph.sign == "\n":
                rows.append([])
            else:
                rows[-1].append(glyph)
    except (pypdfium2.PdfiumError, ZeroDivisionError):
        return _Page(damaged=True)
    signs = sum(map(len, rows))
    if sum(glyph.sign == "\ufffd" for row in rows for glyph in row) > STRANGE * signs:
        return _Page(signs=signs, strange=True)
    found = (line_of(row, number, width, height) for row in rows)
    return _Page(tuple(line for line in found if line is not None), signs, covered)


def _pages(path: Path) -> tuple[list[_Page], str]:
    """All pages, and the title that the file's properties tell."""
    import pypdfium2

    try:
        opened = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        if error.err_code == WRONG_PASSWORD:
            raise SourceFault(path, 0, "encrypted; save it without a password") from error
        raise SourceFault(path, 0, "broken: not a .pdf file that can be read") from error
    try:
        if len(opened) > MOST_PAGES:
            raise SourceFault(path, 0, f"more than {MOST_PAGES:,} pages")
        pages: list[_Page] = []
        letters = 0
        for number in range(len(opened)):
            pages.append(_page(opened, number))
            if (letters := letters + pages[-1].signs) > MOST_LETTERS:
                raise SourceFault(path, 0, f"more than {MOST_LETTERS:,} letters")
        return pages, str(opened.get_metadata_dict().get("Title") or "")
    finally:
        opened.close()


def _listed(pages: set[int]) -> str:
    """Page numbers from one on, runs put together."""
    runs: list[list[int]] = []
    for page in sorted(pages):
        if runs and runs[-1][1] == page:
            runs[-1][1] = page + 1
        else:
            runs.append([page + 1, page + 1])
    written = ", ".join(f"{first}-{last}" if last > first else str(first) for first, last in runs)
    return f"pages {written}" if len(pages) > 1 else f"page {written}"
