"""Files that strangers might send to do harm, made from a seed: cut off, glued together, swollen, misnamed."""

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Iterator

from PIL import Image


def hostile(count: int, seed: int = 4711) -> Iterator[tuple[str, bytes]]:
    by = random.Random(seed)
    for number in range(count):
        make = _MAKERS[number % len(_MAKERS)]
        yield f"{make.__name__}-{number}", make(by)


def _picture(
    by: random.Random, kind: str = "JPEG", mode: str = "RGB", size: tuple[int, int] | None = None, **how: object
) -> bytes:
    size = size or (by.randrange(320, 900), by.randrange(320, 900))
    small = Image.frombytes("RGB", (16, 12), by.randbytes(576)).resize(size).convert(mode)
    file = io.BytesIO()
    small.save(file, kind, **how)
    return file.getvalue()


def _cut_off(by: random.Random) -> bytes:
    whole = _picture(by, by.choice(["JPEG", "PNG", "WEBP"]))
    return whole[: by.randrange(1, len(whole))]


def _damaged(by: random.Random) -> bytes:
    whole = bytearray(_picture(by, by.choice(["JPEG", "PNG", "WEBP"])))
    for _ in range(by.randrange(1, 60)):
        whole[by.randrange(len(whole))] = by.randrange(256)
    return bytes(whole)


def _noise(by: random.Random) -> bytes:
    head = by.choice(
        [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP", b"%PDF-1.7\n", b"GIF89a", b"\0\0\0\x18ftypheic"]
    )
    return head + by.randbytes(by.randrange(0, 4000))


def _with_an_archive(by: random.Random) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.exe", by.randbytes(200))
    return _picture(by) + packed.getvalue()


def _with_a_page(by: random.Random) -> bytes:
    page = b"<html><script>alert(1)</script></html>"
    return by.choice([page + _picture(by), _picture(by) + page, b"GIF89a" + page, _picture(by, comment=page)])


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _png_that_lies(by: random.Random) -> bytes:
    """A header that promises far more than there is."""
    width, height = by.choice([(30_000, 30_000), (2**31 - 1, 2**31 - 1), (60_000, 400), (8000, 7900), (0, 0)])
    head = struct.pack(">IIBBBBB", width, height, 8, by.choice([0, 2, 6]), 0, 0, by.randrange(2))
    body = _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(bytes(1000))) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def _bomb(by: random.Random) -> bytes:
    """Small on the way, huge in memory."""
    side = by.choice([7000, 12_000, 15_000])
    file = io.BytesIO()
    Image.new("1", (side, side)).save(file, "PNG")
    return file.getvalue()


def _text_bomb(by: random.Random) -> bytes:
    body = zlib.compress(b"a" * 30_000_000)
    plain = _picture(by, "PNG")
    return plain[:33] + _chunk(b"zTXt", b"note\0\0" + body) + plain[33:]


def _animated(by: random.Random) -> bytes:
    frames = [Image.new("RGB", (400, 400), (n, n, n)) for n in range(0, 250, 10)]
    file = io.BytesIO()
    frames[0].save(file, by.choice(["PNG", "WEBP", "GIF"]), save_all=True, append_images=frames[1:])
    return file.getvalue()


def _odd_colours(by: random.Random) -> bytes:
    if by.random() < 0.5:
        return _picture(by, "JPEG", "CMYK")
    file = io.BytesIO()
    Image.frombytes("I;16", (400, 400), by.randbytes(320_000)).save(file, "PNG")
    return file.getvalue()


def _very_long(by: random.Random) -> bytes:
    return _picture(by, "PNG", "1", by.choice([(30_000, 310), (310, 30_000), (65_000, 301)]))


def _other_kinds(by: random.Random) -> bytes:
    kind = by.choice(["GIF", "BMP", "TIFF", "ICO", "PPM"])
    return _picture(by, kind)


def _words(by: random.Random) -> bytes:
    return by.choice(
        [b"", b"\0", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"MZ\x90\0" + bytes(300), "照片".encode() * 50]
    )


def _pdf(by: random.Random, page: bytes, more: bytes = b"") -> bytes:
    objects = [b"<< /Type /Catalog /Pages 2 0 R " + more + b" >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>", page]
    out = b"%PDF-1.7\n"
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = (
        b"xref\n0 4\n0000000000 65535 f \n"
        + table
        + b"trailer << /Size 4 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % len(out)
    )
    return out + end


def _pdf_with_a_script(by: random.Random) -> bytes:
    return _pdf(
        by,
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 300] >>",
        b"/OpenAction << /S /JavaScript /JS (app.alert(1)) >>",
    )


def _pdf_of_odd_size(by: random.Random) -> bytes:
    box = by.choice(
        [b"0 0 200000 200000", b"0 0 0 0", b"0 0 1 200000", b"-9999999 -9999999 9999999 9999999", b"0 0 nan 3"]
    )
    return _pdf(by, b"<< /Type /Page /Parent 2 0 R /MediaBox [%s] >>" % box)


def _pdf_in_a_circle(by: random.Random) -> bytes:
    return _pdf(by, b"<< /Type /Pages /Kids [2 0 R 3 0 R] /Count 99999 >>")


def _pdf_cut_off(by: random.Random) -> bytes:
    whole = _pdf_with_a_script(by)
    return whole[: by.randrange(9, len(whole))]


_MAKERS = [
    _cut_off,
    _damaged,
    _noise,
    _with_an_archive,
    _with_a_page,
    _png_that_lies,
    _bomb,
    _text_bomb,
    _animated,
    _odd_colours,
    _very_long,
    _other_kinds,
    _words,
    _pdf_with_a_script,
    _pdf_of_odd_size,
    _pdf_in_a_circle,
    _pdf_cut_off,
]
