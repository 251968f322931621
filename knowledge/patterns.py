"""The Chinese patterns of `data/patterns.toml`, compiled when first asked for."""

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"


@cache
def _file() -> dict[str, Any]:
    return tomllib.loads((DATA / "patterns.toml").read_text(encoding="utf-8"))


@cache
def pattern(room: str, name: str) -> re.Pattern[str]:
    """The compiled pattern `name` of the section `room`; a KeyError is a fault of ours."""
    return re.compile(_file()[room][name])


@cache
def phrase(room: str, name: str) -> str:
    """A plain string of the section `room`."""
    return str(_file()[room][name])


@cache
def phrases(room: str, name: str) -> tuple[str, ...]:
    """A list of plain strings of the section `room`."""
    return tuple(str(one) for one in _file()[room][name])
