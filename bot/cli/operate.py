"""Commands for whoever runs an installation: check, database, backup, dead letters."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bot import check as checks
from bot.cli.options import AsJson, Home
from bot.errors import ConfigError
from bot.settings import Settings, load_settings
from bot.store import schema
from bot.store.backup import backup as write_backup
from bot.store.backup import restore as read_backup
from bot.store.db import Store, Tables
from bot.store.engine import open_engine
from bot.store.queue import dead_letters
from bot.store.queue import requeue as put_back
from bot.store.tables import inbox, outbox

db = typer.Typer(help="The database.", no_args_is_help=True)

_QUEUES = {"inbox": inbox, "outbox": outbox}
_REGISTRATION = "registration"


def check(home: Home = None) -> None:
    """Read everything that an operator edits; every fault at once, each with file and line."""
    faults = checks.all_faults(load_settings(home))
    for fault in faults:
        typer.echo(fault, err=True)
    if faults:
        raise typer.Exit(2)
    typer.echo("everything is in order", err=True)


@db.command()
def upgrade(home: Home = None) -> None:
    """Bring the database to this program's schema."""
    settings = load_settings(home)
    settings.home.mkdir(parents=True, exist_ok=True)
    engine = open_engine(settings.database_url.get_secret_value(), pool=1)
    before = schema.version(engine)
    schema.upgrade(engine)
    typer.echo(f"schema {before or 'none'} → {schema.version(engine)}", err=True)


def backup(file: Path, home: Home = None) -> None:
    """A consistent copy of the database, while serving too."""
    store = _store(load_settings(home))
    try:
        counts = store.read(lambda tables: write_backup(tables.connection, file))
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}") from error
    _print_counts("kept", counts)


def restore(file: Path, home: Home = None) -> None:
    """Fill a new, empty home from a backup. The knowledge base is rebuilt with `banshi kb build`."""
    store = _store(load_settings(home))
    _print_counts("restored", store.write(lambda tables: read_backup(tables.connection, file)))


def failed(as_json: AsJson = False, home: Home = None) -> None:
    """Dead letters: what was given up, and why."""
    store = _store(load_settings(home))
    rows = store.read(lambda tables: [*dead_letters(tables.connection, _QUEUES.values()), *tables.matters.given_up()])
    if as_json:
        import json

        typer.echo(json.dumps([{**row, "finished_at": row["finished_at"].isoformat()} for row in rows]))
        return
    table = Table("queue", "id", "channel or department", "tries", "reason", "given up at")
    for row in rows:
        given_up = f"{row['finished_at'].astimezone():%Y-%m-%d %H:%M}"
        table.add_row(row["table"], str(row["id"]), row["channel"], str(row["tries"]), row["error"], given_up)
    Console().print(table if rows else "no dead letters")


def requeue(
    id: int,
    queue: Annotated[str, typer.Option(help="inbox, outbox or registration")] = "inbox",
    home: Home = None,
) -> None:
    """Try a dead letter again, at its old place in the conversation, or a registration with a department."""
    if queue not in (*_QUEUES, _REGISTRATION):
        raise ConfigError(f"no queue is called {queue}; there are {', '.join(_QUEUES)} and {_REGISTRATION}")
    store = _store(load_settings(home))

    def again(tables: Tables) -> bool:
        if queue == _REGISTRATION:
            return tables.matters.requeue(id, store.now())
        return put_back(tables.connection, _QUEUES[queue], id, store.now())

    if not store.write(again):
        raise ConfigError(f"{queue} {id} is not a dead letter; see `banshi failed`")
    typer.echo(f"{queue} {id} will be tried again", err=True)


def _store(settings: Settings) -> Store:
    settings.home.mkdir(parents=True, exist_ok=True)
    return Store(settings.database_url.get_secret_value(), pool=2)


def _print_counts(done: str, counts: dict[str, int]) -> None:
    table = Table("table", done)
    for name, count in counts.items():
        table.add_row(name, str(count))
    Console(stderr=True).print(table)


def add_to(app: typer.Typer) -> None:
    for command in (check, backup, restore, failed, requeue):
        app.command()(command)
    app.add_typer(db, name="db")
