"""Known words found in a text: the longest first, with no regard to word borders."""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from nlu.examples import Example, Training
from nlu.patterns import pattern, section
from nlu.text import narrow

_TRADE = "business_kind"
_NEAR = 12
_LETTERS = re.compile(r"[0-9A-Z]")


@dataclass(frozen=True)
class Named:
    """`value` is the proper name of what the text names."""

    entity: str
    value: str
    start: int
    end: int


class Gazetteer:
    """Words by what they name."""

    def __init__(self, words: Mapping[str, tuple[str, str]]) -> None:
        """`words`: what people write → kind of entity, proper name."""
        self._words = {narrow(word): named for word, named in words.items()}
        lengths: dict[str, set[int]] = defaultdict(set)
        for word in self._words:
            lengths[word[0]].add(len(word))
        self._lengths = {first: sorted(all_, reverse=True) for first, all_ in lengths.items()}

    def find(self, text: str) -> Iterator[Named]:
        """The words of a `narrow` text from left to right, none over another."""
        at = 0
        while at < len(text):
            for length in self._lengths.get(text[at], ()):
                named = self._words.get(text[at : at + length]) if at + length <= len(text) else None
                if named and _whole(text, at, at + length):
                    yield Named(*named, at, at + length)
                    at += length - 1
                    break
            at += 1

    def trades(self, text: str) -> Iterator[Named]:
        """Shops that bear what they sell in their name; the value is the listed one that it ends with, if any does."""
        for found in _trade().finditer(text):
            ends = (self._words.get(found[0][start:], ("", "")) for start in range(len(found[0]) - 1))
            unlisted = section("gazetteer")["eating"] if found["dish"] else found[0]
            value = next((value for kind, value in ends if kind == _TRADE), unlisted)
            yield Named(_TRADE, value, *found.span())


@cache
def _trade() -> re.Pattern[str]:
    """Names of shops; `dish` is what one sells to eat."""
    names = ("before", "dishes", "goods", "shops", "whole")
    before, dishes, goods, shops, whole = ("|".join(_longest_first(section("gazetteer")[name])) for name in names)
    return re.compile(f"(?:{before})?(?:(?P<dish>{dishes})|{goods}){{1,2}}(?:{shops})|{whole}")


def _longest_first(words: str) -> list[str]:
    return sorted(words.split(), key=len, reverse=True)


def _whole(text: str, start: int, end: int) -> bool:
    """False for letters cut out of a longer run of letters."""
    before, after = text[start - 1 : start], text[end : end + 1]
    cut_left = _LETTERS.match(text[start]) and _LETTERS.match(before)
    return not cut_left and not (_LETTERS.match(text[end - 1]) and _LETTERS.match(after))


def is_meant(text: str, one: Named) -> bool:
    """Whether a word names what it names: not if a trade is a landmark, or the end of the name of a shop alone."""
    if one.entity != _TRADE:
        return True
    opened = section("gazetteer")["opened"].get(text[one.start : one.end])
    if opened and not re.search(opened, text[max(one.start - _NEAR, 0) : one.start]):
        return False
    a_name = one.end == len(text) and pattern("gazetteer", "name").fullmatch(text, 0, one.start)
    return not (a_name or pattern("gazetteer", "way").match(text, one.end))


def gather(training: Training, without: Collection[str] = ()) -> Gazetteer:
    """The words of lookups, of synonyms whose kind is known, and those that are marked in examples.

    `without` are kinds that are found otherwise.
    """
    words: dict[str, tuple[str, str]] = {}
    for word, (kind, value) in _marked(training.examples).items():
        words[word] = (kind, training.synonyms.get(word, value))
    for kind, listed in training.lookups.items():
        for word in listed:
            known = words.get(word)
            value = known[1] if known and known[0] == kind else word
            words[word] = (kind, training.synonyms.get(word, value))
    kinds = {value: kind for kind, value in words.values()} | {word: kind for word, (kind, _) in words.items()}
    for word, value in training.synonyms.items():
        if word not in words and value in kinds:
            words[word] = (kinds[value], value)
    none = section("gazetteer")["without"]
    kept = {word: named for word, named in words.items() if word.strip() and word not in none}
    return Gazetteer({word: named for word, named in kept.items() if named[0] not in without})


def _marked(examples: Collection[Example]) -> dict[str, tuple[str, str]]:
    """Words that are marked in examples, of more than one sign and nearly always where they stand."""
    marks: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    rest = []
    for example in examples:
        text = list(example.text)
        for one in example.entities:
            marks[example.text[one.start : one.end]][(one.entity, one.value)] += 1
            text[one.start : one.end] = "\n" * (one.end - one.start)
        rest.append("".join(text))
    unmarked = "\n".join(rest)
    return {
        word: kinds.most_common(1)[0][0]
        for word, kinds in marks.items()
        if len(word) > 1 and kinds.total() >= unmarked.count(word)
    }
