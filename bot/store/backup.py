"""A consistent copy while serving: a zip with one JSON-lines file a table. Either engine reads the other's."""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa

from bot.errors import ConfigError
from bot.store.case_tables import metadata
from bot.store.schema import HEAD
from bot.store.tables import Instant

_MANIFEST = "manifest.json"
_ROWS_AT_ONCE = 1000


def backup(connection: sa.Connection, file: Path) -> dict[str, int]:
    """Write everything that one transaction sees; rows by table. The file appears when it is complete."""
    part = file.with_name(file.name + ".part")
    counts: dict[str, int] = {}
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        for table in metadata.sorted_tables:
            with archive.open(f"{table.name}.jsonl", "w", force_zip64=True) as out:
                counts[table.name] = _dump(connection, table, out)
        archive.writestr(_MANIFEST, json.dumps({"banshi": 1, "schema": HEAD, "rows": counts}))
    part.replace(file)
    return counts


def restore(connection: sa.Connection, file: Path) -> dict[str, int]:
    """Fill an empty database; rows by table. ConfigError for what is no backup, or a database in use."""
    try:
        with zipfile.ZipFile(file) as archive:
            manifest = json.loads(archive.read(_MANIFEST))
            if manifest["schema"] != HEAD:
                raise ConfigError(f"{file}: made by schema {manifest['schema']}, this banshi has {HEAD}")
            _refuse_rows(connection)
            return {table.name: _load(connection, table, archive) for table in metadata.sorted_tables}
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ConfigError(f"{file}: not a banshi backup: {error}") from error


def _plain(table: sa.Table) -> sa.TableClause:
    """The table with times as the numbers that they are stored as."""
    columns = (
        sa.column(column.name, sa.Double() if isinstance(column.type, Instant) else column.type)
        for column in table.columns
    )
    return sa.table(table.name, *columns)


def _dump(connection: sa.Connection, table: sa.Table, out: IO[bytes]) -> int:
    plain = _plain(table)
    rows = connection.execution_options(yield_per=_ROWS_AT_ONCE).execute(sa.select(*plain.c)).mappings()
    count = 0
    for row in rows:
        out.write(json.dumps(dict(row), ensure_ascii=False).encode() + b"\n")
        count += 1
    return count


def _load(connection: sa.Connection, table: sa.Table, archive: zipfile.ZipFile) -> int:
    plain, count = _plain(table), 0
    with archive.open(f"{table.name}.jsonl") as lines:
        for rows in _batches(lines):
            connection.execute(sa.insert(plain), rows)
            count += len(rows)
    numbered = "id" in table.c and isinstance(table.c.id.type, sa.BigInteger)
    if connection.dialect.name == "postgresql" and numbered and count:
        sequence = f"pg_get_serial_sequence('{table.name}', 'id')"
        connection.execute(sa.text(f"SELECT setval({sequence}, (SELECT max(id) FROM {table.name}))"))
    return count


def _batches(lines: IO[bytes]) -> Iterator[list[dict[str, Any]]]:
    rows: list[dict[str, Any]] = []
    for line in lines:
        rows.append(json.loads(line))
        if len(rows) == _ROWS_AT_ONCE:
            yield rows
            rows = []
    if rows:
        yield rows


def _refuse_rows(connection: sa.Connection) -> None:
    for table in metadata.sorted_tables:
        if connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first() is not None:
            raise ConfigError(f"the database is in use: {table.name} has rows; restore into a new home")
