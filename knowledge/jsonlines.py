"""Files of one JSON object a line."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from knowledge.errors import SourceFault


def json_lines(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects with their line numbers; blank lines are passed over. SourceFault for anything else."""
    try:
        lines = file.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceFault(file, 0, f"cannot be read: {error}") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise SourceFault(file, number, f"not JSON: {error}") from error
        if not isinstance(row, dict):
            raise SourceFault(file, number, "not a JSON object")
        yield number, row
