"""The words of dates and times of day in a text, by the patterns of data/dates.toml."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from nlu.data_files import written

# Nobody names a day after so many characters, and reading stays short whatever is sent.
LIMIT = 1000


@dataclass(frozen=True)
class Word:
    """`parts` are the named groups that matched; `start` and `end` are offsets in the folded text."""

    kind: str
    parts: dict[str, str]
    start: int
    end: int


@dataclass(frozen=True)
class Folded:
    """`places` has the offset in the original of each sign of `text`."""

    text: str
    places: list[int]

    def original(self, start: int, end: int) -> tuple[int, int]:
        return self.places[start], self.places[end - 1] + 1


@cache
def data() -> dict[str, Any]:
    return written("dates")


@cache
def around(name: str) -> re.Pattern[str]:
    """What stands between, before and after words of a date."""
    return re.compile(data()["around"][name], re.ASCII)


@cache
def _grammar() -> tuple[re.Pattern[str], list[tuple[str, re.Pattern[str]]]]:
    """One pattern that finds any word, and each word's own, which names its parts."""
    named = (name for names in data()["parts"].values() for name in names if len(name) > 1)
    parts = sorted(named, key=len, reverse=True)
    macros = data()["macros"] | {"PART": "|".join(parts)}
    words = []
    for word in data()["word"]:
        pattern = word["pattern"]
        while used := re.search("%([A-Z]+)%", pattern):
            pattern = pattern.replace(used[0], macros[used[1]])
        words.append((word["kind"], pattern.replace("\n", "")))
    unnamed = [re.sub(r"\(\?P<\w+>", "(?:", pattern) for _, pattern in words]
    any_word = "|".join(f"(?P<w{place}>{pattern})" for place, pattern in enumerate(unnamed))
    kinds = [(kind, re.compile(pattern if kind != "no" else "", re.ASCII)) for kind, pattern in words]
    return re.compile(f"(?={data()['starts']})(?:{any_word})", re.ASCII), kinds


def fold(text: str) -> Folded:
    """NFKC, small letters, simplified signs, nothing invisible."""
    signs: list[str] = []
    places: list[int] = []
    for place, sign in enumerate(text[:LIMIT]):
        plain = _plain(sign)
        signs.append(plain)
        places += [place] * len(plain)
        if len(places) > LIMIT:
            break
    return Folded("".join(signs), places)


def words(text: str) -> Iterator[Word]:
    """The words of a folded text, from left to right; those of kind "no" are left out."""
    any_word, kinds = _grammar()
    for found in any_word.finditer(text):
        kind, pattern = kinds[int((found.lastgroup or "w0")[1:])]
        if kind == "no" or found.end() == found.start():
            continue
        named = pattern.match(text, found.start())
        parts = {name.split("_")[0]: part for name, part in named.groupdict().items() if part} if named else {}
        yield Word(kind, parts, found.start(), found.end())


@cache
def _simplified() -> dict[int, int]:
    return str.maketrans(data()["fold"]["from"], data()["fold"]["to"])


@lru_cache(maxsize=4096)
def _plain(sign: str) -> str:
    if sign < "\x7f":
        return sign.lower()
    if unicodedata.category(sign) == "Cf":
        return ""
    return unicodedata.normalize("NFKC", sign).lower().translate(_simplified())
