"""`banshi nlu`: train, parse, eval."""

import dataclasses
import json
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table

from bot import app as composition
from bot.cli.options import AsJson, Home
from bot.cli.shown import watched
from bot.errors import ConfigError
from bot.settings import load_settings
from nlu.evaluate import Report, evaluate
from nlu.examples import DataFault
from nlu.rasa_runs import RasaFailed
from nlu.sidecar import Unanswered
from nlu.understand import SHIPPED, Understanding

commands = typer.Typer(help="Understanding: training, parsing, evaluation.", no_args_is_help=True)


@commands.command("train")
def train(
    home: Home = None,
    ship: Annotated[bool, typer.Option("--ship", help="Write the model that is shipped with the program.")] = False,
) -> None:
    """Train on nlu/data; the model is kept in the home, and used as long as the files are the same."""
    settings = load_settings(home)
    began = datetime.now().astimezone()
    with watched() as progress:
        file = composition.train_understanding(settings, progress, SHIPPED if ship else None)
    took = (datetime.now().astimezone() - began).total_seconds()
    typer.echo(f"{file}: {file.stat().st_size / 1e6:.1f} MB, trained in {took:.0f} s")


@commands.command("parse")
def parse(
    text: Annotated[str, typer.Argument(metavar="TEXT")],
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """What one message wants and names."""
    found = composition.open_engine(load_settings(home))(text)
    if as_json:
        typer.echo(json.dumps(parsed(text, found), ensure_ascii=False))
        return
    table = Table("intent", "confidence")
    for name, share in found.ranking[:5]:
        table.add_row(name, f"{share:.3f}")
    named = Table("entity", "value", "text")
    for one in found.entities:
        named.add_row(one.entity, one.value, text[one.start : one.end])
    Console().print(table, named, f"in scope {found.scope:.2f}, {'sure' if found.sure else 'not sure'}")


@commands.command("eval")
def eval_(
    train_on: Annotated[Path, typer.Option("--train", exists=True, help="Rasa NLU file or folder to train on.")],
    judge_by: Annotated[Path, typer.Option("--test", exists=True, help="Rasa NLU file or folder to be judged by.")],
    engine: Annotated[Literal["inprocess", "rasa"], typer.Option(help="Which engine.")] = "inprocess",
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Accuracy, calibration, out of scope, entities, speed and memory of an engine on files of your own."""
    settings = load_settings(home)
    try:
        found = evaluate(composition.engine_for_trial(settings, engine), train_on, judge_by)
    except (DataFault, RasaFailed, Unanswered) as error:
        raise ConfigError(str(error)) from error
    if as_json:
        typer.echo(json.dumps(_document(found)))
    else:
        _print(found)


def parsed(text: str, found: Understanding) -> dict[str, object]:
    """Rasa's parse shape."""
    return {
        "text": text,
        "intent": {"name": found.intent, "confidence": round(found.confidence, 4)},
        "entities": [
            {"entity": one.entity, "value": one.value, "start": one.start, "end": one.end} for one in found.entities
        ],
        "intent_ranking": [{"name": name, "confidence": round(share, 4)} for name, share in found.ranking],
    }


def _document(found: Report) -> dict[str, object]:
    rounded = dataclasses.asdict(found) | {
        "by_intent": {name: {"n": n, "accuracy": round(share, 4)} for name, n, share in found.by_intent}
    }
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in rounded.items()}


def _print(found: Report) -> None:
    figures = Table("figure", "value")
    for name, value in _document(found).items():
        if name != "by_intent":
            figures.add_row(name, str(value))
    intents = Table("intent", "n", "accuracy")
    for name, n, share in sorted(found.by_intent, key=lambda one: one[2]):
        intents.add_row(name, str(n), f"{share:.2f}")
    Console().print(figures, intents)


def add_to(app: typer.Typer) -> None:
    app.add_typer(commands, name="nlu")
