"""The folder of an index: generations side by side, one of them live, one builder at a time."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from knowledge.errors import IndexUnusable

KEPT = 2
PASSAGES, WORDS, SORTS, VECTORS, LINE = "passages.db", "words", "sorts.npz", "vectors.faiss", "line.json"
CACHE = "vectors.db"


def live(folder: Path) -> Path:
    """The generation that is in use. Raises IndexUnusable where there is none."""
    try:
        name = (folder / "current").read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise IndexUnusable(f"{folder}: no index has been built here") from error
    generation = folder / name
    if not name.isdecimal() or not generation.is_dir():
        raise IndexUnusable(f"{folder}: the live generation {name!r} is missing")
    return generation


def begin(folder: Path) -> Path:
    """A new, empty generation with the next number; not live before `publish`."""
    taken = [int(path.name) for path in folder.iterdir() if path.is_dir() and path.name.isdecimal()]
    generation = folder / f"{max(taken, default=0) + 1:06d}"
    generation.mkdir()
    return generation


def carry_on(generation: Path) -> Path:
    """A new generation that begins with the same passages and words (linked, not copied)."""
    following = begin(generation.parent)
    shutil.copytree(generation, following, dirs_exist_ok=True, copy_function=_link)
    return following


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copy2(source, target)


def publish(generation: Path) -> None:
    """Make a generation the live one, in one step; only the last two are kept."""
    folder = generation.parent
    pointer = folder / "current.new"
    with pointer.open("w", encoding="ascii") as file:
        file.write(generation.name)
        file.flush()
        os.fsync(file.fileno())
    pointer.replace(folder / "current")
    older = sorted(
        path for path in folder.iterdir() if path.is_dir() and path.name.isdecimal() and path.name < generation.name
    )
    for path in older[: -(KEPT - 1)]:
        shutil.rmtree(path, ignore_errors=True)


def sweep(folder: Path) -> None:
    """Remove what a killed build left behind: generations newer than the live one."""
    try:
        last = live(folder).name
    except IndexUnusable:
        last = ""
    for path in folder.iterdir():
        if path.is_dir() and path.name.isdecimal() and path.name > last:
            shutil.rmtree(path, ignore_errors=True)


@contextmanager
def sole_builder(folder: Path) -> Iterator[None]:
    """Holds the folder for one build; raises IndexUnusable at once where another build holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "build.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise IndexUnusable(f"{folder}: another build is running") from error
        yield
