"""A folder that another system reads: `out/` has a zip for each matter, `in/` takes its reports as JSON files."""

import json
import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bot.errors import OperatorError
from bot.materials.files import on_disk
from bot.registry.base import Parcel

_UNSAFE = re.compile(r"[^\w.-]+")


@dataclass(frozen=True)
class Folder:
    """One department's folder. Whatever stands in it is whole: files appear under their names when complete."""

    path: Path

    def hand_over(self, parcel: Parcel) -> None:
        out = self.path / "out" / f"{_UNSAFE.sub('_', parcel.key)}.zip"
        if out.exists():
            return
        part = out.with_suffix(".part")
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, content in _files(parcel):
                    archive.writestr(name, content)
            on_disk(part)
            part.replace(out)
            on_disk(out.parent)
        except OSError as error:
            raise OperatorError(f"{out}: {error.strerror}") from error

    def reports(self) -> list[tuple[str, str]]:
        """In the order in which they were written."""
        try:
            found = sorted((path.stat().st_mtime_ns, path) for path in (self.path / "in").glob("*.json"))
            return [(path.name, path.read_text("utf-8", errors="replace")) for _, path in found]
        except OSError as error:
            raise OperatorError(f"{self.path / 'in'}: {error.strerror}") from error

    def taken(self, name: str, fault: str = "") -> None:
        """Reports that were refused stay beside, with the reason."""
        path = self.path / "in" / name
        beside = self.path / ("refused" if fault else "taken")
        try:
            beside.mkdir(parents=True, exist_ok=True)
            if fault:
                (beside / f"{name}.txt").write_text(fault, "utf-8")
            path.replace(beside / name)
        except OSError as error:
            raise OperatorError(f"{path}: {error.strerror}") from error


def _files(parcel: Parcel) -> Iterable[tuple[str, bytes]]:
    yield "application.json", json.dumps(parcel.content, ensure_ascii=False, indent=1).encode()
    yield from parcel.files.items()
