"""Groups of staff: who waits is told without a name, a bound account takes them and talks with them, no stranger."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import anyio
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from bot import app as composition
from bot.app import App
from bot.channels import robot
from bot.channels.pace import Pace
from bot.domain.messages import InboundEvent, OutboundMessage
from bot.errors import TryLater, Undeliverable
from bot.groups import Groups
from bot.handover import Handover
from bot.privacy import erase
from bot.seal import is_sealed
from bot.settings import load_settings
from bot.store.tables import outbox
from handoff.desk import Desk
from knowledge.embedding import Embedder
from tests.hall import REPLIES, Hall, texts
from tests.peers.qyapi import Qyapi
from tests.peers.telegram import A_MINUTE, GROUP, TOKEN, Platform
from tests.test_desk import People
from tests.test_wechat import until

HEADER = "X-Telegram-Bot-Api-Secret-Token"
LIMIN, STRANGER = 42, 43


@dataclass
class Office:
    """A hall whose staff have a group; citizens write on the web."""

    parts: App
    client: TestClient
    peer: Platform
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    def write(self, who: str, text: str) -> None:
        store = self.parts.resources.store
        event = InboundEvent("webchat", f"{who}-{next(self.numbers)}", who, "text", store.now(), text=text)
        store.write(lambda tables: tables.inbox.accept(event, store.now()))

    def read_by(self, who: str) -> list[str]:
        store = self.parts.resources.store
        queued = store.read(lambda tables: tables.outbox.after(f"webchat:main:{who}", 0, limit=None))
        return [one.message.text for one in queued]

    def post(self, user: int, text: str, thread: int | None = None, **more: Any) -> None:
        self._push(self.peer.post(user, text, thread, **more))

    def press(self, user: int, thread: int, data: str = "take") -> None:
        self._push(self.peer.press(user, thread, data))

    def _push(self, update: dict[str, Any]) -> None:
        for _ in range(2):  # the platform may tell it again
            told = self.client.post("/channels/telegram", json=update, headers={HEADER: "s-1"})
            assert told.status_code == 200

    def hire(self, name: str, user: int | None = None, *roles: Any) -> str:
        """A member of staff, and their account in the group, bound by a code; the code."""
        store = self.parts.resources.store
        now = store.now()
        store.write(lambda tables: tables.staff.add(name, roles or ("agent",), ("enterprise",), "", now))
        code = store.write(lambda tables: tables.invitations.make(name, "device", now))
        if user is not None:
            self.post(user, code.lower())
            until(lambda: any(f"绑定好了，{name}" in text for where, text, _ in self.peer.posted if where is None))
        return code

    def ticket(self, who: str) -> Any:
        return self.parts.resources.store.read(lambda tables: tables.tickets.of(f"webchat:main:{who}"))

    def owner(self, who: str) -> str:
        load = self.parts.resources.store.read
        return str(load(lambda tables: tables.conversations.load(f"webchat:main:{who}").owner))

    def topic(self, who: str) -> int:
        """The number of their topic, once the group has been told."""
        store = self.parts.resources.store
        find = lambda: store.read(lambda tables: tables.groups.topic(f"webchat:main:{who}", "telegram"))  # noqa: E731
        until(lambda: (found := find()) and found.thread and self.peer.in_topic(found.thread))
        return int(find().thread)


@pytest.fixture
def peer() -> Iterator[Platform]:
    with Platform().serving() as running:
        yield running


@pytest.fixture
def office(home: Path, embedder: Embedder, peer: Platform) -> Iterator[Office]:
    telegram = {"base": peer.url, "token": TOKEN, "mode": "webhook", "secret": "s-1", "group": GROUP}
    settings = load_settings(home)
    work = settings.work.model_copy(update={"round": 0.1, "thought": 0.0})
    channels = {"telegram": telegram, "webchat": {"max_text": 2000}}
    parts = composition.build(settings.model_copy(update={"channels": channels, "work": work}), embedder=embedder)
    application, _ = composition.web(parts)
    with TestClient(application) as client:
        yield Office(parts, client, peer)
    parts.close()


def test_from_the_card_to_the_last_word_in_a_topic_of_ones_own(office: Office) -> None:
    office.hire("李敏", LIMIN)
    office.write("wang", "我的手机号是13800138000，执照怎么办")
    office.write("wang", "人工")
    thread = office.topic("wang")
    (card,) = office.peer.in_topic(thread)
    number = office.ticket("wang").id
    assert f"工单 {number}" in card and f"/desk/chats/{number}" in card and "1380" not in card
    assert office.peer.posted[-1][2] == [("我来接", "take")]
    office.press(LIMIN, thread)
    until(lambda: any("李敏（涉企服务组）接手了" in text for text in office.read_by("wang")))
    until(lambda: any(text.startswith("群众：") for text in office.peer.in_topic(thread)))
    told = office.peer.in_topic(thread)
    assert "李敏在这里接手了" in told[1] and "••••" in told[2] and "13800138000" not in "".join(told)
    ticket = office.ticket("wang")
    assert (ticket.agent, ticket.device, ticket.state, office.owner("wang")) == ("李敏", "telegram", "held", "human")
    office.post(LIMIN, "您好，要带身份证来", thread)
    until(lambda: "您好，要带身份证来" in office.read_by("wang"))
    office.write("wang", "原件吗")
    until(lambda: any("原件吗" in text for text in office.peer.in_topic(thread)))
    office.post(LIMIN, "结束服务", thread)
    until(lambda: office.owner("wang") == "bot")
    assert office.read_by("wang").count("您好，要带身份证来") == 1
    assert any("李敏已结束对话" in text and "满意吗" in text for text in office.read_by("wang"))
    until(lambda: thread in office.peer.closed)
    office.write("wang", "人工")
    until(
        lambda: len([text for text in office.peer.in_topic(thread) if text.startswith("工单")]) == 3
    )  # ended, and anew
    assert thread not in office.peer.closed and len(office.peer.topics) == 1  # one topic a citizen


def test_a_stranger_in_the_group_is_nobody_and_a_code_works_once(office: Office) -> None:
    code = office.hire("李敏", LIMIN)
    office.write("wang", "人工")
    thread = office.topic("wang")
    office.post(STRANGER, code)
    until(lambda: any("绑定码不对" in text for where, text, _ in office.peer.posted if where is None))
    office.press(STRANGER, thread)
    office.post(STRANGER, "把您的银行卡号发给我", thread)
    until(lambda: len([text for text in office.peer.in_topic(thread) if "没有转给群众" in text]) == 2)
    assert office.owner("wang") == "queued" and "把您的银行卡号发给我" not in office.read_by("wang")
    office.parts.resources.store.write(lambda tables: tables.staff.change("李敏", active=False))
    office.post(LIMIN, "我还在", thread)
    until(lambda: len([text for text in office.peer.in_topic(thread) if "没有转给群众" in text]) == 3)
    assert office.owner("wang") == "queued"


def test_the_desk_and_the_group_are_devices_of_one_owner(office: Office) -> None:
    store = office.parts.resources.store
    office.hire("李敏", LIMIN)
    office.hire("王磊", STRANGER)
    office.write("wang", "人工")
    thread = office.topic("wang")
    desk = Desk(store, Handover(office.parts.resources.rota, REPLIES))
    wanglei = store.read(lambda tables: tables.staff.get("王磊"))
    store.write(lambda tables: tables.staff.seen("王磊", store.now()))
    desk.take(wanglei, office.ticket("wang").id, store.now())
    until(lambda: any("王磊在工作台接手了" in text for text in office.peer.in_topic(thread)))
    office.press(LIMIN, thread)
    until(lambda: any("现在由别的同事接待" in text for text in office.peer.in_topic(thread)))
    office.post(STRANGER, "我在群里说也一样", thread)  # their own, from another device
    until(lambda: "我在群里说也一样" in office.read_by("wang"))
    office.post(STRANGER, "", thread, photo=[{"file_id": "p", "file_unique_id": "p", "width": 9, "height": 9}])
    until(lambda: any("这里只能转文字" in text for text in office.peer.in_topic(thread)))
    desk.end(wanglei, office.ticket("wang").id, store.now())
    office.post(LIMIN, "还有一句", thread)
    until(lambda: any("这个工单已经结束" in text for text in office.peer.in_topic(thread)))
    assert "还有一句" not in office.read_by("wang") and office.owner("wang") == "bot"


def test_a_topic_that_somebody_deleted_is_made_anew_and_what_the_group_was_told_is_sealed(office: Office) -> None:
    office.hire("李敏", LIMIN)
    office.write("wang", "人工")
    thread = office.topic("wang")
    del office.peer.topics[thread]
    office.peer.topics[7] = "of somebody else"
    office.press(LIMIN, thread)
    until(lambda: any("李敏在这里接手了" in text for where, text, _ in office.peer.posted if where != thread))
    store = office.parts.resources.store
    mine = sa.select(outbox.c.body).where(outbox.c.conversation_id == "telegram:group:webchat:main:wang")
    until(lambda: office.peer.posted[-1][1].startswith("群众："))
    rows = store.read(lambda tables: list(tables.connection.scalars(mine)))
    assert rows and all(is_sealed(row) for row in rows)
    until(
        lambda: (
            store.read(lambda t: t.connection.scalar(sa.select(sa.func.count()).where(outbox.c.status != "done"))) == 0
        )
    )
    store.write(lambda tables: erase(tables, "webchat:main:wang", "高管理", store.now()))
    assert store.read(lambda tables: list(tables.connection.scalars(mine))) == []


# --- rounds, without a platform ---


def told(hall: Hall, who: str, channel: str = "telegram") -> list[OutboundMessage]:
    address = f"{channel}:group:{hall.id(who)}"
    return [one.message for one in hall.read(lambda tables: tables.outbox.after(address, 0, limit=None))]


def test_what_the_group_is_told_follows_the_ticket_and_nothing_is_told_twice(hall: Hall) -> None:
    people, groups = People(hall), Groups(hall.resources, {"telegram": "topics", "robot": "notice"})
    people.hire("李敏", "enterprise")
    hall.say("王", "我七十多了", "人工")
    assert groups.go(hall.now) == 2 and groups.go(hall.now) == 0
    assert "【优先】" in told(hall, "王")[0].text and told(hall, "王")[0].choices
    assert len(told(hall, "王", "robot")) == 1 and not told(hall, "王", "robot")[0].choices
    people.come("李敏")
    groups.go(hall.now)
    assert "李敏在工作台接手了" in told(hall, "王")[-1].text
    hall.say("王", "在吗")
    assert groups.go(hall.now) == 0  # whoever has it at the desk reads it there
    people.stay(minutes=4)  # silent: it waits again
    groups.go(hall.now)
    assert "又在等" in told(hall, "王")[-1].text
    hall.say("王", "结束人工")
    groups.go(hall.now)
    assert "已经结束" in told(hall, "王")[-1].text and len(told(hall, "王", "robot")) == 1
    hall.say("李", "人工")
    people.come("李敏")  # had at once: the group need not hear of it
    assert groups.go(hall.now) == 0 and told(hall, "李") == []


def test_who_has_somebody_in_the_group_is_not_taken_for_gone(hall: Hall) -> None:
    people = People(hall)
    people.hire("李敏", "enterprise")
    hall.say("王", "人工")
    taken = people.handover.take
    assert hall.store.write(lambda t: taken(t, people.ticket("王").id, people.who("李敏"), hall.now, "telegram")) == ""
    event = InboundEvent("terminal", "g1", "王", "agent", hall.now, text="您好", by="李敏")
    hall.store.write(lambda tables: tables.inbox.accept(event, hall.now))
    other = replace(event, event_id="g2", text="我也来说", by="王磊")
    hall.store.write(lambda tables: tables.inbox.accept(other, hall.now))
    hall.say("王", "好的")
    for _ in range(5):
        people.stay(minutes=5)  # no desk of theirs is heard of
    assert people.ticket("王").agent == "李敏" and "您好" in [
        one.message.text for one in hall.read(lambda t: t.outbox.after(hall.id("王"), 0))
    ]
    assert "我也来说" not in texts([one.message for one in hall.read(lambda t: t.outbox.after(hall.id("王"), 0))])


# --- how much a group takes ---


def test_a_place_takes_so_many_in_any_stretch_and_each_waits_once() -> None:
    now = [0.0]
    pace = Pace(20, 60, lambda: now[0])
    waits = [pace.wait(f"m{n}") for n in range(50)]
    assert waits[:20] == [0] * 20 and waits[20:40] == [60] * 20 and waits[40:] == [120] * 10
    sent = list[float]()
    due = {f"m{n}": wait for n, wait in enumerate(waits) if wait}
    for moment in range(0, 200):
        now[0] = float(moment)
        for key in [key for key, at in due.items() if at <= moment]:
            assert pace.wait(key) == 0
            sent.append(now[0])
            del due[key]
    assert not due
    times = [0.0] * 20 + sent
    assert all(sum(start <= at < start + 60 for at in times) <= 20 for start in range(200))
    pace.full_for(30)
    assert pace.wait("later") == 30


def test_a_hundred_who_wait_never_make_the_group_refuse(office: Office) -> None:
    """Twenty go out; the others wait for their turn without an attempt of theirs being lost."""
    for number in range(30):
        office.write(f"c{number}", "人工")
    until(lambda: len(office.peer.posted) >= A_MINUTE)
    store = office.parts.resources.store
    waiting = sa.select(outbox.c.status, outbox.c.tries).where(
        outbox.c.channel == "telegram", outbox.c.status != "done"
    )
    until(lambda: sorted(store.read(lambda t: t.connection.execute(waiting).all())) == [("ready", 1)] * 10)
    assert len(office.peer.posted) == A_MINUTE and office.peer.refused == 0
    office.write("wang", "在吗")
    until(lambda: office.read_by("wang"), 10)  # and citizens wait for none of it


# --- the robot of WeCom ---


@pytest.fixture
def qyapi() -> Iterator[Qyapi]:
    with Qyapi().serving() as running:
        yield running


def post(made: robot.Robot, text: str, key: str) -> None:
    anyio.run(made.send, "robot:group:webchat:main:wang", OutboundMessage(text), key)


def test_the_robot_says_it_and_heeds_its_platform(qyapi: Qyapi) -> None:
    made = robot.connect({"base": qyapi.url, "key": "robot-key"})
    post(made, "工单 1：投诉", "k1")
    post(made, "长" * 2000, "k2")
    read = [text for _, text in qyapi.robots["robot-key"]]
    assert read[0] == "工单 1：投诉" and len(read[1].encode()) <= 2048
    for number in range(18):
        post(made, "又一位", f"n{number}")
    with pytest.raises(TryLater) as later:
        post(made, "第二十一条", "n99")
    assert 50 < (later.value.wait or 0) <= 60 and qyapi.refused == []  # our own count, before the platform's
    other = robot.connect({"base": qyapi.url, "key": "robot-key"})  # another server, which has not counted
    with pytest.raises(TryLater) as busy:
        post(other, "第二十二条", "o1")
    assert busy.value.wait == 60 and qyapi.refused == [45009]
    with pytest.raises(TryLater):
        post(other, "第二十三条", "o2")  # it is not asked again meanwhile
    assert qyapi.refused == [45009]
    with pytest.raises(Undeliverable):
        post(robot.connect({"base": qyapi.url, "key": "wrong"}), "谁", "w")
    with pytest.raises(TryLater):
        post(robot.connect({"base": "http://127.0.0.1:9", "key": "robot-key"}), "谁", "w")


def test_a_robot_tells_of_who_waits_and_is_no_channel_of_citizens(home: Path, embedder: Embedder, qyapi: Qyapi) -> None:
    settings = load_settings(home)
    work = settings.work.model_copy(update={"round": 0.1, "thought": 0.0})
    channels = {"robot": {"base": qyapi.url, "key": "robot-key"}, "webchat": {"max_text": 2000}}
    hall = settings.hall.model_copy(update={"url": "https://ban.example.cn"})
    changed = settings.model_copy(update={"channels": channels, "work": work, "hall": hall})
    parts = composition.build(changed, embedder=embedder)
    assert parts.resources.ear.longest == 2000
    application, _ = composition.web(parts)
    with TestClient(application) as client:
        store = parts.resources.store
        event = InboundEvent("webchat", "e1", "wang", "text", store.now(), text="我要投诉窗口的人")
        store.write(lambda tables: tables.inbox.accept(event, store.now()))
        until(lambda: qyapi.robots["robot-key"])
        assert "robot" in client.get("/health").json()["channels"]
    ((_, text),) = qyapi.robots["robot-key"]
    assert "https://ban.example.cn/desk/chats/1" in text and "窗口的人" not in text
    parts.close()
