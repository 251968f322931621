"""`banshi staff`: the accounts of the desk."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bot import app as composition
from bot.cli.options import AsJson, Home
from bot.cli.shown import clock, opened, print_json
from bot.desk import open_accounts
from bot.domain.staff import ROLES, Role
from bot.errors import ConfigError
from bot.rota import load_rota
from bot.settings import load_settings

commands = typer.Typer(help="Accounts of the desk.", no_args_is_help=True)


@commands.command()
def add(
    name: str,
    role: Annotated[list[str], typer.Option(help=f"One of {', '.join(ROLES)}; may be given several times.")],
    team: Annotated[
        list[str] | None, typer.Option(help="A team of teams.yml: first their own, then stood in for.")
    ] = None,
    home: Home = None,
) -> None:
    """A new account. Its first password is printed once."""
    settings = load_settings(home)
    if strange := [one for one in role if one not in ROLES]:
        raise ConfigError(f"--role {strange[0]}: there are {', '.join(ROLES)}")
    teams = load_rota(settings.config / "teams.yml", composition.open_hours(settings)).teams
    if strange := [one for one in team or [] if one not in teams]:
        raise ConfigError(f"--team {strange[0]}: there are {', '.join(teams)}")
    if not name.strip():
        raise ConfigError("a name is wanted")
    roles: list[Role] = [one for one in ROLES if one in role]
    with opened(settings) as store:
        password = open_accounts(store).add(name.strip(), roles, team or [], store.now())
    if password is None:
        raise ConfigError(f"there is an account {name!r} already")
    typer.echo(f"{name.strip()}  first password, shown once:  {password}")


@commands.command("list")
def list_(as_json: AsJson = False, home: Home = None) -> None:
    """Who may sign in, and who is online."""
    with opened(load_settings(home)) as store:
        found = store.read(lambda tables: tables.staff.all())
    if as_json:
        print_json([asdict(one) for one in found])
        return
    table = Table("name", "roles", "teams", "online", "last seen", "active")
    for one in found:
        marks = ["yes" if mark else "" for mark in (one.online, one.active)]
        table.add_row(one.name, " ".join(one.roles), " ".join(one.teams), marks[0], clock(one.seen_at), marks[1])
    Console().print(table if found else "no accounts; see `banshi staff add`")


def add_to(app: typer.Typer) -> None:
    app.add_typer(commands, name="staff")
