"""Text as people type it, folded to one form for comparing."""

import re
import unicodedata

_NOT_WORDS = re.compile(r"[\W_]+")


def fold(text: str) -> str:
    """Full-width letters narrow, capitals small, punctuation and blanks gone: a key, not something to show."""
    return _NOT_WORDS.sub("", unicodedata.normalize("NFKC", text).lower())


def has_words(text: str) -> bool:
    """False for what holds nothing to understand: blanks, punctuation, emoji."""
    return bool(fold(text))
