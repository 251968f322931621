"""`banshi slots`: the times of a counter that are still free."""

from datetime import date
from typing import Annotated, Any

import typer

from bot import app as composition
from bot.cli.options import AsJson, Home, day
from bot.cli.shown import print_json
from bot.diary import Diary
from bot.domain.appointment import Way
from bot.errors import ConfigError
from bot.offices import load_offices
from bot.seal import open_seal
from bot.settings import load_settings
from bot.store.db import Store


def slots(
    counter: Annotated[str, typer.Argument(metavar="COUNTER", help="Its name in config/offices.yml.")],
    on: Annotated[date | None, typer.Option("--on", parser=day, metavar="DATE", show_default="today")] = None,
    way: Annotated[str, typer.Option("--way", help="online, phone or walkin: whose seats are counted.")] = "online",
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """The free times of a counter on a day, and the seats that are left."""
    settings = load_settings(home)
    settings.home.mkdir(parents=True, exist_ok=True)
    diary = Diary(load_offices(settings.config / "offices.yml"), composition.open_hours(settings))
    if counter not in diary.offices.counters:
        raise ConfigError(f"no counter {counter!r}; there are {', '.join(diary.offices.counters)}")
    ways: dict[str, Way] = {"online": "online", "phone": "phone", "walkin": "walkin"}
    if way not in ways:
        raise ConfigError(f"--way: {way!r} is none of {', '.join(ways)}")
    store = Store(settings.database_url.get_secret_value(), seal=open_seal(settings.home, *settings.keys))
    try:
        now = store.now()
        of_day = on or now.astimezone(diary.hours.zone).date()
        wanted = [one for one in diary.offices.slots(counter, of_day, diary.hours) if one.starts_at > now]
        free = store.read(lambda tables: diary.free(tables, wanted, ways[way], now))
    finally:
        store.close()
    found: list[dict[str, Any]] = [
        {"start": one.starts_at.isoformat(), "end": one.ends_at.isoformat(), "free": left} for one, left in free.items()
    ]
    if as_json:
        print_json(found)
        return
    for one in found:
        typer.echo(f"{one['start'][11:16]}-{one['end'][11:16]}  {one['free']}")


def add_to(app: typer.Typer) -> None:
    app.command()(slots)
