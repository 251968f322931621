"""Folders of documents: found, handed to the reader that fits, and settled where and when they hold."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from knowledge.document import Document
from knowledge.errors import SourceFault
from knowledge.hidden import without_hidden
from knowledge.laws import is_law, law_passages
from knowledge.office import read_docx
from knowledge.pages import document_passages, page_text
from knowledge.passages import Passage
from knowledge.pdf import read_pdf
from knowledge.places import place_of_title
from knowledge.provenance import NAMES, Ledger, Said, front_matter, ledger_in
from knowledge.sheets import sheet_passages
from knowledge.tables import Sheet, csv_sheet, workbook
from knowledge.validity import Repeal, place_of_issue, without_repeal

LARGEST = 20 * 1024 * 1024
PLAIN = (".md", ".txt")
PAGES = (".html", ".htm")
READ = {*PLAIN, *PAGES, ".docx", ".pdf", ".xlsx", ".csv"}
SAVE_AS = {
    **dict.fromkeys((".doc", ".wps", ".wpt", ".rtf", ".odt", ".docm"), ".docx"),
    **dict.fromkeys((".xls", ".et", ".ods", ".xlsm", ".xlsb"), ".xlsx"),
    **dict.fromkeys((".ofd", ".ppt", ".pptx", ".dps", ".ceb"), ".pdf"),
}

Found = list[Passage] | SourceFault


def read_folder(folder: Path) -> Iterator[Found]:
    """Every file of a folder and its subfolders, in the order of its paths: its passages, or why it was skipped.

    A file of which only a part can be read gives both: its passages, then a fault for what is missing. Nothing
    is raised for a bad file. A folder that does not exist is itself a fault; a single file may stand for a folder.
    """
    if folder.is_file():
        ledger = ledger_in(folder.parent, [name for name in NAMES if (folder.parent / name).is_file()])
        yield from ledger.faults if ledger else ()
        yield from _read(folder, folder.parent, [ledger] if ledger else [])
        return
    if not folder.is_dir():
        yield SourceFault(folder, 0, "no such folder")
        return
    ledgers: list[Ledger] = []
    for parent, files in _walked(folder):
        if isinstance(files, SourceFault):
            yield files
            continue
        if ledger := ledger_in(parent, files):
            ledgers.append(ledger)
            yield from ledger.faults
        for path in (parent / name for name in files if name not in NAMES):
            yield from _read(path, folder, [one for one in ledgers if path.is_relative_to(one.path.parent)])
    for ledger in ledgers:
        yield from ledger.unmatched()


def _walked(folder: Path) -> Iterator[tuple[Path, list[str] | SourceFault]]:
    """Each folder from the uppermost down, with the names of its files or why it is not read."""
    seen: set[tuple[int, int]] = set()
    for parent, folders, files in os.walk(folder, followlinks=True):
        status = Path(parent).stat()
        if (status.st_dev, status.st_ino) in seen:
            folders.clear()
            why = SourceFault(Path(parent), 0, "a link leads back to a folder that was already read")
            yield Path(parent), why
            continue
        seen.add((status.st_dev, status.st_ino))
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield Path(parent), [name for name in sorted(files) if not name.startswith((".", "~$"))]


def _read(path: Path, root: Path, ledgers: Sequence[Ledger]) -> Iterator[Found]:
    """The passages of one file and its faults; `ledgers` from the uppermost folder down."""
    try:
        said = Said()
        for ledger in ledgers:
            said |= ledger.said_of(path)
        _check(path)
        passages, faults = _of_kind(path, path.relative_to(root).as_posix(), said)
    except SourceFault as fault:
        yield fault
        return
    if passages:
        yield _told_apart(passages)
    yield from faults
    if not passages and not faults:
        yield SourceFault(path, 0, "no text")


def _check(path: Path) -> None:
    suffix = path.suffix.lower()
    if better := SAVE_AS.get(suffix):
        raise SourceFault(path, 0, f"{suffix} files are not read; save it as {better}")
    if suffix not in READ:
        raise SourceFault(path, 0, f"{suffix or 'a file without suffix'}: not a kind of document that is read")
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise SourceFault(path, 0, f"larger than {LARGEST // 1024 // 1024} MB")
        with path.open("rb"):
            pass
    except OSError as error:
        raise SourceFault(path, 0, f"cannot be read: {error.strerror}") from error
    if not size:
        raise SourceFault(path, 0, "no text")


def _of_kind(path: Path, name: str, said: Said) -> tuple[list[Passage], list[SourceFault]]:
    suffix = path.suffix.lower()
    if suffix in (".xlsx", ".csv"):
        sheets: list[Sheet] = workbook(path) if suffix == ".xlsx" else [csv_sheet(_text(path))]
        return sheet_passages(sheets, path, name, said)
    if suffix == ".docx":
        return _passages(read_docx(path), path, name, said)
    if suffix == ".pdf":
        return _passages(read_pdf(path), path, name, said)
    text = _text(path)
    if suffix in PAGES:
        text, title = page_text(without_hidden(text))
        text = f"# {title}\n{text}" if title and is_law(text) else text
        return _passages(Document(text, title), path, name, said)
    told, text, faults = front_matter(path, text)
    return ([], faults) if faults else _passages(Document(text), path, name, said | told)


def _passages(document: Document, path: Path, name: str, said: Said) -> tuple[list[Passage], list[SourceFault]]:
    """The passages of a text, with what is said of it; a text that no longer holds since nobody knows when has none."""
    text, (stem, title), repeal = without_repeal(document.text, path.stem, document.title)
    if repeal and not repeal.on and "valid_until" not in said:
        what = f"marked {repeal.mark!r} without a day; not read (say valid_until in sources.yml to keep it)"
        return [], [SourceFault(path, 0, what)]
    if is_law(text):
        passages = [_law_as_said(one, said) for one in law_passages(text, stem)]
    else:
        passages = document_passages(text, name, said.get("title") or title)
        first_line = next((line.lstrip("# ") for line in text.splitlines() if line.strip()), "")
        place = place_of_issue(passages[0].title, first_line, stem) if passages else ""
        passages = [replace(one, region=place) for one in passages]
    passages = [_as_said(one, said, repeal) for one in passages]
    if passages and (first := passages[0]).valid_from and first.valid_until and first.valid_from >= first.valid_until:
        raise SourceFault(path, 0, f"holds until {first.valid_until}, but only from {first.valid_from}; not read")
    return passages, [SourceFault(path, 0, what) for what in document.faults]


def _law_as_said(law: Passage, said: Said) -> Passage:
    """A statute under the title that an editor gives it: its ids and its place follow the title."""
    title = said.get("title")
    if not title or title == law.title:
        return law
    return replace(law, title=title, id=title + law.id.removeprefix(law.title), region=place_of_title(title))


def _as_said(one: Passage, said: Said, repeal: Repeal | None) -> Passage:
    return replace(
        one,
        number=said.get("number", one.number),
        region=said.get("region", one.region),
        valid_from=said.get("valid_from", one.valid_from),
        valid_until=said.get("valid_until", repeal.on if repeal else one.valid_until),
        authority=said.get("authority", one.authority),
    )


def _text(path: Path) -> str:
    text = _decoded(path, path.read_bytes())
    if not text.strip():
        raise SourceFault(path, 0, "no text")
    return text.replace("\r\n", "\n")


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
