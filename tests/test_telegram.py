"""Telegram: asked or told, each update is kept once, buttons are choices, and its limits are heeded."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from bot import app as composition
from bot.app import App
from bot.channels.base import Paper
from bot.domain.messages import Link, OutboundMessage
from bot.settings import load_settings
from bot.store.tables import outbox
from knowledge.embedding import Embedder
from tests.hall import photo
from tests.peers.telegram import TOKEN, Platform, blocked, too_large, too_many
from tests.test_wechat import until

HEADER = "X-Telegram-Bot-Api-Secret-Token"


@pytest.fixture
def peer() -> Iterator[Platform]:
    with Platform().serving() as running:
        yield running


@contextmanager
def serving(home: Path, embedder: Embedder, peer: Platform, **more: Any) -> Iterator[tuple[App, TestClient]]:
    section = {"base": peer.url, "token": TOKEN, **more}
    settings = load_settings(home).model_copy(update={"channels": {"telegram": section}})
    parts = composition.build(settings, embedder=embedder)
    application, _ = composition.web(parts)
    with TestClient(application) as client:
        yield parts, client
    parts.close()


@pytest.fixture
def told(home: Path, embedder: Embedder, peer: Platform) -> Iterator[tuple[App, TestClient]]:
    with serving(home, embedder, peer, mode="webhook", secret="s-1") as running:
        yield running


def push(client: TestClient, update: dict[str, Any]) -> int:
    return client.post("/channels/telegram", json=update, headers={HEADER: "s-1"}).status_code


def kept(parts: App, chat: int) -> list[Any]:
    found = parts.resources.store.read(lambda t: t.inbox.of_conversation(f"telegram:main:{chat}"))
    return [event for _, event in found]


def say(parts: App, chat: int, text: str, choices: tuple[str, ...] = ()) -> None:
    store, message = parts.resources.store, OutboundMessage(text, choices=choices)
    store.write(lambda t: t.outbox.put(f"telegram:main:{chat}", [message], store.now(), f"said:{text[:20]}"))


def statuses(parts: App) -> set[str]:
    found = parts.resources.store.read(lambda t: t.connection.execute(sa.select(outbox.c.status)).all())
    return {row.status for row in found}


def test_without_an_address_of_ones_own_it_asks(home: Path, embedder: Embedder, peer: Platform) -> None:
    peer.message(7, text="/start")
    with serving(home, embedder, peer) as (parts, _):
        until(lambda: any("您可以直接问我" in text for text in peer.read_by(7)))
        peer.message(7, text="食品经营许可证有效期几年")
        until(lambda: any("第十五条" in text for text in peer.read_by(7)))
        until(lambda: not peer.updates)
        assert len(kept(parts, 7)) == 2


def test_an_update_that_comes_again_is_one(told: tuple[App, TestClient], peer: Platform) -> None:
    parts, client = told
    update = peer.message(7, text="你好")
    assert {push(client, update) for _ in range(3)} == {200}
    until(lambda: peer.read_by(7))
    assert len(kept(parts, 7)) == 1


def test_strangers_are_refused(told: tuple[App, TestClient], peer: Platform) -> None:
    parts, client = told
    update = peer.message(7, text="你好")
    for headers in ({}, {HEADER: ""}, {HEADER: "s-2"}, {HEADER: "s-1x"}):
        assert client.post("/channels/telegram", json=update, headers=headers).status_code == 403
    for body in (b"", b"{", b"[]", b"7", b'{"update_id": "x"}'):
        assert client.post("/channels/telegram", content=body, headers={HEADER: "s-1"}).status_code == 200
    assert kept(parts, 7) == []


def test_choices_are_buttons_and_a_tap_is_the_choice(told: tuple[App, TestClient], peer: Platform) -> None:
    parts, client = told
    long = "很长很长的一个选项" * 4
    say(parts, 7, "选一个", ("人工", long))
    until(lambda: peer.said)
    _, text, buttons = peer.said[0]
    assert text == "选一个" and [label for label, _ in buttons] == ["人工", long]
    assert long.startswith(buttons[1][1]) and len(buttons[1][1].encode()) <= 64
    push(client, peer.tap(7, buttons[0][1]))
    until(lambda: len(peer.said) > 1)
    assert kept(parts, 7)[0].kind == "tap" and peer.answered == ["q"]


def test_a_photo_is_kept_and_one_that_is_gone_is_asked_for_again(told: tuple[App, TestClient], peer: Platform) -> None:
    parts, client = told
    peer.files["p1"] = photo(3)
    sizes = [{"file_id": id, "file_unique_id": id, "width": 9, "height": 9} for id in ("small", "p1")]
    push(client, peer.message(7, photo=sizes))
    files = parts.resources.store.read(lambda t: t.kept.of_conversation("telegram:main:7"))
    assert len(files) == 1
    push(client, peer.message(8, document={"file_id": "gone", "file_unique_id": "g"}))
    until(lambda: any("没有传过来" in text for text in peer.read_by(8)))


def test_the_platforms_limits_are_heeded_and_a_lost_citizen_keeps_nobody_waiting(
    told: tuple[App, TestClient], peer: Platform
) -> None:
    parts, _ = told
    peer.cues = [too_many(1)]
    began = time.monotonic()
    say(parts, 7, "一")
    say(parts, 7, "二")
    until(lambda: peer.read_by(7) == ["一", "二"])
    assert time.monotonic() - began >= 1
    peer.cues = [blocked()]
    say(parts, 8, "三")
    until(lambda: statuses(parts) == {"done", "dead"})
    say(parts, 9, "长" * 5000)
    until(lambda: "".join(peer.read_by(9)) == "长" * 5000)


RECEIPT, OTHER = Link("收件回执", "https://ban/papers/x"), Link("别的", "https://ban/other")
PDF = b"%PDF-1.7 receipt\r\n--\r\n\x00\xff"


@pytest.fixture
def with_papers(told: tuple[App, TestClient]) -> App:
    """Behind one link is a paper."""
    parts, _ = told
    channel: Any = parts.channels["telegram"]

    async def paper(url: str) -> Paper | None:
        return Paper("20261123-receipt.pdf", PDF) if url == RECEIPT.url else None

    channel._reception = replace(channel._reception, paper=paper)
    return parts


def hand(parts: App, chat: int, text: str = "交上了。", choices: tuple[str, ...] = ()) -> None:
    message = OutboundMessage(text, choices=choices, links=(RECEIPT, OTHER))
    store = parts.resources.store
    store.write(lambda t: t.outbox.put(f"telegram:main:{chat}", [message], store.now(), f"handed:{chat}"))


def test_papers_are_documents_and_what_is_asked_stands_last(with_papers: App, peer: Platform) -> None:
    hand(with_papers, 7, choices=("查进度",))
    until(lambda: peer.said)
    assert peer.handed == [("7", "20261123-receipt.pdf", PDF, "收件回执")]
    _, text, buttons = peer.said[0]
    assert text.startswith("交上了。") and OTHER.url in text and "/papers/" not in text
    assert buttons == [("查进度", "查进度")]


def test_a_paper_that_is_too_large_or_not_taken_stays_a_link(with_papers: App, peer: Platform) -> None:
    peer.cues_of_files = [too_large()]
    hand(with_papers, 7)
    until(lambda: peer.read_by(7))
    assert RECEIPT.url in peer.read_by(7)[0] and peer.handed == []
    peer.cues_of_files = [blocked()]
    hand(with_papers, 8)
    until(lambda: statuses(with_papers) == {"done", "dead"})
    assert peer.read_by(8) == [] and peer.handed == []


def test_what_a_chat_has_is_not_sent_again_after_a_rest(with_papers: App, peer: Platform) -> None:
    peer.cues_of_files, began = [too_many(1)], time.monotonic()
    hand(with_papers, 7)
    until(lambda: peer.read_by(7))
    assert len(peer.handed) == 1 and time.monotonic() - began >= 1 and RECEIPT.url not in peer.read_by(7)[0]
    peer.cues = [too_many(1)]
    hand(with_papers, 8, "长" * 5000)
    until(lambda: statuses(with_papers) == {"done"})
    assert [chat for chat, *_ in peer.handed] == ["7", "8"], "the paper had gone before the text was put off"
    assert "".join(peer.read_by(8)).count("长") == 5000


def test_of_a_long_text_only_the_rest_is_sent_again(with_papers: App, peer: Platform) -> None:
    say(with_papers, 7, "长" * 5000)
    until(lambda: len(peer.read_by(7)) == 1)
    peer.cues = [too_many(1)]
    until(lambda: "".join(peer.read_by(7)) == "长" * 5000)
    until(lambda: statuses(with_papers) == {"done"})
    assert len(peer.read_by(7)) == 4 and not peer.cues
