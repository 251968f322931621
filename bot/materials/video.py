"""Short videos (MP4, MOV, 3GP): kept as they are, but for the boxes that tell where and with what they were taken."""

import struct
from collections.abc import Iterator

BRANDS = (
    b"isom",
    b"iso2",
    b"iso4",
    b"iso5",
    b"iso6",
    b"mp41",
    b"mp42",
    b"avc1",
    b"M4V ",
    b"qt  ",
    b"3gp4",
    b"3gp5",
    b"3gp6",
    b"MSNV",
)
LONGEST = 60  # seconds
_HOLDING = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"moof", b"traf")
_TELLING = (b"udta", b"meta", b"uuid", b"skip", b"free")
_MOST = 20_000  # boxes


def is_video(content: bytes) -> bool:
    """By its bytes; a HEIC photo is of the same family, with another brand."""
    return content[4:8] == b"ftyp" and content[8:12] in BRANDS


def stripped(content: bytes) -> tuple[bytes, float]:
    """The video without its notes, and its length in seconds. ValueError where it is damaged, or holds no pictures."""
    made, kinds, seconds = bytearray(content), set[bytes](), 0.0
    for kind, start, body, end in _boxes(content, 0, len(content), [0]):
        kinds.add(kind)
        if kind in _TELLING:
            made[start + 4 : start + 8] = b"free"
            made[body:end] = bytes(end - body)
        elif kind == b"mvhd":
            seconds = _length(content[body:end])
    if not {b"moov", b"mdat", b"mvhd"} <= kinds or not seconds:
        raise ValueError
    return bytes(made), seconds


def _boxes(content: bytes, begin: int, until: int, count: list[int]) -> Iterator[tuple[bytes, int, int, int]]:
    """Each box: its kind, where it begins, where its body does, and where it ends; those within others too."""
    at = begin
    while at + 8 <= until:
        size, kind = struct.unpack_from(">I4s", content, at)
        body = at + 8
        if size == 1:
            (size,), body = struct.unpack_from(">Q", content, body), body + 8
        end = until if size == 0 else at + size
        count[0] += 1
        if end < body or end > until or count[0] > _MOST:
            raise ValueError
        yield kind, at, body, end
        if kind in _HOLDING:
            yield from _boxes(content, body, end, count)
        at = end


def _length(header: bytes) -> float:
    """Of the whole, from the header of the movie."""
    scale, length = struct.unpack_from(">IQ" if header[0] == 1 else ">II", header, 20 if header[0] == 1 else 12)
    return float(length) / scale if scale else 0.0
