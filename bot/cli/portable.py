"""`banshi kb export` and `import`: the whole base as one file."""

from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bot import app as composition
from bot import carrying
from bot.cli.options import AsJson, Home
from bot.cli.shown import opened, print_json, today, watched
from bot.errors import ConfigError
from bot.settings import load_settings


def export(file: Path, as_json: AsJson = False, home: Home = None) -> None:
    """The knowledge base as one .zip: articles and their history, misses, documents, vectors."""
    settings = load_settings(home)
    with opened(settings) as store:
        holding = carrying.Holding(store, settings, composition.ARTICLES, composition.open_embedder(settings))
        try:
            counts = carrying.export(holding, file, version("banshi"), store.now())
        except OSError as error:
            raise ConfigError(f"{file}: {error.strerror}") from error
    _print(counts, as_json)


def import_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    remit: Annotated[bool, typer.Option("--remit", help="Take its remit.yml too, in the place of yours.")] = False,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Bring an export into this home and build the index; importing twice changes nothing."""
    settings = load_settings(home)
    with opened(settings) as store, watched() as progress:
        holding = carrying.Holding(store, settings, composition.ARTICLES, composition.open_embedder(settings))
        counts = carrying.import_(
            holding, file, take_remit=remit, on=today(settings), now=store.now(), progress=progress
        )
    _print(counts, as_json)


def _print(counts: dict[str, int], as_json: bool) -> None:
    if as_json:
        print_json(counts)
        return
    table = Table(*counts)
    table.add_row(*map(str, counts.values()))
    Console(stderr=True).print(table)


def add_to(kb: typer.Typer) -> None:
    kb.command()(export)
    kb.command("import")(import_)
