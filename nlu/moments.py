"""Words of dates that belong together: a day with a time of day, and ranges from one to another."""

from dataclasses import dataclass, field
from typing import Literal

from nlu.datewords import Word, around, data, words
from nlu.daytimes import Daytime
from nlu.numerals import number

_GAP = 12
_DAYS = {"date", "month", "months", "offset", "holiday", "relative", "weekday", "week", "never", "lunar"}
Side = Literal["before", "after"]
_SIDES: tuple[Side | None, ...] = (None, "before", "after")


@dataclass
class Moment:
    """`also` is a second word for the day, such as the weekday of a date.

    `nth` is one day of it, `beside` one of the days before or after it. `named`: where its words stand, apart where
    more than a space lies between them.
    """

    start: int
    end: int
    day: Word | None = None
    also: Word | None = None
    nth: Word | None = None
    beside: Word | None = None
    time: Daytime = field(default_factory=Daytime)
    side: Side | None = None
    named: list[tuple[int, int]] = field(default_factory=list)

    def takes(self, word: Word) -> bool:
        """Add a word; False where its place is taken."""
        if word.kind == "year" or (self.day is None and self.time.desk and "close" in self.time.desk.parts):
            return False
        if word.kind in _DAYS:
            taken = self._takes_day(word)
        elif word.kind == "nth":
            taken = self._takes_nth(word)
        else:
            taken = getattr(self.time, word.kind) is None and not (word.kind == "desk" and self.time.clock)
            if taken:
                setattr(self.time, word.kind, word)
        if taken:
            self.end = word.end
        return taken

    def _takes_nth(self, word: Word) -> bool:
        if self.day is None or self.time:
            return False
        if self.side and self.beside is None:
            self.beside = word
            return True
        if self.side or self.nth:
            return False
        self.nth = word
        return True

    def _takes_day(self, word: Word) -> bool:
        if self.day is None:
            self.day = word
        elif self.also is None and not self.time and _same_day(self.day, word):
            numbered = self.day.kind == "weekday" and word.kind == "date"
            self.day, self.also = (word, self.day) if numbered else (self.day, word)
        else:
            return False
        if "part" in word.parts:
            if self.time.part is not None:
                return False
            self.time.part = word
        return True

    @property
    def is_bare(self) -> bool:
        """A lone "one o'clock", which is also "a little", and a lone end of the day's work."""
        if self.day or self.time.part or self.side:
            return False
        if self.time.desk:
            return "close" in self.time.desk.parts
        clock = self.time.clock
        lone = clock is not None and clock.parts["h"] in data()["values"]["one"]
        return lone and clock is not None and clock.parts.keys() == {"h"}


def _same_day(first: Word, second: Word) -> bool:
    """Whether the second word may be about the day, or in the days, of the first. A day of the moon spoils both."""
    if second.kind == "lunar" or "from" in second.parts:
        return True
    if first.kind in ("week", "month"):
        return "which" not in second.parts and second.kind in ("weekday", "date")
    return first.kind != second.kind and second.kind in ("weekday", "date") and first.kind != "holiday"


@dataclass
class Expression:
    """One moment, or a range of two; offsets in the folded text. `named`: where its days are named, each by itself."""

    first: Moment
    last: Moment | None = None
    named: list[tuple[int, int]] = field(default_factory=list)

    @property
    def start(self) -> int:
        return self.first.start

    @property
    def end(self) -> int:
        return (self.last or self.first).end


def expressions(text: str) -> list[Expression]:
    """All dates and times in a folded text, in order."""
    found: list[Expression] = []
    for moment in _moments(text):
        previous = found[-1] if found else None
        if previous and (joint := _goes_on(text, previous, moment)):
            previous.last = moment
            begins = previous.named.pop()[0] if joint == "to" else moment.start
            previous.named += [(begins, moment.named[0][1]), *moment.named[1:]]
            continue
        found.append(Expression(moment, named=moment.named))
    whole = text.strip()
    return [one for one in found if one.last or not one.first.is_bare or whole == text[one.start : one.end]]


def _goes_on(text: str, one: Expression, moment: Moment) -> Literal["to", "and"] | None:
    """Whether a moment is the end of a range, or the next of several days in a row."""
    tail = one.last or one.first
    between = text[tail.end : moment.start]
    if tail.side or around("mended").search(between):
        return None
    both = bool(around("and").fullmatch(between))
    if one.last is None and (around("to").fullmatch(between) or (both and around("amid").match(text, moment.end))):
        return "to"
    return "and" if both and _follows(tail, moment) else None


def _follows(first: Moment, second: Moment) -> bool:
    """Whether two single days may be one stretch: tomorrow and the day after. The reading decides."""
    if first.day is None or second.day is None or first.day.kind != second.day.kind:
        return False
    here, there = _place(first), _place(second)
    same = all(second.day.parts.get(name) in (None, first.day.parts.get(name)) for name in ("which", "y", "m"))
    return here is not None and there == here + 1 and same


def _place(moment: Moment) -> int | None:
    """Where a day stands among those of its kind; None where more than the day is said."""
    word = moment.day
    if word is None or moment.time or moment.also or moment.nth:
        return None
    values: dict[str, dict[str, int]] = data()["values"]
    if word.kind == "date":
        return number(word.parts["d"])
    key, named = ("wd", values["weekday"]) if word.kind == "weekday" else ("day", values["day"])
    return named.get(word.parts.get(key, ""))


def _moments(text: str) -> list[Moment]:
    found: list[Moment] = []
    for word in words(text):
        if found and word.start < found[-1].end:
            continue
        if found and (not found[-1].side or word.kind == "nth") and _joined(text, found[-1], word):
            continue
        if word.kind in ("nth", "year"):
            continue
        moment = Moment(word.start, word.end, named=[(word.start, word.end)])
        moment.takes(word)
        _close(text, moment)
        found.append(moment)
    return found


def _joined(text: str, moment: Moment, word: Word) -> bool:
    gap = text[moment.end : word.start]
    if len(gap) > _GAP or not around("gap").fullmatch(gap):
        return False
    apart = around("apart").search(gap)
    if (apart and word.kind == "nth") or not moment.takes(word):
        return False
    if apart:
        moment.named.append((word.start, word.end))
    _close(text, moment)
    return True


def _close(text: str, moment: Moment) -> None:
    """What stands behind a moment: about, before, after."""
    for side in _SIDES:
        if not moment.side and (found := around(side or "about").match(text, moment.end)):
            moment.side, moment.end = side, found.end()
            break
    moment.named[-1] = (moment.named[-1][0], moment.end)
