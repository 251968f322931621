"""`banshi channels`: what is set up at the platforms."""

from typing import Annotated

import typer
from pydantic import ValidationError

from bot.cli.options import Home
from bot.cli.shown import print_json
from bot.errors import ConfigError
from bot.settings import load_settings

commands = typer.Typer(help="What is set up at the platforms.", no_args_is_help=True)


@commands.command()
def menu(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print it, and tell the platform nothing.")] = False,
    home: Home = None,
) -> None:
    """Give the WeChat account the menu of settings.toml, in the place of the one that it has."""
    section = load_settings(home).channels.get("wechat")
    if section is None:
        raise ConfigError("settings.toml has no [channels.wechat]")
    from bot.channels import wechat  # imported here: nobody else waits for the platform's library
    from bot.channels.wechat.client import Client
    from bot.channels.wechat.menu import buttons

    try:
        settings = wechat.Settings.model_validate(section)
    except ValidationError as error:
        raise ConfigError(f"settings.toml: channels.wechat: {error}") from error
    if not settings.menu:
        raise ConfigError("settings.toml has no [[channels.wechat.menu]]")
    made = buttons(settings.menu)
    if dry_run:
        print_json(made)
        return
    Client(settings.app_id, settings.secret.get_secret_value(), settings.base).make_menu(made)
    typer.echo(f"the menu has {len(made)} entries; who follows sees it within five minutes", err=True)


def add_to(app: typer.Typer) -> None:
    app.add_typer(commands, name="channels")
