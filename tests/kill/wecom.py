"""Readers of WeCom's list that are killed at every point, two at a time, on a real database.

    python -m tests.kill.wecom URL FOLDER

A process of its own is the platform, with all messages in its list. Each reader is given a point and a count; there it
sends itself SIGKILL, until every point has had its kills; the last ones read to the end.
"""

import asyncio
import json
import os
import random
import signal
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bot import loops
from bot.bells import Bells
from bot.channels.wecom import reader
from bot.channels.wecom.client import Client, Page
from bot.store.channel_tables import kf_cursor
from bot.store.db import Store
from bot.store.tables import inbox
from tests.hall import Hall
from tests.kill.torture import Doom
from tests.peers.qyapi import ACCOUNT, CORP, SECRET, Qyapi

POINTS = ("read", "before commit", "after commit")
KILLS, READERS = 10, 2
CITIZENS, MESSAGES, PAGE = 8, 900, 4
LONGEST = 150  # seconds


def serve(port: int) -> None:
    """The platform, until it is killed; its port goes into the pipe."""
    peer = Qyapi()
    peer.page = PAGE
    for number in range(MESSAGES):
        peer.write(None, f"c{number % CITIZENS}", f"{number} 号")
    with peer.serving():
        os.write(port, f"{peer.port}\n".encode())
        while True:
            time.sleep(60)


def read(url: str, folder: Path, port: int, doom: Doom) -> None:
    """Read the list to its end, or to wherever this life ends."""
    hall = Hall(folder, url)
    bells, client = Bells(), Client(CORP, SECRET, f"http://127.0.0.1:{port}")
    keeping, sync, keep, ring = [False], client.sync, reader.keep, bells.arrived.ring

    async def synced(*asked: Any) -> Page:
        page = await sync(*asked)
        doom.at("read")
        return page

    def kept(*told: Any) -> bool:
        keeping[0] = keep(*told)
        return keeping[0]

    def rang() -> None:
        doom.at("after commit")
        ring()

    @sa.event.listens_for(hall.store._engine, "commit")
    def committing(connection: sa.Connection) -> None:
        if keeping[0]:
            keeping[0] = False
            doom.at("before commit")

    client.sync, reader.keep, bells.arrived.ring = synced, kept, rang  # type: ignore[method-assign,assignment]
    reading = reader.Reader(client, (ACCOUNT,), 300)
    asyncio.run(reading.read(loops.reception(hall.resources, bells)))
    hall.store.close()


def give_birth(act: Any, *given: Any) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        random.seed()
        act(*given)
        os._exit(0)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        os._exit(1)


def torture(url: str, folder: Path) -> dict[str, Any]:
    inlet, outlet = os.pipe()
    platform = give_birth(serve, outlet)
    port = int(os.read(inlet, 20))
    store = Store(url, pool=1)
    store.write(lambda tables: tables.sessions.begin(ACCOUNT, datetime.now(UTC) - timedelta(hours=1)))
    store.close()
    kills: Counter[str] = Counter()
    lives: dict[int, str | None] = {}
    signal.alarm(LONGEST)

    def live() -> None:
        point = min((one for one in POINTS if kills[one] < KILLS), key=lambda one: kills[one], default=None)
        lives[give_birth(read, url, folder, port, Doom(point, random.randint(1, 4)))] = point

    for _ in range(READERS):
        live()
    while lives:
        pid, status = os.wait()
        point = lives.pop(pid)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL and point:
            kills[point] += 1
            live()
        elif status:
            raise SystemExit(f"a reader died of something else: {status}")
    os.kill(platform, signal.SIGKILL)
    os.wait()
    return {"kills": dict(kills), **report(url, folder)}


def report(url: str, folder: Path) -> dict[str, Any]:
    hall = Hall(folder, url)
    found = hall.read(lambda t: t.connection.execute(sa.select(inbox.c.conversation_id).order_by(inbox.c.id)).all())
    cursor = hall.read(lambda t: t.connection.scalar(sa.select(kf_cursor.c.cursor)))
    conversations = sorted({row.conversation_id for row in found})
    heard = {
        one: [event.text for _, event in hall.read(lambda t, one=one: t.inbox.of_conversation(one))]
        for one in conversations
    }
    hall.store.close()
    return {"cursor": cursor, "heard": heard, "rows": len(found)}


if __name__ == "__main__":
    os.setpgrp()  # so that whoever is left can be ended with us
    try:
        print(json.dumps(torture(sys.argv[1], Path(sys.argv[2]))))
    except BaseException as error:
        print(error, file=sys.stderr, flush=True)
        os.killpg(0, signal.SIGKILL)
