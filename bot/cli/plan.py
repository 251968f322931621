"""`banshi plan`: what a bundle comes to for given answers."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bot.bundles.catalogue import Catalogue, load_catalogue
from bot.bundles.model import Bundle
from bot.bundles.plan import Plan, document, plan
from bot.bundles.schema import schema as schema_of_bundles
from bot.cli.options import AsJson
from bot.errors import ConfigError
from bot.settings import load_settings


def show(
    bundle: Annotated[str, typer.Argument(metavar="BUNDLE", help="By its id, such as open-restaurant.")],
    answers: Annotated[Path, typer.Option(help='A JSON object: {"area": "60", …}.')],
    as_json: AsJson = False,
) -> None:
    """The items, their order and days, and the papers, for somebody who answers like this."""
    settings = load_settings()
    catalogue = load_catalogue(settings.config, settings.hall.region)
    chosen = catalogue.bundles.get(bundle)
    if chosen is None:
        raise ConfigError(f"no bundle {bundle!r}; there are {', '.join(catalogue.bundles)}")
    found = plan(chosen, _answers(answers, chosen, catalogue))
    if as_json:
        typer.echo(json.dumps(document(found), ensure_ascii=False, indent=1))
    else:
        _print(chosen, found)


def listed(
    as_json: AsJson = False,
    schema: Annotated[bool, typer.Option("--schema", help="The JSON schema of a bundle file, for editors.")] = False,
) -> None:
    """Every bundle: how much it asks and hands in, the kinds of business that it begins, and its scenarios."""
    if schema:
        typer.echo(json.dumps(schema_of_bundles(), ensure_ascii=False, indent=1))
        return
    settings = load_settings()
    rows = [_counts(bundle) for bundle in load_catalogue(settings.config, settings.hall.region).bundles.values()]
    totals = {
        "bundles": len(rows),
        "kinds": sum(row["kinds"] for row in rows),
        "scenarios": sum(row["scenarios"] for row in rows),
    }
    if as_json:
        typer.echo(json.dumps({"bundles": rows, "total": totals}, ensure_ascii=False))
        return
    table = Table(*rows[0])
    for row in rows:
        table.add_row(*map(str, row.values()))
    console = Console()
    console.print(table)
    console.print(", ".join(f"{count} {what}" for what, count in totals.items()))


def _counts(bundle: Bundle) -> dict[str, Any]:
    """`materials alone`: how many papers there would be if each item were applied for by itself."""
    apart = sum(len([part for part in bundle.materials if item.id in part.items]) for item in bundle.items)
    return {
        "id": bundle.id,
        "name": bundle.name,
        "status": bundle.status,
        "items": len(bundle.items),
        "questions": len(bundle.questions),
        "materials": len(bundle.materials),
        "materials alone": apart,
        "kinds": len(bundle.begins),
        "scenarios": len(bundle.scenarios),
    }


def _answers(path: Path, bundle: Bundle, catalogue: Catalogue) -> dict[str, str]:
    try:
        given = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: {error}") from error
    if not isinstance(given, dict):
        raise ConfigError(f"{path}: not an object of answers")
    faults = []
    for id, value in given.items():
        question = bundle.questions.get(id)
        options = [option.value for option in question.options] if question else []
        if question is None:
            faults.append(f"{path}: {bundle.id} asks for no {id!r}")
        elif not isinstance(value, str | int | float) or (options and value not in options):
            faults.append(f"{path}: {id}: {value!r} is not one of {', '.join(options) or 'the kinds of a text'}")
    if faults:
        raise ConfigError("\n".join(faults))
    return {id: str(value) for id, value in given.items()}


def _print(bundle: Bundle, found: Plan) -> None:
    console = Console()
    items = Table("item", "department", "result", "legal", "promised", "basis", title=bundle.name)
    for item in found.items:
        items.add_row(
            item.name, item.department, item.result, str(item.days.legal), str(item.days.promised), item.basis
        )
    materials = Table("material", "how", "why", "basis")
    for material in found.materials:
        materials.add_row(material.name, material.how, material.why, material.basis)
    console.print(items, materials)
    console.print(" → ".join(" ∥ ".join(group) for group in found.order))
    console.print(f"working days: {found.legal} by law, {found.promised} promised")


def add_to(app: typer.Typer) -> None:
    app.command("plan")(show)
    app.command("bundles")(listed)
