"""The commands. Exit code 0 is success, 2 bad arguments or input, 1 a fault of ours."""

import logging
import os
import sys

import click
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
    from bot.cli import bench, kb, operate, serve, talk

    for module in (serve, talk, kb, operate, bench):
        module.add_to(app)
    logging.basicConfig(
        level=os.environ.get("BANSHI_LOG", "WARNING").upper(),
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )
    logging.getLogger("bm25s").setLevel(logging.WARNING)  # it would tell of every index that it builds
    try:
        return app(standalone_mode=False) or 0
    except click.exceptions.Exit as left:
        return int(left.exit_code)
    except click.ClickException as error:
        error.show()
        return 2
    except (ConfigError, SourceFault, IndexUnusable) as error:
        return complain(error, 2)
    except OperatorError as error:
        return complain(error, 1)
    except (KeyboardInterrupt, click.Abort):
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def complain(error: Exception, code: int) -> int:
    typer.echo(f"banshi: {error}", err=True)
    return code
