"""config/offices.yml: where people can go, when, what for, and how many at a time."""

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from bot.domain.appointment import Kind, Slot, Way, slots
from bot.domain.hours import Hours, Span, joined, within
from bot.errors import ConfigError
from bot.placed import Placed

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_EARTH = 6371.0


def _span(written: object) -> object:
    found = _HOURS.fullmatch(written) if isinstance(written, str) else None
    if found is None:
        raise ValueError(f"{written!r} is not like 09:00-12:00")
    opens, closes = time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))
    if opens >= closes:
        raise ValueError(f"{written} ends before it begins")
    return opens, closes


_Spans = tuple[Annotated[Span, BeforeValidator(_span)], ...]
_Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_Text = Annotated[str, Field(max_length=100)]
_Seats = Annotated[int, Field(ge=0, le=500)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


T = TypeVar("T", bound=_Part)


class Rules(_Part):
    """Minutes, days and numbers; see config/offices.yml."""

    hold: Annotated[int, Field(ge=1, le=120)] = 10
    offer: Annotated[int, Field(ge=1, le=600)] = 30
    notice: Annotated[int, Field(ge=0)] = 30
    ahead: Annotated[int, Field(ge=1, le=120)] = 15
    most: Annotated[int, Field(ge=1)] = 2
    late: Annotated[int, Field(ge=0)] = 15
    no_shows: Annotated[int, Field(ge=1)] = 3
    within: Annotated[int, Field(ge=1)] = 90
    barred: Annotated[int, Field(ge=1)] = 30


class Named(_Part):
    name: _Text
    words: tuple[_Text, ...] = ()


class Office(_Part):
    name: Annotated[_Text, Field(min_length=2)]
    kind: Literal["hall", "town", "station", "terminal"]
    address: _Text
    at: tuple[Annotated[float, Field(ge=-90, le=90)], Annotated[float, Field(ge=-180, le=180)]] | None = None
    names: tuple[_Text, ...] = ()
    hours: _Spans = ()
    also: Mapping[_Day, _Spans] = {}
    dates: Mapping[date, _Spans] = {}
    bundles: tuple[str, ...] = ()
    does: _Text = ""

    def on(self, day: date, hours: Hours) -> tuple[Span, ...]:
        """When it is open. What the calendar says of a single day goes for every office that says nothing itself."""
        if day in self.dates:
            return self.dates[day]
        if day in hours.exceptions:
            return hours.exceptions[day]
        usual = (self.hours or hours.spans) if hours.is_workday(day) else ()
        more = () if hours.festive(day) else self.also.get(WEEKDAYS[day.weekday()], ())  # type: ignore[call-overload]
        return joined((*usual, *more))

    def away(self, at: tuple[float, float]) -> float:
        """How many kilometres from there, as the crow flies; endless where its place is not known."""
        if self.at is None:
            return math.inf
        (here, east), (there, far) = (tuple(map(math.radians, place)) for place in (self.at, at))
        chord = math.sin((there - here) / 2) ** 2 + math.cos(here) * math.cos(there) * math.sin((far - east) / 2) ** 2
        return 2 * _EARTH * math.asin(math.sqrt(min(chord, 1.0)))


class Counter(_Part):
    office: str
    kind: Kind
    name: Annotated[_Text, Field(min_length=2)]
    minutes: Annotated[int, Field(ge=5, le=480)]
    seats: _Seats = 1
    quota: Mapping[Way, _Seats] = {}
    hours: _Spans = ()
    weekdays: tuple[_Day, ...] = ()
    on: tuple[date, ...] = ()
    members: tuple[str, ...] = ()
    bundles: tuple[str, ...] = ()
    words: tuple[_Text, ...] = ()
    place: _Text = ""
    bring: _Text = ""

    def works(self, day: date) -> bool:
        always = not self.weekdays and not self.on
        return always or day in self.on or WEEKDAYS[day.weekday()] in self.weekdays


@dataclass(frozen=True)
class Offices:
    """All by id. `near` are the words that ask for a place near by."""

    offices: Mapping[str, Office] = field(default_factory=dict)
    counters: Mapping[str, Counter] = field(default_factory=dict)
    kinds: Mapping[Kind, Named] = field(default_factory=dict)
    rules: Rules = field(default_factory=Rules)
    near: tuple[str, ...] = ()

    def office_of(self, counter: str) -> Office:
        return self.offices[self.counters[counter].office]

    def slots(self, counter: str, day: date, hours: Hours) -> list[Slot]:
        """All times of a day, whether or not somebody has them."""
        one = self.counters[counter]
        if not one.works(day):
            return []
        opens = self.office_of(counter).on(day, hours)
        return slots(counter, day, within(opens, one.hours) if one.hours else opens, one.minutes, hours.zone)

    def parts(self, counter: str) -> tuple[str, ...]:
        """The counters of which a visit takes a seat: itself, or all members of a joint one."""
        return self.counters[counter].members or (counter,)

    def called(self, text: str) -> str | None:
        """The office that a text names, by the longest name."""
        named = [(len(name), id) for id, one in self.offices.items() for name in (one.name, *one.names) if name in text]
        return max(named)[1] if named else None

    def names_counter(self, text: str) -> bool:
        """Does it say where to, or what for?"""
        words = (word for one in self.kinds.values() for word in one.words)
        own = (word for one in self.counters.values() for word in (one.name, *one.words))
        return self.called(text) is not None or any(word in text for word in (*words, *own))

    def counter_for(self, text: str, bundle: str = "") -> str | None:
        """The counter that is wanted: by its kind, office, words and the case in hand; the first office, of equals."""
        said = {
            kind: max((len(word) for word in named.words if word in text), default=0)
            for kind, named in self.kinds.items()
        }
        kind = max(said, key=lambda one: said[one], default=None)
        office = self.called(text) or next(iter(self.offices), None)
        kinds = {kind, "joint"} if kind == "inspection" and bundle else {kind}

        def fits(id: str) -> tuple[bool, bool, bool, bool]:
            one = self.counters[id]
            named = one.name in text or any(word in text for word in one.words)
            return one.office == office, named, bool(bundle) and bundle in one.bundles, not one.bundles

        return max((id for id, one in self.counters.items() if one.kind in kinds), key=fits, default=None)

    def nearest(self, at: tuple[float, float], bundle: str = "") -> list[tuple[str, float]]:
        """Offices by their distance in kilometres, those first that do what is wanted."""
        known = [(id, one.away(at)) for id, one in self.offices.items() if one.at is not None]
        return sorted(known, key=lambda one: (not self.serves(one[0], bundle), one[1]))

    def serves(self, office: str, bundle: str) -> bool:
        return not bundle or not self.offices[office].bundles or bundle in self.offices[office].bundles


def load_offices(path: Path, bundles: Collection[str] | None = None) -> Offices:
    """ConfigError with every fault, each `file:line: what`. Without the file there is nothing to book."""
    file = Placed(path, optional=True)
    for key in set(file.content) - {"rules", "kinds", "near", "offices", "counters"}:
        file.fault("unknown key", (key,))
    found = Offices(
        _each(file, Office, "offices"),
        _each(file, Counter, "counters"),
        _each(file, Named, "kinds"),  # type: ignore[arg-type]
        file.read(Rules, file.content.get("rules", {}), ("rules",)) or Rules(),
        tuple(file.content.get("near", ())),
    )
    for id in found.counters:
        _counter_is_whole(file, found, id)
    if bundles is not None:
        _bundles_stand(file, found, bundles)
    if file.faults:
        raise ConfigError("\n".join(file.faults))
    return found


def _each(file: Placed, shape: type[T], key: str) -> dict[str, T]:
    written: Any = file.content.get(key, {})
    if not isinstance(written, dict):
        file.fault("expected names with their parts", (key,))
        return {}
    return {id: one for id, part in written.items() if (one := file.read(shape, part, (key, id)))}


def _counter_is_whole(file: Placed, found: Offices, id: str) -> None:
    one, at = found.counters[id], ("counters", id)
    if one.office not in found.offices:
        file.fault(f"no office {one.office!r}", (*at, "office"))
    if one.kind not in found.kinds:
        file.fault(f"no kind {one.kind!r}", (*at, "kind"))
    if (one.kind == "joint") != bool(one.members):
        file.fault("a joint counter has members, and no other has", (*at, "members"))
    for way, seats in one.quota.items():
        if seats > one.seats:
            file.fault(f"more than the {one.seats} seats that there are", (*at, "quota", way))
    _members_fit(file, found, id)


def _members_fit(file: Placed, found: Offices, id: str) -> None:
    one, at = found.counters[id], ("counters", id)
    for member in one.members:
        other = found.counters.get(member)
        if other is None or other.members:
            file.fault(f"no counter {member!r} of its own", (*at, "members"))
        elif other.minutes != one.minutes or other.office != one.office or other.hours != one.hours:
            file.fault(f"{member} has other times", (*at, "members"))


def _bundles_stand(file: Placed, found: Offices, bundles: Collection[str]) -> None:
    parts: list[tuple[str, str, Sequence[str]]] = [("offices", id, one.bundles) for id, one in found.offices.items()]
    parts += [("counters", id, one.bundles) for id, one in found.counters.items()]
    for key, id, named in parts:
        for bundle in set(named) - set(bundles):
            file.fault(f"no bundle {bundle!r}", (key, id, "bundles"))
