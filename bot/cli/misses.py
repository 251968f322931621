"""`banshi kb misses`, `miss` and `review`: what the base could not answer, and what should be looked through."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from bot import app as composition
from bot import editing
from bot.cli.options import AsJson, Home
from bot.cli.shown import clock, opened, print_json, required
from bot.domain.knowledge import Miss, MissState
from bot.errors import ConfigError
from bot.grouping import group_misses
from bot.settings import load_settings
from bot.shelf import review_list
from bot.store.db import Store

_STATES: tuple[MissState, ...] = ("open", "taken", "answered", "dismissed")


def misses(
    state: Annotated[str, typer.Option(help="open, taken, answered, dismissed or all.")] = "open",
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """What the base could not answer, questions like one another together; most asked first."""
    if state not in (*_STATES, "all"):
        raise ConfigError(f"--state {state}: there are {', '.join(_STATES)} and all")
    settings = load_settings(home)
    wanted = [one for one in _STATES if state in (one, "all")]
    with opened(settings) as store:
        settings.kb.mkdir(exist_ok=True)
        cache, now = settings.kb / "misses.db", store.now()
        while group_misses(store, composition.open_embedder(settings), cache, now):
            pass
        found = store.read(lambda tables: tables.misses.all(wanted))
    if as_json:
        print_json([asdict(one) for one in found])
        return
    table = Table("id", "votes", "title", "state", "owner", "age", "last")
    for one in found:
        age = f"{(now - one.created_at).days} d"
        table.add_row(str(one.id), str(one.votes), one.title[:60], one.state, one.owner, age, clock(one.last))
    Console().print(table if found else "no misses")


def miss(
    id: int,
    take: Annotated[str | None, typer.Option(metavar="NAME", help="Who looks into it.")] = None,
    dismiss: Annotated[str | None, typer.Option(metavar="WHY", help="It needs no article; why. Needs --by.")] = None,
    draft: Annotated[bool, typer.Option("--draft", help="Make an article of it. Needs --by.")] = False,
    by: Annotated[str | None, typer.Option(metavar="NAME", help="Who is doing this.")] = None,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """One miss with all its questions; or take it, dismiss it, make an article of it."""
    if sum((take is not None, dismiss is not None, draft)) > 1:
        raise ConfigError("one of --take, --dismiss and --draft at a time")
    settings = load_settings(home)
    with opened(settings) as store:
        _known(store, id)
        now = store.now()
        if take is not None:
            owner = required(take, "--take NAME")
            store.write(lambda tables: tables.misses.change(id, now, state="taken", owner=owner))
        elif dismiss is not None:
            why, owner = required(dismiss, "--dismiss WHY"), required(by, "--by NAME")
            store.write(lambda tables: tables.misses.change(id, now, state="dismissed", owner=owner, note=why))
        elif draft:
            made = editing.draft_from_miss(store, composition.ARTICLES, id, required(by, "--by NAME"), now)
            typer.echo(made.article)
            return
        _show(store, id, as_json)


def _known(store: Store, id: int) -> Miss:
    found = store.read(lambda tables: tables.misses.get(id))
    if found is None:
        raise ConfigError(f"there is no miss {id}; see `banshi kb misses`")
    return found


def _show(store: Store, id: int, as_json: bool) -> None:
    found, questions = _known(store, id), store.read(lambda tables: tables.misses.questions(id))
    if as_json:
        print_json({**asdict(found), "questions": [asdict(one) for one in questions]})
        return
    facts = [found.state, found.owner, found.article_id or "", found.note]
    Console(highlight=False).print(f"{found.title}  ({', '.join(filter(None, facts))}; {found.votes} votes)")
    table = Table("asked", "outcome", "question")
    for one in questions:
        table.add_row(clock(one.asked_at), one.outcome, one.question)
    Console().print(table)


def review(
    as_json: AsJson = False,
    count: Annotated[int, typer.Option("-k", min=1, help="How many to show in the table.")] = 40,
    home: Home = None,
) -> None:
    """The articles to look through: those that are used most and were not looked at for longest come first."""
    settings = load_settings(home)
    with opened(settings) as store:
        rows = review_list(store, composition.ARTICLES, store.now())
    if as_json:
        print_json([asdict(one) for one in rows])
        return
    table = Table(Column("article", overflow="fold"), "title", "answers", "down", "days", "check")
    for one in rows[:count]:
        days = "" if one.days is None else str(one.days)
        table.add_row(one.article, one.title, str(one.answers), f"{one.down:.0%}", days, one.check)
    Console().print(table)


def add_to(kb: typer.Typer) -> None:
    for command in (misses, miss, review):
        kb.command()(command)
