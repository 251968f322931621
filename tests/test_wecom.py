"""WeCom customer service: read once and in order, counted, silent while staff have somebody, and given back."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from bot import app as composition
from bot import loops
from bot.app import App
from bot.bells import Bells
from bot.channels.wecom.callback import Happened, understood
from bot.channels.wecom.reading import Read, keep, key_of
from bot.channels.wecom.rendering import rendered
from bot.domain.messages import InboundEvent, Link, OutboundMessage
from bot.paper_routes import paper_of
from bot.settings import load_settings
from bot.store.db import Store
from bot.store.tables import outbox
from knowledge.embedding import Embedder
from tests.hall import REPLIES, Hall, photo
from tests.peers.qyapi import ACCOUNT, AES_KEY, CORP, SECRET, TOKEN, Qyapi
from tests.photos.scenes import video
from tests.test_wechat import until

WANG = f"wecom:{ACCOUNT}:wang"
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@pytest.fixture
def peer() -> Iterator[Qyapi]:
    with Qyapi().serving() as running:
        yield running


@contextmanager
def serving(home: Path, embedder: Embedder, peer: Qyapi, **more: Any) -> Iterator[tuple[App, TestClient]]:
    section = {"corp_id": CORP, "base": peer.url, "token": TOKEN, "aes_key": AES_KEY, "secret": SECRET, **more}
    settings = load_settings(home).model_copy(update={"channels": {"wecom": section}})
    parts = composition.build(settings, embedder=embedder)
    application, _ = composition.web(parts)
    with TestClient(application) as client:
        until(lambda: "kf/sync_msg" in peer.calls)  # from then on what happens is not history
        yield parts, client
    parts.close()


@pytest.fixture
def desk(home: Path, embedder: Embedder, peer: Qyapi) -> Iterator[tuple[App, TestClient]]:
    with serving(home, embedder, peer) as running:
        yield running


@pytest.fixture
def pool(home: Path, embedder: Embedder, peer: Qyapi) -> Iterator[tuple[App, TestClient]]:
    with serving(home, embedder, peer, handoff="pool") as running:
        yield running


def heard(parts: App, who: str = WANG) -> list[InboundEvent]:
    found = parts.resources.store.read(lambda t: t.inbox.of_conversation(who))
    return [event for _, event in found]


def say(parts: App, text: str, choices: tuple[str, ...] = ()) -> None:
    store, message = parts.resources.store, OutboundMessage(text, choices=choices)
    store.write(lambda t: t.outbox.put(WANG, [message], store.now(), f"said:{text}"))


def unsent(parts: App) -> int:
    live = sa.select(sa.func.count()).where(outbox.c.status.in_(["ready", "working"]))
    return int(parts.resources.store.read(lambda t: t.connection.scalar(live)) or 0)


def owner(parts: App) -> str:
    return parts.resources.store.read(lambda t: t.conversations.load(WANG).owner)


def test_a_question_is_answered_and_a_call_that_comes_again_answers_nothing(
    desk: tuple[App, TestClient], peer: Qyapi
) -> None:
    parts, client = desk
    peer.write(client, "wang", "食品经营许可证有效期几年")
    until(lambda: any("第十五条" in text for text in peer.read_by("wang")))
    for _ in range(3):
        peer.call(client)
    until(lambda: not unsent(parts))
    assert len(heard(parts)) == 1 and len(peer.tokens) == 1
    assert [text for text in peer.read_by("wang") if "第十五条" in text] == peer.read_by("wang")[:1]


def test_a_replayed_call_is_acknowledged_and_leads_to_nothing(desk: tuple[App, TestClient], peer: Qyapi) -> None:
    _, client = desk
    peer.write(None, "wang", "你好")
    about = f"<xml><Event>kf_msg_or_event</Event><Token>none</Token><OpenKfId>{ACCOUNT}</OpenKfId></xml>"
    query, body = peer.signed(about)
    assert client.post("/channels/wecom", params=query, content=body).status_code == 200
    until(lambda: peer.read_by("wang"))
    calls = peer.calls.count("kf/sync_msg")
    for _ in range(20):
        assert client.post("/channels/wecom", params=query, content=body).status_code == 200
    time.sleep(0.3)
    assert peer.calls.count("kf/sync_msg") == calls


def test_strangers_are_refused(desk: tuple[App, TestClient], peer: Qyapi) -> None:
    parts, client = desk
    draw = random.Random(9)
    about = f"<xml><Event>kf_msg_or_event</Event><Token>t</Token><OpenKfId>{ACCOUNT}</OpenKfId></xml>"
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><xml><Encrypt>&b;</Encrypt></xml>'
    calls = [
        lambda: peer.post(client, about, msg_signature=f"{draw.getrandbits(160):040x}"),
        lambda: peer.post(client, about, at=time.time() - 400),
        lambda: peer.post(client, about, at=time.time() + 400),
        lambda: peer.post(client, about, timestamp="now"),
        lambda: peer.post(client, about[: draw.randrange(5, 60)]),
        lambda: client.post("/channels/wecom", content=bomb),
        lambda: client.post("/channels/wecom", content=about),
        lambda: client.post("/channels/wecom?msg_signature=%F0%9F%98%80&timestamp=1&nonce=2", content=b"\xff\x00"),
        lambda: client.get("/channels/wecom", params={"echostr": "1"}),
    ]
    before = peer.calls.count("kf/sync_msg")
    assert {call().status_code for _ in range(20) for call in calls} == {403}
    time.sleep(0.2)
    assert peer.calls.count("kf/sync_msg") == before and heard(parts) == []


def test_choices_are_a_menu_and_a_tap_or_a_number_is_the_choice(desk: tuple[App, TestClient], peer: Qyapi) -> None:
    parts, client = desk
    peer.write(client, "wang", "开办餐饮店")
    until(lambda: peer.menus_of("wang"))
    first = peer.menus_of("wang")[-1]
    peer.write(client, "wang", first[0], menu_id="1")
    until(lambda: len(heard(parts)) == 2)
    assert heard(parts)[1].kind == "tap"
    until(lambda: not unsent(parts) and len(peer.said) >= 2)
    assert peer.refused == []


def test_what_the_platform_counts_is_never_exceeded_and_nothing_is_lost(
    desk: tuple[App, TestClient], peer: Qyapi
) -> None:
    parts, client = desk
    peer.write(client, "wang", "你好")
    until(lambda: peer.read_by("wang"))
    texts = [f"第{number}条通知。" for number in range(12)]
    for text in texts:
        say(parts, text)
    until(lambda: not unsent(parts))
    assert len(peer.read_by("wang")) <= 5 and peer.refused == []
    peer.write(client, "wang", "继续")
    until(lambda: all(any(text in said for said in peer.read_by("wang")) for text in texts))
    said = "\n".join(peer.read_by("wang"))
    assert [said.index(text) for text in texts] == sorted(said.index(text) for text in texts), "in order"
    assert all(said.count(text) == 1 for text in texts) and peer.refused == []


def test_a_token_that_ended_is_renewed_and_trouble_loses_nothing(desk: tuple[App, TestClient], peer: Qyapi) -> None:
    parts, client = desk
    peer.write(client, "wang", "你好")
    until(lambda: peer.read_by("wang"))
    peer.end_token()
    say(parts, "一")
    until(lambda: "一" in peer.read_by("wang"))
    assert len(peer.tokens) == 2
    peer.cues = [-1, "slow"]
    say(parts, "二")
    until(lambda: "二" in peer.read_by("wang"))
    peer.cues = ["lost"]
    say(parts, "三")
    until(lambda: not unsent(parts))
    assert [peer.read_by("wang").count(text) for text in ("一", "二", "三")] == [1, 1, 1]
    assert peer.refused == [42001, -1, 95777], "asked again after a silence, it was known to be said"


def test_a_picture_is_fetched_at_once_and_one_that_is_gone_is_asked_for_again(
    desk: tuple[App, TestClient], peer: Qyapi
) -> None:
    parts, client = desk
    peer.media["p1"] = photo(1)
    peer.happen(client, "wang", "image", image={"media_id": "p1"})
    until(lambda: len(parts.resources.store.read(lambda t: t.kept.of_conversation(WANG))) == 1)
    peer.media["v1"] = video()
    peer.happen(client, "wang", "video", video={"media_id": "v1"})
    until(lambda: any("要的是照片" in text for text in peer.read_by("wang")))
    peer.happen(client, "wang", "file", file={"media_id": "gone"})
    until(lambda: any("没有传过来" in text for text in peer.read_by("wang")))


def test_whoever_comes_in_is_welcomed_once_and_in_time(desk: tuple[App, TestClient], peer: Qyapi) -> None:
    _, client = desk
    peer.enter(client, "wang", scene="48219305")
    until(lambda: peer.read_by("wang"))
    assert "智能助手" in peer.read_by("wang")[0] and "48219305" in peer.menus_of("wang")[0]
    peer.write(client, "wang", "食品经营许可证有效期几年")
    until(lambda: len(peer.read_by("wang")) == 2)
    assert "智能助手" not in peer.read_by("wang")[1], "it has been said"
    real, peer.now = peer.now, lambda: real() - 60
    peer.enter(None, "li")
    peer.now = real
    peer.call(client)
    time.sleep(0.5)
    assert peer.read_by("li") == []


def test_what_was_sent_before_we_came_is_left_alone(home: Path, embedder: Embedder, peer: Qyapi) -> None:
    real, peer.now = peer.now, lambda: real() - 3600
    peer.write(None, "wang", "很早以前的话")
    peer.now = real
    with serving(home, embedder, peer) as (parts, client):
        peer.write(client, "wang", "你好")
        until(lambda: peer.read_by("wang"))
        assert [event.text for event in heard(parts)] == ["你好"]
    peer.write(None, "wang", "停机时说的")
    with serving(home, embedder, peer) as (parts, _):
        until(lambda: len(heard(parts)) == 2)


def test_a_recalled_message_is_forgotten(desk: tuple[App, TestClient], peer: Qyapi) -> None:
    parts, client = desk
    key = peer.write(client, "wang", "我的身份证号是一个秘密")
    until(lambda: peer.read_by("wang"))
    peer.event(client, "wang", "user_recall_msg", recall_msgid=key)
    until(lambda: heard(parts)[0].text == "")


def test_a_message_that_did_not_arrive_is_said_with_the_next(desk: tuple[App, TestClient], peer: Qyapi) -> None:
    parts, client = desk
    peer.write(client, "wang", "你好")
    until(lambda: peer.read_by("wang"))
    say(parts, "您的证办好了")
    until(lambda: "您的证办好了" in peer.read_by("wang"))
    number = peer.said[-1][1]["msgid"]
    peer.event(client, "wang", "msg_send_fail", fail_msgid=number, fail_type=4)
    dead = sa.select(sa.func.count()).where(outbox.c.status == "dead")
    until(lambda: parts.resources.store.read(lambda t: t.connection.scalar(dead)) == 1)
    peer.write(client, "wang", "在吗")
    until(lambda: "".join(peer.read_by("wang")).count("您的证办好了") == 2)


def test_the_platforms_staff_take_over_and_give_back(pool: tuple[App, TestClient], peer: Qyapi) -> None:
    parts, client = pool
    peer.write(client, "wang", "人工")
    until(lambda: peer.states.get("wang") == 2)
    until(lambda: owner(parts) == "human")
    said = len(peer.read_by("wang"))
    assert said and peer.refused == [], "they were told first"
    peer.write(client, "wang", "食品经营许可证有效期几年")
    until(lambda: len(heard(parts)) == 2)
    peer.staff_take(client, "wang")
    peer.staff_say(client, "wang", "您好，我来帮您看")
    spoken = sa.select(sa.func.count()).where(outbox.c.key.startswith("kf:"), outbox.c.status == "done")
    until(lambda: parts.resources.store.read(lambda t: t.connection.scalar(spoken)) == 1)
    time.sleep(0.5)
    assert len(peer.read_by("wang")) == said, "the bot is silent, and says nothing of theirs again"
    peer.staff_end(client, "wang")
    until(lambda: any("继续为您服务" in text for text in peer.read_by("wang")))
    assert owner(parts) == "bot"
    peer.write(client, "wang", "食品经营许可证有效期几年")
    until(lambda: any("第十五条" in text for text in peer.read_by("wang")))
    assert peer.refused == []


def test_a_citizen_who_wants_nobody_any_more_is_taken_back(pool: tuple[App, TestClient], peer: Qyapi) -> None:
    parts, client = pool
    peer.write(client, "wang", "人工")
    until(lambda: peer.states.get("wang") == 2 and owner(parts) == "human")
    peer.write(client, "wang", "结束人工")
    until(lambda: peer.states.get("wang") == 4)
    until(lambda: any("不转人工了" in text for text in peer.read_by("wang")))
    assert peer.refused == []


def test_a_member_of_staff_is_named_where_one_is_to_be(home: Path, embedder: Embedder, peer: Qyapi) -> None:
    with serving(home, embedder, peer, handoff="servicer") as (parts, client):
        peer.write(client, "wang", "人工")
        until(lambda: peer.states.get("wang") == 3)
        until(lambda: parts.resources.store.read(lambda t: t.sessions.load(WANG).servicer) == "lihong")
        peer.receiving = []
        peer.write(client, "li", "人工")
        until(lambda: peer.calls.count("kf/servicer/list") == 2)
        until(lambda: not unsent(parts))
        assert peer.states.get("li", 0) == 0, "nobody is there: the desk may take them"


def test_papers_are_files(desk: tuple[App, TestClient], peer: Qyapi, monkeypatch: pytest.MonkeyPatch) -> None:
    parts, client = desk
    channel: Any = parts.channels["wecom"]
    made = {"https://ban/papers/x": b"%PDF-1.7 receipt"}

    async def paper(url: str) -> Any:
        from bot.channels.base import Paper

        return Paper("20261123-receipt.pdf", made[url]) if url in made else None

    reception = channel._reception
    from dataclasses import replace

    channel._reception = replace(reception, paper=paper)
    peer.write(client, "wang", "你好")
    until(lambda: peer.read_by("wang"))
    links = (Link("收件回执", "https://ban/papers/x"), Link("别的", "https://ban/other"))
    store = parts.resources.store
    store.write(lambda t: t.outbox.put(WANG, [OutboundMessage("交上了。", links=links)], store.now(), "k"))
    until(lambda: "[file]" in peer.read_by("wang"))
    assert peer.files["f1"] == ("20261123-receipt.pdf", b"%PDF-1.7 receipt")
    text = next(one for one in peer.read_by("wang") if "交上了" in one)
    assert "https://ban/other" in text and "/papers/" not in text


def test_the_paper_behind_a_link_is_made_out_and_nothing_behind_others(tmp_path: Path) -> None:
    hall = Hall(tmp_path, f"sqlite:///{tmp_path / 'banshi.db'}")
    token = hall.files.seal.token(f"{hall.submit('w').reference} receipt")
    paper = paper_of(hall.round, f"/papers/{token}")
    assert paper is not None and paper.name.endswith("-receipt.pdf") and paper.content.startswith(b"%PDF")
    for url in (f"/papers/{token[:-1]}", f"https://other/papers/{token}", f"/go/{token}", "/papers/", ""):
        assert paper_of(hall.round, url) is None
    hall.store.close()


def test_a_message_in_the_platforms_forms() -> None:
    few, many = ("面馆", "奶茶店"), tuple(f"选项{n}" for n in range(11))
    (one,) = rendered(OutboundMessage("开什么店？", few), REPLIES)
    assert one.form["msgtype"] == "msgmenu" and one.text == "开什么店？\n1 面馆\n2 奶茶店"
    (one,) = rendered(OutboundMessage("开什么店？", many), REPLIES)
    assert one.form["msgtype"] == "text" and "11 选项10" in one.form["text"]["content"]
    (one,) = rendered(OutboundMessage("长" * 400, few), REPLIES)
    assert one.form["msgtype"] == "text", "too long above a menu, and one message is less than two"
    *front, last = rendered(OutboundMessage("长。" * 700, few), REPLIES)
    assert front and last.form["msgtype"] == "msgmenu"
    assert "".join(one.form["text"]["content"] for one in front) + last.form["msgmenu"]["head_content"] == "长。" * 700
    assert key_of("outbox:12", 3) == "b12-3"


class Killed(Exception):
    """In the midst of a transaction."""


def things(*texts: str) -> list[Happened]:
    about = {"open_kfid": ACCOUNT, "external_userid": "wang", "send_time": int(NOW.timestamp()), "origin": 3}
    return [
        understood({**about, "msgid": f"m{n}", "msgtype": "text", "text": {"content": text}}, NOW)
        for n, text in enumerate(texts)
    ]


def test_a_kill_between_reading_and_keeping_loses_nothing_and_repeats_nothing(
    tmp_path: Path, database_url: str
) -> None:
    hall = Hall(tmp_path, database_url)
    reception = loops.reception(hall.resources, Bells())
    hall.store.write(lambda t: t.sessions.begin(ACCOUNT, NOW))
    read = Read(ACCOUNT, "", "3", things("一", "二", "三"))

    def killed(at: int, tables: Any) -> None:
        count = 0
        real = tables.inbox.accept

        def accept(*args: Any) -> Any:
            nonlocal count
            count += 1
            if count == at:
                raise Killed
            return real(*args)

        tables.inbox.accept = accept
        keep(read, reception, NOW, tables)
        raise Killed  # after everything, before the commit

    for at in (1, 2, 3, 4):
        with pytest.raises(Killed):
            hall.store.write(partial(killed, at))
        kept = hall.store.read(lambda t: (t.inbox.of_conversation(WANG), t.sessions.begin(ACCOUNT, NOW).cursor))
        assert kept == ([], "")
    work = partial(keep, read, reception, NOW)
    assert [hall.store.write(work) for _ in range(3)] == [True, False, False], "only one worker reads on"
    found = hall.store.read(lambda t: t.inbox.of_conversation(WANG))
    assert [event.text for _, event in found] == ["一", "二", "三"]
    assert hall.store.write(lambda t: t.windows.take(WANG, datetime.now(UTC))) == 4
    hall.store.close()


def test_sessions_are_kept_alike_on_both_engines(database_url: str) -> None:
    store = Store(database_url)
    assert store.write(lambda t: t.sessions.begin("a", NOW)).cursor == ""
    assert store.write(lambda t: t.sessions.move("a", "", "1", NOW))
    assert not store.write(lambda t: t.sessions.move("a", "", "2", NOW)), "another was quicker"
    assert store.write(lambda t: t.sessions.begin("a", NOW + timedelta(days=1))) == store.read(
        lambda t: t.sessions.begin("a", NOW)
    )
    until_ = NOW + timedelta(seconds=20)
    store.write(lambda t: t.sessions.set("c", NOW, state=4, code="x", code_until=until_))
    assert store.write(lambda t: t.sessions.take_code("c", until_)) == "", "too late"
    assert [store.write(lambda t: t.sessions.take_code("c", NOW)) for _ in range(2)] == ["x", ""]
    store.close()
