"""`banshi serve`: everything in one process."""

import fcntl
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from bot import app as composition
from bot import loops
from bot.channels import terminal
from bot.cli.options import Home
from bot.errors import OperatorError
from bot.settings import load_settings


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
    home: Home = None,
) -> None:
    """Citizen chat at /, staff desk at /desk, /health, /metrics, /docs."""
    import uvicorn  # imported here: the other commands start faster without a web server

    settings = load_settings(home)
    parts = composition.build(settings)
    with only_server(settings.home):
        loops.take_over(parts.resources, set(parts.channels) - {terminal.NAME})
        application, desk = composition.web(parts)
        typer.echo(f"citizen chat  http://{host}:{port}/", err=True)
        typer.echo(f"staff desk    http://{host}:{port}{desk}", err=True)
        logging.getLogger("uvicorn.error").setLevel(logging.INFO)
        try:
            uvicorn.run(
                application,
                host=host,
                port=port,
                access_log=False,  # it would write visitors' addresses
                timeout_graceful_shutdown=3,
                log_config=None,
            )
        finally:
            parts.close()


@contextmanager
def only_server(home: Path) -> Iterator[None]:
    """Hold the home folder. OperatorError where another server holds it."""
    with (home / "serve.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise OperatorError(f"{home}: another banshi server is running on this home") from error
        yield


def add_to(app: typer.Typer) -> None:
    app.command()(serve)
