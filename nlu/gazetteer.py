"""Known words found in a text: the longest first, with no regard to word borders."""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from nlu.examples import Example, Training
from nlu.text import narrow

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


def _whole(text: str, start: int, end: int) -> bool:
    """False for letters cut out of a longer run of letters."""
    before, after = text[start - 1 : start], text[end : end + 1]
    cut_left = _LETTERS.match(text[start]) and _LETTERS.match(before)
    return not cut_left and not (_LETTERS.match(text[end - 1]) and _LETTERS.match(after))


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
    return Gazetteer({word: named for word, named in words.items() if word.strip() and named[0] not in without})


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
