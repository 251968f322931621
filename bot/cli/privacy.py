"""`banshi privacy`: what the law gives a citizen."""

import getpass
import json
import zipfile
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bot import privacy as rights
from bot import timers
from bot.app import App, build
from bot.cli.options import Home
from bot.errors import ConfigError
from bot.materials.files import Files
from bot.settings import load_settings

commands = typer.Typer(help="A citizen's rights to what is kept of them.", no_args_is_help=True)

Citizen = Annotated[str, typer.Argument(help="channel:account:sender, such as terminal:main:zhang.")]


@commands.command()
def export(
    citizen: Citizen,
    into: Annotated[Path | None, typer.Option(help="A .zip with the photos too; otherwise JSON is printed.")] = None,
    home: Home = None,
) -> None:
    """Everything that is kept of a citizen."""
    parts = _known(citizen, home)
    store = parts.resources.store
    try:
        found = store.write(lambda tables: rights.export(tables, citizen, getpass.getuser(), store.now()))
        text = json.dumps(found, ensure_ascii=False, indent=1)
        if into is None:
            typer.echo(text)
        else:
            _pack(into, text, found["files"], parts.resources.files)
            typer.echo(f"{into}: {len(found['files'])} files", err=True)
    except OSError as error:
        raise ConfigError(f"{into}: {error.strerror}") from error
    finally:
        parts.close()


@commands.command()
def erase(citizen: Citizen, home: Home = None) -> None:
    """Delete what is kept of a citizen, but for what was submitted, which is kept by law."""
    parts = _known(citizen, home)
    store = parts.resources.store
    try:
        counts = store.write(lambda tables: rights.erase(tables, citizen, getpass.getuser(), store.now()))
        timers.sweep(parts.resources)
    finally:
        parts.close()
    table = Table("what", "deleted")
    for name, count in counts.items():
        table.add_row(name, str(count))
    Console(stderr=True).print(table)


def _pack(into: Path, text: str, files: list[dict[str, Any]], kept: Files) -> None:
    """A zip that is there when it is whole, and is readable by nobody else."""
    part = into.with_name(f"{into.name}.part")
    part.touch(0o600)
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("data.json", text)
            for one in (one for one in files if one["kind"]):  # none that is not cleaned yet
                archive.writestr(f"files/{one['file']}.{one['kind']}", kept.read(one["file"]))
        part.replace(into)
    finally:
        part.unlink(missing_ok=True)


def _known(citizen: str, home: Path | None) -> App:
    """The parts of this hall. ConfigError where it has never heard of this citizen."""
    parts = build(load_settings(home))
    if not parts.resources.store.read(lambda tables: rights.is_known(tables, citizen)):
        parts.close()
        raise ConfigError(f"nothing is kept of {citizen!r}; citizens are channel:account:sender")
    return parts


def add_to(app: typer.Typer) -> None:
    app.add_typer(commands, name="privacy")
