"""All papers and materials of a case as one PDF, and as one zip with a manifest."""

import hashlib
import io
import json
import re
import unicodedata
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Literal

import pypdfium2

from bot.documents.compose import compose
from bot.documents.facts import Contents, Enclosed
from bot.documents.papers import Imprint
from bot.documents.pdf import Press
from bot.documents.wording import Wording
from bot.errors import OperatorError

Kind = Literal["pdf", "jpg", "png", "docx"]

_BOUND: frozenset[Kind] = frozenset({"pdf", "jpg", "png"})
_LONGEST = 60
_FORBIDDEN = re.compile(r'[\\/:*?"<>|.\s]+')
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class File:
    """A paper or a material, with the name that people know it by."""

    name: str
    kind: Kind
    content: bytes


def bind(
    press: Press, wording: Wording, files: Sequence[File], imprint: Imprint, *, applicant: str, matter: str
) -> bytes:
    """One PDF: a list of contents, then every PDF and photo in order. OperatorError names what cannot be read."""
    parts = [(file.name, _pages(press, file, imprint)) for file in files if file.kind in _BOUND]

    def front(length: int) -> pypdfium2.PdfDocument:
        """The list of contents, with page numbers as they are if it has this many pages itself."""
        firsts = accumulate((len(pages) for _, pages in parts), initial=length + 1)
        enclosed = tuple(Enclosed(name, str(first)) for (name, _), first in zip(parts, firsts, strict=False))
        paper = compose(wording, Contents(applicant, matter, enclosed), imprint)
        return _opened(paper.title, press.pdf(paper))

    listed = front(1)
    listed = listed if len(listed) == 1 else front(len(listed))
    whole, made = pypdfium2.PdfDocument.new(), io.BytesIO()
    for pages in (listed, *(pages for _, pages in parts)):
        whole.import_pages(pages)
    whole.save(made)
    return made.getvalue()


def joined(contents: Sequence[bytes]) -> bytes:
    """Several PDFs as one; a single one as it is."""
    if len(contents) == 1:
        return contents[0]
    whole, made = pypdfium2.PdfDocument.new(), io.BytesIO()
    for content in contents:
        whole.import_pages(_opened("joined", content))
    whole.save(made)
    return made.getvalue()


def archive(files: Sequence[File], made_at: datetime) -> bytes:
    """A zip of all files, numbered in order, and manifest.json: for each its name here, its own name, size, SHA-256."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        entries = []
        for number, file in enumerate(files, 1):
            name = f"{number:02}-{safe_name(file.name)}.{file.kind}"
            sum_ = hashlib.sha256(file.content).hexdigest()
            entries.append({"file": name, "name": file.name, "bytes": len(file.content), "sha256": sum_})
            _write(packed, name, file.content, made_at)
        manifest = {"made_at": made_at.isoformat(), "files": entries}
        _write(packed, MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=2).encode(), made_at)
    return made.getvalue()


def safe_name(name: str) -> str:
    """A file name for every system: no path, no dot, no sign that means something to a shell or to Windows."""
    shown = "".join(sign for sign in unicodedata.normalize("NFC", name) if unicodedata.category(sign)[0] != "C")
    return _FORBIDDEN.sub("-", shown).strip("-")[:_LONGEST] or "file"


def _pages(press: Press, file: File, imprint: Imprint) -> pypdfium2.PdfDocument:
    content = file.content if file.kind == "pdf" else press.photo(file.content, file.name, imprint.made_at)
    return _opened(file.name, content)


def _opened(name: str, content: bytes) -> pypdfium2.PdfDocument:
    try:
        return pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        raise OperatorError(f"{name}: no PDF that can be read: {error}") from error


def _write(packed: zipfile.ZipFile, name: str, content: bytes, at: datetime) -> None:
    entry = zipfile.ZipInfo(name, at.timetuple()[:6])
    entry.compress_type = zipfile.ZIP_DEFLATED
    packed.writestr(entry, content)
