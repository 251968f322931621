"""Reading: the lines of text in a picture, with their places.

It runs in a process of its own, see worker.py: its engine takes most of a gigabyte.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from PIL import Image

from bot.materials.pages import pictures

_LONGEST = 2000  # pixels that are read; finer ones tell the engine nothing
_UNSURE = 0.3
_PAGES = 3  # of a PDF: the first two and the last

Corners = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Line:
    """A line of text, and the corners of its box in pixels: from the beginning of the text along it, or not."""

    text: str
    score: float
    corners: Corners


@dataclass(frozen=True)
class Page:
    """What was read, in pixels of the picture as it was read. Further pages stand below the first."""

    width: int
    height: int
    lines: tuple[Line, ...]


def read(content: bytes) -> Page:
    """The text of a cleaned picture or PDF. Any error means that it cannot be read."""
    images = pictures(content)
    images = images if len(images) <= _PAGES else [*images[: _PAGES - 1], images[-1]]
    pages = [_read(image) for image in images]
    below, lines = 0, list[Line]()
    for page in pages:
        lines += [_lower(line, below) for line in page.lines]
        below += page.height
    return Page(max(page.width for page in pages), below, tuple(lines))


def _read(image: Image.Image) -> Page:
    image.thumbnail((_LONGEST, _LONGEST), Image.Resampling.LANCZOS)
    found = _engine()(np.asarray(image)[:, :, ::-1])
    boxes = () if found.boxes is None else found.boxes
    lines = [
        Line(text, round(float(score), 3), tuple((float(x), float(y)) for x, y in box))
        for text, score, box in zip(found.txts or (), found.scores or (), boxes, strict=True)
    ]
    return Page(*image.size, tuple(lines))


def _lower(line: Line, by: float) -> Line:
    return Line(line.text, line.score, tuple((x, y + by) for x, y in line.corners))


@cache
def _engine() -> Any:
    """The weights are in the package: nothing is fetched. One thread, so that turns are not kept waiting."""
    from rapidocr import RapidOCR  # seconds, and most of the memory

    return RapidOCR(
        params={
            "Global.log_level": "critical",  # it must tell nobody what it reads
            "Global.text_score": _UNSURE,
            "Det.limit_type": "max",
            "Det.limit_side_len": 960,
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )
