"""The page on which citizens subscribe to notices: signed for its own address, and in WeChat alone."""

import re
import time
from collections.abc import Iterator
from hashlib import sha1
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from bot import app as composition
from bot.app import App
from bot.channels.wechat.client import Client
from bot.channels.wechat.subscribing import signature
from bot.errors import TryLater
from bot.settings import load_settings
from knowledge.embedding import Embedder
from tests.peers.weixin import AES_KEY, APP, SECRET, TOKEN, Weixin
from tests.test_wechat import until

HALL = "https://ban.example.gov.cn"
PAGE = "/channels/wechat/subscribe"
INSIDE = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36 MicroMessenger/8.0.50"
FIELDS = {"thing1": "{kind}"}
NOTICES = [
    {"id": "T-standing", "name": "证照到期提醒", "fields": FIELDS},
    {"id": "T-once", "standing": False, "name": "补交材料提醒", "fields": FIELDS},
]


@pytest.fixture
def peer() -> Iterator[Weixin]:
    with Weixin().serving() as running:
        yield running


def built(home: Path, embedder: Embedder, peer: Weixin, **more: object) -> App:
    secrets = {"token": TOKEN, "aes_key": AES_KEY, "secret": SECRET}
    section = {"wait": 0, "app_id": APP, "base": peer.url, **secrets, **more}
    known = load_settings(home)
    hall = known.hall.model_copy(update={"url": HALL})
    return composition.build(
        known.model_copy(update={"channels": {"wechat": section}, "hall": hall}), embedder=embedder
    )


@pytest.fixture
def parts(home: Path, embedder: Embedder, peer: Weixin) -> Iterator[App]:
    running = built(home, embedder, peer, notices=NOTICES)
    yield running
    running.close()


@pytest.fixture
def client(parts: App) -> Iterator[TestClient]:
    with TestClient(composition.web(parts)[0], headers={"User-Agent": INSIDE}) as running:
        yield running


def given(page: str, name: str) -> str:
    found = re.search(f'data-{name}="([^"]+)"', page)
    assert found is not None
    return found[1]


def test_the_platforms_own_sample_of_a_signature_holds() -> None:
    ticket = "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg"
    made = signature(ticket, "Wm3WZYTPz0wzccnW", 1414587457, "http://mp.weixin.qq.com?params=value")
    assert made == "0f9de62fce790f9a083d5c99e95740ceb90c27ed"


def test_the_page_is_signed_for_its_own_address(client: TestClient, peer: Weixin) -> None:
    reply = client.get(f"{PAGE}?from=singlemessage&isappinstalled=0")
    assert reply.status_code == 200 and "no-store" in reply.headers["cache-control"]
    url = f"{HALL}{PAGE}?from=singlemessage&isappinstalled=0"
    stamp, nonce = given(reply.text, "stamp"), given(reply.text, "nonce")
    told = f"jsapi_ticket={peer.tickets[0]}&noncestr={nonce}&timestamp={stamp}&url={url}"
    assert given(reply.text, "signature") == sha1(told.encode()).hexdigest()
    assert given(reply.text, "app") == APP and abs(int(stamp) - time.time()) < 60
    assert re.findall(r'<wx-open-subscribe template="([^"]+)"', reply.text) == ["T-standing", "T-once"]
    assert peer.tickets[0] not in reply.text and SECRET not in reply.text
    again = client.get(PAGE)
    assert given(again.text, "nonce") != nonce and len(peer.tickets) == 1, "the ticket is kept"


def test_the_outside_script_is_on_this_page_alone(client: TestClient, peer: Weixin) -> None:
    policies = client.get(PAGE).headers.get_list("content-security-policy")
    assert len(policies) == 1 and "script-src 'self' https://res.wx.qq.com;" in policies[0]
    assert "unsafe" not in policies[0] and "frame-ancestors 'none'" in policies[0]
    elsewhere = client.get(PAGE, headers={"User-Agent": "Mozilla/5.0 Firefox/130.0"})
    assert "请在微信里打开" in elsewhere.text and "wx-open" not in elsewhere.text
    for other in (elsewhere, client.get("/")):
        assert "qq.com" not in other.headers["content-security-policy"] + other.text
    assert len(peer.tickets) == 1, "nobody outside makes us ask for a ticket"


def test_a_ticket_outlives_tokens_that_end_and_is_renewed_before_its_own_end(peer: Weixin) -> None:
    client = Client(APP, SECRET, peer.url)
    first = client.ticket()
    peer.end_token()
    assert client.ticket() == first and len(peer.tokens) == 1
    short = Client(APP, SECRET, peer.url)
    peer.ticket_lasts = 30
    short.ticket()
    peer.end_token()
    peer.cues = [42001]
    with pytest.raises(TryLater):
        short.ticket()
    assert peer.refused[-2:] == [40001, 42001], "one token that ended is renewed, a second one is trouble"
    assert short.ticket() == peer.tickets[-1] and len(peer.tickets) == 3


def test_without_a_ticket_the_page_says_so(client: TestClient, peer: Weixin) -> None:
    client.get("/health")
    peer.token({"appid": APP, "secret": SECRET})
    peer.cues = [45009]
    reply = client.get(PAGE)
    assert reply.status_code == 503 and "请过几分钟" in reply.text and "wx-open" not in reply.text
    assert client.get(PAGE).status_code == 200


def test_the_page_is_asked_for_in_the_chat_and_what_is_decided_there_counts(
    client: TestClient, peer: Weixin, parts: App
) -> None:
    peer.push(client, "wang", Content="订阅提醒")
    until(lambda: f"{HALL}{PAGE}" in "".join(peer.read_by("wang")))
    agreed = lambda: parts.resources.store.read(lambda t: t.consents.given("wechat:main:wang"))  # noqa: E731
    for what, stands in (("reject", False), ("accept", True)):
        peer.decide(client, "wang", "T-standing", what)
        assert agreed() is stands


def test_where_nothing_can_be_subscribed_to_there_is_no_page(home: Path, embedder: Embedder, peer: Weixin) -> None:
    parts = built(home, embedder, peer)
    with TestClient(composition.web(parts)[0]) as client:
        assert client.get(PAGE, headers={"User-Agent": INSIDE}).status_code == 404
        peer.push(client, "wang", Content="订阅提醒")
        until(lambda: "不用另外订阅" in "".join(peer.read_by("wang")))
    parts.close()
