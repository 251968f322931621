"""Engines: SQLite with its traps disarmed, or PostgreSQL."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.errors import StoreError

# Busy for half a minute means that another process sits on the file, not that it is loaded.
_PRAGMAS = (
    "busy_timeout = 30000",
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
)


def open_engine(url: str, *, pool: int) -> sa.Engine:
    """An engine for writing. On SQLite a transaction takes the write lock when it begins, not half-way.

    StoreError for a URL that is none, or whose driver is not installed.
    """
    try:
        return _open_engine(url, pool)
    except (sa.exc.ArgumentError, ModuleNotFoundError) as error:
        raise StoreError(f"BANSHI_DATABASE_URL: {error}; PostgreSQL needs the [postgres] extra") from error


def _open_engine(url: str, pool: int) -> sa.Engine:
    if not url.startswith("sqlite"):
        url = url.replace("postgresql://", "postgresql+psycopg://", 1).replace(
            "postgres://", "postgresql+psycopg://", 1
        )
        return sa.create_engine(url, pool_pre_ping=True, pool_size=pool, max_overflow=pool)
    engine = sa.create_engine(url, pool_size=pool, max_overflow=pool)
    _prepare(engine, "BEGIN IMMEDIATE")
    return engine


def open_reader(writer: sa.Engine, *, pool: int) -> sa.Engine:
    """An engine for looking: on SQLite a second one, because a plain BEGIN waits for nobody."""
    if writer.dialect.name != "sqlite":
        return writer
    engine = sa.create_engine(writer.url, pool_size=pool, max_overflow=pool)
    _prepare(engine, "BEGIN")
    return engine


def _prepare(engine: sa.Engine, begin: str) -> None:
    @sa.event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # otherwise the driver begins transactions behind our back
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def take_lock(connection: sa.Connection) -> None:
        connection.exec_driver_sql(begin)


def insert_into(connection: sa.Connection, table: sa.Table) -> Any:
    """An insert in this engine's dialect, which can say what happens where the row stands already."""
    return (postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert)(table)
