"""Words of dates that belong together: a day with a time of day, and ranges from one to another."""

from dataclasses import dataclass, field
from typing import Literal

from nlu.datewords import Word, around, data, words
from nlu.daytimes import Daytime

_GAP = 12
_DAYS = {"date", "month", "year", "offset", "holiday", "relative", "weekday", "week", "never", "lunar"}
Side = Literal["before", "after"]


@dataclass
class Moment:
    """`also` is a second word for the day, such as the weekday of a date."""

    start: int
    end: int
    day: Word | None = None
    also: Word | None = None
    nth: Word | None = None
    time: Daytime = field(default_factory=Daytime)
    side: Side | None = None

    def takes(self, word: Word) -> bool:
        """Add a word; False where its place is taken."""
        if word.kind in _DAYS:
            taken = self._takes_day(word)
        elif word.kind == "nth":
            taken = self.nth is None and self.day is not None and not self.time
            self.nth = word if taken else self.nth
        else:
            taken = getattr(self.time, word.kind) is None and not (word.kind == "desk" and self.time.clock)
            if taken:
                setattr(self.time, word.kind, word)
        if taken:
            self.end = word.end
        return taken

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
        if self.day or self.time.part:
            return False
        if self.time.desk:
            return "close" in self.time.desk.parts
        clock = self.time.clock
        lone = clock is not None and clock.parts["h"] in data()["values"]["one"]
        return lone and clock is not None and clock.parts.keys() == {"h"}


def _same_day(first: Word, second: Word) -> bool:
    """Whether the second word may be about the day, or in the days, of the first. A day of the moon spoils both."""
    if second.kind == "lunar":
        return True
    if first.kind in ("week", "month"):
        return "which" not in second.parts and second.kind in ("weekday", "date")
    return {first.kind, second.kind} != {"weekday"} and second.kind in ("weekday", "date") and first.kind != "holiday"


@dataclass
class Expression:
    """One moment, or a range of two; offsets in the folded text."""

    first: Moment
    last: Moment | None = None

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
        if previous and _goes_on(text, previous, moment):
            previous.last = moment
            continue
        found.append(Expression(moment))
    whole = text.strip()
    return [one for one in found if one.last or not one.first.is_bare or whole == text[one.start : one.end]]


def _goes_on(text: str, one: Expression, moment: Moment) -> bool:
    """Whether a moment is the end of a range, or the next of several days in a row."""
    tail = one.last or one.first
    between = text[tail.end : moment.start]
    if tail.side or around("mended").search(between):
        return False
    if one.last is None and around("to").fullmatch(between):
        return True
    return bool(around("and").fullmatch(between)) and _follows(tail, moment)


def _follows(first: Moment, second: Moment) -> bool:
    """Whether two single days may be one stretch: tomorrow and the day after. The reading decides."""
    simple = ("relative", "weekday")
    lone = all(one.day and not one.time and not one.also and one.day.kind in simple for one in (first, second))
    if not lone or first.day is None or second.day is None or first.day.kind != second.day.kind:
        return False
    values = data()["values"]["day" if first.day.kind == "relative" else "weekday"]
    key = "day" if first.day.kind == "relative" else "wd"
    here, there = (values.get(one.parts[key]) for one in (first.day, second.day))
    return here is not None and there == here + 1 and "which" not in second.day.parts


def _moments(text: str) -> list[Moment]:
    found: list[Moment] = []
    for word in words(text):
        if found and not found[-1].side and _joined(text, found[-1], word):
            continue
        if word.kind == "nth":
            continue
        moment = Moment(word.start, word.end)
        moment.takes(word)
        _close(text, moment)
        found.append(moment)
    return found


def _joined(text: str, moment: Moment, word: Word) -> bool:
    gap = text[moment.end : word.start]
    if len(gap) > _GAP or not around("gap").fullmatch(gap):
        return False
    if not moment.takes(word):
        return False
    _close(text, moment)
    return True


def _close(text: str, moment: Moment) -> None:
    """What stands behind a moment: about, before, after."""
    if about := around("about").match(text, moment.end):
        moment.end = about.end()
        return
    sides: tuple[Side, ...] = ("before", "after")
    for side in sides:
        if found := around(side).match(text, moment.end):
            moment.side, moment.end = side, found.end()
            return
