"""Receivers and workers that are killed at every point of a message's way, on a real database.

    python -m tests.kill.torture URL FOLDER

Three receivers hand in the same events, two workers answer and deliver them. Each life is given a point and a count;
there it sends itself SIGKILL, and is born again, until every point has had its kills. Then all is drained. What
happened is read from the database and from two files that survive: `acknowledged` and `sent`.
"""

import asyncio
import json
import os
import random
import signal
import sys
import time
from collections import Counter
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from bot import loops
from bot.app import load_replies
from bot.bundles.catalogue import load_catalogue
from bot.calendar import load_hours
from bot.channels.base import Capabilities
from bot.domain.messages import InboundEvent, OutboundMessage
from bot.hearing import Heard
from bot.materials.files import Files
from bot.registers import load_credit
from bot.rota import load_rota
from bot.seal import Seal
from bot.settings import ROOT, Work, load_settings
from bot.store.db import Store
from bot.store.tables import inbox, outbox
from bot.turn import Resources
from knowledge.answer import Answer

POINTS = ("received", "claimed", "thinking", "before commit", "after commit", "sent")
KILLS = 20
CONVERSATIONS, MESSAGES = 30, 25
RECEIVERS, WORKERS = 3, 2
LEASE = 2.0
PACE = 0.04  # seconds between two events of a receiver, until there were kills enough
LONGEST = 120  # seconds; a run takes about a quarter of it

CATALOGUE = load_catalogue(ROOT / "config")


class Doom:
    """Where this life ends, and at which passage; `None` lives on."""

    def __init__(self, point: str | None, passages: int) -> None:
        self.point, self.left = point, passages

    def at(self, point: str) -> None:
        if point == self.point:
            self.left -= 1
            if self.left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)


class Ear:
    """Stands where the models would be: thinks for a millisecond."""

    longest = 2000

    def __init__(self, doom: Doom) -> None:
        self.doom = doom

    def hear(self, event: InboundEvent, now: datetime, topic: str = "") -> Heard:
        time.sleep(0.001)
        self.doom.at("thinking")
        return Heard(event, answers=(Answer("answered", 1.0, text=event.text),))


class Log:
    """Lines that survive a SIGKILL: one unbuffered append each."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND)

    def write(self, *words: object) -> None:
        os.write(self._file, ("\t".join(map(str, words)) + "\n").encode())


class Channel:
    """Stands where a platform would be, and remembers every call."""

    capabilities = Capabilities(max_text=2000)

    def __init__(self, log: Log, doom: Doom) -> None:
        self.log, self.doom = log, doom

    async def send(self, conversation_id: str, message: OutboundMessage, key: str) -> None:
        self.log.write(conversation_id, key, json.dumps(message.text))
        self.doom.at("sent")


def events() -> list[InboundEvent]:
    at = datetime.now(ZoneInfo("Asia/Shanghai"))
    return [
        InboundEvent("webchat", f"c{c}-{number}", f"c{c}", "text", at, text=f"{number} 号问题")
        for number in range(MESSAGES)
        for c in range(CONVERSATIONS)
    ]


def receive(url: str, folder: Path, me: int, doom: Doom) -> None:
    """Hand in every event that this receiver has not acknowledged yet, in order."""
    store, log = Store(url, pool=2), Log(folder / f"acknowledged-{me}")
    done = len((folder / f"acknowledged-{me}").read_text().splitlines())
    for event in events()[done:]:
        store.write(lambda tables, event=event: tables.inbox.accept(event, store.now()))
        doom.at("received")
        log.write(event.event_id)
        if not (folder / "enough").exists():  # slowly, so that there is work left for every life
            time.sleep(random.uniform(0, 2 * PACE))
    store.close()


def answer(url: str, folder: Path, doom: Doom) -> None:
    """Work until everything has been handed in and drained."""
    store = Store(url, pool=4)
    turning = [False]

    @sa.event.listens_for(store._engine, "commit")
    def committing(connection: sa.Connection) -> None:
        if turning[0]:
            doom.at("before commit")

    settings = load_settings().model_copy(update={"work": Work(lease=LEASE, thought=0)})
    hours = load_hours(ROOT / "config/calendar.yml", ZoneInfo("Asia/Shanghai"))
    files, credit = Files(folder / "files", Seal()), load_credit(folder / "credit.csv", settings.promises)
    replies, rota = load_replies(ROOT / "config"), load_rota(ROOT / "config/teams.yml", hours)
    parts = (settings, store, Ear(doom), replies, hours, CATALOGUE, files, credit, rota)
    resources = Resources(*parts)  # type: ignore[arg-type]
    channels = {"webchat": Channel(Log(folder / "sent"), doom)}
    while True:
        claims = loops.claim_turns(resources, channels, store.now(), 1)
        for claimed in claims:
            doom.at("claimed")
            turning[0] = True
            loops.run_turn(resources, claimed, store.now())
            turning[0] = False
            doom.at("after commit")
        delivered = asyncio.run(loops.deliver_once(resources, channels, store.now()))  # type: ignore[arg-type]
        if not claims and not delivered:
            if (folder / "all in").exists() and drained(store):
                break
            time.sleep(0.02)
    store.close()


def drained(store: Store) -> bool:
    def look(connection: sa.Connection) -> bool:
        alive = [sa.select(table.c.id).where(table.c.status.in_(["ready", "working"])) for table in (inbox, outbox)]
        return all(connection.execute(one.limit(1)).first() is None for one in alive)

    return store.read(lambda tables: look(tables.connection))


def give_birth(role: str, url: str, folder: Path, me: int, doom: Doom) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        random.seed()
        if role == "receiver":
            receive(url, folder, me, doom)
        else:
            answer(url, folder, doom)
        os._exit(0)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        os._exit(1)


def torture(url: str, folder: Path) -> Counter[str]:
    """Kill until every point has had its kills, then let all be drained; the kills by point."""
    os.environ.setdefault("BANSHI_CONFIG", str(ROOT / "config"))
    Store(url, pool=1).close()  # the tables, before many want to make them
    kills: Counter[str] = Counter()
    lives: dict[int, tuple[str, int, str | None]] = {}

    def too_long(_number: int, _frame: object) -> None:
        raise SystemExit(f"not done after {LONGEST} s: {dict(kills)} {lives}")

    signal.signal(signal.SIGALRM, too_long)
    signal.alarm(LONGEST)

    def live(role: str, me: int) -> None:
        mine = POINTS[:1] if role == "receiver" else POINTS[1:]
        open_points = [point for point in mine if kills[point] < KILLS]
        doom = Doom(min(open_points, key=lambda name: kills[name], default=None), random.randint(1, 3))
        lives[give_birth(role, url, folder, me, doom)] = (role, me, doom.point)

    for me in range(RECEIVERS):
        live("receiver", me)
    for me in range(WORKERS):
        live("worker", me)
    while lives:
        pid, status = os.wait()
        role, me, point = lives.pop(pid)
        if point and os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            kills[point] += 1
            live(role, me)
        elif status:
            raise SystemExit(f"a {role} died of something else: {status}")
        if all(kills[point] >= KILLS for point in POINTS):
            (folder / "enough").touch()
        if not any(role == "receiver" for role, _, _ in lives.values()):
            (folder / "all in").touch()
    return kills


def report(url: str, folder: Path, kills: Counter[str]) -> dict[str, object]:
    store = Store(url, pool=1)
    with store._engine.connect() as connection:
        arrived = connection.execute(sa.select(inbox.c.key, inbox.c.status).order_by(inbox.c.id)).all()
        said = connection.execute(sa.select(outbox.c.conversation_id, outbox.c.key).order_by(outbox.c.id)).all()
    acknowledged = {
        line for me in range(RECEIVERS) for line in (folder / f"acknowledged-{me}").read_text().splitlines()
    }
    sent = [line.split("\t") for line in (folder / "sent").read_text().splitlines()]
    return {
        "kills": dict(kills),
        "arrived": [tuple(row) for row in arrived],
        "acknowledged": sorted(acknowledged),
        "said": [tuple(row) for row in said],
        "sent": [(conversation, key, json.loads(text)) for conversation, key, text in sent],
    }


if __name__ == "__main__":
    given_url, given_folder = sys.argv[1], Path(sys.argv[2])
    os.setpgrp()  # so that whoever is left can be ended with us
    try:
        print(json.dumps(report(given_url, given_folder, torture(given_url, given_folder))))
    except BaseException as error:
        print(error, file=sys.stderr, flush=True)
        os.killpg(0, signal.SIGKILL)
