"""Turns that fail: rolled back, tried again, apologised for once, given up with a ticket; the next goes on."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import anyio
import pytest

from bot import app as composition
from bot import loops
from bot.app import App
from bot.channels.base import Capabilities
from bot.domain.messages import InboundEvent, OutboundMessage
from bot.errors import ChannelError, TryLater, Undeliverable, Unknown
from bot.hearing import Heard
from bot.settings import load_settings
from bot.store.queue import dead_letters
from bot.store.tables import inbox, outbox


@pytest.fixture
def parts(home: Path) -> Iterator[App]:
    built = composition.build(load_settings(home))
    yield built
    built.close()


@dataclass(frozen=True)
class BrokenEar:
    """Fails as a model might, a number of times."""

    real: object
    failures: list[Exception]
    longest: int = 2000

    def hear(self, event: InboundEvent, now: datetime, topic: str = "") -> Heard:
        if event.text.startswith("坏消息") and self.failures:
            raise self.failures.pop()
        return self.real.hear(event, now, topic)  # type: ignore[attr-defined, no-any-return]


class FakeChannel:
    """Stands where a platform would be: remembers what it took, and fails on cue."""

    capabilities = Capabilities(max_text=2000)

    def __init__(self) -> None:
        self.took: list[tuple[str, str]] = []
        self.faults: list[Exception | None] = []

    async def send(self, conversation_id: str, message: OutboundMessage, key: str) -> None:
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None:
            raise fault
        self.took.append((conversation_id, message.text))


def keep(parts: App, number: int, text: str, sender: str = "wang") -> int:
    store = parts.resources.store
    event = InboundEvent("webchat", f"{sender}-{number}", sender, "text", store.now(), text=text)
    return store.write(lambda tables: tables.inbox.accept(event, store.now()))[0]


def work_until(parts: App, now: datetime, channel: FakeChannel) -> None:
    channels = {"webchat": channel}
    while True:
        claims = loops.claim_turns(parts.resources, channels, now, 4)
        for claimed in claims:
            loops.run_turn(parts.resources, claimed, now)
        delivered = anyio.run(loops.deliver_once, parts.resources, channels, now)
        if not claims and not delivered:
            return


def test_eight_failures_one_apology_a_ticket_and_the_next_goes_on(parts: App, caplog: pytest.LogCaptureFixture) -> None:
    resources = parts.resources
    ear = BrokenEar(resources.ear, [KeyError("不该出现在日志里的话")] * 8)
    parts = replace(parts, resources=replace(resources, ear=ear))  # type: ignore[arg-type]
    first = keep(parts, 1, "坏消息")
    keep(parts, 2, "你好")
    keep(parts, 1, "你好", "li")
    channel, now = FakeChannel(), resources.store.now()

    work_until(parts, now, channel)
    assert [to for to, _ in channel.took] == ["webchat:main:li"] * 2, "only its own conversation waits"

    for _ in range(9):
        now += timedelta(minutes=3)
        work_until(parts, now, channel)
    said = [text for to, text in channel.took if to == "webchat:main:wang"]
    assert f"编号 {first}" in said[0] and "重试" in said[0]
    assert "工单号" in said[1] and f"编号 {first}" in said[1]
    assert said[2].startswith("您好"), "the next message is answered"
    assert len(said) == 4, "and the introduction"

    letters = resources.store.read(lambda tables: dead_letters(tables.connection, [inbox, outbox]))
    assert [row["id"] for row in letters] == [first]
    assert letters[0]["error"].startswith("KeyError at test_turns.py:"), "where, but no word of what was typed"
    assert caplog.text.count("turn failed: KeyError at test_turns.py:") == 8 and "不该出现" not in caplog.text
    tickets = resources.store.read(lambda tables: tables.tickets.waiting())
    assert [ticket.reason for ticket in tickets] == ["failed"]
    assert resources.store.read(lambda tables: tables.inbox.result(first)).outcome == "error"


def test_a_short_fault_is_got_over(parts: App) -> None:
    ear = BrokenEar(parts.resources.ear, [OSError()])
    broken = replace(parts, resources=replace(parts.resources, ear=ear))  # type: ignore[arg-type]
    id, channel, now = keep(broken, 1, "坏消息"), FakeChannel(), broken.resources.store.now()
    work_until(broken, now, channel)
    assert channel.took == []
    work_until(broken, now + timedelta(seconds=2), channel)
    assert channel.took
    assert broken.resources.store.read(lambda tables: tables.inbox.result(id)).outcome != "error"


@pytest.mark.parametrize(
    ("fault", "wait"), [(lambda: TryLater("429", wait=30), 31), (lambda: TryLater("502"), 2)], ids=["429", "502"]
)
def test_a_channel_that_says_later_is_tried_later_and_in_order(
    parts: App, fault: Callable[[], ChannelError], wait: int
) -> None:
    keep(parts, 1, "你好")
    channel, now = FakeChannel(), parts.resources.store.now()
    channel.faults = [fault()]
    work_until(parts, now, channel)
    assert channel.took == []
    work_until(parts, now + timedelta(seconds=wait), channel)
    assert len(channel.took) == 2
    assert channel.took[0][1].startswith("您好"), "the answer first, the introduction second"


@pytest.mark.parametrize("fault", [Undeliverable("blocked"), Unknown("timeout")], ids=["undeliverable", "unknown"])
def test_what_can_never_arrive_or_may_have_arrived_is_not_repeated(parts: App, fault: ChannelError) -> None:
    keep(parts, 1, "你好")
    channel, now = FakeChannel(), parts.resources.store.now()
    channel.faults = [fault]
    for hours in range(3):
        work_until(parts, now + timedelta(hours=hours), channel)
    assert [text.startswith("您好") for _, text in channel.took] == [False], "the message behind it goes on"
    letters = parts.resources.store.read(lambda tables: dead_letters(tables.connection, [outbox]))
    assert [row["error"] for row in letters] == [type(fault).__name__]


def test_a_fault_in_a_channel_stops_no_other_delivery_and_is_tried_again(parts: App) -> None:
    keep(parts, 1, "你好")
    keep(parts, 1, "你好", "li")
    channel, now = FakeChannel(), parts.resources.store.now()
    channel.faults = [KeyError("不该出现在日志里的话")]
    work_until(parts, now, channel)
    assert {to for to, _ in channel.took} == {"webchat:main:li"}
    work_until(parts, now + timedelta(seconds=2), channel)
    assert [text.startswith("您好") for to, text in channel.took if to == "webchat:main:wang"] == [True, False]


def test_a_killed_servers_claims_are_taken_over_at_once(parts: App) -> None:
    id = keep(parts, 1, "你好")
    now = parts.resources.store.now()
    assert loops.claim_turns(parts.resources, ["webchat"], now, 1)
    assert loops.claim_turns(parts.resources, ["webchat"], now, 1) == []
    loops.take_over(parts.resources, ["webchat"])
    assert [claimed.id for claimed in loops.claim_turns(parts.resources, ["webchat"], now, 1)] == [id]
