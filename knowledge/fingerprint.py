"""What an index was made of, in a few letters: the same again need not be built again."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from knowledge.errors import IndexUnusable
from knowledge.generations import live
from knowledge.passages import Passage

FILE = "made-of"
_HERE = Path(__file__).parent


def fingerprint(passages: Iterable[Passage], model: str) -> str:
    """A digest of the passages, the model's name, and the code and data that make an index of them."""
    digest = hashlib.sha256(model.encode())
    for path in sorted([*_HERE.glob("*.py"), *(_HERE / "data").iterdir()]):
        digest.update(path.read_bytes())
    for passage in passages:
        digest.update(repr(passage).encode("utf-8", "replace"))
    return digest.hexdigest()


def is_live(folder: Path, made_of: str) -> bool:
    """Whether there is a live generation, complete and made of just this."""
    try:
        kept = live(folder) / FILE
    except IndexUnusable:
        return False
    return kept.is_file() and kept.read_text(encoding="ascii") == made_of
