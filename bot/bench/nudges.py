"""The daily look at a large ledger: how fast it is, and how long whoever talks waits meanwhile."""

import itertools
import random
import threading
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import partial

import numpy as np
import sqlalchemy as sa

from bot.app import open_hours
from bot.bench import Row, scratch
from bot.domain.licence import Entry
from bot.domain.messages import InboundEvent
from bot.ledger.kinds import load_licence_kinds
from bot.ledger.scan import Ladders, run
from bot.seal import open_seal
from bot.settings import Settings
from bot.store.db import Store, Tables
from bot.store.licence_tables import nudge
from bot.store.nudges import CHUNK

_IN_ONE = 2000
_LOOKS = 5  # days that are looked at after the first
_PAUSE = 0.02  # between two messages of whoever talks meanwhile


def measure(settings: Settings, licences: int) -> list[Row]:
    """A ledger is made up, over all kinds with an end and five years; then looked at for the first time, again, and on
    the days after it. While the looks go on, somebody talks: times in milliseconds are of keeping their messages."""
    kinds = load_licence_kinds(settings.config / "licences.yml")
    today = date(2026, 11, 23)
    with scratch(settings.home) as folder:
        store = Store(f"sqlite:///{folder / 'bench.db'}", seal=open_seal(folder), pool=4)
        try:
            codes = [code for code, kind in kinds.of.items() if kind.terms is not None]
            rows = [_fill(store, codes, licences, today)]
            ladders = Ladders(kinds, open_hours(settings))
            rows.append(_look(store, ladders, "first look", licences, [today]))
            rows.append(_look(store, ladders, "again", licences, [today]))
            days = [today + timedelta(days=n) for n in range(1, _LOOKS + 1)]
            rows.append(_look(store, ladders, "days after", licences, days))
            rows.append(_distinct(store))
        finally:
            store.close()
    names = dict.fromkeys(name for row in rows for name in row)
    return [{name: row.get(name, "") for name in names} for row in rows]


def _fill(store: Store, codes: list[str], licences: int, today: date) -> Row:
    began, numbers = time.perf_counter(), iter(_entries(codes, licences, today))
    while some := list(itertools.islice(numbers, _IN_ONE)):
        store.write(partial(_take, some, store.now()))
    seconds = time.perf_counter() - began
    return {"what": "taken in", "licences": licences, "seconds": seconds, "a second": licences / seconds}


def _entries(codes: list[str], licences: int, today: date) -> Iterator[Entry]:
    chance = random.Random(1)
    for number in range(licences):
        end = today + timedelta(days=chance.randrange(-30, 5 * 365))
        yield Entry(
            codes[number % len(codes)], f"N{number}", f"H{number // 2}", phone=f"138{number // 2:08}", expires_on=end
        )


def _take(entries: list[Entry], now: datetime, tables: Tables) -> None:
    tables.licences.take(entries, now)


def _look(store: Store, ladders: Ladders, what: str, licences: int, days: list[date]) -> Row:
    took: list[float] = []
    stop = threading.Event()
    talker = threading.Thread(target=_talk, args=(store, stop, took, what))
    talker.start()
    began = time.perf_counter()
    queued = sum(run(store, ladders, day).queued for day in days)
    seconds = time.perf_counter() - began
    stop.set()
    talker.join()
    p50, p95, p99 = np.percentile(took, [50, 95, 99]) * 1000
    row: Row = {"what": what, "licences": licences, "seconds": seconds, "a second": licences * len(days) / seconds}
    return row | {"queued": queued, "chunk": CHUNK, "p50 ms": float(p50), "p95 ms": float(p95), "p99 ms": float(p99)}


def _talk(store: Store, stop: threading.Event, took: list[float], what: str) -> None:
    for number in itertools.count():
        if stop.is_set() and took:
            return
        event = InboundEvent("webchat", f"{what}-{number}", "somebody", "text", store.now(), text="hello")
        began = time.perf_counter()
        store.write(partial(_accept, event, store.now()))
        took.append(time.perf_counter() - began)
        time.sleep(_PAUSE)


def _accept(event: InboundEvent, now: datetime, tables: Tables) -> None:
    tables.inbox.accept(event, now)


def _distinct(store: Store) -> Row:
    """What is queued, and how many of these rows are of different licences and rungs."""
    whole = sa.select(nudge.c.licence_id, nudge.c.term, nudge.c.rung)
    rows = store.read(lambda tables: tables.connection.execute(whole).all())
    return {"what": "rows, distinct", "queued": len(rows), "distinct": len(set(rows))}
