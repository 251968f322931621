"""config/licences.yml: the kinds of licence, and how ledgers call their columns."""

import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from bot.bundles.model import Bundle
from bot.domain.hours import Hours
from bot.domain.licence import Late, Rung, Span, Terms, Window, ladder, window
from bot.errors import ConfigError
from bot.placed import Placed

KNOWN = ("number", "holder", "phone", "shop", "address")  # what the ledger can fill in
COLUMNS = ("kind", "number", "holder", "code", "phone", "shop", "address", "issued_on", "expires_on")

_Month = Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")]
_Span = Annotated[Span | None, BeforeValidator(lambda written: Span.of(written) if written else None)]
_Text = Annotated[str, Field(max_length=200)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Way(_Part):
    """A bundle, with the answers that the ledger knows; what is confirmed by name, and what is promised with it."""

    bundle: str
    answers: Mapping[str, str] = {}
    confirm: tuple[_Text, ...] = ()
    agreed: tuple[str, ...] = ()

    def filled(self, known: Mapping[str, str]) -> dict[str, str]:
        """The answers; none that rests on something the ledger does not know."""
        return {
            id: text.format_map(known)
            for id, text in self.answers.items()
            if all(known[name] for _, name, _, _ in string.Formatter().parse(text) if name)
        }


class Kind(_Part):
    name: Annotated[str, Field(min_length=2, max_length=60)]
    also: tuple[str, ...] = ()
    validity: Annotated[str, Field(pattern=r"^([1-9]\d?|printed|lasting|yearly)$")]
    earliest: _Span = None
    latest: _Span = None
    opens: _Month | None = None
    closes: _Month | None = None
    late: Late = "unaffected"
    restarts: Literal["yes", "no"] = "no"
    act: str = ""
    duty: _Text = ""
    materials: _Text = ""
    items: tuple[str, ...] = ()
    same: Way | None = None
    changed: Way | None = None
    closing: Way | None = None
    basis: _Text
    check: _Text = ""

    @model_validator(mode="after")
    def _ends_or_not(self) -> "Kind":
        if (self.validity == "yearly") != bool(self.opens and self.closes):
            raise ValueError("yearly has opens and closes, and nothing else has")
        for day in filter(None, (self.opens, self.closes)):
            date.fromisoformat(f"2025-{day}")  # ValueError for a day that not every year has
        if self.validity in ("lasting", "yearly") and (self.latest or self.earliest):
            raise ValueError(f"{self.validity} has no earliest and no latest")
        return self

    @property
    def years(self) -> int | None:
        """For how long it holds, where that can be computed from the day of issue."""
        return int(self.validity) if self.validity.isdecimal() else None

    @property
    def terms(self) -> Terms | None:
        """None where it has no end."""
        if self.validity == "lasting":
            return None
        opens = tuple(map(int, self.opens.split("-"))) if self.opens else None
        return Terms(self.latest or Span(0, "D"), self.earliest, opens)  # type: ignore[arg-type]

    def window(self, expires: date, hours: Hours) -> Window | None:
        return window(self.terms, expires, hours) if self.terms else None

    def ladder(self, expires: date, hours: Hours) -> list[Rung]:
        found = self.window(expires, hours)
        return ladder(found, expires, hours) if found else []

    def closes_after(self, day: date) -> date | None:
        """The next end of a yearly duty, that day itself among them."""
        if self.closes is None:
            return None
        month, of = map(int, self.closes.split("-"))
        return next(end for year in (day.year, day.year + 1) if (end := date(year, month, of)) >= day)


@dataclass(frozen=True)
class Kinds:
    """`of` by code; `columns` are the names of each column of a ledger; `closing` is for kinds that name no way."""

    of: Mapping[str, Kind] = field(default_factory=dict)
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    closing: str = ""

    def named(self, written: str) -> str | None:
        """The code of the kind that is called so."""
        return self._names.get(_plain(written))

    def granted(self, item: str) -> str | None:
        """The code of the kind of licence that an item results in."""
        return next((code for code, kind in self.of.items() if item in kind.items), None)

    def closed_by(self, code: str) -> Way | None:
        return self.of[code].closing or (Way(bundle=self.closing) if self.closing else None)

    @cached_property
    def _names(self) -> dict[str, str]:
        called = {code: (code, kind.name, *kind.also) for code, kind in self.of.items()}
        return {_plain(name): code for code, names in called.items() for name in names}


def load_licence_kinds(path: Path, bundles: Mapping[str, Bundle] | None = None) -> Kinds:
    """ConfigError with every fault, each `file:line: what`. Where bundles are given, those that it names must stand."""
    file = Placed(path)
    content = file.content
    for key in set(content) - {"closing", "columns", "kinds"}:
        file.fault("unknown key", (key,))
    written: dict[str, Any] = content.get("kinds", {})
    kinds = {code: kind for code, one in written.items() if (kind := file.read(Kind, one, ("kinds", code)))}
    columns = {name: tuple(names) for name, names in content.get("columns", {}).items()}
    for name in set(columns) ^ set(COLUMNS):
        file.fault(f"columns are {', '.join(COLUMNS)}", ("columns", name))
    found = Kinds(kinds, columns, content.get("closing", ""))
    _names_are_one(file, kinds)
    if bundles is not None:
        _ways_lead_somewhere(file, found, bundles)
    if file.faults:
        raise ConfigError("\n".join(file.faults))
    return found


def _names_are_one(file: Placed, kinds: Mapping[str, Kind]) -> None:
    seen: dict[str, str] = {}
    for code, kind in kinds.items():
        for name in {_plain(name) for name in (code, kind.name, *kind.also)}:
            if seen.setdefault(name, code) != code:
                file.fault(f"{name} is {seen[name]} too", ("kinds", code))


def _ways_lead_somewhere(file: Placed, kinds: Kinds, bundles: Mapping[str, Bundle]) -> None:
    if kinds.closing and kinds.closing not in bundles:
        file.fault(f"no bundle {kinds.closing!r}", ("closing",))
    for code, kind in kinds.of.items():
        for name, way in (("same", kind.same), ("changed", kind.changed), ("closing", kind.closing)):
            if way is not None:
                _way_leads_somewhere(file, ("kinds", code, name), way, bundles)


def _way_leads_somewhere(file: Placed, at: tuple[str, ...], way: Way, bundles: Mapping[str, Bundle]) -> None:
    bundle = bundles.get(way.bundle)
    if bundle is None:
        file.fault(f"no bundle {way.bundle!r}", (*at, "bundle"))
        return
    for id in set(way.answers) - set(bundle.questions):
        file.fault(f"{bundle.id} asks for no {id!r}", (*at, "answers", id))
    for id in set(way.agreed) - {item.id for item in bundle.items if item.commitment}:
        file.fault(f"{bundle.id} has no promise {id!r}", (*at, "agreed"))
    try:
        way.filled(dict.fromkeys(KNOWN, "-"))
    except (KeyError, ValueError) as error:
        file.fault(f"the ledger knows {', '.join(KNOWN)}, not {error}", (*at, "answers"))


def _plain(name: str) -> str:
    """A name as it is compared: without spaces and brackets, in capitals."""
    return "".join(sign for sign in name.upper() if sign.isalnum())
