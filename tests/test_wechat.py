"""WeChat: strangers are refused, nothing is answered twice or to another, and what may be sent is never exceeded."""

import asyncio
import base64
import os
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import xmltodict
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from fastapi.testclient import TestClient

from bot import app as composition
from bot import loops
from bot.app import App
from bot.bells import Bells
from bot.channels import wechat
from bot.channels.envelope import Refused
from bot.channels.plain import pieces
from bot.channels.wechat.callback import TYPED, Gate, understood
from bot.domain.messages import OutboundMessage
from bot.settings import load_settings
from bot.store.db import Store
from bot.store.tables import outbox
from bot.store.windows import Grant
from knowledge.embedding import Embedder
from tests.hall import photo
from tests.peers.weixin import AES_KEY, APP, SECRET, TOKEN, Weixin
from tests.photos.scenes import video

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@pytest.fixture
def peer() -> Iterator[Weixin]:
    with Weixin().serving() as running:
        yield running


@pytest.fixture
def parts(home: Path, embedder: Embedder, peer: Weixin, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    settings = load_settings(home)
    monkeypatch.setattr(wechat, "WORKED_ON", 4.0)  # a crowded machine begins late
    section = {"wait": 4.0, "app_id": APP, "base": peer.url, "token": TOKEN, "aes_key": AES_KEY, "secret": SECRET}
    built = composition.build(settings.model_copy(update={"channels": {"wechat": section}}), embedder=embedder)
    yield built
    built.close()


@pytest.fixture
def client(parts: App) -> Iterator[TestClient]:
    application, _ = composition.web(parts)
    with TestClient(application) as running:
        yield running


def until(true: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "never"
        time.sleep(0.02)


def inbox_count(parts: App) -> int:
    return len(parts.resources.store.read(lambda t: t.inbox.of_conversation("wechat:main:wang")))


def say(store: Store, sender: str, text: str) -> None:
    to = f"wechat:main:{sender}"
    store.write(lambda t: t.outbox.put(to, [OutboundMessage(text)], store.now(), f"said:{text}"))


def unsent(parts: App) -> int:
    live = sa.select(sa.func.count()).where(outbox.c.status.in_(["ready", "working"]))
    return int(parts.resources.store.read(lambda t: t.connection.scalar(live)) or 0)


def test_the_first_answer_goes_back_with_the_push_and_costs_nothing(client: TestClient, peer: Weixin) -> None:
    reply = peer.push(client, "wang", Content="食品经营许可证有效期几年")
    assert reply.status_code == 200
    until(lambda: peer.read_by("wang"))
    first = peer.read_by("wang")[0]
    assert "5 年" in first or "五年" in first or "5年" in first
    assert "依据" in first and "第十五条" in first
    until(lambda: len(peer.read_by("wang")) == 2)
    assert "智能助手" in peer.read_by("wang")[1], "the rest comes by message"
    by_message = peer.calls.count("/cgi-bin/message/custom/send")
    assert by_message == (1 if reply.content != b"success" else 2) and len(peer.tokens) == 1


def test_what_is_said_while_we_look_who_is_at_work_goes_with_the_push(
    parts: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reminder, say, that has nothing to do with the push: it has left the outbox, so that it must be read."""
    monkeypatch.setattr(wechat, "WORKED_ON", 0.01)
    channel: Any = parts.channels["wechat"]

    async def nobody_yet(_look: object) -> bool:
        await channel.send("wechat:main:wang", OutboundMessage("证快到期了"), "k")
        return False

    async def push() -> str:
        reception = replace(loops.reception(parts.resources, Bells()), read=nobody_yet)
        channel._reception = reception
        return str(await channel._first(reception, "wechat:main:wang", 1))

    assert asyncio.run(push()) == "证快到期了"


def test_a_push_that_comes_again_is_one_push(client: TestClient, peer: Weixin, parts: App) -> None:
    for _ in range(3):
        assert peer.push(client, "wang", Content="你好", MsgId="7").status_code == 200
    until(lambda: len(peer.read_by("wang")) >= 1)
    assert inbox_count(parts) == 1
    followed = int(peer.now())  # an event has no number: who and when is all that its repeats share
    for _ in range(3):
        peer.push(client, "li", "event", Event="subscribe", EventKey="", CreateTime=followed)
    assert len([text for text in peer.read_by("li") if "您可以直接问我" in text]) == 1


def test_the_platforms_own_sample_of_a_signature_holds() -> None:
    gate = Gate(APP, "AAAAA", AES_KEY, "")
    at = datetime.fromtimestamp(1714037059, UTC)
    query = {"signature": "899cf89e464efb63f54ddac96b0a0a235f53aa78", "timestamp": "1714037059", "nonce": "486452656"}
    assert gate.greeted(query | {"echostr": "x"}, at) == "x"
    for wrong in ({"nonce": "486452657"}, {"timestamp": "1714037060"}, {"signature": ""}):
        with pytest.raises(Refused):
            gate.greeted(query | wrong, at)


def test_another_reader_of_the_published_cipher_agrees_both_ways() -> None:
    """AES-256-CBC, its key the first sixteen bytes as the vector: 16 random bytes, the length, the text, who."""
    key = base64.b64decode(AES_KEY + "=")
    gate, query = Gate(APP, TOKEN, AES_KEY, ""), {"nonce": "n1"}
    sealed = str(xmltodict.parse(gate.sealed("o1", "一二三😀", "gh", query, NOW))["xml"]["Encrypt"])
    opener = Cipher(AES(key), CBC(key[:16])).decryptor()
    clear = opener.update(base64.b64decode(sealed)) + opener.finalize()
    clear = clear[: -clear[-1]]
    length = int.from_bytes(clear[16:20], "big")
    assert xmltodict.parse(clear[20 : 20 + length])["xml"]["Content"] == "一二三😀"
    assert clear[20 + length :].decode() == APP

    told = b"<xml><MsgType>text</MsgType></xml>"
    whole = os.urandom(16) + len(told).to_bytes(4, "big") + told + APP.encode()
    whole += bytes([32 - len(whole) % 32]) * (32 - len(whole) % 32)
    maker = Cipher(AES(key), CBC(key[:16])).encryptor()
    made = base64.b64encode(maker.update(whole) + maker.finalize()).decode()
    stamp = str(int(NOW.timestamp()))
    sign = [sha1("".join(sorted([TOKEN, stamp, "n1", *more])).encode()).hexdigest() for more in ((), (made,))]
    asked = {"timestamp": stamp, "nonce": "n1", "encrypt_type": "aes", "signature": sign[0], "msg_signature": sign[1]}
    assert gate.open(asked, f"<xml><Encrypt>{made}</Encrypt></xml>".encode(), NOW) == told.decode()
    with pytest.raises(Refused):
        Gate("wx0", TOKEN, AES_KEY, "").open(asked, f"<xml><Encrypt>{made}</Encrypt></xml>".encode(), NOW)


def test_strangers_are_refused_and_nothing_of_theirs_is_kept(client: TestClient, peer: Weixin, parts: App) -> None:
    draw = random.Random(9)
    about = "<FromUserName>wang</FromUserName><CreateTime>1</CreateTime><MsgType>text</MsgType>"
    message = f"<xml>{about}<MsgId>1</MsgId><Content>x</Content></xml>"
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><xml><Encrypt>&b;</Encrypt></xml>'
    calls = [
        lambda: peer.post(client, message, signature="0" * 40),
        lambda: peer.post(client, message, msg_signature=f"{draw.getrandbits(160):040x}"),
        lambda: peer.post(client, message, encrypt_type="raw"),
        lambda: peer.post(client, message, at=time.time() - 400),
        lambda: peer.post(client, message, at=time.time() + 400),
        lambda: peer.post(client, message, timestamp="now"),
        lambda: peer.post(client, message[: draw.randrange(5, 80)]),
        lambda: peer.post(client, draw.randbytes(30).hex()),
        lambda: client.post("/channels/wechat", content=bomb),
        lambda: client.post("/channels/wechat", content=message),
        lambda: client.post("/channels/wechat?signature=%F0%9F%98%80&timestamp=1&nonce=2", content=b"\xff\x00"),
        lambda: client.get("/channels/wechat", params={"echostr": "1"}),
    ]
    assert {call().status_code for _ in range(20) for call in calls} == {403}
    assert inbox_count(parts) == 0


def test_the_address_is_proven_in_the_console(client: TestClient, peer: Weixin) -> None:
    stamp = str(int(time.time()))
    signature = sha1("".join(sorted([TOKEN, stamp, "n"])).encode()).hexdigest()
    asked = {"signature": signature, "timestamp": stamp, "nonce": "n", "echostr": "8471"}
    assert client.get("/channels/wechat", params=asked).text == "8471"


def test_what_the_platform_counts_is_never_exceeded_and_nothing_is_lost(
    client: TestClient, peer: Weixin, parts: App
) -> None:
    peer.push(client, "wang", Content="你好")
    store, before = parts.resources.store, len(peer.read_by("wang"))
    texts = [f"第{number}条通知。" for number in range(12)]
    for text in texts:
        say(store, "wang", text)
    until(lambda: not unsent(parts))
    assert peer.refused == [] and len(peer.read_by("wang")) - before <= 5
    peer.push(client, "wang", Content="继续")
    until(lambda: all(any(text in said for said in peer.read_by("wang")) for text in texts))
    said = "\n".join(peer.read_by("wang"))
    assert [said.index(text) for text in texts] == sorted(said.index(text) for text in texts), "in order"
    assert all(said.count(text) == 1 for text in texts) and peer.refused == []


def test_a_push_that_comes_again_lets_nothing_more_be_sent(client: TestClient, peer: Weixin, parts: App) -> None:
    store = parts.resources.store
    peer.push(client, "wang", Content="你好", MsgId="7")
    until(lambda: peer.read_by("wang") and not unsent(parts))
    for number in range(6):
        say(store, "wang", f"{number}号")
    until(lambda: not unsent(parts))
    peer.push(client, "wang", again=True, Content="你好", MsgId="7")
    say(store, "wang", "还有一条")
    until(lambda: not unsent(parts))
    assert peer.refused == [] and "还有一条" not in peer.read_by("wang")
    for _ in range(2):
        peer.push(client, "wang", Content="继续", MsgId="8")
    until(lambda: "还有一条" in "".join(peer.read_by("wang")))
    assert "".join(peer.read_by("wang")).count("还有一条") == 1 and inbox_count(parts) == 2


def test_whoever_was_silent_for_long_is_reached_another_way_and_reads_it_later(
    client: TestClient, peer: Weixin, parts: App
) -> None:
    say(parts.resources.store, "wang", "证快到期了")
    until(lambda: not unsent(parts))
    statuses = sa.select(outbox.c.status)
    assert parts.resources.store.read(lambda t: t.connection.scalar(statuses)) == "dead", "so that a text is sent"
    assert peer.said == [] and peer.refused == []
    peer.push(client, "wang", Content="你好")
    until(lambda: "证快到期了" in "".join(peer.read_by("wang")))


def test_a_token_that_ended_is_renewed_once(client: TestClient, peer: Weixin, parts: App) -> None:
    peer.push(client, "wang", Content="你好")
    until(lambda: peer.read_by("wang"))
    store = parts.resources.store
    say(store, "wang", "一")
    until(lambda: "一" in peer.read_by("wang"))
    peer.end_token()
    say(store, "wang", "二")
    until(lambda: "二" in peer.read_by("wang"))
    assert len(peer.tokens) == 2 and peer.refused == [40001]


def test_trouble_of_the_platform_delays_and_loses_nothing(client: TestClient, peer: Weixin, parts: App) -> None:
    peer.push(client, "wang", Content="你好")
    until(lambda: peer.read_by("wang"))
    peer.cues = [-1]
    say(parts.resources.store, "wang", "一")
    until(lambda: "一" in peer.read_by("wang"))
    assert peer.refused == [-1] and peer.read_by("wang").count("一") == 1


def kinds(parts: App) -> list[str]:
    """What was sent, once it is cleaned."""
    return [one.kind for one in parts.resources.store.read(lambda t: t.kept.of_conversation("wechat:main:wang"))]


def test_a_picture_is_fetched_at_once_and_one_that_is_gone_is_asked_for_again(
    client: TestClient, peer: Weixin, parts: App
) -> None:
    peer.media["m1"] = photo(1)
    peer.push(client, "wang", "image", MediaId="m1", PicUrl="http://x/")
    until(lambda: kinds(parts) == ["jpeg"])
    peer.push(client, "wang", "image", MediaId="gone", PicUrl="http://x/")
    until(lambda: inbox_count(parts) == 2)
    until(lambda: any("没有传过来" in text for text in peer.read_by("wang")))


@pytest.mark.parametrize("kind", ["video", "shortvideo"])
def test_a_video_is_fetched_from_where_the_platform_says(
    client: TestClient, peer: Weixin, parts: App, kind: str
) -> None:
    peer.videos["v1"] = video()
    peer.push(client, "wang", kind, MediaId="v1", ThumbMediaId="t1")
    until(lambda: kinds(parts) == ["mp4"])
    (kept,) = parts.resources.store.read(lambda t: t.kept.of_conversation("wechat:main:wang"))
    assert parts.resources.files.read(kept.file)[4:8] == b"ftyp"
    until(lambda: any("要的是照片" in text for text in peer.read_by("wang")))
    peer.push(client, "wang", kind, MediaId="gone", ThumbMediaId="t1")
    until(lambda: any("没有传过来" in text for text in peer.read_by("wang")))


def test_pushes_become_events() -> None:
    def push(kind: str, **told: str) -> str:
        about = {"FromUserName": "o1", "ToUserName": "gh", "CreateTime": "1700000000", "MsgType": kind} | told
        return "<xml>" + "".join(f"<{name}>{value}</{name}>" for name, value in about.items()) + "</xml>"

    def event(kind: str, **told: str) -> tuple[str, str] | None:
        made = understood(push(kind, **told), "帮助", NOW).event
        return None if made is None else (made.kind, made.text)

    assert event("text", MsgId="1", Content="你好") == ("text", "你好")
    assert event("text", MsgId="1", Content="面馆", bizmsgmenuid="2") == ("tap", "面馆")
    assert event("voice", MsgId="1", MediaId="m", Recognition="开面馆") == ("voice", "开面馆")
    assert event("event", Event="CLICK", EventKey="我的办件") == ("tap", "我的办件")
    assert event("event", Event="subscribe") == ("text", "帮助")
    assert event("event", Event="subscribe", EventKey="qrscene_48219305") == ("text", "48219305")
    assert event("event", Event="SCAN", EventKey="48219305") == ("text", "48219305")
    assert event("event", Event="VIEW", EventKey="https://x") is None
    gone = understood(push("event", Event="unsubscribe"), "帮助", NOW)
    assert gone.left and gone.event is None and gone.grant is None
    place = understood(push("location", MsgId="1", Location_X="34.3", Location_Y="107.1", Label="宝鸡"), "", NOW).event
    assert place is not None and place.location == (34.3, 107.1)
    assert understood(push("text", MsgId="5", Content="x"), "", NOW).grant == TYPED


@pytest.mark.parametrize("most", [20, 47, 2000])
def test_a_text_is_cut_at_sentences_and_nothing_of_it_is_lost(most: int) -> None:
    text = "营业执照由市场监管部门办。食品经营许可要现场看！材料五样：\n1 申请书\n2 平面图" * 9
    cut = pieces(text, most)
    assert all(len(piece.encode()) <= most for piece in cut)
    assert "".join(cut).replace("\n", "") == text.replace("\n", "")
    assert pieces("", most) == [] and pieces("一二三" * 400, 50)[0].endswith(("一", "二", "三"))


def test_windows_are_counted_alike_on_both_engines(database_url: str) -> None:
    store = Store(database_url)
    tapped = Grant("tapped", 3, timedelta(minutes=1))
    store.write(lambda t: t.windows.granted("a", TYPED, NOW))
    store.write(lambda t: t.windows.granted("a", tapped, NOW))
    taken = [store.write(lambda t: t.windows.take("a", NOW + timedelta(seconds=1))) for _ in range(9)]
    assert taken == [7, 6, 5, 4, 3, 2, 1, 0, None]
    store.write(lambda t: t.windows.granted("a", tapped, NOW))
    assert store.write(lambda t: t.windows.take("a", NOW + timedelta(minutes=2))) is None, "its minute is over"
    assert store.write(lambda t: t.windows.take("b", NOW)) is None
    store.write(lambda t: t.windows.give_back("a"))
    assert store.write(lambda t: t.windows.take("a", NOW + timedelta(minutes=2))) == 0
    assert store.read(lambda t: (t.windows.is_open("a", NOW), t.windows.is_open("b", NOW))) == (True, False)
    assert not store.read(lambda t: t.windows.is_open("a", NOW + timedelta(days=3)))
    store.write(lambda t: t.windows.park("b", "一", "\n"))
    store.write(lambda t: t.windows.park("b", "二", "\n"))
    assert store.write(lambda t: t.windows.unpark("b")) == "一\n二"
    assert store.write(lambda t: t.windows.unpark("b")) == ""
    store.close()
