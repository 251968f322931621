"""`banshi kb calibrate`: the answer line fitted again to this base."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bot import app as composition
from bot.cli.options import AsJson, Home
from bot.cli.shown import print_json, today, watched
from bot.settings import load_settings
from knowledge.evaluate import read_queries
from knowledge.refit import Band, refit


def calibrate(
    queries: Annotated[Path | None, typer.Option(help='Labelled questions: {"id", "text", "relevant"} a line.')] = None,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Fit the answer line again to this base; how much is answered, offered and handed over before and after."""
    settings = load_settings(home)
    asked = read_queries(queries) if queries else []
    with watched() as progress:
        embedder = composition.open_embedder(settings)
        found = refit(settings.kb, embedder, asked, on=today(settings), progress=progress)
    if as_json:
        print_json(asdict(found))
        return
    table = Table("", "threshold", "answered", "right", "three offered", "right", "handed over", "right")
    for name, bands in (("before", found.before), ("after", found.after)):
        cells = [cell for band in (bands.answer, bands.offer, bands.hand_over) for cell in _cells(band)]
        table.add_row(name, f"{bands.threshold:.3f}", *cells)
    Console().print(table)


def _cells(band: Band) -> tuple[str, str]:
    return f"{band.share:.3f}", "-" if band.right is None else f"{band.right:.3f}"


def add_to(kb: typer.Typer) -> None:
    kb.command()(calibrate)
