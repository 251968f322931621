"""Whether what is said stands in what is quoted: checked sentence by sentence, by rule."""

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction

from knowledge.numerals import number
from knowledge.passages import Source
from knowledge.patterns import pattern, phrase
from knowledge.synonyms import said_and_meant
from knowledge.wording import plain

SHARE = 0.5  # of a sentence's characters, that the quotes must have; those of another article have it of 1 in 100
FEWEST = 4  # characters below which a sentence states nothing by itself


def unsupported(text: str, sources: Sequence[Source]) -> list[str]:
    """The sentences of a text that its sources do not bear out, each with the reason in English.

    A sentence is borne out when every number of it stands in the quotes, when they deny something if it does,
    and when they have at least half of its characters, idle ones aside. Titles, numbers and dates of the
    sources count as quoted. What ends in a colon only leads in what follows.
    """
    quoted = plain("\n".join(_words_of(source) for source in sources))
    known, numbers = set(_signs(quoted)), set(_numbers(quoted))
    faults = []
    for sentence in claims(text):
        missing = [written for value, written in _with_numbers(sentence) if value not in numbers]
        if missing:
            faults.append(f"{sentence!r}: {', '.join(missing)} stands in no quote")
        elif pattern("support", "denies").search(sentence) and not pattern("support", "denies").search(quoted):
            faults.append(f"{sentence!r}: no quote denies anything")
        elif (share := _share(sentence, known, quoted)) < SHARE:
            faults.append(f"{sentence!r}: the quotes have {share:.0%} of it, {SHARE:.0%} are needed")
    return faults


def claims(text: str) -> Iterator[str]:
    """The sentences of a text that state something."""
    for line in text.splitlines():
        for part in pattern("support", "part").split(line):
            sentence = pattern("law", "item").sub("", part.strip(" -*\u3000\u00b7"))
            if len(_signs(plain(sentence))) >= FEWEST and not re.search(r"[:：]$", sentence):
                yield sentence


def _words_of(source: Source) -> str:
    day = source.valid_from
    dated = f"{day.year}/{day.month}/{day.day}/" if day else ""
    return " ".join((source.title, source.number or "", source.article or "", dated, source.quote, source.gist))


def _share(sentence: str, known: set[str], quoted: str) -> float:
    """The share of a sentence's characters that the quotes have, in its words or in those of the texts for them."""
    folded = plain(sentence)
    signs = _signs(folded)
    borne_out = known | {
        sign for said, meant in said_and_meant() if said in folded and any(m in quoted for m in meant) for sign in said
    }
    return sum(sign in borne_out for sign in signs) / len(signs) if signs else 1.0


def _signs(text: str) -> list[str]:
    idle = phrase("support", "idle")
    return [sign for sign in pattern("support", "sign").findall(text) if sign not in idle]


def _numbers(text: str) -> Iterator[Fraction]:
    for value, _ in _with_numbers(text):
        yield value
    for written in pattern("support", "numeral").findall(text):
        if (counted := number(written)) is not None:
            yield Fraction(counted)


def _with_numbers(text: str) -> Iterator[tuple[Fraction, str]]:
    """The numbers that a text states; a lone "one" states none."""
    for match in pattern("support", "amount").finditer(plain(text)):
        digits, unit = match["digits"].replace(",", ""), match["unit"] or ""
        value = Fraction(digits if digits[0].isdecimal() else number(digits) or 0)
        if value > 1:
            yield value * (10_000 if unit == phrase("support", "ten_thousand") else 1), match.group().strip()
