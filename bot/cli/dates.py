"""`banshi dates`: when a sentence means, as a booking would read it."""

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from bot import app as composition
from bot.cli.options import AsJson, Home
from bot.cli.shown import print_json
from bot.errors import ConfigError
from bot.settings import load_settings
from nlu.dates import When, is_lunar, when


def dates(
    text: Annotated[str, typer.Argument(metavar="TEXT")],
    now: Annotated[
        str | None,
        typer.Option("--now", metavar="TIME", help="When it is said, in the hall's zone where it has none."),
    ] = None,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """The date, time or range that a sentence names, by this hall's calendar."""
    hours = composition.open_hours(load_settings(home))
    found = when(text, _said(now, hours.zone), hours)
    if as_json:
        document = found and {"start": found.start.isoformat(), "end": found.end.isoformat(), "grain": found.grain}
        print_json(document)
        return
    typer.echo(_line(found) if found else "lunar date: not read" if is_lunar(text) else "no date")


def _said(now: str | None, zone: ZoneInfo) -> datetime:
    try:
        at = datetime.fromisoformat(now) if now is not None else datetime.now(zone)
        return at.astimezone(zone) if at.tzinfo else at.replace(tzinfo=zone)
    except (ValueError, OverflowError) as error:
        raise ConfigError(f"--now: {now!r} is not a time like 2026-11-21T10:00+08:00") from error


def _line(found: When) -> str:
    until = "" if found.start == found.end else f" until {found.end:%Y-%m-%d %a %H:%M}"
    return f"{found.text}: {found.start:%Y-%m-%d %a %H:%M}{until} ({found.grain})"


def add_to(app: typer.Typer) -> None:
    app.command()(dates)
