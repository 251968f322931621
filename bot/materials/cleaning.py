"""Cleaning: what was sent, made anew from its pixels, so that nothing but a picture is kept.

What came along in the file (place, time, a second file behind the first, scripts) stays behind; place and time of
taking are handed on. It runs in a process of its own, which may be killed: see worker.py.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any, Literal

import numpy as np
from PIL import Image, ImageOps
from PIL.JpegImagePlugin import get_sampling

from bot.errors import CitizenError
from bot.materials import pages as limits
from bot.materials.figures import Figures, figures
from bot.materials.likeness import likeness
from bot.materials.video import LONGEST, is_video, stripped

LARGEST = 15 * 1024 * 1024
SHORTEST = 300  # pixels of the shorter side, under which no line of a document can be read
_KEPT_WHOLE = 20_000_000  # pixels; larger photos are halved
_QUALITY = 92
_TAKEN, _GPS, _DETAILS = 0x9003, 0x8825, 0x8769


Kind = Literal["jpeg", "png", "pdf", "mp4"]
_STARTS: dict[bytes, Kind] = {b"\xff\xd8\xff": "jpeg", b"\x89PNG": "png", b"%PDF": "pdf", b"RIFF": "jpeg"}


@dataclass(frozen=True)
class Picture:
    """`width` and `height` in pixels, 0 of a video; `pages` is 1 but for a PDF."""

    kind: Kind
    size: int
    width: int
    height: int
    pages: int = 1


@dataclass(frozen=True)
class Cleaned:
    """`likeness` is near that of a picture that looks the same; `taken_at` and `place` are what the camera wrote."""

    picture: Picture
    figures: Figures
    likeness: str
    taken_at: datetime | None = None
    place: tuple[float, float] | None = None


def sort_of(content: bytes) -> Kind:
    """What it would be kept as, by its size and its first bytes; nothing is opened.

    CitizenError where that is enough to see that it can never be taken.
    """
    if not content:
        raise CitizenError("photo.empty")
    if len(content) > LARGEST:
        raise CitizenError("photo.too_large", most=str(LARGEST // 1024 // 1024))
    if content[4:8] == b"ftyp":
        return "mp4" if is_video(content) else "jpeg"
    for start, kind in _STARTS.items():
        if content.startswith(start):
            return kind
    raise CitizenError("photo.unreadable")


def clean(content: bytes) -> tuple[Cleaned, bytes]:
    """What it is, and what is to be kept of it. CitizenError says why it cannot be taken."""
    sort = sort_of(content)
    try:
        if sort == "mp4":
            return _video(content)
        return _pdf(content) if sort == "pdf" else _image(content)
    except CitizenError:
        raise
    except limits.TooLarge as error:
        most = str(limits.PIXELS // 10_000)
        raise CitizenError("photo.too_many", pixels=most, pages=str(limits.PAGES)) from error
    except Exception as error:  # a damaged file makes its reader fail in many ways
        raise CitizenError("photo.unreadable") from error


def _pdf(content: bytes) -> tuple[Cleaned, bytes]:
    first, *others = limits.pages(content)
    made = BytesIO()
    first.save(made, "PDF", save_all=True, append_images=others, resolution=170.0, quality=_QUALITY)
    picture = Picture("pdf", made.tell(), *first.size, 1 + len(others))
    return Cleaned(picture, figures(first), likeness(first)), made.getvalue()


def _video(content: bytes) -> tuple[Cleaned, bytes]:
    """Not decoded: nobody but the inspector looks at it, and its likeness is that of the same bytes alone."""
    made, seconds = stripped(content)
    if seconds > LONGEST:
        raise CitizenError("photo.too_long", most=str(LONGEST))
    picture = Picture("mp4", len(made), 0, 0)
    return Cleaned(picture, Figures(0.0, 0.0, 0.0, 0.0, 0.0, ()), hashlib.sha256(content).hexdigest()), made


def _image(content: bytes) -> tuple[Cleaned, bytes]:
    image = limits.opened(content)
    if min(image.size) < SHORTEST:
        raise CitizenError("photo.too_small", least=str(SHORTEST))
    taken_at, place = _told(image.getexif())
    how = _how(image)
    if image.width * image.height > _KEPT_WHOLE:
        image.draft("RGB", (image.width // 2, image.height // 2))
    upright = _plain(ImageOps.exif_transpose(image))
    if upright.width * upright.height > _KEPT_WHOLE:
        upright = upright.reduce(2)
    made = BytesIO()
    upright.info.clear()  # or comments and profiles would be written again
    upright.save(made, **how)
    picture = Picture("png" if how["format"] == "PNG" else "jpeg", made.tell(), *upright.size)
    return Cleaned(picture, figures(upright), likeness(upright), taken_at, place), made.getvalue()


def _how(image: Image.Image) -> dict[str, Any]:
    """What comes without loss is kept so; a JPEG by its own tables, which loses next to nothing."""
    if image.format == "PNG":
        return {"format": "PNG", "compress_level": 1}
    tables = getattr(image, "quantization", None)
    if image.format != "JPEG" or image.mode not in ("RGB", "L") or not tables:
        return {"format": "JPEG", "quality": _QUALITY}
    sampling = get_sampling(image) if image.mode == "RGB" else -1
    return {"format": "JPEG", "qtables": tables, **({} if sampling < 0 else {"subsampling": sampling})}


def _plain(image: Image.Image) -> Image.Image:
    """In eight bits a colour, on white where it was transparent."""
    image.load()
    if image.mode.startswith("I") or image.mode == "F":
        deep = np.asarray(image, np.float64)
        return Image.fromarray((deep / max(float(deep.max()), 255.0) * 255).astype(np.uint8)).convert("RGB")
    if image.mode in ("P", "PA", "LA", "RGBA") or "transparency" in image.info:
        over = image.convert("RGBA")
        under = Image.new("RGBA", over.size, "white")
        return Image.alpha_composite(under, over).convert("RGB")
    return image if image.mode in ("RGB", "L") else image.convert("RGB")


def _told(exif: Image.Exif) -> tuple[datetime | None, tuple[float, float] | None]:
    """When and where it says to have been taken. It may say anything: case data, and no proof."""
    try:
        written = str(exif.get_ifd(_DETAILS).get(_TAKEN, ""))
        taken = datetime.strptime(written, "%Y:%m:%d %H:%M:%S") if written else None  # noqa: DTZ007 - cameras have none
    except Exception:  # noqa: BLE001 - broken tags are no tags
        taken = None
    try:
        gps = exif.get_ifd(_GPS)
        return taken, (_degrees(gps[2], gps[1] == "S"), _degrees(gps[4], gps[3] == "W"))
    except Exception:  # noqa: BLE001 - broken tags are no tags
        return taken, None


def _degrees(parts: Any, negative: bool) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    found = round(degrees + minutes / 60 + seconds / 3600, 6)
    if not 0 <= found <= 180:
        raise ValueError
    return -found if negative else found
