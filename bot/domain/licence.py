"""When a licence may be renewed, and the days on which its holder is told of it."""

import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

from bot.domain.hours import Hours

# What becomes of an application behind the window: taken, but trading pauses at the end of the licence; taken no more;
# a new one is wanted; it is ordered to be made good; or nothing comes of it.
Late = Literal["pause", "refused", "anew", "ordered", "unaffected"]
RungName = Literal["prepare", "open", "hurry", "hurry_again", "last_days", "closed", "expired"]
LicenceState = Literal["active", "renewing", "done", "closing", "ended"]

_PREPARE = timedelta(days=180)
_NOTICE = timedelta(days=7)
_OPENS = 60  # days before the latest, where the rules name no earliest
_HURRY: tuple[tuple[int, RungName], ...] = ((20, "hurry"), (10, "hurry_again"), (3, "last_days"))
_SPAN = re.compile(r"(\d{1,3})(WD|D|M)")


@dataclass(frozen=True)
class Span:
    """So many working days (WD), days (D) or months (M)."""

    count: int
    unit: Literal["WD", "D", "M"]

    @classmethod
    def of(cls, written: str) -> "Span":
        """From "90WD". ValueError for anything else."""
        found = _SPAN.fullmatch(written)
        if found is None:
            raise ValueError(f"{written!r} is not like 90WD, 30D or 6M")
        return cls(int(found[1]), found[2])  # type: ignore[arg-type]

    def before(self, day: date, hours: Hours) -> date:
        """The day that is so long before `day`, which does not count."""
        if self.unit == "WD":
            return hours.after(day, -self.count)
        return months_after(day, -self.count) if self.unit == "M" else day - timedelta(days=self.count)


@dataclass(frozen=True)
class Terms:
    """What the rules say of one kind. `opens` is a month and day, for duties that come back every year."""

    latest: Span
    earliest: Span | None = None
    opens: tuple[int, int] | None = None


@dataclass(frozen=True)
class Window:
    """The first and the last day on which one can apply. `provisional`: it rests on holidays not announced yet."""

    earliest: date
    latest: date
    provisional: bool = False


@dataclass(frozen=True)
class Rung:
    name: RungName
    on: date


@dataclass(frozen=True)
class Licence:
    """A row of the ledger as it stands. `shop` and `address` are of the place that it is for.

    `claimed_on` is the end of a new licence as its holder told it; `not_before` the day until which they asked for
    quiet.
    """

    id: int
    kind: str
    number: str
    holder: int
    expires_on: date | None
    state: LicenceState
    shop: str = ""
    address: str = ""
    issued_on: date | None = None
    claimed_on: date | None = None
    not_before: date | None = None


@dataclass(frozen=True)
class Entry:
    """What a ledger says of one licence. `code` is the holder's credit code or identity number."""

    kind: str
    number: str
    holder: str
    code: str = ""
    phone: str = ""
    shop: str = ""
    address: str = ""
    issued_on: date | None = None
    expires_on: date | None = None


@dataclass
class Report:
    """What became of the rows of a ledger: so many each, and those that are refused with the reason."""

    added: int = 0
    changed: int = 0
    same: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Holder:
    """Somebody with licences. `conversation` is where they are talked with, once that is confirmed; `muted` whether
    they asked for no reminders."""

    id: int
    name: str
    code: str = ""
    phone: str = ""
    conversation: str | None = None
    muted: bool = False


def window(terms: Terms, expires: date, hours: Hours) -> Window:
    latest = terms.latest.before(expires, hours)
    if terms.opens:
        earliest = date(expires.year, *terms.opens)
        earliest = earliest if earliest <= expires else earliest.replace(year=expires.year - 1)
    elif terms.earliest:
        earliest = terms.earliest.before(expires, hours)
    else:
        earliest = latest - timedelta(days=_OPENS)
    counted = [span for span in (terms.latest, terms.earliest) if span and span.unit == "WD"]
    known = all(hours.announced(day) for day in (earliest, latest, expires - timedelta(days=1)))
    return Window(earliest, latest, bool(counted) and not known)


def ladder(found: Window, expires: date, hours: Hours) -> list[Rung]:
    """The rungs in the order of their days: at most seven, and never more than six within 180 days.

    None presses before one may apply; what would fall behind the end is left to `expired`.
    """
    opens = found.earliest
    rungs = [Rung("prepare", min(expires - _PREPARE, opens - _NOTICE)), Rung("open", opens)]
    for days, name in _HURRY:
        on = hours.after(found.latest, -days)
        if on > opens:
            rungs.append(Rung(name, on))
    closed = hours.after(found.latest, 1)
    if closed <= expires:
        rungs.append(Rung("closed", closed))
    return [*rungs, Rung("expired", expires + timedelta(days=1))]


def months_after(day: date, months: int) -> date:
    """The same day so many months later, or the last of that month."""
    month = day.year * 12 + day.month - 1 + months
    year, month = divmod(month, 12)
    first_of_next = date(year + (month == 11), month % 12 + 2 if month < 11 else 1, 1)
    return min(date(year, month + 1, 1) + timedelta(days=day.day - 1), first_of_next - timedelta(days=1))


def last_day(issued: date, years: int) -> date:
    """The last day of a licence that holds for so many years from the day of issue."""
    end = months_after(issued, 12 * years)
    return end if end.day != issued.day else end - timedelta(days=1)
