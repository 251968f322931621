"""The verdict on a photo. Reading itself is the gate: what must be there was read, and is sound; the picture's own
figures only name the reason."""

import statistics
from collections.abc import Sequence
from datetime import date

from bot.domain.photo import Reason, Report, Seen
from bot.materials.figures import GRID, Figures
from bot.materials.kinds import Kinds
from bot.materials.layout import Box
from bot.materials.reading import Page
from bot.materials.recognise import Document, recognise

# Fitted to the photos of the set "tune" of tests/photos; docs/photos.md reports on the set "judge".
_DARK, _BRIGHT, _FLAT, _BLURRED, _SHARP, _SMALL = 40.0, 242.0, 20.0, 25.0, 200.0, 12.0
_UNSURE_LINE, _BLOWN, _EDGE, _WAVES = 0.9, 254, 0.012, 100.0
_LIKE_DIGITS = str.maketrans("OoIlZzSsBGgq", "001122558699")  # as a hand writes them
_FEW, _READABLE = 4, 0.5  # lines; share of them that were read surely


def judge(
    page: Page, figures: Figures, kinds: Kinds, wanted: Sequence[str], today: date, others: bool = False
) -> Report:
    """`wanted`: the kinds of document that will do, all of them where it is empty. `others`: papers that we do not
    know will do too, and staff look at them.
    """
    document = recognise(page, kinds, wanted)
    kind = document.kind
    if kind is None:
        return _unknown(document, figures, others)
    fields = document.fields
    if wanted and kind.of not in wanted:
        reason: Reason = "wrong_sheet" if kind.sheet and any(kinds[one].sheet for one in wanted) else "wrong_kind"
        return Report("human" if others else "reject", (reason,), kind.of, fields=fields)
    missing = [id for id in kind.required if id not in fields]
    if missing:
        return Report("retake", (_why(document, figures, missing[0]),), kind.of, missing[0], fields)
    late = [id for id, field in kind.fields.items() if field.expires and id in fields and _is_over(fields[id], today)]
    if late:
        return Report("reject", ("expired",), kind.of, late[0], fields)
    unsure = [id for id in kind.required if not fields[id].sure]
    if unsure:
        return Report("human", ("unsure",), kind.of, unsure[0], fields)
    hints: tuple[Reason, ...] = ("screen",) if figures.waves > _WAVES else ()
    return Report("pass", hints, kind.of, fields=fields)


def look_over(figures: Figures) -> Report:
    """The verdict on a photo from which nothing is read."""
    reason: Reason | None = None
    if figures.light < _DARK:
        reason = "dark"
    elif figures.light > 253:
        reason = "bright"
    elif figures.sharpness < 4:
        reason = "blur"
    return Report("retake", (reason,)) if reason else Report("pass")


def stands_in(page: Page, code: str) -> bool:
    """Does a code of digits stand in a picture, whatever stands around it and however it was spaced?"""
    read = "".join(line.text for line in page.lines).translate(_LIKE_DIGITS)
    return code in "".join(sign for sign in read if sign.isdecimal())


def _is_over(seen: Seen, today: date) -> bool:
    return date.fromisoformat(seen.value) < today


def _unknown(document: Document, figures: Figures, others: bool) -> Report:
    """A paper that we do not know, or one that cannot be read."""
    if others:
        whole = _of_the_whole(document, figures)
        return Report("retake", (whole,)) if whole else Report("human", ("unsure",))
    words = document.layout.words
    sure = [word for word in words if word.score >= _UNSURE_LINE]
    if len(sure) >= _FEW and len(sure) >= _READABLE * len(words) and not _touches(document):
        return Report("reject", ("wrong_kind",))
    return Report("retake", (_why(document, figures, ""),))


def _why(document: Document, figures: Figures, about: str) -> Reason:
    """Why it could not be read, most telling first."""
    whole = _of_the_whole(document, figures)
    if whole:
        return whole
    gap = document.gaps.get(about)
    if gap and _is_blown(document, figures, gap):
        return "glare"
    if _touches(document):
        return "cut"
    if not document.kind:
        return "blur" if figures.sharpness < _SHARP else "unread"
    return "glare" if _is_blown(document, figures) else "unread"


def _of_the_whole(document: Document, figures: Figures) -> Reason | None:
    words = document.layout.words
    heights = [word.height for word in words if word.text]
    if figures.light < _DARK:
        return "dark"
    if (figures.contrast < _FLAT and figures.sharpness < _SHARP) or (heights and statistics.median(heights) < _SMALL):
        return "far"
    if figures.light > _BRIGHT and figures.contrast < 3 * _FLAT:
        return "bright"
    if figures.sharpness < _BLURRED or (words and statistics.median(word.score for word in words) < _UNSURE_LINE):
        return "blur"
    return None


def _touches(document: Document) -> bool:
    """Does a line of text run into the edge of the picture?"""
    page = document.layout.page
    xs = [x / page.width for line in page.lines for x, _ in line.corners]
    ys = [y / page.height for line in page.lines for _, y in line.corners]
    return any(place < _EDGE or place > 1 - _EDGE for place in (*xs, *ys))


def _is_blown(document: Document, figures: Figures, box: Box | None = None) -> bool:
    """Is there a spot with nothing in it but light: in a box of the straight page, or anywhere?"""
    left, top, right, bottom = (0.0, 0.0, 1.0, 1.0) if box is None else document.layout.taken_from(box)
    return any(
        light >= _BLOWN and spread <= 1
        for place, (light, spread) in enumerate(figures.cells)
        if left <= (place % GRID + 1) / GRID
        and place % GRID / GRID <= right
        and top <= (place // GRID + 1) / GRID
        and place // GRID / GRID <= bottom
    )
