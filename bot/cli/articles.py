"""`banshi kb article`: drafts, review by a second person, publishing, and the way back."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from bot import app as composition
from bot import editing, shelf
from bot.cli.options import AsJson, Home
from bot.cli.shown import clock, opened, print_json, print_report, today, watched
from bot.domain.knowledge import Version
from bot.errors import ConfigError
from bot.settings import Settings, load_settings
from bot.store.db import Store
from knowledge.errors import IndexUnusable

article = typer.Typer(help="Our articles: draft, review, publish, roll back.", no_args_is_help=True)

By = Annotated[str, typer.Option(metavar="NAME", help="Who is doing this.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="The name of its file, without .md.")]


@article.command("list")
def list_(as_json: AsJson = False, home: Home = None) -> None:
    """Every article: what is in force, and what is on its way."""
    with opened(load_settings(home)) as store:
        rows = shelf.overview(store, composition.ARTICLES)
    if as_json:
        print_json([asdict(one) for one in rows])
        return
    table = Table(Column("article", overflow="fold"), "in force", "by", "since", "note")
    for one in rows:
        notes = [one.waiting, "shipped text changed since" if one.shipped_changed else ""]
        state = f"{one.state} {one.version or ''}".strip()
        table.add_row(one.article, state, one.by, clock(one.since), ", ".join(filter(None, notes)))
    Console().print(table)


@article.command()
def show(
    id: Id,
    version: Annotated[int | None, typer.Option(help="0 is the shipped text.", show_default="the newest")] = None,
    home: Home = None,
) -> None:
    """The text of an article, to be saved to a file and edited."""
    with opened(load_settings(home)) as store:
        typer.echo(shelf.text_of(store, composition.ARTICLES, id, version), nl=False)


@article.command()
def history(id: Id, as_json: AsJson = False, home: Home = None) -> None:
    """All versions of an article: who wrote, approved and published what, and when."""
    with opened(load_settings(home)) as store:
        versions = store.read(lambda tables: tables.articles.history(id))
    if as_json:
        print_json([asdict(one) for one in versions])
        return
    table = Table("version", "state", "written", "decided", "published", "note")
    for one in versions:
        acts = [(one.author, one.created_at), (one.reviewer, one.decided_at), (one.publisher, one.published_at)]
        table.add_row(str(one.number), one.state, *(f"{who} {clock(at)}".strip() for who, at in acts), one.note)
    Console().print(table if versions else "only the shipped text")


@article.command()
def save(file: Path, by: By, home: Home = None) -> None:
    """A new draft of the article that the file is named after; every fault with its line."""
    try:
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: cannot be read as UTF-8: {error}") from error
    _done(home, lambda store, now: editing.save(store, composition.ARTICLES, file, text, by, now), "draft")


@article.command()
def submit(id: Id, by: By, home: Home = None) -> None:
    """Hand the newest draft in for review."""
    _done(home, lambda store, _now: editing.submit(store, id, by), "in review")


@article.command()
def approve(id: Id, by: By, home: Home = None) -> None:
    """Approve what is in review; never by its author."""
    _done(home, lambda store, now: editing.approve(store, id, by, now), "approved")


@article.command()
def reject(id: Id, by: By, note: Annotated[str, typer.Option(help="Why.")], home: Home = None) -> None:
    """Send what is in review back to its author."""
    _done(home, lambda store, now: editing.reject(store, id, by, note, now), "rejected")


@article.command()
def publish(id: Id, by: By, home: Home = None) -> None:
    """Put the approved version in force, and rebuild the index."""
    _done(home, lambda store, now: editing.publish(store, id, by, now), "published", rebuild=True)


@article.command()
def rollback(
    id: Id,
    to: Annotated[int, typer.Option(min=0, help="A version that was published; 0 is the shipped text.")],
    by: By,
    home: Home = None,
) -> None:
    """Put an earlier version in force again, and rebuild the index."""
    _done(
        home,
        lambda store, now: editing.rollback(store, composition.ARTICLES, id, to, by, now),
        f"rolled back to {to}",
        rebuild=True,
    )


@article.command()
def withdraw(id: Id, by: By, home: Home = None) -> None:
    """Take an article out of the base, and rebuild the index."""
    _done(
        home,
        lambda store, now: editing.withdraw(store, composition.ARTICLES, id, by, now),
        "withdrawn",
        rebuild=True,
    )


@article.command()
def reviewed(id: Id, by: By, home: Home = None) -> None:
    """Note that an article was looked through, and is right as it stands."""
    with opened(load_settings(home)) as store:
        shelf.stamp(store, composition.ARTICLES, id, by, store.now())
    typer.echo(f"{id}: reviewed by {by}", err=True)


def _done(home: Path | None, act: Callable[[Store, datetime], Version], what: str, rebuild: bool = False) -> None:
    settings = load_settings(home)
    with opened(settings) as store:
        version = act(store, store.now())
        typer.echo(f"{version.article}: version {version.number} {what}", err=True)
        if rebuild:
            _rebuild(settings, store)


def _rebuild(settings: Settings, store: Store) -> None:
    """What was decided stands even where the index cannot be rebuilt now; the next build has it."""
    try:
        with watched() as progress:
            embedder = composition.open_embedder(settings)
            report = editing.rebuild(store, settings, composition.ARTICLES, embedder, progress, today(settings))
    except (ConfigError, IndexUnusable) as error:
        raise ConfigError(f"recorded, but not in the index yet: {error}") from error
    print_report(report)


def add_to(kb: typer.Typer) -> None:
    kb.add_typer(article, name="article")
