"""A knowledge base as one file: packed with the digest of every part, and unpacked only when all of it is right."""

import hashlib
import json
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import sqlite_utils

from knowledge.errors import SourceFault
from knowledge.origins import sha256

FORMAT = 1
MANIFEST = "manifest.json"
PARTS = {MANIFEST, "articles", "versions.jsonl", "misses.jsonl", "remit.yml", "sources", "vectors.db"}
LARGEST = 4 * 1024**3  # bytes, unpacked
MOST_FILES = 200_000


def pack(file: Path, said: Mapping[str, Any], parts: Mapping[str, bytes | Path]) -> None:
    """Write the parts by name, and a manifest with what is `said` of them. The file appears when it is complete."""
    part = file.with_name(file.name + ".part")
    digests: dict[str, str] = {}
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            if isinstance(content, Path):
                archive.write(content, name)
                digests[name] = sha256(content)
            else:
                archive.writestr(name, content)
                digests[name] = hashlib.sha256(content).hexdigest()
        manifest = {"format": FORMAT, **said, "files": digests}
        archive.writestr(MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))
    part.replace(file)


def unpack(file: Path, into: Path) -> dict[str, Any]:
    """Unpack into a new folder; the manifest. SourceFault for anything that is not as it was packed."""
    try:
        with zipfile.ZipFile(file) as archive:
            manifest = _manifest(file, archive)
            _check(file, archive, manifest["files"])
            for info in archive.infolist():
                target = into / info.filename
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(info) as source, target.open("wb") as out:
                    while block := source.read(1 << 20):
                        out.write(block)
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise SourceFault(file, 0, f"not an export of a knowledge base: {error}") from error
    for name, digest in manifest["files"].items():
        if sha256(into / name) != digest:
            raise SourceFault(file, 0, f"{name}: damaged, its digest is another")
    return manifest


def _manifest(file: Path, archive: zipfile.ZipFile) -> dict[str, Any]:
    try:
        info = archive.getinfo(MANIFEST)
        manifest = json.loads(archive.read(info)) if info.file_size <= LARGEST // 64 else None
    except (KeyError, ValueError) as error:
        raise SourceFault(file, 0, f"not an export of a knowledge base: no {MANIFEST}") from error
    if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), dict):
        raise SourceFault(file, 0, f"{MANIFEST}: says nothing of the files")
    if not isinstance(manifest.get("format"), int) or manifest["format"] > FORMAT:
        raise SourceFault(file, 0, f"format {manifest.get('format')}: this banshi reads formats up to {FORMAT}")
    return manifest


def _check(file: Path, archive: zipfile.ZipFile, files: Mapping[str, str]) -> None:
    """Nothing but what the manifest names, nothing outside the folder, and not more than a disk can hold."""
    infos = archive.infolist()
    names = [info.filename for info in infos]
    if len(names) > MOST_FILES or sum(info.file_size for info in infos) > LARGEST:
        raise SourceFault(file, 0, f"more than {MOST_FILES} files or {LARGEST} bytes")
    for name in names:
        if not _safe(name):
            raise SourceFault(file, 0, f"{name!r}: not a name of this kind of file")
    if len(set(names)) != len(names) or set(names) != {MANIFEST, *files}:
        odd = sorted({*names} ^ {MANIFEST, *files}) or sorted({name for name in names if names.count(name) > 1})
        raise SourceFault(file, 0, f"the manifest and the files do not agree: {', '.join(odd[:3])}")


def _safe(name: str) -> bool:
    path = PurePosixPath(name)
    odd = path.is_absolute() or name.endswith("/") or "\\" in name or any(ord(one) < 32 for one in name)
    return not odd and ".." not in path.parts and str(path) == name and path.parts[0] in PARTS


def vectors_for(cache: Path, model: str, target: Path) -> bool:
    """A copy of one model's vectors in `target`; False where the cache has none."""
    if not cache.is_file():
        return False
    return merge_vectors(cache, model, None, target) > 0


def merge_vectors(source: Path, model: str, dimensions: int | None, target: Path) -> int:
    """Put one model's vectors of a cache into another; how many were new. Rows of another length are left out."""
    kept, fresh = sqlite_utils.Database(source), sqlite_utils.Database(target)
    try:
        table: Any = fresh["vectors"]
        table.create({"model": str, "text": bytes, "vector": bytes}, pk=("model", "text"), if_not_exists=True)
        before = table.count
        rows = kept.query("select model, text, vector from vectors where model = ?", [model])
        right = (row for row in rows if dimensions is None or len(row["vector"]) == 2 * dimensions)
        table.insert_all(right, ignore=True)
        return int(table.count - before)
    finally:
        kept.close()
        fresh.close()
