"""`banshi licences` and `banshi nudges`: the ledger, what can be done when, who is told, and how many were."""

import getpass
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bot import app as composition
from bot.bundles.catalogue import load_catalogue
from bot.cli.options import AsJson, Home, day
from bot.cli.shown import opened
from bot.domain.licence import months_after
from bot.errors import ConfigError, OperatorError
from bot.ledger import coverage as report
from bot.ledger import tasks as work
from bot.ledger.export import export as write_ledger
from bot.ledger.intake import import_file
from bot.ledger.kinds import load_licence_kinds
from bot.ledger.scan import Ladders, run
from bot.ledger.wording import Wording
from bot.settings import Settings, load_settings
from bot.store.db import Store

licences = typer.Typer(help="The ledger of licences.", no_args_is_help=True)
nudges = typer.Typer(help="Who is told that a licence runs out.", no_args_is_help=True)

_Today = Annotated[date | None, typer.Option("--today", parser=day, metavar="DATE", show_default="today")]


@dataclass(frozen=True)
class Office:
    """The parts that the ledger needs: no model, no index."""

    settings: Settings
    store: Store
    wording: Wording

    @property
    def today(self) -> date:
        return self.now.astimezone(self.wording.hours.zone).date()

    @property
    def now(self) -> datetime:
        return self.store.now()


@contextmanager
def _office(home: Path | None) -> Iterator[Office]:
    settings = load_settings(home)
    wording = _wording(settings)
    with opened(settings) as store:
        yield Office(settings, store, wording)


def _wording(settings: Settings) -> Wording:
    catalogue = load_catalogue(settings.config, settings.hall.region)
    kinds = load_licence_kinds(settings.config / "licences.yml", catalogue.bundles)
    replies, hours = composition.load_replies(settings.config), composition.open_hours(settings)
    return Wording(replies, kinds, hours, settings.hall.name)


@licences.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A .xlsx or .csv with one licence a row.")],
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Take a ledger in: rows added, changed, the same, or refused with the reason. Doing it twice changes nothing."""
    with _office(home) as office, Progress(console=Console(stderr=True), transient=True) as shown:
        bar = shown.add_task("rows", total=None)
        found = import_file(
            office.store,
            office.wording.kinds,
            file,
            getpass.getuser(),
            office.now,
            lambda count: shown.update(bar, completed=count),
        )
    counts = {"added": found.added, "changed": found.changed, "same": found.same}
    if as_json:
        refused = [{"row": row, "reason": reason} for row, reason in found.refused]
        typer.echo(json.dumps({**counts, "refused": refused}))
        return
    for row, reason in found.refused:
        typer.echo(f"row {row}: {reason}", err=True)
    typer.echo(", ".join(f"{name} {count}" for name, count in {**counts, "refused": len(found.refused)}.items()))


@licences.command()
def export(
    file: Annotated[Path, typer.Argument(help="A .xlsx to be written.")],
    months: Annotated[int | None, typer.Option(min=1, max=60, help="Only what ends within so many months.")] = None,
    today: _Today = None,
    home: Home = None,
) -> None:
    """Write the ledger as a workbook that can be taken in again."""
    if file.suffix.lower() != ".xlsx":
        raise ConfigError(f"{file}: a ledger is written as .xlsx")
    with _office(home) as office:
        first = today or office.today
        ending = (first, months_after(first, months)) if months else None
        count = write_ledger(office.store, office.wording.kinds, file, getpass.getuser(), office.now, ending)
    typer.echo(f"{file}: {count} licences", err=True)


@licences.command()
def window(
    kind: Annotated[str, typer.Argument(help="By its code or its name.")],
    expires: Annotated[
        date, typer.Option("--expires", parser=day, metavar="DATE", help="The last day of the licence.")
    ],
    as_json: AsJson = False,
) -> None:
    """From when to when it can be renewed, and the days on which its holder is told."""
    wording = _wording(load_settings())
    code = wording.kinds.named(kind)
    if code is None:
        raise ConfigError(f"no kind {kind!r} in config/licences.yml")
    of = wording.kinds.of[code]
    found = of.window(expires, wording.hours)
    if found is None:
        raise ConfigError(f"{of.name} has no end, so there is no window")
    rungs = of.ladder(expires, wording.hours)
    if as_json:
        told: dict[str, Any] = {
            "kind": code,
            "earliest": found.earliest.isoformat(),
            "latest": found.latest.isoformat(),
        }
        told["rungs"] = [{"name": rung.name, "on": rung.on.isoformat()} for rung in rungs]
        told |= {"late_policy": of.late, "provisional": found.provisional, "duty": of.duty, "basis": of.basis}
        told |= {"check": of.check}
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    table = Table("rung", "on", title=f"{of.name}: {found.earliest} – {found.latest}")
    for rung in rungs:
        table.add_row(rung.name, rung.on.isoformat())
    Console().print(table)
    Console().print(f"afterwards: {of.late}; {of.basis}" + ("; provisional" if found.provisional else ""))


@licences.command()
def coverage(
    since: Annotated[date | None, typer.Option("--from", parser=day, metavar="DATE", show_default="a year ago")] = None,
    until: Annotated[date | None, typer.Option("--to", parser=day, metavar="DATE", show_default="today")] = None,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """How many of those who were to be told were told, by way and rung; what failed and why; what came of it."""
    with _office(home) as office:
        last = until or office.today
        first = since or last - timedelta(days=365)
        found = office.store.read(lambda tables: report.coverage(tables, first, last, office.today))
    if as_json:
        typer.echo(json.dumps(found))
        return
    table = Table("rung", "due", "reached", "rate", title=f"{first} – {last}")
    for name, part in {**found["by_rung"], "all": found["nudges"]}.items():
        rate = "–" if part["rate"] is None else f"{part['rate']:.1%}"
        table.add_row(name, str(part["due"]), str(part["reached"]), rate)
    Console().print(table)
    for name in ("licences", "unreached", "by_channel", "failed"):
        Console().print(f"{name}: {json.dumps(found[name])}")


@licences.command()
def code(number: Annotated[str, typer.Argument(help="The number of the licence.")], home: Home = None) -> None:
    """A code for its holder, who is told of it where they type it. Look at their papers first."""
    with _office(home) as office:
        try:
            made = office.store.write(lambda tables: work.code_for(tables, number, getpass.getuser(), office.now))
        except OperatorError as error:
            raise ConfigError(str(error)) from error
    typer.echo(made)


@licences.command()
def notice(
    month: Annotated[str, typer.Argument(metavar="YYYY-MM", help="The month in which licences end.")], home: Home = None
) -> None:
    """A text for everybody about what ends in a month: kinds and counts, and nobody's name."""
    first = day(f"{month}-01")
    with _office(home) as office:
        last = months_after(first, 1) - timedelta(days=1)
        text = office.store.read(lambda tables: work.public_notice(tables, office.wording, first, last, month))
    typer.echo(text)


@nudges.command("run")
def run_(
    today: _Today = None,
    dry: Annotated[bool, typer.Option("--dry-run", help="Queue nothing, only count.")] = False,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Queue what is to be told on a day; again, it queues nothing. `banshi serve` does it by itself, and tells."""
    with _office(home) as office:
        ladders = Ladders(office.wording.kinds, office.wording.hours)
        found = run(office.store, ladders, today or office.today, dry=dry)
    counts = {"due": found.due, "queued": found.queued, "already": found.already, "no_channel": found.no_channel}
    if as_json:
        typer.echo(json.dumps({**counts, "by_rung": dict(found.by_rung)}))
        return
    typer.echo(", ".join(f"{name} {count}" for name, count in counts.items()))


def add_to(app: typer.Typer) -> None:
    app.add_typer(licences, name="licences")
    app.add_typer(nudges, name="nudges")
