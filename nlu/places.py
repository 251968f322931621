"""Administrative places, from the division codes that python-stdnum carries."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from stdnum import numdb

from nlu.gazetteer import Named
from nlu.patterns import pattern, section

CITY = 80  # from here on the last two digits of a code are cities of the size of a county


@dataclass(frozen=True)
class _Division:
    """`plain`: the name may stand alone anywhere. Otherwise: near home, or behind the place that it lies in."""

    code: str
    plain: bool
    ordinary: bool


def places(text: str, region: str = "") -> Iterator[Named]:
    """The places of a `narrow` text; those that lie in each other and side by side are one, and stand there singly too.

    The value is the six-digit code, of the narrowest one that has one; the name itself where several places bear it,
    and of a town alone. `region` is the code of the hall, which is likely to be meant.
    """
    coded = list(_coded(text, region))
    yield from coded
    ends = {one.end: one for one in coded}
    for found in pattern("places", "town").finditer(text):
        start, end = found.start("name"), found.end()
        outer = ends.get(start, Named("place", text[start:end], start, end))
        yield Named("place", outer.value, outer.start, end)
    for outer in coded:
        if zone := pattern("places", "zone").match(text, outer.end):
            yield Named("place", outer.value, outer.start, zone.end())


def _coded(text: str, region: str) -> Iterator[Named]:
    """The divisions that have a code, from left to right."""
    last: Named | None = None
    for start, end, divisions in _names(text):
        joins = last is not None and last.end == start
        inside = [one for one in divisions if joins and last is not None and _covers(last.value, one.code)]
        known = inside or [one for one in divisions if one.plain or _near(one, region)]
        whole = pattern("places", "suffix").search(text[start:end])
        if not known or (not whole and pattern("places", "not_before").match(text, end)):
            continue
        value = _chosen(known, region) or text[start:end]
        if inside and last is not None:
            last = Named("place", value, last.start, end)
            continue
        if last is not None:
            yield last
        last = Named("place", value, start, end)
    if last is not None:
        yield last


def _names(text: str) -> Iterator[tuple[int, int, Sequence[_Division]]]:
    known, longest = _gazetteer()
    at = 0
    while at < len(text):
        most = min(longest.get(text[at], 0), len(text) - at)
        width = next((n for n in range(most, 1, -1) if text[at : at + n] in known), 0)
        if width:
            yield at, at + width, known[text[at : at + width]]
        at += width or 1


def _near(one: _Division, region: str) -> bool:
    return bool(region) and not one.ordinary and one.code[:2] == region[:2]


def _covers(outer: str, inner: str) -> bool:
    stem = re.sub("(?:00)+$", "", outer)
    return inner != outer and inner.startswith(stem)


def _chosen(known: Sequence[_Division], region: str) -> str:
    """The only one, or the nearest, or the highest; empty where none of these is one alone."""
    codes = {one.code for one in known}
    for near in (region, region[:4], region[:2]):
        close = {code for code in codes if region and code.startswith(near)}
        if close:
            codes = close
            break
    highest = min(_level(code) for code in codes)
    codes = {code for code in codes if _level(code) == highest}
    return codes.pop() if len(codes) == 1 else ""


def _level(code: str) -> int:
    return 0 if code.endswith("0000") else 1 if code.endswith("00") else 2


@cache
def _gazetteer() -> tuple[dict[str, list[_Division]], dict[str, int]]:
    """Divisions by name, and the greatest length of a name by its first sign."""
    ordinary = set(section("places")["ordinary"].split())
    known: dict[str, list[_Division]] = defaultdict(list)
    for code, full in [*_divisions(), *((code, name) for name, code in section("places")["more"].items())]:
        short = pattern("places", "peoples").sub("", pattern("places", "suffix").sub("", full))
        widely = _level(code) < 2 or int(code[4:]) > CITY or len(short) > 2
        known[full].append(_Division(code, full not in ordinary, full in ordinary))
        if short != full and len(short) > 1:
            known[short].append(_Division(code, widely and short not in ordinary, short in ordinary))
    longest: dict[str, int] = {}
    for name in known:
        longest[name[0]] = max(longest.get(name[0], 0), len(name))
    return dict(known), longest


def _divisions() -> Iterator[tuple[str, str]]:
    """Code and name of every division that is there today."""
    for _, province, _, named, counties in numdb.get("cn/loc").prefixes:
        yield province + "0000", named["province"]
        for _, county, _, names, _ in counties:
            for name in names["county"].split(","):
                name = pattern("places", "begun").sub("", name)
                is_there = not pattern("places", "ended").match(name) and not pattern("places", "no_name").match(name)
                if is_there and county != "0000":
                    yield province + county, name
