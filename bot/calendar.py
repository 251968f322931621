"""config/calendar.yml: when this hall is open."""

import re
from collections.abc import Mapping
from datetime import date, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import chinese_calendar
import yaml

from bot.domain.hours import Hours, Span
from bot.errors import ConfigError
from knowledge.passages import Source
from nlu.holidays import by_law

_SPAN = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)")


def load_hours(path: Path, zone: ZoneInfo) -> Hours:
    """ConfigError names the file and the value."""
    try:
        content = yaml.load(path.read_text("utf-8"), yaml.BaseLoader)
        exceptions = {date.fromisoformat(day): _spans(path, spans) for day, spans in content["exceptions"].items()}
        years = {int(year): _year(int(year), written) for year, written in content.get("years", {}).items()}

        @cache  # it is asked for every day of every window
        def works(day: date) -> bool:
            return years[day.year].get(day, day.weekday() < 5) if day.year in years else is_workday(day)

        def told(day: date) -> bool:
            return day.year in years or announced(day)

        def feast(day: date) -> bool:
            return years[day.year].get(day) is False if day.year in years else is_holiday(day)

        basis = _basis(content.get("basis"))
        return Hours(zone, _spans(path, content["hours"]), works, exceptions, basis, told, feast)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise ConfigError(f"{path}: {error!r}") from error


def _year(year: int, written: Mapping[str, list[str]]) -> dict[date, bool]:
    """The days of a year that are not as their weekday: off, such as 02-06..02-12, or worked in their place."""
    found: dict[date, bool] = {}
    for key, works in (("off", False), ("work", True)):
        for text in written.get(key, []):
            first, _, last = text.partition("..")
            day, end = (date.fromisoformat(f"{year:04}-{part}") for part in (first, last or first))
            while day <= end:
                found[day] = works
                day += timedelta(days=1)
    return found


def _basis(written: dict[str, str] | None) -> Source | None:
    if written is None:
        return None
    day = date.fromisoformat(written["valid_from"])
    return Source(written["title"], article=written["article"], valid_from=day, quote=written["quote"])


def is_workday(day: date) -> bool:
    """By the national calendar; in the years that it does not know yet, Monday to Friday but for holidays by law."""
    return (
        bool(chinese_calendar.is_workday(day)) if announced(day) else day.weekday() < 5 and day not in by_law(day.year)
    )


def is_holiday(day: date) -> bool:
    """A day off for a holiday's sake, by the national calendar or else by law; the weekend in the midst of it too."""
    if not announced(day):
        return day in by_law(day.year)
    off, name = chinese_calendar.get_holiday_detail(day)
    return bool(off and name)


@cache  # to find it out anew takes a look at all holidays that there are
def announced(day: date) -> bool:
    """Whether the national calendar has the year of a day."""
    try:
        chinese_calendar.is_workday(day)
    except NotImplementedError:
        return False
    return True


def _spans(path: Path, written: Any) -> tuple[Span, ...]:
    spans = []
    for text in written:
        found = _SPAN.fullmatch(text)
        if found is None:
            raise ConfigError(f"{path}: {text!r} is not like 09:00-12:00")
        opens_h, opens_m, closes_h, closes_m = map(int, found.groups())
        spans.append((time(opens_h, opens_m), time(closes_h, closes_m)))
    return tuple(sorted(spans))
