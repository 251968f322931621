"""The zip files that .docx and .xlsx are: refused where they are something else, broken, or would grow too large."""

import struct
import zipfile
import zlib
from pathlib import Path

from lxml.etree import LxmlError

from knowledge.errors import SourceFault

LARGEST_UNPACKED = 200 * 1024 * 1024
LARGEST_PART = 50 * 1024 * 1024  # of one XML part: it is held in memory, at several times its size
MOST_PARTS = 10_000
CONTENTS = "[Content_Types].xml"
OLD_FORMAT = b"\xd0\xcf\x11\xe0"  # opens .doc and .xls, and also what is encrypted with a password

# What reading a damaged file can raise: of zipfile, lxml, python-docx and openpyxl, none of which names it all.
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    LxmlError,
    struct.error,
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
)


def check_container(path: Path) -> None:
    """Raise SourceFault unless the file is a package of Office parts, and of bearable size when unpacked."""
    suffix = path.suffix.lower()
    try:
        with path.open("rb") as file:
            if file.read(4) == OLD_FORMAT:
                raise SourceFault(path, 0, f"of an old format, or encrypted; save it as {suffix} without a password")
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except BROKEN as error:
        raise SourceFault(path, 0, f"broken: not a {suffix} file that can be opened") from error
    if len(parts) > MOST_PARTS or sum(one.file_size for one in parts) > LARGEST_UNPACKED:
        raise SourceFault(path, 0, f"larger than {LARGEST_UNPACKED // 1024 // 1024} MB when unpacked")
    if any(one.file_size > LARGEST_PART and one.filename.endswith((".xml", ".rels")) for one in parts):
        raise SourceFault(path, 0, f"a part of it is larger than {LARGEST_PART // 1024 // 1024} MB when unpacked")
    if CONTENTS not in {one.filename for one in parts}:
        raise SourceFault(path, 0, f"broken: a zip, but not a {suffix} file")
