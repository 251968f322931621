"""Which folders of documents an index was built from, so that it can be built again and carried elsewhere."""

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from knowledge.errors import IndexUnusable

FILE = "sources.json"


@dataclass(frozen=True)
class Origin:
    """One file that an index was built from: its folder's place in the list, its path within, its digest."""

    folder: int
    path: str
    sha256: str


@dataclass(frozen=True)
class Origins:
    folders: tuple[Path, ...] = ()
    files: tuple[Origin, ...] = ()

    def missing(self) -> list[Path]:
        """Folders that are no longer there: an index built without them would forget what they held."""
        return [folder for folder in self.folders if not folder.exists()]


def write_origins(generation: Path, folders: Sequence[Path]) -> None:
    """Keep the folders, and the digest of every file in them, with the generation."""
    roots = [folder.absolute() for folder in folders]
    files = [
        {"folder": n, "path": path.relative_to(_base(root)).as_posix(), "sha256": sha256(path)}
        for n, root in enumerate(roots)
        for path in files_of(root)
        if os.access(path, os.R_OK)
    ]
    part = generation / f"{FILE}.new"
    kept = {"folders": [str(root) for root in roots], "files": files}
    part.write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n", "utf-8", "surrogateescape")
    part.replace(generation / FILE)  # never written in place: an older generation may share the file


def read_origins(generation: Path) -> Origins:
    """Raises IndexUnusable where the generation does not say, as those of older programs."""
    try:
        kept = json.loads((generation / FILE).read_text("utf-8", "surrogateescape"))
        files = tuple(Origin(**one) for one in kept["files"])
        return Origins(tuple(Path(one) for one in kept["folders"]), files)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IndexUnusable(f"{generation}: does not say what it was built from; run `banshi kb build`") from error


def files_of(root: Path) -> list[Path]:
    """Every file of a folder that a build looks at; a single file may stand for a folder."""
    if root.is_file():
        return [root]
    every = sorted(path for path in root.rglob("*") if path.is_file())
    return [path for path in every if not any(part.startswith((".", "~$")) for part in path.relative_to(root).parts)]


def _base(root: Path) -> Path:
    return root.parent if root.is_file() else root


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
