"""Notices that citizens subscribed to: only what was agreed to is sent; who cannot be told so is told otherwise."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from pydantic import ValidationError

from bot import app as composition
from bot.app import App
from bot.channels.wechat.notices import Decision, Template, decisions, record
from bot.domain.messages import OutboundMessage, merged
from bot.errors import Undeliverable
from bot.ledger.wording import FACTS
from bot.settings import load_settings
from bot.store.db import Store
from bot.store.tables import outbox
from knowledge.embedding import Embedder
from tests.hall import Hall
from tests.peers.weixin import AES_KEY, APP, SECRET, TOKEN, Weixin
from tests.test_nudges import Channel, Office, food
from tests.test_wechat import until

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
WANG = "wechat:main:wang"
STANDING, ONCE = "T-standing", "T-once"
TEMPLATES = [
    {"id": ONCE, "standing": False, "fields": {"thing1": "{kind}到期", "character_string2": "{tail}"}},
    {"id": STANDING, "fields": {"thing1": "{hall}提醒您{kind}快到期了", "time2": "{day}"}},
]
MONDAY = date(2026, 11, 23)


@pytest.fixture
def peer() -> Iterator[Weixin]:
    with Weixin().serving() as running:
        yield running


@pytest.fixture
def parts(home: Path, embedder: Embedder, peer: Weixin) -> Iterator[App]:
    secrets = {"token": TOKEN, "aes_key": AES_KEY, "secret": SECRET}
    section = {"wait": 0, "app_id": APP, "base": peer.url, "notices": TEMPLATES, **secrets}
    settings = load_settings(home).model_copy(update={"channels": {"wechat": section}})
    built = composition.build(settings, embedder=embedder)
    yield built
    built.close()


@pytest.fixture
def client(parts: App) -> Iterator[TestClient]:
    application, _ = composition.web(parts)
    with TestClient(application) as running:
        yield running


def notify(parts: App, key: str) -> None:
    facts = tuple(
        zip(FACTS, ("食品经营许可证", "1234", "2026-12-31", "2026-12-10", "1", "7F2K", "政务服务中心"), strict=True)
    )
    store, message = parts.resources.store, OutboundMessage("证快到期了", template="nudge", facts=facts)
    store.write(lambda t: t.outbox.put(WANG, [message], store.now(), key))


def status(parts: App, key: str) -> str:
    found = sa.select(outbox.c.status).where(outbox.c.key == f"{key}:0")
    return str(parts.resources.store.read(lambda t: t.connection.scalar(found)))


def test_what_was_agreed_to_is_sent_and_nothing_else(client: TestClient, peer: Weixin, parts: App) -> None:
    notify(parts, "a")
    until(lambda: status(parts, "a") == "dead")
    assert peer.notices == [] and peer.refused == [], "nobody asked the platform for what was never agreed to"
    assert peer.decide(client, "wang", ONCE, "accept").status_code == 200
    notify(parts, "b")
    until(lambda: status(parts, "b") == "done")
    assert peer.notices == [
        ("wang", ONCE, {"thing1": {"value": "食品经营许可证到期"}, "character_string2": {"value": "1234"}})
    ]
    notify(parts, "c")
    until(lambda: status(parts, "c") == "dead")
    assert len(peer.notices) == 1, "it was for once"


def test_what_stands_goes_before_what_is_used_up_and_may_be_taken_back(
    client: TestClient, peer: Weixin, parts: App
) -> None:
    for template in (ONCE, STANDING, STANDING):
        peer.decide(client, "wang", template, "accept")
    notify(parts, "a")
    until(lambda: status(parts, "a") == "done")
    assert peer.notices[0][1] == STANDING
    assert peer.notices[0][2] == {
        "thing1": {"value": "政务服务中心提醒您食品经营许可证快到期了"},
        "time2": {"value": "2026-12-31"},
    }
    peer.decide(client, "wang", STANDING, "reject", "Change")
    peer.decide(client, "wang", ONCE, "reject", "Change")
    notify(parts, "b")
    until(lambda: status(parts, "b") == "dead")
    assert len(peer.notices) == 1 and peer.refused == []


def test_a_refusal_that_we_did_not_hear_of_is_believed(client: TestClient, peer: Weixin, parts: App) -> None:
    peer.decide(client, "wang", STANDING, "accept")
    peer.agreed.clear()
    notify(parts, "a")
    until(lambda: status(parts, "a") == "dead")
    notify(parts, "b")
    until(lambda: status(parts, "b") == "dead")
    assert peer.refused == [43101], "asked once, and no more"


def test_one_that_did_not_arrive_is_lost(client: TestClient, peer: Weixin, parts: App) -> None:
    peer.decide(client, "wang", STANDING, "accept")
    notify(parts, "a")
    until(lambda: status(parts, "a") == "done")
    peer.tell_of(client, "wang", STANDING, 0)
    assert status(parts, "a") == "done"
    peer.tell_of(client, "wang", STANDING, 43101)
    assert status(parts, "a") == "dead"
    assert not parts.resources.store.read(lambda t: t.consents.given(WANG))


class Refusing(Channel):
    """A chat whose window is closed, in which notices by template arrive, unless they are refused too."""

    def __init__(self, takes: bool) -> None:
        super().__init__()
        self.takes = takes

    async def send(self, conversation_id: str, message: OutboundMessage, key: str) -> None:
        if not message.template or not self.takes:
            raise Undeliverable("closed, or 43101")
        self.sent.append((conversation_id, message))


@pytest.mark.parametrize("takes", [True, False])
def test_a_nudge_goes_by_notice_where_the_chat_is_closed_and_on_where_that_is_refused(
    takes: bool, tmp_path: Path, database_url: str
) -> None:
    office = Office(Hall(tmp_path, database_url), sms="http://127.0.0.1:1/send")
    settings = office.hall.resources.settings
    assert "terminal" in settings.channels
    office.channel = Refusing(takes)
    office.keep(food(), who="w")
    office.hall.store.write(lambda t: t.consents.give(office.hall.id("w"), STANDING, True, office.hall.now))
    office.go()
    ways = office.ways()
    assert ways[0] == ("chat", "failed", "undeliverable")
    if takes:
        assert ways[1:] == [("notice", "reached", "")]
        ((_, message),) = office.channel.sent
        facts = dict(message.facts)
        assert (facts["tail"], facts["day"]) == ("JY1", "2026-12-31") and facts["code"] in message.text
        inbox_id = office.hall.read(lambda t: t.outbox.notice_lost(office.hall.id("w"), office.hall.now, "x"))
        assert inbox_id is not None
    else:
        assert ways[1] == ("notice", "failed", "undeliverable") and ways[2][0] == "sms"


def test_what_seemed_to_arrive_and_did_not_goes_the_next_way(tmp_path: Path) -> None:
    office = Office(Hall(tmp_path, f"sqlite:///{tmp_path / 'banshi.db'}"), sms="http://127.0.0.1:1/send")
    office.channel = Refusing(True)
    office.keep(food(), who="w")
    who = office.hall.id("w")
    office.hall.store.write(lambda t: t.consents.give(who, STANDING, True, office.hall.now))
    office.go()
    lost = [Decision(STANDING, code=43101)]
    known = [Template.model_validate(TEMPLATES[1])]
    office.hall.store.write(partial(record, who, lost, known, office.hall.now))
    office.go()
    assert [way[:2] for way in office.ways()][:2] == [("chat", "failed"), ("notice", "failed")]
    assert office.ways()[2][0] == "sms"


def test_templates_are_checked_and_cut_to_what_they_hold() -> None:
    for fields in ({"thing1": "{name}"}, {"thing": "x"}, {"thing1": "{"}):
        with pytest.raises(ValidationError):
            Template(id="t", fields=fields)
    one = Template(id="t", fields={"thing1": "{hall}", "phrase2": "{kind}", "time3": "{day}"})
    filled = one.filled({"hall": "长" * 30, "kind": "食品经营许可证", "day": "2026-12-31"})
    assert [len(value["value"]) for value in filled.values()] == [20, 5, 10]


def test_events_become_decisions() -> None:
    one = {"TemplateId": "a", "SubscribeStatusString": "accept"}
    two = {"TemplateId": "b", "SubscribeStatusString": "reject"}
    assert decisions({"SubscribeMsgPopupEvent": {"List": [one, two]}}) == (Decision("a", True), Decision("b"))
    assert decisions({"SubscribeMsgChangeEvent": {"List": two}}) == (Decision("b"),)
    sent = {"TemplateId": "a", "MsgID": "1", "ErrorCode": "0", "ErrorStatus": "success"}
    assert decisions({"SubscribeMsgSentEvent": {"List": sent}}) == (Decision("a", code=0),)
    assert decisions({}) == () and decisions({"SubscribeMsgPopupEvent": None}) == ()


def test_a_notice_stays_by_itself() -> None:
    said = [OutboundMessage("一"), OutboundMessage("二", template="nudge"), OutboundMessage("三")]
    assert merged(said) == said


def test_consents_are_kept_alike_on_both_engines(database_url: str) -> None:
    store = Store(database_url)
    give: Any = lambda template, standing: store.write(lambda t: t.consents.give("c", template, standing, NOW))  # noqa: E731
    take: Any = lambda *templates: store.write(lambda t: t.consents.take("c", templates))  # noqa: E731
    give("once", False)
    give("once", False)
    assert [take("once") for _ in range(3)] == ["once", "once", ""]
    store.write(lambda t: t.consents.give_back("c", "once"))
    give("good", True)
    assert [take("good", "once") for _ in range(3)] == ["good"] * 3
    store.write(lambda t: t.consents.refuse("c", "good", NOW))
    assert [take("good", "once") for _ in range(2)] == ["once", ""]
    assert not store.read(lambda t: t.consents.given("c"))
    store.close()
