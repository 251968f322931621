"""The pages of what was sent, as pictures: decoded by their bytes, within limits that no file can exceed."""

import threading
import warnings
from io import BytesIO

import pypdfium2
from PIL import Image, ImageOps

PAGES = 20  # of a PDF
SIDE = 16_384  # pixels; a longer side is no photo
PIXELS = 64_000_000  # a little more than a telephone of 48 megapixels makes
_SMALL = 400  # pixels of the longer side in lists
_PAGE_SIDE = 2000  # pixels of the longer side of a page of a PDF, about 170 to the inch on A4
_ONE_AT_A_TIME = threading.Lock()  # PDFium's own state is shared by all threads
_FORMATS = ("JPEG", "PNG", "WEBP", "HEIF")


class TooLarge(Exception):
    """More pixels or pages than we take."""


def opened(content: bytes) -> Image.Image:
    """A picture, its pixels not decoded yet. TooLarge, or any other error where it is none."""
    if content[4:8] == b"ftyp":
        from pillow_heif import register_heif_opener  # not for those who never get such a photo

        register_heif_opener(thumbnails=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limits are narrower
        try:
            image = Image.open(BytesIO(content), formats=_FORMATS)
        except Image.DecompressionBombError as error:
            raise TooLarge from error
    width, height = image.size
    if width * height > PIXELS or max(width, height) > SIDE:
        raise TooLarge
    return image


def pages(content: bytes) -> list[Image.Image]:
    """Every page of a PDF as it is seen: neither scripts nor what is hidden beneath come along."""
    with _ONE_AT_A_TIME:
        document = pypdfium2.PdfDocument(content)
        try:
            if len(document) > PAGES:
                raise TooLarge
            return [_page(document[number]) for number in range(len(document))]
        finally:
            document.close()


def sheets(content: bytes) -> int:
    """How many pages a PDF has."""
    with _ONE_AT_A_TIME:
        document = pypdfium2.PdfDocument(content)
        try:
            return len(document)
        finally:
            document.close()


def small(content: bytes) -> bytes:
    """What a list shows of something that was cleaned: a JPEG of its first page; nothing of a video."""
    if content[4:8] == b"ftyp":
        return b""
    image = _first(content) if content.startswith(b"%PDF") else opened(content)
    image.draft("RGB", (_SMALL, _SMALL))
    image.thumbnail((_SMALL, _SMALL), Image.Resampling.BILINEAR, reducing_gap=2.0)
    made = BytesIO()
    image.convert("RGB").save(made, "JPEG", quality=70, optimize=True)
    return made.getvalue()


def _first(content: bytes) -> Image.Image:
    with _ONE_AT_A_TIME:
        document = pypdfium2.PdfDocument(content)
        try:
            return _page(document[0])
        finally:
            document.close()


def _page(page: pypdfium2.PdfPage) -> Image.Image:
    """Whatever size it says to have, it is drawn in the same number of pixels."""
    longer = max(page.get_width(), page.get_height(), 1.0)
    bitmap = page.render(scale=min(_PAGE_SIDE / longer, 8.0), may_draw_forms=False)
    image: Image.Image = bitmap.to_pil()
    return image.convert("RGB")


def pictures(content: bytes) -> list[Image.Image]:
    """What was cleaned, upright and in colours, to be looked at."""
    if content.startswith(b"%PDF"):
        return pages(content)
    return [ImageOps.exif_transpose(opened(content)).convert("RGB")]
