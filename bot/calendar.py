"""config/calendar.yml: when this hall is open."""

import re
from datetime import date, time
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
        return Hours(
            zone, _spans(path, content["hours"]), is_workday, exceptions, _basis(content.get("basis")), announced
        )
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise ConfigError(f"{path}: {error!r}") from error


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
