"""What the ledger asks of staff: calls and visits to be made, what holders said to be checked, what ends soon.

Each look and each decision leaves an audit row. The desk's pages and the commands call these.
"""

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from bot.domain.licence import Holder, Licence, months_after
from bot.errors import OperatorError
from bot.ledger.wording import Wording
from bot.store.db import Tables
from bot.store.licence_tables import notice, reach
from bot.store.notices import TASKS, Way

Result = Literal["reached", "failed"]
_GENUINE = timedelta(days=180)


def tasks(tables: Tables, wording: Wording, who: str, now: datetime, limit: int = 200) -> list[dict[str, Any]]:
    """Calls and visits that are still to be made, the longest waiting first, with what is to be said."""
    joined = reach.join(notice, notice.c.id == reach.c.notice_id)
    columns = (
        reach.c.notice_id,
        reach.c.way,
        reach.c.why,
        reach.c.at,
        notice.c.rung,
        notice.c.code,
        notice.c.holder_id,
    )
    statement = sa.select(*columns).select_from(joined).where(reach.c.state == "open").order_by(reach.c.at).limit(limit)
    found = []
    for row in tables.connection.execute(statement):
        holder = tables.licences.holder(row.holder_id)
        held = [tables.licences.load(one.licence_id) for one in tables.notices.licences(row.notice_id)]
        found.append(
            {
                "notice": row.notice_id,
                "way": row.way,
                "why": row.why,
                "since": row.at.isoformat(),
                "rung": row.rung,
                "code": row.code,
                "holder": holder.name if holder else "",
                "phone": holder.phone if holder else "",
                "licences": [wording.line(one) for one in held if one],
                "addresses": sorted({one.address for one in held if one and one.address}),
            }
        )
    tables.audits.put(who, "nudge tasks", "ledger", now, {"tasks": len(found)})
    return found


def settle(tables: Tables, notice_id: int, way: Way, result: Result, why: str, who: str, now: datetime) -> None:
    """What came of a call or a visit. A call that reached nobody becomes a visit. OperatorError where none is open."""
    if way not in TASKS or not tables.notices.set(notice_id, way, result, now, ("open",), why=why, who=who):
        raise OperatorError(f"no {way} is open for notice {notice_id}")
    if result == "reached":
        tables.notices.mark(notice_id, "reached")
    elif way != "phone" or not tables.notices.go(notice_id, "visit", "open", now):
        tables.notices.close(notice_id, "failed")
    tables.audits.put(who, f"nudge {way} {result}", f"notice {notice_id}", now)


def to_check(tables: Tables, who: str, now: datetime, limit: int = 200) -> list[dict[str, Any]]:
    """Licences of which their holders said that they are renewed, or given up: to be looked at by somebody."""
    rows = [one for state in ("done", "closing") for one in tables.licences.listed(0, limit, state)]
    tables.audits.put(who, "licences to check", "ledger", now, {"licences": len(rows)})
    return [
        {
            "licence": one.id,
            "kind": one.kind,
            "number": one.number,
            "state": one.state,
            "ends": one.expires_on.isoformat() if one.expires_on else None,
            "claimed": one.claimed_on.isoformat() if one.claimed_on else None,
        }
        for one in rows
    ]


def confirm(tables: Tables, licence_id: int, ends: date | None, who: str, now: datetime) -> None:
    """The licence in force ends on that day, whatever was said of it; None: it is given up. OperatorError for none."""
    if tables.licences.load(licence_id, hold=True) is None:
        raise OperatorError(f"no licence {licence_id}")
    if ends is None:
        tables.licences.set(licence_id, "ended")
    else:
        tables.licences.set(licence_id, "active", expires_on=ends, claimed_on=None, not_before=None)
        tables.nudges.look_again()
    tables.audits.put(who, "licence confirmed", f"licence {licence_id}", now)


def code_for(tables: Tables, number: str, who: str, now: datetime) -> str:
    """A code with which the holder of a licence is talked with where they type it. OperatorError for no such number."""
    found = tables.licences.numbered(number)
    if not found:
        raise OperatorError(f"no licence {number} in the ledger")
    tables.audits.put(who, "holder code", f"licence {found[0].id}", now)
    return tables.invitations.make(str(found[0].holder), "holder", now)


def genuine(tables: Tables, code: str, today: date) -> list[dict[str, str]]:
    """The notices of the last half year with this code: whoever asks whether theirs is one of ours is told the day."""
    found = tables.notices.with_code(code.strip(), today - _GENUINE)
    return [{"day": one.day, "rung": one.rung, "state": one.state} for one in found]


def ending(
    tables: Tables, wording: Wording, today: date, who: str, now: datetime, after: int = 0, limit: int = 200
) -> list[dict[str, Any]]:
    """The list of the month: licences in force that end within half a year, with their holders and windows."""
    found = tables.licences.ending(today, months_after(today, 6), after, limit)
    holders = {one.id: one for one in tables.licences.holders({one.holder for one in found})}
    tables.audits.put(who, "licences ending", "ledger", now, {"licences": len(found)})
    return [_listed(one, holders[one.holder], wording) for one in found]


def _listed(one: Licence, holder: Holder, wording: Wording) -> dict[str, Any]:
    kind = wording.kinds.of[one.kind]
    window = kind.window(one.expires_on, wording.hours) if one.expires_on else None
    return {
        "licence": one.id,
        "kind": kind.name,
        "number": one.number,
        "holder": holder.name,
        "phone": holder.phone,
        "in_chat": holder.conversation is not None,
        "shop": one.shop,
        "address": one.address,
        "state": one.state,
        "ends": one.expires_on.isoformat() if one.expires_on else None,
        "earliest": window.earliest.isoformat() if window else None,
        "latest": window.latest.isoformat() if window else None,
    }


def public_notice(tables: Tables, wording: Wording, first: date, last: date, month: str) -> str:
    """What ends within these days as a text for everybody: kinds and numbers of them, and nobody's name."""
    counts, latest, after = Counter[str](), dict[str, date](), 0
    while some := tables.licences.ending(first, last, after):
        for one in some:
            window = wording.kinds.of[one.kind].window(one.expires_on, wording.hours) if one.expires_on else None
            if window is not None:
                counts[one.kind] += 1
                latest[one.kind] = min(window.latest, latest.get(one.kind, date.max))
        after = some[-1].id
    lines = [wording.notice_line(kind, count, latest[kind]) for kind, count in counts.most_common()]
    return wording.replies("nudge.notice", month=month, lines="\n".join(lines), hall=wording.hall)
