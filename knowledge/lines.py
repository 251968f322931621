"""Lines as a page shows them, joined back into paragraphs; page numbers and running heads are dropped."""

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from knowledge.glyphs import Glyph
from knowledge.patterns import pattern
from knowledge.wording import closed_up

MARGIN = 0.12  # of a page's height, above and below, where page numbers and running heads stand
WIDE = 0.6  # of a page's width: what does not reach so far does not end at the right margin
LARGER = 1.15  # times the size of most letters, from which a line counts as a heading
LONGEST_HEADING = 80
OFTEN = 6  # pages with the same head, which need not be nearly half of a long document's
KNOWN_BY = 24  # letters at the start of a running head: its end may differ too
APART = 0.7  # times the size of letters: a gap within a line that parts cells


@dataclass(frozen=True)
class Line:
    """One line of a page; lengths in points, `base` from the lower edge of the page upwards."""

    text: str
    page: int
    left: float
    right: float
    base: float
    size: float
    page_width: float
    page_height: float


def line_of(row: Sequence[Glyph], page: int, width: float, height: float) -> Line | None:
    """The line that a row of signs makes, wide gaps in it marked by bars; None for one without any text."""
    there = [glyph for glyph in row if glyph.set and glyph.sign not in (" ", "\ufffd")]
    if not there:
        return None
    size = Counter(round(glyph.size, 1) for glyph in there).most_common(1)[0][0]
    cells, last = [""], there[0]
    for glyph in row:
        if glyph.set and glyph.sign != "\ufffd":
            label = pattern("documents", "label").match(cells[-1].strip())
            if glyph.left - last.right > APART * size and not label:
                cells.append("")
            last = glyph
        cells[-1] += glyph.sign if glyph.sign != "\ufffd" else ""
    cells = [cell.strip() for cell in cells if cell.strip()]
    spaced_out = all(len(cell) == 1 and pattern("documents", "han").match(cell) for cell in cells)
    return Line(
        text=("" if spaced_out else " | ").join(cells),
        page=page,
        left=min(glyph.left for glyph in there),
        right=max(glyph.right for glyph in there),
        base=there[0].base,
        size=size,
        page_width=width,
        page_height=height,
    )


def without_margins(lines: Sequence[Line], pages: int) -> list[Line]:
    """The lines without page numbers, and without what stands again and again at the edges of the pages."""
    edges = {id(line) for line in lines if _at_edge(line)}
    often = Counter(key for key, _ in {(_running(line), line.page) for line in lines if id(line) in edges})
    least = max(2, min(round(pages * 0.4), OFTEN))
    return [
        line
        for line in lines
        if id(line) not in edges
        or not (pattern("documents", "page_number").match(line.text) or often[_running(line)] >= least)
    ]


def _at_edge(line: Line) -> bool:
    return not MARGIN * line.page_height < line.base < (1 - MARGIN) * line.page_height


def _running(line: Line) -> tuple[str, int]:
    """What a running head is known by: its words and size; its page number may differ."""
    return re.sub(r"\d+|\s+", "", line.text)[:KNOWN_BY], round(line.size)


def paragraphs(lines: Sequence[Line]) -> Iterator[str]:
    """Whole paragraphs, in order; lines in larger letters are marked "# "."""
    if not lines:
        return
    letters: Counter[float] = Counter()
    for line in lines:
        letters[round(line.size, 1)] += len(line.text)
    layout = _Layout(letters.most_common(1)[0][0], _right_edges(lines), _pitch(lines))
    held: list[Line] = []
    for line in lines:
        if held and not layout.goes_on(held[-1], line):
            yield layout.paragraph(held)
            held = []
        held.append(line)
    yield layout.paragraph(held)


@dataclass(frozen=True)
class _Layout:
    """What is usual in one document: the size of letters, where lines end, and how far apart they are."""

    size: float
    rights: dict[float, float]  # by the width of the page
    pitch: float

    def goes_on(self, line: Line, after: Line) -> bool:
        """Whether the paragraph of a line goes on in the line after it."""
        if abs(line.size - after.size) > 0.1 * self.size:
            return False
        if self._is_large(line):
            return self._near(line, after) and not pattern("documents", "begins").match(after.text)
        opens = pattern("law", "article").match(after.text) or pattern("law", "heading").match(after.text)
        if not self._is_full(line) or (opens and opens["gap"]):
            return False
        if pattern("documents", "sentence_ends").search(line.text):
            indented = after.left > line.left + 0.8 * self.size
            return self._near(line, after) and not indented and not pattern("documents", "begins").match(after.text)
        return self._near(line, after)

    def paragraph(self, lines: Sequence[Line]) -> str:
        text = ""
        for line in lines:
            # Words of Latin letters are parted by blanks, Han characters by nothing.
            text += " " if re.search(r"[A-Za-z,.;]$", text) and re.match(r"[A-Za-z]", line.text) else ""
            text += line.text
        headed = self._is_large(lines[0]) and len(text) <= LONGEST_HEADING and not pattern("law", "article").match(text)
        return f"# {closed_up(text)}" if headed else text

    def _is_large(self, line: Line) -> bool:
        return line.size >= LARGER * self.size

    def _is_full(self, line: Line) -> bool:
        right = self.rights.get(line.page_width)
        return right is not None and line.right > right - 2.2 * line.size

    def _near(self, line: Line, after: Line) -> bool:
        """On the next line, or at the head of the next page."""
        if line.page != after.page:
            return True
        return 0 < line.base - after.base <= max(1.45 * self.pitch, 2 * line.size if self._is_large(line) else 0)


def _right_edges(lines: Sequence[Line]) -> dict[float, float]:
    """Where the lines of a paragraph end, for each width of page: where most of the long ones do."""
    rights: dict[float, float] = {}
    for width in {line.page_width for line in lines}:
        ends = [line.right for line in lines if line.page_width == width and line.right > WIDE * width]
        buckets = Counter(round(end / 12) for end in ends)
        if buckets:
            usual = max(buckets, key=lambda bucket: (buckets[bucket], bucket))
            rights[width] = max(end for end in ends if round(end / 12) == usual)
    return rights


def _pitch(lines: Sequence[Line]) -> float:
    """The usual distance of two lines that follow each other."""
    steps = [one.base - two.base for one, two in itertools.pairwise(lines) if one.page == two.page]
    near = [step for step in steps if 0 < step < 60]
    return median(near) if near else 0.0
