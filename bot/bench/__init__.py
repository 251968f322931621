"""Measurements. Trust the ratios within one run, not the figures of a crowded machine."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

Row = dict[str, float | int | str]


def processor_seconds(process: int | None) -> float:
    """What a process has had of the processors so far; unknown, a NaN, but on Linux."""
    stat = Path(f"/proc/{process}/stat")
    if not stat.exists():
        return float("nan")
    user, system = stat.read_text("ascii").rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@contextmanager
def scratch(home: Path) -> Iterator[Path]:
    """A folder on the disk that the home is on, since that is measured; it goes afterwards."""
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home) as folder:
        yield Path(folder)
