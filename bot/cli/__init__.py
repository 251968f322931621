"""The commands. Exit code 0 is success, 2 bad arguments or input, 1 a fault of ours."""

import logging
import os

import typer

from bot.errors import ConfigError, OperatorError
from knowledge.errors import IndexUnusable, SourceFault

app = typer.Typer(
    name="banshi",
    help="A chat-first assistant for government licensing halls.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def run() -> int:
    """Run the command line; faults are one clear line on standard error."""
    from bot.cli import (
        bench,
        channels,
        dates,
        demo,
        kb,
        key,
        licences,
        nlu,
        operate,
        photo,
        plan,
        privacy,
        rasa,
        serve,
        sign,
        slots,
        staff,
        talk,
    )

    for module in (
        serve,
        talk,
        dates,
        nlu,
        kb,
        plan,
        photo,
        licences,
        slots,
        sign,
        rasa,
        channels,
        operate,
        privacy,
        key,
        staff,
        demo,
        bench,
    ):
        module.add_to(app)
    logging.basicConfig(
        level=os.environ.get("BANSHI_LOG", "WARNING").upper(),
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )
    logging.getLogger("bm25s").disabled = True  # it tells of every index that it builds, at a level of its own
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it tells of every address, and some hold a token
    try:
        app()  # ends the process by itself, with 2 for bad arguments
    except SystemExit as left:
        return int(left.code or 0)
    except (ConfigError, SourceFault, IndexUnusable) as error:
        return complain(error, 2)
    except OperatorError as error:
        return complain(error, 1)
    return 0


def complain(error: Exception, code: int) -> int:
    typer.echo(f"banshi: {error}", err=True)
    return code
