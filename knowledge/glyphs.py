"""The signs of a PDF page, in the order in which it sets them: each with its place and size."""

import math
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

SMALLEST = 2.0  # points; nobody reads less
LEVEL = math.radians(5)  # what is set more askew than this is a watermark
INVISIBLE = 3  # the text render mode of what is neither filled nor outlined: the text layer of a scan
LINE_ENDS = (0x0A, 0x0D)
MEANINGLESS = {"Co", "Cn", "Cc", "Cs"}  # private, unassigned, control, halves of pairs


@dataclass(frozen=True)
class Glyph:
    """One sign; "\\n" ends a line, "\\ufffd" stands for one that the font gives no meaning.

    Lengths in points; `base` upwards from the page's lower edge as it is shown. `set` is False for a blank
    that the page does not have, but that a gap stands for.
    """

    sign: str
    left: float = 0.0
    right: float = 0.0
    base: float = 0.0
    size: float = 0.0
    set: bool = True


def glyphs(page: Any, *, invisible_too: bool) -> Iterator[Glyph]:
    """The signs that a reader of the page can see, and those of its invisible text layer where that is asked for."""
    import pypdfium2.raw as pdfium

    text = page.get_textpage()
    matrix = pdfium.FS_MATRIX()
    turned = page.get_rotation()
    width, height = page.get_size()
    for index in range(text.count_chars()):
        code = pdfium.FPDFText_GetUnicode(text, index)
        if code in LINE_ENDS:
            if code == LINE_ENDS[0]:
                yield Glyph("\n")
            continue
        if pdfium.FPDFText_IsGenerated(text, index):
            yield Glyph(" ", set=False)
            continue
        if not pdfium.FPDFText_GetMatrix(text, index, matrix):
            continue
        size = math.hypot(matrix.c, matrix.d) * pdfium.FPDFText_GetFontSize(text, index)
        if size < SMALLEST or not _is_level(matrix) or not (invisible_too or _is_painted(text, index)):
            continue
        left, bottom, right, top = text.get_charbox(index, loose=True)
        left, base = _as_shown(left, matrix.f if turned in (0, 180) else bottom, turned, width, height)
        right, _ = _as_shown(right, top, turned, width, height)
        if 0 <= (left + right) / 2 <= width and 0 <= base <= height:
            yield Glyph(_sign(code), min(left, right), max(left, right), base, size)


def _is_level(matrix: Any) -> bool:
    """Whether a sign stands upright on the page, or on the page turned by quarters."""
    angle = math.atan2(matrix.b, matrix.a) % (math.pi / 2)
    return min(angle, math.pi / 2 - angle) <= LEVEL


def _is_painted(text: Any, index: int) -> bool:
    import pypdfium2.raw as pdfium

    painted = pdfium.FPDFText_GetTextObject(text, index)
    return not painted or pdfium.FPDFTextObj_GetTextRenderMode(painted) != INVISIBLE


def _as_shown(x: float, y: float, turned: int, width: float, height: float) -> tuple[float, float]:
    """A place on the page as it is shown: a page may be kept lying on its side. Width and height are those shown."""
    return {90: (y, height - x), 180: (width - x, height - y), 270: (width - y, x)}.get(turned, (x, y))


def _sign(code: int) -> str:
    sign = chr(code) if code < 0x110000 else "\ufffd"
    if 0x2E80 <= code <= 0x2FDF:
        return unicodedata.normalize("NFKC", sign)  # a radical that a font gives for the character
    if code == 0x02:
        return "-"  # the library's mark for one that parts a word at the end of a line
    if code == 0xA0 or sign.isspace():
        return " "
    return "\ufffd" if unicodedata.category(sign) in MEANINGLESS else sign
