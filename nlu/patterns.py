"""The Chinese patterns and words of `data/entities.toml`."""

import re
from functools import cache
from typing import Any

from nlu.data_files import written

_PARTS = ("BEFORE", "COUNT", "SEP", "LEFT", "RIGHT")


@cache
def section(name: str) -> dict[str, Any]:
    """A section of the file as it stands; a KeyError is a fault of ours."""
    found: dict[str, Any] = _file()[name]
    return found


@cache
def pattern(room: str, name: str) -> re.Pattern[str]:
    """The compiled pattern `name` of the section `room`, its named parts put in."""
    text: str = section(room)[name]
    for part in _PARTS:
        text = text.replace(part, _file()[part])
    return re.compile(text)


@cache
def _file() -> dict[str, Any]:
    return written("entities")
