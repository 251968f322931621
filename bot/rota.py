"""config/teams.yml: teams, shifts, service levels and canned answers."""

import re
import string
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from bot.domain.hours import Hours
from bot.domain.rota import Days, Rota, Service, Shift, Team
from bot.domain.ticket import Reason
from bot.errors import ConfigError

FIELDS = frozenset({"agent", "team", "hall", "case"})
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")
_DAY = timedelta(days=1)

Minutes = Annotated[float, Field(gt=0, le=60 * 24 * 30)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Shift(_Part):
    days: Days
    hours: str

    @field_validator("hours")
    @classmethod
    def like_hours(cls, written: str) -> str:
        found = _HOURS.fullmatch(written)
        if found is None or (found[3] == "24" and found[4] != "00"):
            raise ValueError(f"{written!r} is not like 09:00-12:00 or 20:00-08:00")
        return written

    def shift(self) -> Shift:
        begin, end = (timedelta(hours=int(text[:2]), minutes=int(text[3:])) for text in self.hours.split("-"))
        lasts = end - begin if end > begin else end - begin + _DAY
        return Shift(self.days, time(begin.seconds // 3600, begin.seconds // 60 % 60), lasts)


class _Team(_Part):
    name: Annotated[str, Field(min_length=1)]
    capacity: Annotated[int, Field(ge=1, le=50)]
    bundles: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    shifts: tuple[_Shift, ...] = ()

    @field_validator("reasons")
    @classmethod
    def known(cls, written: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := set(written) - set(get_args(Reason)):
            raise ValueError(f"no such reason: {', '.join(sorted(unknown))}")
        return written


class _Service(_Part):
    first_word: Minutes = 5
    resolution: Minutes = 240
    longest_wait: Minutes = 10
    unanswered: Minutes = 3
    idle: Minutes = 30
    away: Minutes = 2
    talk: Minutes = 4


class _File(_Part):
    default: str
    teams: Annotated[dict[str, _Team], Field(min_length=1)]
    service: _Service = _Service()
    first: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    canned: dict[str, str] = {}

    @field_validator("canned")
    @classmethod
    def fillable(cls, written: dict[str, str]) -> dict[str, str]:
        for title, text in written.items():
            unknown = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None} - FIELDS
            if unknown:
                raise ValueError(f"{title}: no such placeholder: {', '.join(sorted(unknown))}")
        return written

    @model_validator(mode="after")
    def with_a_default(self) -> "_File":
        if self.default not in self.teams:
            raise ValueError(f"default: there is no team {self.default!r}")
        return self


def load_rota(path: Path, hours: Hours, bundles: Mapping[str, Any] | None = None) -> Rota:
    """ConfigError with every fault. Without the file: one team that works in the opening hours."""
    if not path.exists():
        return Rota(hours, {"hall": Team("hall", "", 5)}, "hall")
    try:
        read = _File.model_validate(yaml.load(path.read_text("utf-8"), yaml.BaseLoader))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: {error}") from error
    except ValidationError as error:
        faults = [f"{path}: {'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
        raise ConfigError("\n".join(faults)) from error
    rota = _rota(read, hours)
    if faults := _faults(path, rota, bundles):
        raise ConfigError("\n".join(faults))
    return rota


def _rota(read: _File, hours: Hours) -> Rota:
    teams = {
        id: Team(
            id,
            one.name,
            one.capacity,
            frozenset(one.bundles),
            frozenset(one.reasons),
            one.words,
            tuple(shift.shift() for shift in one.shifts),
        )
        for id, one in read.teams.items()
    }
    minutes = {name: timedelta(minutes=value) for name, value in read.service.model_dump().items()}
    return Rota(hours, teams, read.default, Service(**minutes), read.first, read.canned)


def _faults(path: Path, rota: Rota, bundles: Mapping[str, Any] | None) -> list[str]:
    """What no single value shows: bundles that are none, a bundle of two teams, a team that never works."""
    faults, owner = [], dict[str, str]()
    now = datetime.combine(datetime.now(rota.hours.zone).date(), time(), rota.hours.zone)
    for team in rota.teams.values():
        for bundle in sorted(team.bundles):
            if bundles is not None and bundle not in bundles:
                faults.append(f"{path}: teams.{team.id}.bundles: there is no bundle {bundle!r}")
            if owner.setdefault(bundle, team.id) != team.id:
                faults.append(f"{path}: teams.{team.id}.bundles: {bundle} belongs to {owner[bundle]}")
        try:
            rota.next_on(team.id, now)
        except ValueError:
            faults.append(f"{path}: teams.{team.id}: it is never at work")
    return faults
