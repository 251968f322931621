"""`banshi bench`: measurements that anyone can run again."""

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bot import bench as measure
from bot.cli.options import AsJson, Home
from bot.settings import load_settings

bench = typer.Typer(help="Measurements that anyone can run again.", no_args_is_help=True)


@bench.command()
def turns(
    seconds: Annotated[float, typer.Option(min=1, help="Length of each round.")] = 5,
    citizens: Annotated[str, typer.Option(help="Rounds, by number of citizens at once.")] = "1,8,16,32,64",
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Whole turns on the built index and a durable store; then keeping alone, group commits beside plain ones."""
    from bot.bench import turns as rounds

    counts = [int(count) for count in citizens.split(",")]
    _print(rounds.measure(load_settings(home), counts, seconds), as_json)


@bench.command()
def kb(
    passages: Annotated[str, typer.Option(help="Rounds, by number of passages.")] = "10000,100000,1000000",
    queries: Annotated[int, typer.Option(min=20)] = 200,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Search at several sizes: building, latency and memory. Passages are made up, their vectors too."""
    from bot.bench import kb as rounds

    counts = [int(count) for count in passages.split(",")]
    _print(rounds.measure(load_settings(home), counts, queries), as_json)


def _print(rows: list[measure.Row], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(rows))
        return
    table = Table(*rows[0])
    for row in rows:
        table.add_row(*(f"{value:.4g}" if isinstance(value, float) else str(value) for value in row.values()))
    Console().print(table)


def add_to(app: typer.Typer) -> None:
    app.add_typer(bench, name="bench")
