"""`banshi key`: the key with which everything that people confide is sealed."""

import typer
from rich.console import Console

from bot.cli.options import Home
from bot.cli.serve import only_server
from bot.errors import ConfigError
from bot.materials.files import Files
from bot.rekeying import rekey
from bot.seal import change_key, open_seal, retire
from bot.settings import load_settings
from bot.store.db import Store

key = typer.Typer(help="The key with which what people confide is sealed.", no_args_is_help=True)


@key.callback()
def _key() -> None:
    """So that `rotate` stays a command of its own."""


@key.command()
def rotate(home: Home = None) -> None:
    """Seal everything with a new key; the one before opens nothing afterwards. No server may run meanwhile.

    With the key in the home a new one is made. With BANSHI_KEY that is the new key, and BANSHI_KEY_FORMER the one
    before. Where it is cut short, run it again.
    """
    settings, told = load_settings(home), Console(stderr=True)
    given, former = settings.keys
    if given and (not former or former == given):
        raise ConfigError("BANSHI_KEY is to be the new key, and BANSHI_KEY_FORMER the one before")
    if not given and not (settings.home / "key").exists():
        raise ConfigError(f"{settings.home}: has no key yet")
    with only_server(settings.home):
        if not given:
            change_key(settings.home)
        seal = open_seal(settings.home, given, former)
        store = Store(settings.database_url.get_secret_value(), seal=seal)
        try:
            counts = rekey(store, Files(settings.home / "files", seal), lambda name, count: told.print(name, count))
        finally:
            store.close()
        retire(settings.home)
    told.print(f"sealed anew: {sum(counts.values())}")
    if given:
        told.print("take BANSHI_KEY_FORMER away now")


def add_to(app: typer.Typer) -> None:
    app.add_typer(key, name="key")
