"""Made-up corners of a shop, a sheet of paper with a code held into the picture, and short videos."""

import io
import random
import struct
import zlib

from PIL import Image, ImageDraw, ImageFont

from tests.photos.make import _DEGRADE
from tests.photos.papers import FONTS

_WIDE, _HIGH = 1200, 900
_WALLS = ("#d8d2c4", "#c9d3d6", "#e2dccb", "#cfd6c9")


def scene(wanted: str) -> bytes:
    """`scene WHAT [condition] [code=12345]`: like no other that is wanted in other words."""
    _, *rest = wanted.split()
    told = dict(one.split("=", 1) for one in rest if "=" in one)
    condition = next((one for one in rest if one in _DEGRADE), "clean")
    by = random.Random(zlib.crc32(" ".join(one for one in rest if "=" not in one).encode()))
    image = Image.new("RGB", (_WIDE, _HIGH), by.choice(_WALLS))
    pen = ImageDraw.Draw(image)
    for _ in range(14):
        left, top = by.randrange(_WIDE - 200), by.randrange(_HIGH - 200)
        box = (left, top, left + by.randrange(80, 320), top + by.randrange(60, 300))
        pen.rectangle(box, fill=tuple(by.randrange(60, 220) for _ in range(3)), outline="#333", width=3)
    for _ in range(400):
        x, y = by.randrange(_WIDE), by.randrange(_HIGH)
        pen.line((x, y, x + by.randrange(-30, 30), y + by.randrange(-30, 30)), fill="#666")
    if "code" in told:
        _hold(image, told["code"], by)
    image = _DEGRADE[condition](image, (0, 0, 0, 0), by)
    made = io.BytesIO()
    image.convert("RGB").save(made, "JPEG", quality=85)
    return made.getvalue()


def _hold(image: Image.Image, code: str, by: random.Random) -> None:
    """A sheet of paper, a little askew, with a code as somebody writes it with a thick pen."""
    sheet = Image.new("RGB", (520, 220), "#fbfaf4")
    pen, font = ImageDraw.Draw(sheet), ImageFont.truetype(FONTS["sans"], 130)
    for place, sign in enumerate(code):
        pen.text((40 + place * 92, 20 + by.randrange(-8, 8)), sign, "#223", font)
    askew = sheet.convert("RGBA").rotate(by.uniform(-5, 5), Image.Resampling.BICUBIC, expand=True)
    image.paste(askew, (300, 560), askew)


def video(seconds: float = 12.0, place: str = "+34.64+107.13/") -> bytes:
    """As a telephone writes it: its brand, its header, where it was taken, and bytes in the place of pictures."""
    header = struct.pack(">IIIII", 0, 0, 0, 1000, int(seconds * 1000)) + bytes(80)
    notes = _box(b"udta", _box(b"\xa9xyz", place.encode()))
    movie = _box(b"moov", _box(b"mvhd", header) + _box(b"trak", _box(b"tkhd", bytes(84)) + notes) + notes)
    return _box(b"ftyp", b"mp42\0\0\0\0mp42isom") + movie + _box(b"mdat", random.Random(int(seconds)).randbytes(4000))


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body
