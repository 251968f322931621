"""Folders of documents: found, decoded, and handed to the reader that fits."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from knowledge.errors import SourceFault
from knowledge.laws import is_law, law_passages
from knowledge.pages import document_passages, page_text
from knowledge.passages import Passage

LARGEST = 20 * 1024 * 1024
READ = {".md", ".txt", ".html", ".htm"}
LATER = {".docx", ".pdf", ".xlsx"}


def read_folder(folder: Path) -> Iterator[list[Passage] | SourceFault]:
    """Every file of a folder and its subfolders, in the order of its paths: its passages, or why it was skipped.

    Nothing is raised for a bad file. A folder that does not exist is itself a fault; a single file may stand
    for a folder.
    """
    if folder.is_file():
        yield _read(folder, folder.parent)
        return
    if not folder.is_dir():
        yield SourceFault(folder, 0, "no such folder")
        return
    seen: set[tuple[int, int]] = set()
    for parent, folders, files in os.walk(folder, followlinks=True):
        status = Path(parent).stat()
        if (status.st_dev, status.st_ino) in seen:
            folders.clear()
            yield SourceFault(Path(parent), 0, "a link leads back to a folder that was already read")
            continue
        seen.add((status.st_dev, status.st_ino))
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith((".", "~$")):
                yield _read(Path(parent) / name, folder)


def _read(path: Path, root: Path) -> list[Passage] | SourceFault:
    try:
        text = _text(path)
    except SourceFault as fault:
        return fault
    name = path.relative_to(root).as_posix()
    title = ""
    if path.suffix.lower() in (".html", ".htm"):
        text, title = page_text(text)
        text = f"# {title}\n{text}" if title and is_law(text) else text
    passages = law_passages(text, path.stem) if is_law(text) else document_passages(text, name, title)
    return _told_apart(passages) if passages else SourceFault(path, 0, "no text")


def _text(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix in LATER:
        raise SourceFault(path, 0, f"{suffix} files are not read yet")
    if suffix not in READ:
        raise SourceFault(path, 0, f"{suffix or 'a file without suffix'}: not a kind of document that is read")
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise SourceFault(path, 0, f"larger than {LARGEST // 1024 // 1024} MB")
        raw = path.read_bytes()
    except OSError as error:
        raise SourceFault(path, 0, f"cannot be read: {error.strerror}") from error
    text = _decoded(path, raw)
    if not text.strip():
        raise SourceFault(path, 0, "no text")
    return text


def _decoded(path: Path, raw: bytes) -> str:
    """UTF-8 (with or without a mark), UTF-16 with a mark, or GB18030, in that order."""
    codecs = ("utf-16",) if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "gb18030")
    for codec in codecs:
        try:
            text = raw.decode(codec)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise SourceFault(path, 0, "neither UTF-8 nor GBK text")


def _told_apart(passages: list[Passage]) -> list[Passage]:
    """The passages with ids that differ: a statute may carry two articles of one label (an annex)."""
    times: dict[str, int] = {}
    told: list[Passage] = []
    for one in passages:
        times[one.id] = times.get(one.id, 0) + 1
        told.append(one if times[one.id] == 1 else replace(one, id=f"{one.id}({times[one.id]})"))
    return told
