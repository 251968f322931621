"""The words and patterns of nlu/data, which are Chinese and stand in files."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any


@cache
def written(name: str) -> dict[str, Any]:
    """What data/NAME.toml says; not to be changed by who reads it."""
    return tomllib.loads((Path(__file__).parent / "data" / f"{name}.toml").read_text(encoding="utf-8"))
