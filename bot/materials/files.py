"""Photos and files on disk, sealed. A file is there, whole, before anything speaks of it."""

import hashlib
import os
import re
import uuid
from dataclasses import dataclass
from pathlib import Path

from bot.errors import OperatorError
from bot.seal import Seal

_ID = re.compile(r"[0-9a-f]{32}(\.raw)?")


@dataclass(frozen=True)
class Files:
    """A folder of sealed files, each under a name that says nothing."""

    folder: Path
    seal: Seal

    def keep(self, content: bytes, id: str = "") -> str:
        """Write it, to the disk and not only to its cache; the name by which it is read again.

        With an `id` it takes the place of what was kept under that name.
        """
        id = id or uuid.uuid4().hex
        self._write(id, self.seal.shut(content))
        return id

    def set_aside(self, content: bytes, id: str = "") -> str:
        """Keep it as it came; `read` finds it under its name once it is cleaned, and not before."""
        id = id or uuid.uuid4().hex
        self.keep(content, raw(id))
        return id

    def _write(self, id: str, sealed: bytes) -> None:
        path, beside = self._path(id), self._part(id)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with beside.open("wb") as file:
                file.write(sealed)
            on_disk(beside)
            beside.replace(path)
            on_disk(path.parent)
        except OSError as error:
            raise OperatorError(f"{path}: not kept: {error.strerror}") from error

    def read(self, id: str) -> bytes:
        """OperatorError where there is no such file, or it does not open."""
        try:
            return self.seal.open(self._path(id).read_bytes())
        except OSError as error:
            raise OperatorError(f"file {id}: {error.strerror}") from error

    def renew(self, id: str) -> bool:
        """Seal it with the key of now; False where it is already."""
        try:
            made = self.seal.renewed(self._path(id).read_bytes())
        except OSError as error:
            raise OperatorError(f"file {id}: {error.strerror}") from error
        if made is not None:
            self._write(id, made)
        return made is not None

    def all(self) -> list[str]:
        """The names of all that is kept."""
        return sorted(path.name for path in self.folder.glob("*/*") if _ID.fullmatch(path.name))

    def delete(self, id: str) -> None:
        """Also what is left of one in the writing of which we were killed."""
        try:
            self._path(id).unlink(missing_ok=True)
            self._part(id).unlink(missing_ok=True)
        except OSError as error:
            raise OperatorError(f"file {id}: {error.strerror}") from error

    def _path(self, id: str) -> Path:
        if not _ID.fullmatch(id):
            raise OperatorError("not the name of a kept file")
        return self.folder / id[:2] / id

    def _part(self, id: str) -> Path:
        return self._path(id).with_name(f"{id}.part")


def raw(id: str) -> str:
    """The name under which a file lies as it came, until it is cleaned: nothing is shown or sent on by that name."""
    return f"{id}.raw"


def on_disk(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk and not only in its cache."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
