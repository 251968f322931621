"""The numbers that Word sets before paragraphs by itself: a statute's articles are often not written out."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from knowledge.numerals import chinese

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
LEVELS = 9
ROMAN = ((100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))


@dataclass(frozen=True)
class _Level:
    start: int
    kind: str
    text: str  # "%1" stands for the number of the uppermost level
    restarts: bool


@dataclass
class Numbering:
    """Counts through a document; paragraphs must be asked for in their order."""

    root: Any = None  # the element w:numbering, where the document has one
    _levels: dict[str, dict[int, _Level]] = field(default_factory=dict)
    _counts: dict[str, dict[int, int]] = field(default_factory=dict)
    _begun: set[tuple[str, int]] = field(default_factory=set)

    def label(self, number: str, level: int) -> str:
        """The label of the next paragraph with this numbering, "" for a bullet or what is not numbered."""
        listed = self._one("num", "numId", number)
        abstract = _value(listed, "abstractNumId") if listed is not None else ""
        levels = self._of(abstract)
        if level not in levels:
            return ""
        counts = self._counts.setdefault(abstract, {})
        self._count(counts, levels, level, self._override(listed, number, level))
        if levels[level].kind in ("bullet", "none"):
            return ""

        def numeral(match: re.Match[str]) -> str:
            nth = int(match[1]) - 1
            known = levels.get(nth, levels[level])
            return _numeral(known.kind, counts.get(nth, known.start))

        return re.sub(r"%([1-9])", numeral, levels[level].text)

    def _count(self, counts: dict[int, int], levels: dict[int, _Level], level: int, again: int | None) -> None:
        if again is not None:
            counts[level] = again
        else:
            counts[level] = counts[level] + 1 if level in counts else levels[level].start
        for deeper in range(level + 1, LEVELS):
            if deeper in counts and levels[deeper].restarts:
                del counts[deeper]

    def _override(self, listed: Any, number: str, level: int) -> int | None:
        """Where this list begins anew, although it shares its levels with an earlier one."""
        if (number, level) in self._begun:
            return None
        self._begun.add((number, level))
        for change in listed.iterchildren(f"{W}lvlOverride"):
            if change.get(f"{W}ilvl") == str(level) and (start := _value(change, "startOverride")).isdecimal():
                return int(start)
        return None

    def _of(self, abstract: str) -> dict[int, _Level]:
        if abstract not in self._levels:
            found = self._one("abstractNum", "abstractNumId", abstract)
            children = found.iterchildren(f"{W}lvl") if found is not None else ()
            self._levels[abstract] = {int(one.get(f"{W}ilvl", "0")): _level(one) for one in children}
        return self._levels[abstract]

    def _one(self, tag: str, key: str, value: str) -> Any:
        if self.root is None or not value:
            return None
        return next((one for one in self.root.iterchildren(f"{W}{tag}") if one.get(f"{W}{key}") == value), None)


def _level(element: Any) -> _Level:
    start = _value(element, "start")
    return _Level(
        start=int(start) if start.isdecimal() else 1,
        kind=_value(element, "numFmt") or "decimal",
        text=_value(element, "lvlText"),
        restarts=_value(element, "lvlRestart") != "0",
    )


def _value(element: Any, tag: str) -> str:
    child = element.find(f"{W}{tag}")
    return str(child.get(f"{W}val") or "") if child is not None else ""


def _numeral(kind: str, value: int) -> str:
    writers: dict[str, Callable[[int], str]] = {
        "lowerLetter": _letter,
        "upperLetter": lambda n: _letter(n).upper(),
        "lowerRoman": _roman,
        "upperRoman": lambda n: _roman(n).upper(),
        "decimalZero": lambda n: f"{n:02}",
        "decimalEnclosedCircle": _circled,
        "decimalEnclosedCircleChinese": _circled,
    }
    if not 0 < value < 10_000:
        return str(value)
    if kind.lower().startswith(("chinese", "taiwanese", "ideograph", "japanese")):
        return chinese(value)
    return writers.get(kind, str)(value)


def _letter(value: int) -> str:
    return chr(ord("a") + (value - 1) % 26) * ((value - 1) // 26 + 1)


def _roman(value: int) -> str:
    out = ""
    for worth, sign in ROMAN:
        out, value = out + sign * (value // worth), value % worth
    return out


def _circled(value: int) -> str:
    return chr(0x2460 + value - 1) if 1 <= value <= 20 else str(value)
