"""What several commands do alike: open the database, watch a build, print a report of it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from bot import app as composition
from bot.errors import ConfigError
from bot.seal import open_seal
from bot.settings import Settings
from bot.store.db import Store
from knowledge.build import BuildReport
from knowledge.build import Progress as Watch

COLUMNS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
COUNTS = ("articles", "laws", "documents", "passages", "units", "embedded", "reused")


@contextmanager
def opened(settings: Settings) -> Iterator[Store]:
    """The database of a home, which is made where it is missing."""
    settings.home.mkdir(parents=True, exist_ok=True)
    seal = open_seal(settings.home, *settings.keys)
    store = Store(settings.database_url.get_secret_value(), seal=seal, pool=2)
    try:
        yield store
    finally:
        store.close()


def edits(settings: Settings) -> dict[str, str | None]:
    """The articles that were edited here; none where there is no database yet, which is not made for this."""
    url = settings.database_url.get_secret_value()
    if url == f"sqlite:///{settings.home / 'banshi.db'}" and not (settings.home / "banshi.db").is_file():
        return {}
    with opened(settings) as store:
        return store.read(lambda tables: tables.articles.edits())


@contextmanager
def watched() -> Iterator[Watch]:
    """Bars on standard error, one a stage."""
    with Progress(*COLUMNS, console=Console(stderr=True)) as bars:
        tasks: dict[str, Any] = {}

        def progress(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage)
            bars.update(tasks[stage], completed=done, total=total)

        yield progress


def print_report(report: BuildReport) -> None:
    console = Console(stderr=True)
    table = Table(*COUNTS)
    table.add_row(*(str(getattr(report, name)) for name in COUNTS))
    console.print(table)
    if report.skipped:
        skipped = Table("skipped", "line", "why")
        for path, line, why in report.skipped:
            skipped.add_row(str(path), str(line or ""), why)
        console.print(skipped)


def print_json(document: object) -> None:
    typer.echo(json.dumps(document, ensure_ascii=False, default=_plain))


def _plain(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is not JSON")


def clock(at: datetime | None) -> str:
    """A time for a table, in the terminal's zone."""
    return f"{at.astimezone():%Y-%m-%d %H:%M}" if at else ""


def today(settings: Settings) -> date:
    return datetime.now(composition.open_hours(settings).zone).date()


def required(value: str | None, option: str) -> str:
    """An option that this use of a command cannot do without."""
    if not value or not value.strip():
        raise ConfigError(f"{option} is missing")
    return value.strip()
