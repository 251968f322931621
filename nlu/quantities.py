"""Areas and sums of money as people write them: 60, 1.5 and 50 in tens of thousands, thirty or forty."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from nlu.numerals import digits
from nlu.patterns import pattern, section


@dataclass(frozen=True)
class Quantity:
    """`value` in square metres or yuan: digits, or `low-high`."""

    entity: str
    value: str
    start: int
    end: int


def quantities(text: str) -> Iterator[Quantity]:
    """What a text names; it must be `narrow` (see nlu.text)."""
    for name, entity in (("area", "area"), ("amount", "amount"), ("bare", "amount"), ("paid", "amount")):
        for found in pattern("quantities", name).finditer(text):
            counted = found["count"] or found.groupdict().get("priced")
            if counted and found[0] != section("quantities")["not_money"] and (value := measure(counted)):
                start = found.start("count") if name == "paid" else found.start()
                yield Quantity(entity, value, start, found.end())
    for found in pattern("quantities", "stated").finditer(text):
        for name in ("count", "other"):
            if found[name]:
                yield Quantity("area", measure(found[name]), found.start(name), found.end(name))


def measure(written: str) -> str:
    """Digits, or `low-high`; empty where it is no number."""
    written = written.translate({ord(a): b for a, b in section("reading")["same"].items()})
    if re.match(section("reading")["some"], written):
        return ""
    ends = re.split(section("reading")["to"], written.strip("-~"))
    if len(ends) == 1:
        ends = _between(written)
    figures = [figure(end) for end in ends]
    if len(figures) == 2 and None not in figures:
        figures = _same_power(figures[0], figures[1], ends[1])
    if None in figures or len(figures) > 2:
        return ""
    return "-".join(f"{one:f}" for one in figures if one is not None)


def _between(written: str) -> list[str]:
    """The two ends of `three four ten`; the text alone where it is a plain numeral."""
    found = pattern("reading", "between").match(written)
    if found is None or found["high"] == found["low"]:
        return [written]
    return [found["head"] + found[end] + found["tail"] for end in ("low", "high")]


def _same_power(low: Decimal | None, high: Decimal | None, written: str) -> list[Decimal | None]:
    """In `3 to 5 ten-thousand` the power stands once, for both."""
    for sign, power in section("reading")["groups"].items():
        if low is not None and high is not None and written.endswith(sign) and low < high / power * 10 < power:
            return [low * power, high]
    return [low, high]


def figure(written: str) -> Decimal | None:
    """The value of a numeral, Arabic, Chinese or mixed; None where it is none."""
    reading = section("reading")
    written = re.sub(reading["about"], "", written)
    for sign, plain in reading["scores"].items():
        written = written.replace(sign, plain)
    whole, _, after = written.partition(reading["point"])
    if after:
        return _with_decimals(whole, after)
    total, at = Decimal(0), 0
    for found in re.finditer(f"[{''.join(reading['groups'])}]", written):
        part = _small(written[at : found.start()])
        if part is None or not part:
            return None
        group = reading["groups"][found[0]]
        total, at = (total + part) * group if at and group > 10**4 else total + part * group, found.end()
    rest = written[at:]
    if not rest:
        return total.normalize() + 0 if total else None
    small = _small(rest)
    if small is None:
        return None
    if at and small < 10 and len(rest) == 1:  # three ten-thousand five: 35,000
        small *= reading["groups"][written[at - 1]] // 10
    return (total + small) if total + small else None


def _with_decimals(whole: str, after: str) -> Decimal | None:
    """Sixty point five, one point two ten-thousand."""
    decimals = after.rstrip("".join(section("reading")["groups"]))
    before, behind = figure(whole), digits(decimals)
    if before is None or behind is None:
        return None
    group = section("reading")["groups"].get(after[len(decimals) :], 1)
    return ((before + behind / Decimal(10) ** len(decimals)) * group).normalize() + 0  # type: ignore[no-any-return]


def _small(written: str) -> Decimal | None:
    """A numeral below ten thousand, or an Arabic one of any size."""
    try:
        if written and written.isascii() and not written.endswith("K"):
            return Decimal(written)
    except InvalidOperation:
        return None
    powers, total, digit, last = section("reading")["powers"], Decimal(0), "", 0
    for sign in written:
        if sign in powers:
            value = _digits(digit) if digit else Decimal(1)
            if value is None or (last and powers[sign] >= last):
                return None
            total, digit, last = total + value * powers[sign], "", powers[sign]
        else:
            digit += sign
    if not digit:
        return total or None
    value = _digits(digit)
    if value is not None and last > 10 and len(digit) == 1:  # one hundred two: 120
        value *= last // 10
    return None if value is None or (last and value >= last) else total + value


def _digits(written: str) -> Decimal | None:
    if written.isascii():
        try:
            return Decimal(written)
        except InvalidOperation:
            return None
    value = digits(written)
    return None if value is None else Decimal(value)
