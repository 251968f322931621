"""QR codes and photos as SVG: text, so that they can be handed to the typesetter without a file."""

import base64
import io

import segno
from PIL import Image, ImageOps, UnidentifiedImageError

from bot.errors import OperatorError

MOST_PIXELS = 50_000_000  # more than any camera of a phone needs; a small file may hide far more

_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png"}
_UPRIGHT, _ORIENTATION = 1, 0x0112


def qr_svg(link: str) -> str:
    """A QR code with its quiet zone."""
    drawn = io.BytesIO()
    segno.make(link, error="m", micro=False).save(drawn, kind="svg", border=2, xmldecl=False, svgclass=None)
    return drawn.getvalue().decode()


def qr_png(link: str) -> bytes:
    drawn = io.BytesIO()
    segno.make(link, error="m", micro=False).save(drawn, kind="png", border=2, scale=8)
    return drawn.getvalue()


def photo_svg(content: bytes) -> str:
    """A JPEG or PNG, the right way up; OperatorError where it is neither. Nothing is compressed twice without need."""
    try:
        with Image.open(io.BytesIO(content), formats=list(_TYPES)) as image:
            kind, size = _TYPES[image.format or ""], image.size
            if size[0] * size[1] > MOST_PIXELS:
                raise OperatorError(f"a picture of {size[0]} x {size[1]}")
            image.load()  # a broken one would be a blank page
            if image.getexif().get(_ORIENTATION, _UPRIGHT) != _UPRIGHT:
                content, size = _turned(image)
                kind = _TYPES["JPEG"]
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as error:
        raise OperatorError(f"no JPEG and no PNG: {error}") from error
    data = base64.b64encode(content).decode()
    width, height = size
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
        f'<image width="{width}" height="{height}" href="data:{kind};base64,{data}"/></svg>'
    )


def _turned(image: Image.Image) -> tuple[bytes, tuple[int, int]]:
    turned, kept = ImageOps.exif_transpose(image).convert("RGB"), io.BytesIO()
    turned.save(kept, "JPEG", quality=90)
    return kept.getvalue(), turned.size
