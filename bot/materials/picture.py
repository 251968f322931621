"""Is it a picture or a PDF that can be opened at all? The first look, before anything is read from it."""

import threading
from dataclasses import dataclass
from io import BytesIO
from typing import Literal

import pypdfium2
from PIL import Image

from bot.errors import CitizenError

LARGEST = 10 * 1024 * 1024
_SHORTEST = 300  # pixels of the shorter side, under which no line of a document can be read
_MOST_PIXELS = 80_000_000
_ONE_AT_A_TIME = threading.Lock()  # PDFium's own state is shared by all threads


@dataclass(frozen=True)
class Picture:
    """`width` and `height` in pixels; `pages` is 1 but for a PDF, whose size is not told."""

    kind: Literal["jpeg", "png", "webp", "pdf"]
    size: int
    width: int = 0
    height: int = 0
    pages: int = 1


def look(content: bytes) -> Picture:
    """CitizenError says why it cannot be taken."""
    if not content:
        raise CitizenError("photo.empty")
    if len(content) > LARGEST:
        raise CitizenError("photo.too_large", most=str(LARGEST // 1024 // 1024))
    return _pdf(content) if content.startswith(b"%PDF") else _image(content)


def _pdf(content: bytes) -> Picture:
    try:
        with _ONE_AT_A_TIME:
            document = pypdfium2.PdfDocument(content)
            pages = len(document)
            document.close()
    except pypdfium2.PdfiumError as error:
        raise CitizenError("photo.unreadable") from error
    if not pages:
        raise CitizenError("photo.unreadable")
    return Picture("pdf", len(content), pages=pages)


def _image(content: bytes) -> Picture:
    try:
        with Image.open(BytesIO(content), formats=("JPEG", "PNG", "WEBP")) as image:
            width, height = image.size
            if width * height > _MOST_PIXELS:
                raise CitizenError("photo.too_large", most=str(LARGEST // 1024 // 1024))
            image.load()
            kind = str(image.format).lower()
    except CitizenError:
        raise
    except Image.DecompressionBombError as error:
        raise CitizenError("photo.too_large", most=str(LARGEST // 1024 // 1024)) from error
    except Exception as error:  # a damaged picture makes its reader fail in many ways
        raise CitizenError("photo.unreadable") from error
    if min(width, height) < _SHORTEST:
        raise CitizenError("photo.too_small", least=str(_SHORTEST))
    return Picture("jpeg" if kind == "jpeg" else "png" if kind == "png" else "webp", len(content), width, height)
