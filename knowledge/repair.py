"""Slips of tongue and pen mended: fillers, dialect, and words that only sound or look like one of the base."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from pypinyin import lazy_pinyin

from knowledge.lexicon import Lexicon
from knowledge.patterns import DATA, pattern

SIZES = (4, 3, 2)  # characters of a word that may be meant
OFTEN = {4: 3, 3: 3, 2: 6}  # how often the base must have it, by its size
# How much more often a pair of characters must stand in the base than the one that it is to replace.
CLEARLY = 10
SLIPS = 2


@cache
def _room() -> dict[str, Any]:
    return tomllib.loads((DATA / "repair.toml").read_text(encoding="utf-8"))


@cache
def _fillers() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(one) for one in _room()["fillers"])


@cache
def _dialect() -> re.Pattern[str]:
    return re.compile("|".join(sorted(map(re.escape, _room()["common"]), key=len, reverse=True)))


@cache
def _alike() -> dict[str, str]:
    """Each sign with those that look like it."""
    return {sign: group for group in _room()["shapes"]["alike"] for sign in group}


def spoken_plainly(question: str) -> str:
    """The question without fillers and with the common word for each word of dialect; itself if nothing remains."""
    text = question
    for filler in _fillers():
        before = ""
        while before != text:
            before, text = text, filler.sub("", text, count=1)
    common: dict[str, str] = _room()["common"]
    text = _dialect().sub(lambda match: common[match.group()], text)
    return text if pattern("wording", "word").search(text) else question


class Repair:
    """Mends a question by what the base is asked and tells. Safe for several threads."""

    def __init__(self, phrasings: Iterable[str], lexicon: Lexicon) -> None:
        """`phrasings` are titles and ways of asking: what people say when they mean something that the base has."""
        counts = Counter(part for text in phrasings for part in set(_parts(text)))
        self._words = {word: count for word, count in counts.items() if count >= OFTEN[len(word)]}
        self._pairs = {word: count for word, count in counts.items() if len(word) == 2}
        self._lexicon = lexicon
        self._by_sound: dict[str, str] = {}
        for word in sorted(self._words, key=self._words.__getitem__):
            self._by_sound[_sound(word)] = word

    def __call__(self, question: str) -> str:
        text = spoken_plainly(question)
        for size in SIZES:
            at = 0
            while at + size <= len(text):
                meant = self._meant(text, at, size)
                if meant:
                    text = text[:at] + meant + text[at + size :]
                at += size if meant else 1
        return text

    def _meant(self, text: str, at: int, size: int) -> str:
        """The base's word for one that it does not know; "" where there is nothing to mend."""
        written = text[at : at + size]
        if not pattern("repair", "han").fullmatch(written) or not self._strange(written):
            return ""
        for meant in (self._by_sound.get(_sound(written), ""), *_looking_like(written)):
            if meant != written and meant in self._words and self._fits(text, at, meant):
                return meant
        return ""

    def _strange(self, written: str) -> bool:
        """Whether a pair of neighbours in it hardly stands in any phrasing; some are there with their slips."""
        return any(self._pairs.get(pair, 0) <= SLIPS for pair in _pairs(written))

    def _fits(self, text: str, at: int, meant: str) -> bool:
        """Whether its pairs of neighbours are far more usual than those written, and those at its edges no less so."""
        first, last = max(at - 1, 0), at + len(meant) + 1
        before = text[first:last]
        after = text[first:at] + meant + text[at + len(meant) : last]
        changed = [(old, new) for old, new in zip(_pairs(before), _pairs(after), strict=True) if old != new]
        in_texts = self._lexicon.frequencies(self._lexicon.numbers([old for old, _ in changed])).tolist()
        return all(
            self._pairs.get(new, 0) >= (CLEARLY * max(usual, 1) if new in meant else usual)
            for (old, new), count in zip(changed, in_texts, strict=True)
            for usual in [max(count, self._pairs.get(old, 0))]
        )


def _pairs(text: str) -> list[str]:
    return [text[n : n + 2] for n in range(len(text) - 1)]


def _parts(text: str) -> Iterator[str]:
    for run in pattern("repair", "run").findall(text):
        for size in SIZES:
            yield from (run[n : n + size] for n in range(len(run) - size + 1))


def _sound(word: str) -> str:
    """How a word sounds without tones, to ears that do not tell zh from z, n from l, or -ng from -n."""
    syllables = lazy_pinyin(word)
    if len(word) > 2:
        syllables = [re.sub(r"g$", "", re.sub(r"^([zcs])h", r"\1", one)) for one in syllables]
        syllables = [re.sub(r"^n", "l", one) for one in syllables]
    return " ".join(syllables)


def _looking_like(written: str) -> Iterator[str]:
    """The word with one sign replaced by one that looks like it."""
    for n, sign in enumerate(written):
        for other in _alike().get(sign, ""):
            if other != sign:
                yield written[:n] + other + written[n + 1 :]
