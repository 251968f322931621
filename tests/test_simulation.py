"""Many citizens at once on WeChat's fake, for ten days: nothing to the wrong person, lost, twice, or refused.

The program runs as it does, with its loops and its threads; only the hours between are skipped. BANSHI_SIMULATE=1000
plays so many citizens; without it there are fewer.
"""

import os
import random
import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from bot import web
from bot.channels import connect_all, counted, wechat
from bot.domain.messages import OutboundMessage
from bot.hearing import Ear
from bot.rounds import Round
from bot.store.db import Store
from bot.store.tables import inbox, outbox
from knowledge.library import Library
from nlu.codes import case_check
from tests.hall import REPLIES, ZONE, Hall, clerk, understand
from tests.peers.weixin import AES_KEY, APP, SECRET, TOKEN, Weixin

CITIZENS = int(os.environ.get("BANSHI_SIMULATE", "40"))
DAYS, LOOKS = 10, 4  # a day
WRITES, NUDGED, SLOW, AGAIN = 0.3, 0.1, 0.2, 0.1  # shares of the citizens at each look, and of what they write
WAIT = 0.3
NUMBER = re.compile(r"20261101-XD-\d{5}-\d")
LIVE = ["ready", "working"]


class Clock:
    """Real time, and what was skipped of it."""

    skipped = timedelta()

    @classmethod
    def now(cls) -> datetime:
        return datetime.now(UTC) + cls.skipped


class Then(datetime):
    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return Clock.now()


def slowly(text: str) -> Any:
    """As the hall understands; what is marked takes longer than the platform waits."""
    if "慢" in text:
        time.sleep(2 * WAIT)
    return understand(text)


@dataclass
class World:
    """`asked` are the numbers that each citizen has asked for, `told` what was to be said to each unasked."""

    client: TestClient
    peer: Weixin
    hall: Hall
    draw: random.Random = field(default_factory=lambda: random.Random(17))
    asked: dict[str, list[str]] = field(default_factory=dict)
    told: dict[str, list[str]] = field(default_factory=dict)
    count: int = 0

    def look(self) -> None:
        """Some write, some are nudged, all at once; then everything comes to rest, and four or more hours pass."""
        people = [f"o{number}" for number in range(CITIZENS)]
        for who in self.draw.sample(people, max(1, int(CITIZENS * NUDGED))):
            self.nudge(who)
        writes = [self.written(who) for who in self.draw.sample(people, max(1, int(CITIZENS * WRITES)))]
        if self.draw.random() < 0.3:
            self.peer.end_token()
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda one: self.push(*one), writes))
        self.rest()
        Clock.skipped += timedelta(hours=24 / LOOKS)

    def nudge(self, who: str) -> None:
        self.count += 1
        text = f"提醒{self.count:06}号"
        self.told.setdefault(who, []).append(text)
        store, to = self.hall.store, f"wechat:main:{who}"
        store.write(lambda t: t.outbox.put(to, [OutboundMessage(text)], store.now(), f"nudge:{text}"))

    def written(self, who: str) -> tuple[str, str, int]:
        self.count += 1
        number = f"20261101-XD-{self.count:05}"
        number = f"{number}-{case_check(number)}"
        self.asked.setdefault(who, []).append(number)
        slow = "慢" if self.draw.random() < SLOW else ""
        return who, f"{number}{slow}", 3 if self.draw.random() < AGAIN else 1

    def push(self, who: str, text: str, times: int) -> None:
        for time_ in range(times):
            reply = self.peer.push(self.client, who, again=time_ > 0, Content=text, MsgId=f"{who}{text}")
            assert reply.status_code == 200

    def rest(self) -> None:
        deadline = time.monotonic() + 120
        while self.live():
            assert time.monotonic() < deadline, "it never comes to rest"
            time.sleep(0.05)

    def live(self) -> int:
        counts = [sa.select(sa.func.count()).where(table.c.status.in_(LIVE)) for table in (inbox, outbox)]
        return sum(self.hall.read(lambda t: [t.connection.scalar(one) or 0 for one in counts]))

    def read(self, who: str) -> str:
        return "\n".join(self.peer.read_by(who))


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    hall = Hall(tmp_path, f"sqlite:///{tmp_path / 'banshi.db'}")
    for module in (counted, wechat):
        monkeypatch.setattr(module, "datetime", Then)
    monkeypatch.setattr(Clock, "skipped", timedelta())
    monkeypatch.setattr(Store, "now", lambda _: Clock.now())
    with Weixin().serving() as peer:
        peer.now = lambda: Clock.now().timestamp()
        secrets = {"token": TOKEN, "aes_key": AES_KEY, "secret": SECRET}
        section = {"wait": WAIT, "app_id": APP, "base": peer.url, **secrets}
        channels = connect_all({"wechat": section})
        ear = Ear(slowly, Library(tmp_path / "kb", None), REPLIES.commands, "", ZONE, 2000)  # type: ignore[arg-type]
        settings = hall.resources.settings.model_copy(update={"channels": {"wechat": section}})
        resources = replace(hall.resources, ear=ear, settings=settings, counted=frozenset({"wechat"}))
        site = web.create(resources, channels, Round(resources, clerk(), hall.round.ports))
        with TestClient(site) as client:
            yield World(client, peer, hall)
    hall.store.close()


def test_many_citizens_for_ten_days(world: World) -> None:
    for _ in range(DAYS * LOOKS):
        world.look()
    for who in {*world.asked, *world.told}:
        world.push(who, f"继续 {who}", 1)
    world.rest()
    for _ in range(5):  # what is still left over, as often as there is more
        for who in {*world.asked, *world.told}:
            world.push(who, "继续", 1)
            world.count += 1
        world.rest()
    assert set(world.peer.refused) <= {40001}, "no quota was exceeded, no window missed"
    for who in {*world.asked, *world.told}:
        read = world.read(who)
        wanted = [*world.asked.get(who, []), *world.told.get(who, [])]
        assert all(read.count(one) == 1 for one in wanted), (who, [one for one in wanted if read.count(one) != 1])
    for who, numbers in world.asked.items():
        assert set(NUMBER.findall(world.read(who))) == set(numbers), "of nobody else"
    heard = world.hall.read(lambda t: t.connection.scalar(sa.select(sa.func.count()).select_from(inbox)))
    print(
        f"{len(world.asked)} citizens, {heard} messages, {len(world.peer.said)} texts, {len(world.peer.tokens)} tokens"
    )
