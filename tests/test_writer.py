"""Group commit: everybody who waits is told, whatever happens."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.errors import StoreError
from bot.store.db import Store


def test_a_closed_store_takes_nothing_and_lets_nobody_wait(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'banshi.db'}")
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.write(lambda tables: tables.inbox.waiting())


def test_a_full_database_tells_every_writer_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'banshi.db'}")

    def fill(tables) -> None:  # type: ignore[no-untyped-def]
        tables.connection.execute(sa.text("CREATE TABLE ballast (x)"))
        tables.connection.execute(sa.text("INSERT INTO ballast VALUES (randomblob(10000000))"))

    def limit(pages: int) -> None:
        store.write(lambda tables: tables.connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}"))

    limit(200)
    with pytest.raises(StoreError, match="full"):
        store.write(fill)
    assert store.read(lambda tables: tables.inbox.waiting()) == 0
    limit(1_000_000)
    store.write(fill)
    store.close()
