"""A crowd for one time of five seats, from several processes at once: who gets it, and what the others are told."""

import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from bot.app import open_hours
from bot.bench import Row, scratch
from bot.diary import Diary
from bot.domain.appointment import Slot, Wanted
from bot.offices import Counter, Office, Offices
from bot.seal import open_seal
from bot.settings import Settings
from bot.store.appointment_tables import appointment, seat
from bot.store.db import Store, Tables

SEATS, OTHERS = 5, 4
_AT_ONCE = 16  # threads of each process

Tried = list[tuple[str, bool, int, float]]


def measure(settings: Settings, people: int, processes: int, url: str = "") -> list[Row]:
    """Everybody wants the same time: it is held and confirmed, or others are shown. Times in milliseconds.

    `url`: an empty database of its own; without it, a SQLite file that is made and deleted.
    """
    with scratch(settings.home) as folder:
        url = url or f"sqlite:///{folder / 'bench.db'}"
        store = Store(url, seal=open_seal(folder), pool=2)
        now = store.now()
        shares = [range(first, people, processes) for first in range(processes)]
        began = time.perf_counter()
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            tried = [one for share in pool.map(partial(_race, settings, url, folder, now), shares) for one in share]
        seconds = time.perf_counter() - began
        try:
            rows = store.read(_kept)
        finally:
            store.close()
    won = [who for who, got, _, _ in tried if got]
    p50, p95, p99 = np.percentile([took for *_, took in tried], [50, 95, 99]) * 1000
    found: Row = {"people": people, "processes": processes, "seats": SEATS, "won": len(won), "persons": len(set(won))}
    found |= {"booked": rows[0], "taken": rows[1], "without others": sum(not got and not n for _, got, n, _ in tried)}
    found |= {"seconds": seconds, "a second": people / seconds, "p50 ms": float(p50), "p95 ms": float(p95)}
    return [found | {"p99 ms": float(p99)}]


def _race(settings: Settings, url: str, folder: Path, now: datetime, people: Sequence[int]) -> Tried:
    """One process: its share of the people, many at once."""
    hours = open_hours(settings)
    offices = Offices(
        {"hall": Office(name="hall", kind="hall", address="")},
        {"window": Counter(office="hall", kind="window", name="window", minutes=30, seats=SEATS)},
    )
    diary, store = Diary(offices, hours), Store(url, seal=open_seal(folder), pool=_AT_ONCE)
    wanted = diary.slots("window", now, (now + timedelta(days=1)).astimezone(hours.zone).date())[0]

    def one(number: int) -> tuple[str, bool, int, float]:
        began = time.perf_counter()
        got, others = store.write(partial(_take, diary, wanted, f"citizen {number}", now))
        return f"citizen {number}", got, others, time.perf_counter() - began

    try:
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            return list(threads.map(one, people))
    finally:
        store.close()


def _take(diary: Diary, slot: Slot, who: str, now: datetime, tables: Tables) -> tuple[bool, int]:
    held = diary.hold(tables, Wanted(slot, {}, "online", who, who), now)
    if held is None:
        return False, len(diary.others(tables, slot, "online", now, OTHERS))
    return diary.confirm(tables, held, now), 0


def _kept(tables: Tables) -> tuple[int, int]:
    """How many appointments are booked, and how many seats are taken."""
    booked = sa.select(sa.func.count()).select_from(appointment).where(appointment.c.state == "booked")
    taken = sa.select(sa.func.count()).select_from(seat).where(seat.c.until.is_(None))
    return int(tables.connection.scalar(booked) or 0), int(tables.connection.scalar(taken) or 0)
