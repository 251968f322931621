"""How many of those who were to be told were told, by which way, and what came of it; every number with its whole."""

from collections import Counter
from datetime import date
from typing import Any

import sqlalchemy as sa

from bot.ledger.wording import plain
from bot.store.db import Tables
from bot.store.licence_tables import licence, notice, nudge, reach


def coverage(tables: Tables, first: date, last: date, today: date) -> dict[str, Any]:
    """Of the nudges that fell due within these days. A merged one was told with a later one of the same licence."""
    mine = sa.and_(nudge.c.queued_on.between(first.isoformat(), last.isoformat()), nudge.c.state != "void")
    rows = _nudges(tables, mine)
    by_rung: dict[str, dict[str, Any]] = {}
    whole, states = Counter[str](), Counter[str]()
    for row in rows:
        part = by_rung.setdefault(plain(row.rung), {"due": 0, "reached": 0})
        part["due"] += row.many
        part["reached"] += row.many if row.reached else 0
        whole["due"] += row.many
        whole["merged"] += row.many if row.state == "merged" else 0
        states["reached" if row.reached else _unreached(row.state, row.told)] += row.many
    for part in by_rung.values():
        part["rate"] = _rate(part["reached"], part["due"])
    licences = _licences(tables, mine, today)
    return {
        "from": first.isoformat(),
        "to": last.isoformat(),
        "licences": {**licences, "rate": _rate(licences["reached"], licences["due"])},
        "nudges": {
            "due": whole["due"],
            "reached": states["reached"],
            "merged": whole["merged"],
            "rate": _rate(states["reached"], whole["due"]),
        },
        "unreached": {name: states[name] for name in ("waiting", "on_the_way", "failed", "declined")},
        "by_rung": by_rung,
        "by_channel": _ways(tables, mine),
        "failed": _failed(tables, mine),
    }


def _arrived() -> sa.Exists:
    return sa.exists().where(reach.c.notice_id == nudge.c.notice_id, reach.c.state == "reached")


def _nudges(tables: Tables, mine: sa.ColumnElement[bool]) -> list[sa.Row[Any]]:
    """Counted by rung, state, what became of the notice, and whether it arrived."""
    joined = nudge.outerjoin(notice, notice.c.id == nudge.c.notice_id)
    columns = (nudge.c.rung, nudge.c.state, notice.c.state.label("told"), _arrived().label("reached"))
    one = sa.select(*columns).select_from(joined).where(mine).subquery()
    counted = sa.select(*one.c, sa.func.count().label("many")).group_by(*one.c)
    return list(tables.connection.execute(counted))


def _unreached(state: str, told: str | None) -> str:
    if state == "due":
        return "waiting"
    return told if told in ("failed", "declined") else "on_the_way"


def _licences(tables: Tables, mine: sa.ColumnElement[bool], today: date) -> dict[str, int]:
    """Licences of which something was due: told of, going on since, lapsed."""
    renewed = sa.or_(licence.c.expires_on > nudge.c.term, licence.c.state == "renewing")
    over = sa.and_(licence.c.state == "active", licence.c.expires_on < today.isoformat(), ~renewed)
    asked = {"reached": _arrived(), "converted": renewed, "lapsed": over}
    states = {name: licence.c.state == name for name in ("done", "closing")}
    flags = [sa.func.max(sa.case((test, 1), else_=0)).label(name) for name, test in (asked | states).items()]
    joined = nudge.join(licence, licence.c.id == nudge.c.licence_id)
    one = sa.select(licence.c.id, *flags).select_from(joined).where(mine).group_by(licence.c.id).subquery()
    sums = [sa.func.coalesce(sa.func.sum(column), 0).label(column.name) for column in one.c if column.name != "id"]
    row = tables.connection.execute(sa.select(sa.func.count().label("due"), *sums).select_from(one)).one()
    return {name: int(value) for name, value in row._mapping.items()}


def _ways(tables: Tables, mine: sa.ColumnElement[bool]) -> dict[str, dict[str, int]]:
    """Notices by way and by what became of them there."""
    told = sa.select(nudge.c.notice_id).where(mine, nudge.c.notice_id.is_not(None)).distinct()
    columns = (reach.c.way, reach.c.state)
    counted = sa.select(*columns, sa.func.count().label("many")).where(reach.c.notice_id.in_(told)).group_by(*columns)
    found: dict[str, dict[str, int]] = {}
    for row in tables.connection.execute(counted):
        found.setdefault(row.way, {})[row.state] = row.many
    return found


def _failed(tables: Tables, mine: sa.ColumnElement[bool]) -> list[dict[str, Any]]:
    told = sa.select(nudge.c.notice_id).where(mine, nudge.c.notice_id.is_not(None)).distinct()
    columns = (reach.c.way, reach.c.why)
    where = (reach.c.state == "failed", reach.c.notice_id.in_(told))
    counted = sa.select(*columns, sa.func.count().label("many")).where(*where).group_by(*columns)
    rows = tables.connection.execute(counted.order_by(*columns))
    return [{"channel": row.way, "why": row.why, "notices": row.many} for row in rows]


def _rate(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
