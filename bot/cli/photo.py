"""`banshi photo`: what a photo shows, and whether it will do."""

import json
import time
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bot import app as composition
from bot.bundles.catalogue import load_catalogue
from bot.cli.options import AsJson, Day, Home
from bot.cli.shown import opened
from bot.domain.case import Case
from bot.domain.photo import Report
from bot.errors import CitizenError, ConfigError
from bot.materials.eye import Eye
from bot.settings import Settings, load_settings

photo = typer.Typer(help="Photos of documents.", no_args_is_help=True)


@photo.command()
def check(
    file: Annotated[Path, typer.Argument(help="A picture or a PDF.")],
    kind: Annotated[str, typer.Option(help="What it should show, by its name in photos.yml.")],
    case: Annotated[str | None, typer.Option(help="The number of a case, whose answers it is compared with.")] = None,
    on: Day = None,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """The verdict on a photo, why, and what was read from it."""
    settings = load_settings(home)
    eye = composition.open_eye(settings, load_catalogue(settings.config, settings.hall.region))
    if kind not in eye.kinds or eye.kinds[kind].is_:
        known = ", ".join(one.id for one in eye.kinds.values() if not one.is_)
        raise ConfigError(f"no kind {kind!r}; there are {known}")
    form = _case(settings, case) if case else None
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}") from error
    day = on or datetime.now(composition.open_hours(settings).zone).date()
    began = time.perf_counter()
    try:
        report, refused = _judged(eye, content, kind, day)
    finally:
        eye.close()
    found = _document(report, refused, (time.perf_counter() - began) * 1000)
    if form is not None:
        found["differs"] = _differs(eye, report, form)
    typer.echo(json.dumps(found, ensure_ascii=False)) if as_json else _print(found)


def _judged(eye: Eye, content: bytes, kind: str, day: date) -> tuple[Report, str]:
    """The report; or the name of what is wrong with a file that cannot be taken at all."""
    try:
        cleaned, made = eye.clean(content)
    except CitizenError as fault:
        return Report("reject"), fault.reply.removeprefix("photo.")
    return eye.judged(made, cleaned.figures, (kind,), day), ""


def _document(report: Report, refused: str, ms: float) -> dict[str, Any]:
    return {
        "verdict": report.verdict,
        "reasons": [refused] if refused else list(report.reasons),
        "kind_seen": report.kind or None,
        "fields": {id: {"value": seen.value, "confidence": seen.confidence} for id, seen in report.fields.items()},
        "ms": round(ms),
    }


def _case(settings: Settings, reference: str) -> Case:
    with opened(settings) as store:
        case = store.read(lambda tables: tables.cases.load(reference))
    if case is None:
        raise ConfigError(f"no case {reference!r}")
    return case


def _differs(eye: Eye, report: Report, case: Case) -> list[str]:
    """The answers of the case that the photo contradicts."""
    fields = eye.kinds[report.kind].fields if report.kind else {}
    return [
        question
        for id, seen in report.fields.items()
        for question in (fields[id].fills if id in fields else ())
        if (given := case.values.get(question)) and given not in seen.value and seen.value not in given
    ]


def _print(found: dict[str, Any]) -> None:
    console = Console()
    console.print(found["verdict"], ", ".join(found["reasons"]), found["kind_seen"] or "", f"{found['ms']} ms")
    table = Table("field", "value", "confidence")
    for id, seen in found["fields"].items():
        table.add_row(id, seen["value"], str(seen["confidence"]))
    console.print(table)
    if found.get("differs"):
        console.print("differs from the case:", ", ".join(found["differs"]))


def add_to(app: typer.Typer) -> None:
    app.add_typer(photo, name="photo")
