"""When the hall is open: weekly hours over the national working days, with dated exceptions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from knowledge.passages import Source

Span = tuple[time, time]


@dataclass(frozen=True)
class Hours:
    """`spans` are the opening hours of a working day, in order; `exceptions` open or close single days.

    `basis` says where it stands that time limits are counted in working days; `announced` whether the
    holidays of a day's year are known, `festive` whether a day off is one of a holiday and no mere weekend.
    """

    zone: ZoneInfo
    spans: tuple[Span, ...]
    is_workday: Callable[[date], bool]
    exceptions: Mapping[date, tuple[Span, ...]] = field(default_factory=dict)
    basis: Source | None = None
    announced: Callable[[date], bool] = lambda _day: True
    festive: Callable[[date], bool] = lambda _day: False

    def on(self, day: date) -> tuple[Span, ...]:
        if day in self.exceptions:
            return self.exceptions[day]
        return self.spans if self.is_workday(day) else ()

    def usual(self, day: date) -> tuple[Span, ...]:
        """The opening hours of a day, or those of a working day where the hall is shut."""
        return self.on(day) or self.spans

    def has_opened(self, now: datetime) -> bool:
        """Whether that day's opening has come, or a working day's where the hall is shut: nobody is woken before it."""
        local = now.astimezone(self.zone)
        return local.time() >= min((opens for opens, _ in self.usual(local.date())), default=time.min)

    def after(self, start: date, working_days: int) -> date:
        """The day that is so many working days after `start`, which does not count; before it where negative."""
        step = timedelta(days=1 if working_days > 0 else -1)
        day, left = start, abs(working_days)
        while left:
            day += step
            left -= self.is_workday(day)
        return day

    def between(self, first: date, last: date) -> int:
        """How many working days come after `first`, up to `last`."""
        return sum(self.is_workday(first + timedelta(days=n)) for n in range(1, (last - first).days + 1))

    def next_open(self, now: datetime) -> datetime:
        """`now` where the hall is open, otherwise the next opening. ValueError where it stays shut for a year."""
        local = now.astimezone(self.zone)
        for offset in range(366):
            day = local.date() + timedelta(days=offset)
            for opens, closes in self.on(day):
                if local < datetime.combine(day, closes, self.zone):
                    return max(local, datetime.combine(day, opens, self.zone))
        raise ValueError("the calendar has no opening within a year")


def joined(spans: Sequence[Span]) -> tuple[Span, ...]:
    """In order, and as one where they touch."""
    found: list[Span] = []
    for opens, closes in sorted(spans):
        if found and opens <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], closes))
        else:
            found.append((opens, closes))
    return tuple(found)


def within(outer: Sequence[Span], inner: Sequence[Span]) -> tuple[Span, ...]:
    """What lies in both."""
    both = [(max(one[0], two[0]), min(one[1], two[1])) for one in outer for two in inner]
    return joined([one for one in both if one[0] < one[1]])
