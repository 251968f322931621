"""The version of the database, and bringing it up to date."""

from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bot.errors import StoreError

HEAD = "0016"
_MIGRATIONS = Path(__file__).parent / "migrations"


def version(engine: sa.Engine) -> str | None:
    """The revision that the database is at; None for an empty one. StoreError where there is no way in."""
    try:
        with engine.connect() as connection:
            if not sa.inspect(connection).has_table("alembic_version"):
                return None
            return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    except sa.exc.OperationalError as error:
        raise StoreError(f"the database cannot be opened: {error.orig}") from error


def prepare(engine: sa.Engine) -> None:
    """Make a new database, or bring an older SQLite file up to date.

    An older PostgreSQL is left to `banshi db upgrade`, because other workers may still run the older program.
    """
    found = version(engine)
    if found == HEAD:
        return
    if found is not None and found > HEAD:
        raise StoreError(f"the database is of a newer banshi (schema {found}, this one knows {HEAD})")
    if found is not None and engine.dialect.name != "sqlite":
        raise StoreError(f"the database is at schema {found}: run `banshi db upgrade` to reach {HEAD}")
    upgrade(engine)


def upgrade(engine: sa.Engine) -> None:
    from alembic import command  # imported here: it is wanted only when the schema changes

    with engine.connect() as connection:
        command.upgrade(alembic_config(connection), "head")


def alembic_config(connection: sa.Connection) -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
