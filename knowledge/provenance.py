"""What an editor says of documents: front matter at the head of one, or a file sources.yml beside many."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TypedDict, cast

import yaml

from knowledge.errors import SourceFault
from knowledge.frontmatter import Reading, fenced
from knowledge.passages import Authority

NAMES = ("sources.yml", "sources.yaml")
LARGEST = 1024 * 1024
AUTHORITIES = ("law", "regulation", "rule", "local", "guide")
KEYS = {"title", "number", "region", "valid_from", "valid_until", "authority", "source_url"}


class Said(TypedDict, total=False):
    """What was said, and nothing else: a key that stands there empty says "none", or the whole country."""

    title: str
    number: str | None
    region: str
    valid_from: date | None
    valid_until: date | None
    authority: Authority
    source_url: str


def front_matter(path: Path, text: str) -> tuple[Said, str, list[SourceFault]]:
    """What the head of a text says of it, the text below, and the faults: a text with any should not be read."""
    if not re.match(r"---[ \t]*(?:\n|$)", text):
        return {}, text, []
    reading = Reading(path)
    parts = fenced(text)
    if parts is None:
        return {}, text, [SourceFault(path, 1, "front matter that no second line of --- closes")]
    root = reading.root(parts[0])
    said = _said(reading, reading.pairs(root, KEYS)) if root is not None else Said()
    return said, parts[1], reading.faults


def _said(reading: Reading, nodes: dict[str, yaml.Node]) -> Said:
    said = Said()
    first, last = reading.period(nodes)
    if "title" in nodes:
        said["title"] = reading.text(nodes, "title", required=True)
    if "number" in nodes:
        said["number"] = reading.text(nodes, "number") or None
    if "region" in nodes:
        said["region"] = reading.region(nodes)
    if "valid_from" in nodes:
        said["valid_from"] = first
    if "valid_until" in nodes:
        said["valid_until"] = last
    if "authority" in nodes:
        said["authority"] = _authority(reading, nodes)
    if "source_url" in nodes:
        said["source_url"] = _url(reading, nodes)
    return said


def _authority(reading: Reading, nodes: dict[str, yaml.Node]) -> Authority:
    written = reading.text(nodes, "authority")
    if written not in AUTHORITIES:
        reading.fault(nodes["authority"], f"authority {written!r} is none of {', '.join(AUTHORITIES)}")
    return cast(Authority, written)


def _url(reading: Reading, nodes: dict[str, yaml.Node]) -> str:
    written = reading.text(nodes, "source_url")
    if written and not re.fullmatch(r"https?://[^\s/]+\S*", written):
        reading.fault(nodes["source_url"], f"source_url is no web address: {written!r}")
    return written


@dataclass
class _Entry:
    """One entry of a sources.yml; `broken` where it has a fault: then what it names must not be read without it."""

    line: int
    match: str
    said: Said
    broken: bool
    used: bool = False

    def covers(self, relative: str) -> bool:
        """Whether a file is meant: by its path from the folder of sources.yml or, without a slash, by its name."""
        name = relative if "/" in self.match else relative.rpartition("/")[2]
        return name == self.match or fnmatchcase(name, self.match)


@dataclass
class Ledger:
    """The sources.yml of one folder; it holds for the folder and all below it."""

    path: Path
    entries: list[_Entry] = field(default_factory=list)
    faults: list[SourceFault] = field(default_factory=list)
    unreadable: bool = False

    def said_of(self, path: Path) -> Said:
        """What is said of a file, later entries over earlier ones; raises SourceFault where that has a fault."""
        if self.unreadable:
            raise SourceFault(path, 0, f"not read, because {self.path.name} cannot be read")
        relative = _one_form(path.relative_to(self.path.parent).as_posix())
        said = Said()
        for entry in self.entries:
            if entry.covers(relative):
                entry.used = True
                if entry.broken:
                    raise SourceFault(path, 0, f"not read, because its entry has a fault: {self.path}:{entry.line}")
                said |= entry.said
        return said

    def unmatched(self) -> Iterator[SourceFault]:
        for entry in self.entries:
            if entry.match and not entry.used:
                yield SourceFault(self.path, entry.line, f"no file matches {entry.match!r}")


def ledger_in(folder: Path, files: Iterable[str]) -> Ledger | None:
    """The ledger of a folder with the given files; None where it has none."""
    name = next((name for name in NAMES if name in files), None)
    return _ledger(folder / name) if name else None


def _ledger(path: Path) -> Ledger:
    ledger = Ledger(path)
    reading = Reading(path, above=1, faults=ledger.faults)
    try:
        text = path.read_text(encoding="utf-8-sig") if path.stat().st_size <= LARGEST else None
    except (OSError, UnicodeDecodeError) as error:
        ledger.faults.append(SourceFault(path, 0, f"cannot be read as UTF-8: {error}"))
        text = None
    root = reading.root(text) if text is not None else None
    if root is None:
        ledger.unreadable = True
        if not ledger.faults:
            ledger.faults.append(SourceFault(path, 0, f"larger than {LARGEST // 1024} kB"))
        return ledger
    nodes = reading.pairs(root, {"files"})
    for node in reading.items(nodes, "files"):
        ledger.entries.append(_entry(reading, node))
    ledger.unreadable = not ledger.entries
    return ledger


def _entry(reading: Reading, node: yaml.Node) -> _Entry:
    before = len(reading.faults)
    nodes = reading.pairs(node, KEYS | {"match"})
    match = reading.text(nodes, "match", required=True, within=node)
    said = _said(reading, nodes)
    broken = len(reading.faults) > before
    return _Entry(node.start_mark.line + reading.above, _one_form(match.removeprefix("./")), said, broken)


def _one_form(name: str) -> str:
    """File systems write accents and full-width signs in more than one way."""
    return unicodedata.normalize("NFC", name)
