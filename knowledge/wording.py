"""Text as the index sees it: cleaned, cut into sentences, and into words."""

import re
import unicodedata

from knowledge.patterns import pattern, phrases

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060\ufeff\ud800-\udfff]")
LONG_ENOUGH = 1_000  # characters of a question that are looked at: the rest of a pasted novel adds nothing


def clean(text: str) -> str:
    """The text without control characters, zero-width marks and lone surrogates, which crash tokenizers."""
    return CONTROL.sub(" ", text)


def plain(text: str) -> str:
    """Cleaned, NFKC-folded, lower-cased: the form in which texts are compared."""
    return unicodedata.normalize("NFKC", clean(text)).lower()


def words(text: str) -> list[str]:
    """Pairs of neighbouring Han characters, and Latin or digit words, in order; a lone Han character stands alone."""
    found: list[str] = []
    for run in pattern("wording", "word").findall(plain(text)):
        if run.isascii() or len(run) == 1:
            found.append(run)
        else:
            found.extend(run[i : i + 2] for i in range(len(run) - 1))
    return found


def idle_words() -> tuple[str, ...]:
    """Words of a question that say nothing about its subject."""
    return phrases("wording", "asking")


def bare(text: str) -> str:
    """The text's letters, digits and Han characters alone, folded: two ways of writing one question agree in it."""
    return "".join(pattern("wording", "word").findall(plain(text)))


def sentences(text: str) -> list[str]:
    """Whole sentences with their stops, in order; joined, they give the text without its line breaks."""
    return [one.strip() for one in pattern("wording", "sentence").findall(text) if one.strip()]


def closed_up(text: str) -> str:
    """The text without the blanks that typesetters put between Han characters."""
    return pattern("wording", "han_gap").sub("", text).strip()
