"""The daily look at a large ledger: how fast it is, and how long whoever talks waits meanwhile."""

import asyncio
import itertools
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from functools import partial

import numpy as np
import sqlalchemy as sa

from bot.app import App
from bot.bench import Row
from bot.bench.turns import opened, talk
from bot.domain.licence import Entry
from bot.ledger.scan import Ladders, run
from bot.settings import Settings
from bot.store.db import Store, Tables
from bot.store.licence_tables import nudge
from bot.store.nudges import CHUNK

_IN_ONE = 2000
_LOOKS = 5  # days that are looked at after the first
_PAUSE = 0.2  # seconds between an answer and the next question of whoever talks meanwhile


def measure(settings: Settings, licences: int) -> list[Row]:
    """A ledger is made up, over all kinds with an end and five years; then looked at for the first time, again, and on
    the days after it. While the looks go on, somebody asks questions: times in milliseconds are of whole turns."""
    today = date(2026, 11, 23)
    with opened(settings) as parts:
        store, kinds = parts.resources.store, parts.resources.kinds
        codes = [code for code, kind in kinds.of.items() if kind.terms is not None]
        rows = [_fill(store, codes, licences, today)]
        asyncio.run(talk(parts, 1, lambda: False))  # what the first turn of all loads is not counted
        ladders = Ladders(kinds, parts.resources.hours)
        rows.append(_look(parts, ladders, "first look", licences, [today]))
        rows.append(_look(parts, ladders, "again", licences, [today]))
        days = [today + timedelta(days=n) for n in range(1, _LOOKS + 1)]
        rows.append(_look(parts, ladders, "days after", licences, days))
        rows.append(_distinct(store))
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


def _look(parts: App, ladders: Ladders, what: str, licences: int, days: list[date]) -> Row:
    looked = threading.Event()
    with ThreadPoolExecutor(1) as thread:
        talking = thread.submit(asyncio.run, talk(parts, 1, lambda: not looked.is_set(), _PAUSE))
        began = time.perf_counter()
        try:
            queued = sum(run(parts.resources.store, ladders, day).queued for day in days)
        finally:
            seconds = time.perf_counter() - began
            looked.set()
        took = talking.result()
    p50, p95, p99 = np.percentile(took, [50, 95, 99]) * 1000
    row: Row = {"what": what, "licences": licences, "seconds": seconds, "a second": licences * len(days) / seconds}
    row |= {"queued": queued, "chunk": CHUNK, "turns": len(took)}
    return row | {"p50 ms": float(p50), "p95 ms": float(p95), "p99 ms": float(p99)}


def _distinct(store: Store) -> Row:
    """What is queued, and how many of these rows are of different licences and rungs."""
    whole = sa.select(nudge.c.licence_id, nudge.c.term, nudge.c.rung)
    rows = store.read(lambda tables: tables.connection.execute(whole).all())
    return {"what": "rows, distinct", "queued": len(rows), "distinct": len(set(rows))}
