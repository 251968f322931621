"""`banshi plan`: what a bundle comes to for given answers."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bot.bundles import engine
from bot.bundles.catalogue import Catalogue, load_catalogue
from bot.bundles.conditions import facts
from bot.bundles.model import Bundle, Item, Material, Question
from bot.bundles.plan import Plan, document, plan
from bot.bundles.schema import schema as schema_of_bundles
from bot.cli.options import AsJson
from bot.documents.forms import load_forms
from bot.errors import ConfigError
from bot.settings import load_settings
from bot.walks import schema as schema_of_walks


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
    inspections: Annotated[bool, typer.Option("--inspections", help="With --schema: of an inspection file.")] = False,
) -> None:
    """Every bundle: what it holds, and what it spares whoever applies for several items at once."""
    if schema:
        typer.echo(json.dumps(schema_of_walks() if inspections else schema_of_bundles(), ensure_ascii=False, indent=1))
        return
    settings = load_settings()
    shown = {item: form.facts for form in load_forms(settings.config).values() for item in form.items}
    rows = [_counts(bundle, shown) for bundle in load_catalogue(settings.config, settings.hall.region).bundles.values()]
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


def _counts(bundle: Bundle, shown: Mapping[str, set[str]]) -> dict[str, Any]:
    """What a bundle holds; and what its scenario of most items asks for: once for all, and for each item by itself.

    `shown`: the facts that an item's own form shows.
    """
    ways = [(plan(bundle, answers), answers) for answers in ({}, *(one.answers for one in bundle.scenarios))]
    found, answers = max(ways, key=lambda way: len(way[0].items))
    asked = {question.id: question for step in engine.applying(bundle, answers) for question in step.questions}
    papers = [[paper for paper in found.materials if item.id in paper.items] for item in found.items]
    alone = [_facts(item, own, asked, shown) for item, own in zip(found.items, papers, strict=True)]
    return {
        "id": bundle.id,
        "name": bundle.name,
        "status": bundle.status,
        "items": len(bundle.items),
        "questions": len(bundle.questions),
        "materials": len(bundle.materials),
        "kinds": len(bundle.begins),
        "scenarios": len(bundle.scenarios),
        "items at once": len(found.items),
        "materials alone": sum(map(len, papers)),
        "materials together": len(found.materials),
        "questions alone": sum(map(len, alone)),
        "questions together": len(asked),
    }


def _facts(
    item: Item, papers: Sequence[Material], asked: Mapping[str, Question], shown: Mapping[str, set[str]]
) -> set[str]:
    """What one item would ask by itself: what its form shows, or else who applies; and what its conditions rest on."""
    who = {id for id, question in asked.items() if question.sensitive or question.reuse != "never"}
    rests = facts(item.when).union(*(facts(paper.when) for paper in papers))
    return (shown.get(item.id, who) | rests) & set(asked)


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
