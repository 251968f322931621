"""The same dialogues on the web, WeChat, WeCom and Telegram: the same words, each in the channel's own form.

What a citizen reads is taken from the platform's side, letter by letter but for blanks and addresses; so are menus and
buttons. The fakes refuse what is too long, or too many.
"""

import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml
from fastapi import FastAPI
from fastapi.testclient import TestClient

from bot import app as composition
from bot import loops
from bot.app import App
from bot.bells import Bells
from bot.channels import counted, telegram, wechat, wecom
from bot.channels.wecom import reader
from bot.domain.messages import InboundEvent, OutboundMessage
from bot.handlers.question import source_lines
from bot.materials.worker import Workers
from bot.store.invitations import CODE
from bot.store.tables import inbox
from knowledge.embedding import Embedder
from tests.hall import REPLIES
from tests.peers import qyapi, weixin
from tests.peers import telegram as telegrams
from tests.test_dialogues import BEGINS, FOLDER, TOLD, Talk, accept, photo, settings_for, with_workers
from tests.test_telegram import HEADER
from tests.test_wechat import until

NAMES = [
    "a_person_at_once",
    "a_side_question_and_back",
    "choices_in_many_ways",
    "false_premise",
    "free_speech_fills_the_form",
    "open_restaurant",
    "photos_judged",
    "ten_thousand_characters",
    "to_a_person",
]
ADDRESS = re.compile("：(https?://[^/]+)?/(papers|visits)/[-A-Za-z0-9_.]+")
SECRETS = {"token": weixin.TOKEN, "aes_key": weixin.AES_KEY, "secret": weixin.SECRET}


class Clock:
    """The time of a dialogue, for whatever a channel looks at."""

    now = BEGINS


class Then(datetime):
    """As `datetime`, but that now is then."""

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return Clock.now


@dataclass(frozen=True)
class Read:
    """What a citizen was shown: all of it in one, and what could be tapped."""

    text: str
    taps: tuple[str, ...] = ()


def in_words(told: OutboundMessage, lines: list[str]) -> str:
    """With its choices as numbers, between the links and what it rests on."""
    numbered = [f"{number} {choice}" for number, choice in enumerate(told.choices, 1)]
    return "".join([told.text, *lines[: len(told.links)], *numbered, *lines[len(told.links) :]])


def in_form(told: OutboundMessage, lines: list[str]) -> str:
    """Its choices stand beside it."""
    return "".join([told.text, *lines])


class Web:
    """The citizen's page, by its API. Sources stand in a document of their own, which other tests read."""

    beside = False
    refused: tuple[int, ...] = ()

    @property
    def section(self) -> dict[str, Any]:
        return {}

    def begin(self, client: TestClient) -> None:
        told = client.post("/api/visitors").json()
        self.client, self.count = client, 0
        self.headers = {"Authorization": f"Bearer {told['token']}"}
        self.conversation = f"webchat:main:{told['visitor']}"

    def say(self, text: str) -> None:
        self._post(text=text)

    def tap(self, label: str, _place: int) -> None:
        self._post(tap=label)

    def send(self, content: bytes) -> None:
        self._post(photo=self.client.post("/api/uploads", content=content, headers=self.headers).json()["photo"])

    def _post(self, **event: str) -> None:
        assert self.client.post("/api/chat?wait=0", json=event, headers=self.headers).status_code == 202

    def read(self) -> Read:
        lines = self.client.get("/api/chat/history", headers=self.headers).json()["lines"]
        said = [line["message"] for line in lines if line["who"] != "citizen"]
        new, self.count = said[self.count :], len(said)
        texts = [part for one in new for part in (one["text"], *(link["title"] for link in one["links"]))]
        return Read("".join(texts), tuple(choice for one in new for choice in one["choices"]))


class Account:
    """A WeChat account: choices are numbers to be typed."""

    beside = True

    def __init__(self) -> None:
        self.peer = weixin.Weixin()

    @property
    def section(self) -> dict[str, Any]:
        return {"app_id": weixin.APP, "base": self.peer.url, "wait": 0, **SECRETS}

    def begin(self, client: TestClient) -> None:
        self.client, self.count, self.conversation = client, 0, "wechat:main:wang"
        self.peer.now = lambda: Clock.now.timestamp()

    def say(self, text: str) -> None:
        assert self.peer.push(self.client, "wang", Content=text).status_code == 200

    def tap(self, label: str, place: int) -> None:
        self.say(str(place) if place else label)

    def send(self, content: bytes) -> None:
        self.peer.media["p"] = content
        self.peer.push(self.client, "wang", "image", MediaId="p", PicUrl="http://x/")

    def read(self) -> Read:
        new, self.count = self.peer.read_by("wang")[self.count :], len(self.peer.said)
        return Read("".join(new))

    @property
    def refused(self) -> list[int]:
        return self.peer.refused


class Service:
    """WeCom customer service: choices are a menu, if they fit one."""

    beside = True

    def __init__(self) -> None:
        self.peer = qyapi.Qyapi()

    @property
    def section(self) -> dict[str, Any]:
        return {"corp_id": qyapi.CORP, "base": self.peer.url, **SECRETS}

    def begin(self, client: TestClient) -> None:
        self.client, self.count, self.conversation = client, 0, f"wecom:{qyapi.ACCOUNT}:wang"
        self.peer.now = lambda: Clock.now.timestamp()
        until(lambda: "kf/sync_msg" in self.peer.calls)

    def say(self, text: str) -> None:
        self.peer.write(self.client, "wang", text)

    def tap(self, label: str, place: int) -> None:
        self.peer.write(self.client, "wang", label, menu_id=str(place) if place else "")

    def send(self, content: bytes) -> None:
        self.peer.media["p"] = content
        self.peer.happen(self.client, "wang", "image", image={"media_id": "p"})

    def read(self) -> Read:
        new, self.count = self.peer.said[self.count :], len(self.peer.said)
        texts = [one["msgmenu"]["head_content"] if one["msgtype"] == "msgmenu" else qyapi.words(one) for _, one in new]
        menus = [line["click"]["content"] for _, one in new for line in one.get("msgmenu", {}).get("list", [])]
        return Read("".join(texts), tuple(menus))

    @property
    def refused(self) -> list[int]:
        return self.peer.refused


class Chat:
    """Telegram: choices are buttons."""

    beside = True
    refused: tuple[int, ...] = ()

    def __init__(self) -> None:
        self.peer = telegrams.Platform()

    @property
    def section(self) -> dict[str, Any]:
        return {"token": telegrams.TOKEN, "base": self.peer.url, "mode": "webhook", "secret": "s-1"}

    def begin(self, client: TestClient) -> None:
        self.client, self.count, self.conversation = client, 0, "telegram:main:7"

    def say(self, text: str) -> None:
        self._push(self.peer.message(7, text=text))

    def tap(self, label: str, place: int) -> None:
        buttons = next((buttons for _, _, buttons in reversed(self.peer.said) if buttons), [])
        if place:
            self._push(self.peer.tap(7, buttons[place - 1][1]))
        else:
            self.say(label)

    def send(self, content: bytes) -> None:
        self.peer.files["p"] = content
        self._push(self.peer.message(7, document={"file_id": "p", "file_unique_id": "p"}))

    def _push(self, update: dict[str, Any]) -> None:
        assert self.client.post("/channels/telegram", json=update, headers={HEADER: "s-1"}).status_code == 200

    def read(self) -> Read:
        new, self.count = self.peer.said[self.count :], len(self.peer.said)
        return Read("".join(text for _, text, _ in new), tuple(label for _, _, row in new for label, _ in row))


Way = Web | Account | Service | Chat
WAYS: dict[str, Callable[[], Way]] = {"webchat": Web, "wechat": Account, "wecom": Service, "telegram": Chat}


@dataclass
class Player:
    """Plays a dialogue's lines through a channel; what is said is compared on both sides of it."""

    parts: App
    way: Way
    client: TestClient
    name: str
    said: list[OutboundMessage] = field(default_factory=list)
    last: int = 0

    def play(self, lines: list[dict[str, Any]]) -> None:
        place = 0
        while place < len(lines):
            ((key, value),) = lines[place].items()
            place += 1
            told = []
            while place < len(lines) and "bot" in lines[place]:
                told.append(lines[place]["bot"])
                place += 1
            if key == "case":
                talk = Talk.__new__(Talk)
                talk.parts = self.parts
                assert talk.case() == value
            elif key != "region":
                self.give(key, value)
                self.compare(told)

    def give(self, key: str, value: Any) -> None:
        store, before = self.parts.resources.store, self.count()
        if key == "clock":
            unit = {"s": 1, "m": 60, "h": 3600, "d": 86400}[value[-1]]
            Clock.now += unit * (datetime.resolution * 1_000_000) * int(value[1:-1])
        elif key == "agent":
            channel, account, who = self.way.conversation.split(":")
            event = InboundEvent(channel, uuid.uuid4().hex, who, "agent", Clock.now, account=account, text=value)
            store.write(partial(accept, event, Clock.now))
        elif key == "photo":
            self.way.send(photo(value))
        elif key == "tap":
            shown = next((one.choices for one in reversed(self.said) if one.choices), ())
            self.way.tap(value, shown.index(value) + 1 if value in shown else 0)
        else:
            self.way.say(value)
        if key != "clock":
            until(lambda: self.count() > before)
        self.run()

    def count(self) -> int:
        all_ = sa.select(sa.func.count()).select_from(inbox)
        return int(self.parts.resources.store.read(lambda tables: tables.connection.scalar(all_)) or 0)

    def run(self) -> None:
        resources, channels = self.parts.resources, {self.name: self.parts.channels[self.name]}
        done = True
        while done:
            claims = loops.claim_turns(resources, channels, Clock.now, 1)
            for claimed in claims:
                loops.run_turn(resources, claimed, Clock.now)
            rounds = bool(claims) or bool(self.parts.round.go(Clock.now))
            assert self.client.portal is not None
            done = bool(self.client.portal.call(loops.deliver_once, resources, channels, Clock.now)) or rounds
            Clock.now += datetime.resolution * 1000

    def compare(self, told: list[Any]) -> None:
        queued = self.parts.resources.store.read(lambda t: t.outbox.after(self.way.conversation, self.last, None))
        self.said = [one.message for one in queued]
        self.last = queued[-1].id if queued else self.last
        wanted = [one if isinstance(one, dict) else {"text": one} for one in told]
        assert hidden("\n\n".join(one.text for one in self.said)) == "\n\n".join(one["text"] for one in wanted)
        choices = tuple(choice for one in wanted for choice in one.get("choices", []))
        assert tuple(choice for one in self.said for choice in one.choices) == choices
        rests = [source_lines(REPLIES, one.sources) for one in self.said]
        assert [line for rest in rests for line in rest] == [line for one in wanted for line in one.get("sources", [])]
        titles = [[link.title for link in one.links] for one in self.said]
        assert [title for some in titles for title in some] == [
            title for one in wanted for title in one.get("links", [])
        ]
        read = self.way.read()
        numbered = self.name == "wechat" or (self.name == "wecom" and not read.taps)
        shown = "".join(
            (in_words if numbered else in_form)(message, [*some, *(rest if self.way.beside else [])])
            for message, some, rest in zip(self.said, titles, rests, strict=True)
        )
        assert bare(read.text) == bare(shown)
        assert read.taps == (() if numbered else choices)


def hidden(text: str) -> str:
    """What is so by chance, as the files of dialogues have it."""
    return CODE.sub("{code}", TOLD.sub("{told}", text))


def bare(text: str) -> str:
    return "".join(ADDRESS.sub("", hidden(text)).split())


@contextmanager
def playing(way: Way, name: str, parts: App) -> Iterator[Player]:
    reception = loops.reception(parts.resources, Bells())

    async def keep(event: InboundEvent) -> tuple[int, bool]:
        found: tuple[int, bool] = await reception.write(lambda tables: tables.inbox.accept(event, Clock.now))
        return found

    application = FastAPI()
    router = parts.channels[name].router(replace(reception, keep=keep))
    assert router is not None
    application.include_router(router)
    with TestClient(application) as client:
        way.begin(client)
        yield Player(parts, way, client, name)


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    made = Workers()
    yield made
    made.close()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("channel", sorted(WAYS))
def test_a_dialogue_is_the_same_here(
    channel: str, name: str, home: Path, embedder: Embedder, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Clock, "now", BEGINS)
    for module in (counted, telegram, wechat, wecom, reader):
        monkeypatch.setattr(module, "datetime", Then)
    monkeypatch.setattr(telegram, "_GAP", 0.0)
    way, lines = WAYS[channel](), yaml.safe_load((FOLDER / f"{name}.yml").read_text("utf-8"))
    serving = way.peer.serving() if not isinstance(way, Web) else None
    if serving is not None:
        serving.__enter__()
    try:
        settings = settings_for(lines, home)
        work = settings.work.model_copy(update={"thought": 0.0})
        settings = settings.model_copy(update={"work": work, "channels": {channel: way.section}})
        parts = with_workers(composition.build(settings, embedder=embedder), workers)
        try:
            with playing(way, channel, parts) as player:
                player.play(lines)
            assert not way.refused
        finally:
            parts.resources.store.close()
    finally:
        if serving is not None:
            serving.__exit__(None, None, None)
