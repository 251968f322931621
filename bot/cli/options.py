"""Options that several commands share."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

Home = Annotated[
    Path | None,
    typer.Option("--home", help="Where state lives.  [default: ./var, or BANSHI_HOME]", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]


def day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a date like 2026-11-21") from error


def _region(text: str) -> str:
    if text and not (len(text) == 6 and text.isdecimal()):
        raise typer.BadParameter(f"{text!r} is not a six-digit division code like 610328")
    return text


Day = Annotated[
    date | None,
    typer.Option(
        "--on", parser=day, metavar="DATE", help="The day on which the answer must hold.", show_default="today"
    ),
]
Region = Annotated[
    str | None,
    typer.Option(
        "--region", callback=lambda text: text and _region(text), help="Six-digit division code of the citizen."
    ),
]
