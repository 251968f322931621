"""What inbox and outbox share: claim the head of each conversation, finish it, or try it again later."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.store.tables import Instant, live, working

LONGEST_WAIT = timedelta(hours=1)


@dataclass(frozen=True)
class Claim:
    """A row that this worker holds until its lease ends. `tries` proves it."""

    id: int
    conversation_id: str
    channel: str
    body: dict[str, Any]
    tries: int


def put(connection: sa.Connection, table: sa.Table, **values: Any) -> int | None:
    """Insert a row; its id, or None where channel and key stand already.

    Asks RETURNING, because psycopg's rowcount of ON CONFLICT DO NOTHING is -1.
    """
    found = connection.execute(_put_statement(table, connection.dialect.name), values).first()
    return None if found is None else int(found.id)


@cache
def _put_statement(table: sa.Table, dialect: str) -> sa.Executable:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(table).on_conflict_do_nothing(index_elements=["key", "channel"]).returning(table.c.id)


def claim(
    connection: sa.Connection,
    table: sa.Table,
    now: datetime,
    lease: timedelta,
    channels: Collection[str],
    limit: int,
    only: str | None = None,
) -> list[Claim]:
    """Up to `limit` due rows, oldest first, at most one a conversation; of the conversation `only`, if named.

    A row may be claimed when nothing before it in its conversation is live, and nothing in its conversation is
    being worked on. A row in back-off still stands before the next; a timer that is not due yet does not.
    """
    given = {
        "now": now,
        "lease_until": now + lease,
        "channels": list(channels),
        "most": limit,
        **({} if only is None else {"only": only}),
    }
    rows = connection.execute(_claim_statement(table, only is not None), given).mappings()
    return sorted((Claim(**row) for row in rows), key=lambda claimed: claimed.id)


@cache
def _claim_statement(table: sa.Table, one_conversation: bool) -> sa.Update:
    """Built once: putting it together costs more than running it."""
    now, due = sa.bindparam("now", type_=Instant), table.c.due
    ahead, held = table.alias("ahead"), table.alias("held")
    stands_before = _in_conversation(table, ahead).where(
        live(ahead), ahead.c.id < table.c.id, sa.or_(ahead.c.due <= now, ahead.c.tries > 0)
    )
    is_worked_on = _in_conversation(table, held).where(working(held), held.c.id != table.c.id)
    free = sa.or_(table.c.status == "ready", sa.and_(table.c.status == "working", table.c.lease_until < now))
    heads = (
        sa.select(table.c.id)
        .where(live(table), table.c.channel.in_(sa.bindparam("channels", expanding=True)), due <= now, free)
        .where(~stands_before.exists(), ~is_worked_on.exists())
        .where(table.c.conversation_id == sa.bindparam("only") if one_conversation else sa.true())
        .order_by(due, table.c.id)
        .limit(sa.bindparam("most", type_=sa.Integer))
        .with_for_update(skip_locked=True)
    )
    return (
        sa.update(table)
        .where(table.c.id.in_(heads.scalar_subquery()))
        .values(status="working", lease_until=sa.bindparam("lease_until", type_=Instant), tries=table.c.tries + 1)
        .returning(table.c.id, table.c.conversation_id, table.c.channel, table.c.body, table.c.tries)
    )


def _in_conversation(table: sa.Table, other: sa.FromClause) -> sa.Select[int]:
    return sa.select(sa.literal_column("1", sa.Integer)).where(other.c.conversation_id == table.c.conversation_id)


def release(connection: sa.Connection, table: sa.Table, channels: Collection[str]) -> None:
    """Free every claim in `channels`: for the only server of a database, whose predecessor was killed."""
    held = sa.and_(table.c.status == "working", table.c.channel.in_(list(channels)))
    connection.execute(sa.update(table).where(held).values(status="ready", lease_until=None))


def settle(connection: sa.Connection, table: sa.Table, claimed: Claim, **values: Any) -> bool:
    """Write the end of a claim; False, and nothing written, where another worker holds the row now."""
    given = {"claimed_id": claimed.id, "claimed_tries": claimed.tries, "lease_until": None, **values}
    return connection.execute(_settle_statement(table), given).rowcount == 1


@cache
def _settle_statement(table: sa.Table) -> sa.Update:
    mine = sa.and_(table.c.id == sa.bindparam("claimed_id"), table.c.tries == sa.bindparam("claimed_tries"))
    return sa.update(table).where(mine, working(table))


def again(
    connection: sa.Connection,
    table: sa.Table,
    claimed: Claim,
    now: datetime,
    error: str,
    give_up_at: int,
    wait: float | None = None,
) -> bool:
    """Back off, or give up: dead after `give_up_at` tries. True where the row is dead now."""
    dead = claimed.tries >= give_up_at
    delay = timedelta(seconds=wait if wait is not None else 2 ** (claimed.tries - 1))
    values: dict[str, Any] = {"error": error, "status": "dead" if dead else "ready"}
    values |= {"finished_at": now} if dead else {"due": now + min(delay, LONGEST_WAIT)}
    return settle(connection, table, claimed, **values) and dead


def dead_letters(connection: sa.Connection, tables: Iterable[sa.Table]) -> list[dict[str, Any]]:
    """Every dead row: table, id, channel, tries, error, finished_at. No words of a citizen."""
    rows: list[dict[str, Any]] = []
    for table in tables:
        columns = (table.c.id, table.c.channel, table.c.tries, table.c.error, table.c.finished_at)
        found = connection.execute(sa.select(*columns).where(table.c.status == "dead").order_by(table.c.id))
        rows += [{"table": table.name, **row} for row in found.mappings()]
    return rows


def requeue(connection: sa.Connection, table: sa.Table, id: int, now: datetime) -> bool:
    """Give a dead row its tries back. It keeps its place in the conversation's order."""
    dead = sa.and_(table.c.id == id, table.c.status == "dead")
    values = {"status": "ready", "tries": 0, "due": now, "error": None, "finished_at": None}
    return connection.execute(sa.update(table).where(dead).values(values)).rowcount == 1
