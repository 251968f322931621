"""`banshi bench`: measurements that anyone can run again."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bot import bench as measure
from bot.app import TRAINING
from bot.cli.options import AsJson, Home
from bot.errors import ConfigError
from bot.settings import load_settings
from nlu.examples import DataFault
from nlu.rasa_runs import RasaFailed
from nlu.sidecar import Unanswered

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


@bench.command()
def nlu(
    judge_by: Annotated[Path, typer.Option("--test", exists=True, help="Rasa NLU file or folder to be judged by.")],
    train_on: Annotated[Path, typer.Option("--train", exists=True, help="Rasa NLU file or folder.")] = TRAINING,
    peer: Annotated[
        bool, typer.Option("--peer", help="Rasa too, which trains for minutes: `make rasa-install`.")
    ] = False,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Understanding: accuracy, speed with eight at once, memory without training; beside Rasa's with --peer."""
    from bot.bench import nlu as engines

    try:
        _print(engines.measure(load_settings(home), train_on, judge_by, peer), as_json)
    except (DataFault, RasaFailed, Unanswered) as error:
        raise ConfigError(str(error)) from error


@bench.command()
def documents(
    rounds: Annotated[int, typer.Option(min=1, help="Papers of each kind.")] = 20,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Every paper and form as PDF, picture and DOCX, in milliseconds a page."""
    from bot.bench import documents as papers

    _print(papers.measure(load_settings(home), rounds), as_json)


@bench.command()
def photos(
    folder: Annotated[Path | None, typer.Option(exists=True, help="As tests/photos/make.py makes it.")] = None,
    at_once: Annotated[
        int, typer.Option(min=0, max=200, help="Instead: so many photos of 12 megapixels at once, and others asking.")
    ] = 0,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Photos whose truth is known: recognised, read and refused as they should be; and how long it takes."""
    from bot import app as composition
    from bot.bench import photos as rounds
    from bot.bundles.catalogue import load_catalogue

    settings = load_settings(home)
    if at_once:
        from bot.bench import crowd

        _print(crowd.measure(settings, rounds.large(folder, at_once), at_once), as_json)
        return
    eye = composition.open_eye(settings, load_catalogue(settings.config, settings.hall.region))
    try:
        _print(rounds.measure(eye, folder), as_json)
    finally:
        eye.close()


@bench.command()
def nudges(
    licences: Annotated[int, typer.Option(min=1000, help="How many the ledger holds.")] = 100_000,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """The daily look at a large ledger: licences a second, and how long a citizen waits for an answer meanwhile."""
    from bot.bench import nudges as looks

    settings = load_settings(home)
    settings.home.mkdir(parents=True, exist_ok=True)
    _print(looks.measure(settings, licences), as_json)


@bench.command()
def desk(
    chats: Annotated[int, typer.Option(min=1, help="How many chats are open.")] = 500,
    agents: Annotated[int, typer.Option(min=1, max=200, help="How many are at work.")] = 50,
    seconds: Annotated[float, typer.Option(min=5, help="For how long.")] = 60,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """The staff desk over HTTP: pages of chats and answers, while everybody is at work."""
    from bot.bench import desk as work

    settings = load_settings(home)
    settings.home.mkdir(parents=True, exist_ok=True)
    _print(work.measure(settings, chats, agents, seconds), as_json)


@bench.command()
def slots(
    people: Annotated[int, typer.Option(min=1, help="How many want the same time.")] = 10_000,
    processes: Annotated[int, typer.Option(min=1, max=32, help="From how many processes at once.")] = 4,
    url: Annotated[str, typer.Option(help="An empty database of its own; otherwise a SQLite file is made.")] = "",
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """A crowd for one time of five seats: who gets it, and how long it takes."""
    from bot.bench import slots as crowd

    settings = load_settings(home)
    settings.home.mkdir(parents=True, exist_ok=True)
    _print(crowd.measure(settings, people, processes, url), as_json)


@bench.command()
def webhooks(
    calls: Annotated[int, typer.Option(min=10, help="Messages to each platform's webhook.")] = 1000,
    callers: Annotated[int, typer.Option(min=1, max=64, help="How many call at once.")] = 8,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """How soon WeChat, WeCom and Telegram are acknowledged over HTTP while nobody answers."""
    from bot.bench import webhooks as acknowledged

    settings = load_settings(home)
    settings.home.mkdir(parents=True, exist_ok=True)
    _print(acknowledged.measure(settings, calls, callers), as_json)


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
