"""What a message names: numbers, quantities, dates, places, and the words of the training files."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from nlu.examples import Training
from nlu.gazetteer import Gazetteer, gather, is_meant
from nlu.numbers import numbers
from nlu.places import places
from nlu.quantities import quantities
from nlu.text import narrow

MOST = 400  # characters of a message that are looked at
OURS = frozenset(
    {"phone", "id_number", "uscc", "licence_number", "case_number", "area", "amount", "place", "date"}
)  # found by rules of our own, not by words or patterns of the training files

Dates = Callable[[str], list[tuple[int, int]]]


@dataclass(frozen=True)
class Entity:
    """`value` is in one form however it was written: digits alone, square metres, yuan, a division code, a full name.

    `sound` is what the check digits say; None where there are none. Offsets of the text as it came, end exclusive.
    """

    entity: str
    value: str
    start: int
    end: int
    sound: bool | None = None


class Finder:
    """Finds the entities of a text; those with more structure win, then the longer ones."""

    def __init__(
        self,
        words: Gazetteer,
        patterns: Sequence[tuple[str, re.Pattern[str]]] = (),
        region: str = "",
        dates: Dates | None = None,
    ) -> None:
        self._words, self._patterns, self._region, self._dates = words, patterns, region, dates

    @classmethod
    def of(cls, training: Training, region: str = "", dates: Dates | None = None) -> "Finder":
        """What the files name. Their patterns count where we have no rule; `region` is the hall's division code."""
        marked = {one.entity for example in training.examples for one in example.entities}
        ruled = OURS - ({"date"} if dates is None else set())
        patterns = [
            (kind, re.compile(text))
            for kind, texts in training.regexes.items()
            for text in texts
            if kind in marked and kind not in ruled
        ]
        return cls(gather(training, OURS), patterns, region, dates)

    def __call__(self, text: str) -> tuple[Entity, ...]:
        """The entities from left to right, none over another."""
        text = text[:MOST]
        found: list[Entity] = []
        for tier in self._tiers(text, narrow(text)):
            for one in sorted(tier, key=lambda one: (one.start - one.end, one.start)):
                if all(one.end <= other.start or other.end <= one.start for other in found):
                    found.append(one)
        return tuple(sorted(found, key=lambda one: one.start))

    def _tiers(self, text: str, plain: str) -> Iterator[Iterable[Entity]]:
        yield [Entity(one.entity, one.value, one.start, one.end, one.sound) for one in numbers(plain)]
        yield [Entity(one.entity, one.value, one.start, one.end) for one in quantities(plain)]
        if self._dates:
            yield [Entity("date", text[start:end], start, end) for start, end in self._dates(text)]
        words = [one for one in (*self._words.find(plain), *self._words.trades(plain)) if is_meant(plain, one)]
        words += places(plain, self._region)
        yield [Entity(one.entity, one.value, one.start, one.end) for one in words]
        yield [
            Entity(kind, match[0], *match.span())
            for kind, pattern in self._patterns
            for match in pattern.finditer(text)
            if match[0]
        ]
