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


def narrow(text: str) -> str:
    """Full-width signs narrow and ASCII letters capital, sign by sign: offsets stay."""
    return text.translate(_NARROW)


_NARROW = {0xFF01 + n: 0x21 + n for n in range(94)} | {0x3000: 0x20} | {0x61 + n: 0x41 + n for n in range(26)}
_NARROW |= {0xFF41 + n: 0x41 + n for n in range(26)}
