"""`banshi rasa`: Rasa's own environment beside this one: training and serving."""

import os
import time
from pathlib import Path
from typing import Annotated

import typer

from bot import app as composition
from bot.cli.options import Home
from bot.engine import rasa_token
from bot.errors import ConfigError, OperatorError
from bot.settings import ROOT, load_settings
from nlu.examples import DataFault, read
from nlu.rasa_runs import RasaFailed, Workshop, domain

rasa = typer.Typer(no_args_is_help=True, help="Rasa as the engine that understands: `make rasa` does all of this.")

Environment = Annotated[
    Path, typer.Option("--environment", help="The virtual environment that Rasa is installed in.", show_default=False)
]
ENVIRONMENT = ROOT / ".venv-rasa"


@rasa.command()
def train(
    environment: Environment = ENVIRONMENT,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Instead of those of nlu/rasa/config.yml.", show_default=False)
    ] = None,
    home: Home = None,
) -> None:
    """Check the training files with Rasa's validator and train on them, unless that is done. Prints the model."""
    workshop = Workshop(environment, load_settings(home).home / "rasa")
    began = time.monotonic()
    try:
        fresh = not workshop.model(composition.TRAINING, epochs).exists()
        if fresh:
            typer.echo("training takes some minutes", err=True)
        model = workshop.train(composition.TRAINING, epochs)
    except DataFault as error:
        raise ConfigError(str(error)) from error
    except RasaFailed as error:
        raise OperatorError(str(error)) from error
    if fresh:
        typer.echo(f"trained in {time.monotonic() - began:.0f} s", err=True)
    typer.echo(model)


@rasa.command()
def serve(
    environment: Environment = ENVIRONMENT,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 5005,
    model: Annotated[Path | None, typer.Option(help="Another model than that of the training files.")] = None,
    home: Home = None,
) -> None:
    """Answer on the loopback address, until it is stopped."""
    settings = load_settings(home)
    workshop = Workshop(environment, settings.home / "rasa")
    try:
        model = model or workshop.model(composition.TRAINING)
        if not model.exists():
            raise OperatorError(f"{model}: no such model; `banshi rasa train` makes that of the training files")
        command = workshop.command(model, port)
    except DataFault as error:
        raise ConfigError(str(error)) from error
    except RasaFailed as error:
        raise OperatorError(str(error)) from error
    typer.echo(f"Rasa will answer at http://127.0.0.1:{port} when its model is loaded", err=True)
    os.chdir(model.parent)
    os.execve(command[0], command, workshop.environ(rasa_token(settings).get_secret_value()))


@rasa.command("domain")
def domain_() -> None:
    """What nlu/rasa/domain.yml must say: the intents and entities of the training files."""
    typer.echo("# The intents and entities of nlu/data, from `banshi rasa domain`; a test compares the two.")
    typer.echo(domain(read(composition.TRAINING)), nl=False)


def add_to(app: typer.Typer) -> None:
    app.add_typer(rasa, name="rasa")
