"""A knowledge base carried to another home: everything that an export holds, and what an import makes of it."""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from bot.domain.knowledge import Miss, Missed, Version
from bot.editing import build, faults_of
from bot.errors import ConfigError
from bot.settings import Settings
from bot.shelf import digest
from bot.store.db import Store, Tables
from bot.store.schema import HEAD
from knowledge.build import Progress
from knowledge.embedding import Embedder
from knowledge.errors import IndexUnusable
from knowledge.generations import CACHE, live
from knowledge.jsonlines import json_lines
from knowledge.origins import Origins, files_of, read_origins, sha256
from knowledge.portable import merge_vectors, pack, unpack, vectors_for

T = TypeVar("T")

SOURCES = "sources"  # the folder of a home in which imported documents stand


@dataclass(frozen=True)
class Holding:
    """What a knowledge base stands on, in one home."""

    store: Store
    settings: Settings
    shipped: Path
    embedder: Embedder | None

    @property
    def remit(self) -> Path:
        return self.settings.config / "remit.yml"

    def origins(self) -> Origins:
        try:
            return read_origins(live(self.settings.kb))
        except IndexUnusable:
            return Origins()

    def texts(self) -> dict[str, str]:
        """Every article in force, by name."""
        edits = self.store.read(lambda tables: tables.articles.edits())
        texts: dict[str, str | None] = {p.stem: p.read_text("utf-8-sig") for p in sorted(self.shipped.rglob("*.md"))}
        return {name: text for name, text in (texts | edits).items() if text is not None}


@dataclass(frozen=True)
class _Kept:
    """What an export holds, read and found in order."""

    texts: dict[str, str]
    versions: dict[str, list[Version]]
    misses: list[tuple[Miss, list[Missed]]]


def export(holding: Holding, file: Path, program: str, now: datetime) -> dict[str, int]:
    """Write the base to one file; how many of each kind it holds."""
    origins = holding.origins()
    if missing := origins.missing():
        raise ConfigError(f"folders of the last build are gone: {', '.join(map(str, missing))}")
    versions, misses = holding.store.read(
        lambda tables: (
            tables.articles.all(),
            [(one, tables.misses.questions(one.id)) for one in tables.misses.every()],
        )
    )
    texts = holding.texts()
    parts: dict[str, bytes | Path] = {f"articles/{name}.md": text.encode() for name, text in texts.items()}
    parts["versions.jsonl"] = _lines([asdict(one) for one in versions])
    parts["misses.jsonl"] = _lines([{**asdict(one), "questions": [asdict(q) for q in qs]} for one, qs in misses])
    if holding.remit.is_file():
        parts["remit.yml"] = holding.remit
    documents = _documents(origins.folders)
    model = holding.embedder.name if holding.embedder else ""
    said = {"program": program, "schema": HEAD, "model": model, "made_at": now.isoformat()}
    with TemporaryDirectory(dir=holding.settings.home) as folder:
        vectors = Path(folder) / CACHE
        if holding.embedder and vectors_for(holding.settings.kb / CACHE, model, vectors):
            parts["vectors.db"] = vectors
        pack(file, said, parts | documents)
    return {"articles": len(texts), "versions": len(versions), "misses": len(misses), "documents": len(documents)}


def import_(
    holding: Holding, file: Path, *, take_remit: bool, on: date, now: datetime, progress: Progress
) -> dict[str, int]:
    """Bring an export into this home, and build the index; what was new. Nothing is changed unless all is in order."""
    with TemporaryDirectory(dir=holding.settings.home) as folder:
        unpacked = Path(folder)
        manifest = unpack(file, unpacked)
        kept = _read(file, unpacked)
        histories, counts = _merged(holding, kept, now)
        holding.store.write(lambda tables: _write(tables, histories, kept.misses, counts))
        if take_remit and (unpacked / "remit.yml").is_file():
            shutil.copyfile(unpacked / "remit.yml", holding.remit)
        folders = _settled(holding, unpacked)
        if holding.embedder and manifest.get("model") == holding.embedder.name and (unpacked / "vectors.db").is_file():
            holding.settings.kb.mkdir(exist_ok=True)
            cache = holding.settings.kb / CACHE
            counts["vectors"] = merge_vectors(
                unpacked / "vectors.db", holding.embedder.name, holding.embedder.dimensions, cache
            )
    edited = holding.store.read(lambda tables: tables.articles.edits())
    report = build(holding.settings, holding.shipped, folders, holding.embedder, edited, progress, on)
    return {**counts, "embedded": report.embedded}


def _lines(rows: Sequence[Mapping[str, Any]]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False, default=datetime.isoformat) + "\n" for row in rows).encode()


def _documents(folders: Sequence[Path]) -> dict[str, bytes | Path]:
    """Every file that the index was built from, under the number of its folder."""
    found: dict[str, bytes | Path] = {}
    for n, folder in enumerate(folders):
        root = folder.parent if folder.is_file() else folder
        found |= {f"{SOURCES}/{n}/{path.relative_to(root).as_posix()}": path for path in files_of(folder)}
    return found


def _read(file: Path, unpacked: Path) -> _Kept:
    """Everything of an export that goes into the database. ConfigError with every fault."""
    faults: list[str] = []
    texts = {path.stem: path.read_text("utf-8", "replace") for path in sorted(unpacked.glob("articles/*.md"))}
    versions: dict[str, list[Version]] = {}
    for _, one in _typed(unpacked / "versions.jsonl", Version, faults):
        versions.setdefault(one.article, []).append(one)
    misses = []
    for row, miss in _typed(unpacked / "misses.jsonl", Miss, faults):
        try:
            misses.append((miss, [_one(Missed, question) for question in row.get("questions", [])]))
        except ValidationError:
            faults.append(f"misses.jsonl: miss {miss.id}: its questions are not as they should be")
    if faults:
        raise ConfigError("\n".join(f"{file}: {fault}" for fault in faults))
    return _Kept(texts, versions, misses)


def _typed(file: Path, kind: type[T], faults: list[str]) -> list[tuple[dict[str, Any], T]]:
    found = []
    for number, row in json_lines(file) if file.is_file() else ():
        try:
            found.append((row, _one(kind, row)))
        except ValidationError as error:
            first = error.errors()[0]
            faults.append(f"{file.name}:{number}: {'.'.join(map(str, first['loc']))}: {first['msg']}")
    return found


def _one(kind: type[T], row: Mapping[str, Any]) -> T:
    """A row as its type: keys that this program does not know are left out, those that it has more have defaults."""
    typed = TypeAdapter(kind)
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    return typed.validate_python({key: value for key, value in row.items() if key in known})


def _merged(holding: Holding, kept: _Kept, now: datetime) -> tuple[dict[str, list[Version]], dict[str, int]]:
    """The histories to write, and how many of what is new. ConfigError where two homes went different ways."""
    here: dict[str, list[Version]] = {}
    for one in holding.store.read(lambda tables: tables.articles.all()):
        here.setdefault(one.article, []).append(one)
    faults = [
        f"{article}: was edited here and there in different ways; put one of the two right first"
        for article, theirs in kept.versions.items()
        if not _same_way(here.get(article, []), theirs)
    ]
    shipped = {path.stem: path.read_text("utf-8-sig") for path in holding.shipped.rglob("*.md")}
    gone = {name: text for name, text in kept.texts.items() if name not in {**shipped, **here, **kept.versions}}
    for name, text in gone.items():
        faults += faults_of(Path(f"{name}.md"), text)
    if faults:
        raise ConfigError("\n".join(faults))
    histories = {name: one for name, one in kept.versions.items() if _is_later(one, here.get(name, []))}
    versions = sum(map(len, histories.values()))
    for name, text in gone.items():
        came = Version(name, 1, "published", text, "came with an import", "import", now, publisher="import")
        histories[name] = [replace(came, published_at=now)]
    untouched = {name: text for name, text in kept.texts.items() if name not in {**here, **kept.versions}}
    newer = sum(name in shipped and digest(shipped[name]) != digest(text) for name, text in untouched.items())
    return histories, {"articles": len(gone), "versions": versions, "misses": 0, "vectors": 0, "shipped_kept": newer}


def _same_way(ours: Sequence[Version], theirs: Sequence[Version]) -> bool:
    """Whether one history goes on where the other ends."""
    pairs = zip(ours, theirs, strict=False)
    return all((a.number, a.text, a.author) == (b.number, b.text, b.author) for a, b in pairs)


def _is_later(theirs: Sequence[Version], ours: Sequence[Version]) -> bool:
    if len(theirs) != len(ours):
        return len(theirs) > len(ours)
    return _last_act(theirs) > _last_act(ours)


def _last_act(versions: Sequence[Version]) -> datetime:
    times = (at for one in versions for at in (one.created_at, one.decided_at, one.published_at) if at)
    return max(times)


def _write(
    tables: Tables,
    histories: Mapping[str, list[Version]],
    misses: Sequence[tuple[Miss, list[Missed]]],
    counts: dict[str, int],
) -> None:
    for article, versions in histories.items():
        tables.articles.put_back(article, versions)
    known = {(one.title, one.created_at) for one in tables.misses.every()}
    new = [(one, questions) for one, questions in misses if (one.title, one.created_at) not in known]
    for one, questions in new:
        tables.misses.put_back(one, questions)
    counts["misses"] = len(new)


def _settled(holding: Holding, unpacked: Path) -> tuple[Path, ...]:
    """The folders to build from: those of this home, and the documents of the export where one of them is new."""
    origins, theirs = holding.origins(), unpacked / SOURCES
    known = {one.sha256 for one in origins.files}
    files = {path.relative_to(theirs).as_posix(): sha256(path) for path in files_of(theirs)} if theirs.is_dir() else {}
    if set(files.values()) <= known:
        return origins.folders
    name = digest(json.dumps(files, sort_keys=True))[:12]
    target = holding.settings.home / SOURCES / name
    if not target.exists():
        target.parent.mkdir(exist_ok=True)
        theirs.rename(target)
    return (*origins.folders, *sorted(path for path in target.iterdir() if path not in origins.folders))
