"""Calls that are not the platforms': forged, replayed, stale, cut, bent, with another's key, as a bomb. All are
refused, nothing of them is kept, and none breaks anything. BANSHI_BAD_CALLS says how many of each platform's.
"""

import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from hashlib import sha1
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from httpx import Response
from wechatpy.crypto import WeChatCrypto

from bot import app as composition
from bot.app import App
from bot.settings import load_settings
from bot.store.tables import inbox
from knowledge.embedding import Embedder
from tests.peers import qyapi, weixin
from tests.peers.telegram import TOKEN, Platform
from tests.test_telegram import HEADER
from tests.test_wechat import until

CALLS = int(os.environ.get("BANSHI_BAD_CALLS", "600"))
BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><xml><Encrypt>&b;</Encrypt></xml>'
SECRET = "s-1"

Call = tuple[dict[str, Any], bytes]


@pytest.fixture
def served(home: Path, embedder: Embedder) -> Iterator[tuple[App, TestClient]]:
    with ExitStack() as stack:
        one, two, three = (stack.enter_context(peer().serving()) for peer in (weixin.Weixin, qyapi.Qyapi, Platform))
        keys = {"token": weixin.TOKEN, "aes_key": weixin.AES_KEY, "secret": weixin.SECRET}
        channels = {
            "wechat": {"wait": 0, "app_id": weixin.APP, "base": one.url, **keys},
            "wecom": {"corp_id": qyapi.CORP, "base": two.url, **keys},
            "telegram": {"mode": "webhook", "base": three.url, "token": TOKEN, "secret": SECRET},
        }
        parts = composition.build(load_settings(home).model_copy(update={"channels": channels}), embedder=embedder)
        application, _ = composition.web(parts)
        with TestClient(application, raise_server_exceptions=False) as client:
            until(lambda: "kf/sync_msg" in two.calls)
            yield parts, client
        parts.close()


def kept(parts: App) -> int:
    counted = sa.select(sa.func.count()).select_from(inbox)
    return int(parts.resources.store.read(lambda t: t.connection.scalar(counted)) or 0)


class Forger:
    """Knows everything about a platform's calls but its secrets; `good` is one that was overheard."""

    def __init__(self, owner: str, xml: str) -> None:
        self.draw, self.owner, self.xml = random.Random(23), owner, xml
        self.good = self.sealed(time.time())

    def sealed(
        self, at: float, token: str = weixin.TOKEN, key: str = weixin.AES_KEY, owner: str = "", xml: str = ""
    ) -> Call:
        stamp, nonce = str(int(at)), f"{self.draw.getrandbits(40):x}"
        body = WeChatCrypto(token, key, owner or self.owner).encrypt_message(xml or self.xml, nonce, stamp)
        text = body.partition("<Encrypt><![CDATA[")[2].partition("]]>")[0]
        signs = [sha1("".join(sorted([token, stamp, nonce, *more])).encode()).hexdigest() for more in ((), (text,))]
        query = {"signature": signs[0], "timestamp": stamp, "nonce": nonce, "encrypt_type": "aes"}
        return query | {"msg_signature": signs[1]}, body.encode()

    def calls(self) -> Iterator[Call]:
        """One way after the other, for ever."""
        draw, now = self.draw, time.time
        query, body = self.good
        stale = [self.sealed(now() + by) for by in (-301, -86400, -(10**8), 3600, 86400)]
        strange = [self.sealed(now(), token="t"), self.sealed(now(), key="b" * 43), self.sealed(now(), owner="wx0")]
        nonsense = [self.sealed(now(), xml=xml) for xml in ("<xml>", "no xml", "<xml><MsgType>text</MsgType>", BOMB)]

        def bent() -> Call:
            made, place = bytearray(body), body.index(b"CDATA[") + 6 + draw.randrange(60)
            made[place] ^= 1 << draw.randrange(4)
            return query, bytes(made)

        ways: list[Callable[[], Call]] = [
            lambda: (query | {"msg_signature": f"{draw.getrandbits(160):040x}"}, body),
            lambda: (query | {"timestamp": str(draw.randrange(10**11))}, body),
            lambda: (query | {"nonce": f"{draw.getrandbits(30)}"}, body),
            lambda: draw.choice(stale),
            lambda: draw.choice(strange),
            lambda: draw.choice(nonsense),
            lambda: (query, body[: draw.randrange(len(body) - 120)]),
            lambda: (query, draw.randbytes(draw.randrange(400))),
            lambda: (query, BOMB.encode()),
            lambda: ({}, body),
            lambda: (query | {"msg_signature": "\U0001f600"}, b"\xff\x00"),
            bent,
        ]
        while True:
            yield from (way() for way in ways)


ABOUT = "<FromUserName>wang</FromUserName><CreateTime>1</CreateTime><MsgType>text</MsgType>"
OF_WECHAT = f"<xml>{ABOUT}<MsgId>1</MsgId><Content>x</Content></xml>"
OF_WECOM = f"<xml><Event>kf_msg_or_event</Event><Token>t</Token><OpenKfId>{qyapi.ACCOUNT}</OpenKfId></xml>"


@pytest.mark.parametrize(("name", "owner", "xml"), [("wechat", weixin.APP, OF_WECHAT), ("wecom", qyapi.CORP, OF_WECOM)])
def test_what_is_not_the_platforms_is_refused_and_not_kept(
    served: tuple[App, TestClient], name: str, owner: str, xml: str
) -> None:
    parts, client = served
    calls = Forger(owner, xml).calls()
    found: dict[int, int] = {}
    for _ in range(CALLS):
        query, body = next(calls)
        status = client.post(f"/channels/{name}", params=query, content=body).status_code
        found[status] = found.get(status, 0) + 1
    assert found == {403: CALLS} and kept(parts) == 0


def test_a_genuine_call_that_is_sent_again_and_again_is_one(served: tuple[App, TestClient]) -> None:
    parts, client = served
    for name, forger in (("wechat", Forger(weixin.APP, OF_WECHAT)), ("wecom", Forger(qyapi.CORP, OF_WECOM))):
        query, body = forger.good
        statuses = [client.post(f"/channels/{name}", params=query, content=body).status_code for _ in range(50)]
        assert statuses == [200] * 50, name
    assert kept(parts) == 1, "of WeChat's; WeCom's only says that there is something to be read"


def test_updates_of_nobody_are_refused_and_broken_ones_break_nothing(served: tuple[App, TestClient]) -> None:
    parts, client = served
    draw = random.Random(31)
    update = (
        b'{"update_id": 7, "message": {"message_id": 1, "date": 1, "chat": {"id": 7, "type": "private"}, "text": "x"}}'
    )

    def post(body: bytes, secret: str | None) -> Response:
        return client.post("/channels/telegram", content=body, headers={} if secret is None else {HEADER: secret})

    wrong = [lambda: None, lambda: "", lambda: "s-2", lambda: "s-1x", lambda: f"{draw.getrandbits(64):x}"]
    broken = [
        lambda: update[: draw.randrange(len(update) - 1)],
        lambda: draw.randbytes(draw.randrange(300)),
        lambda: b"[" * draw.randrange(1, 5000),
        lambda: update.replace(b'"id": 7', b'"id": {"$gt": 1}'),
        lambda: update.replace(b"7", b"1e999"),
        lambda: update.replace(b'"update_id": 7', b'"update_id": null'),
    ]
    refused = {post(update, wrong[n % len(wrong)]()).status_code for n in range(CALLS // 2)}
    ignored = {post(broken[n % len(broken)](), SECRET).status_code for n in range(CALLS // 2)}
    assert refused == {403} and ignored == {200} and kept(parts) == 0
    assert {post(update, SECRET).status_code for _ in range(20)} == {200} and kept(parts) == 1
