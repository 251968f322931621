"""Dialogues: everything that a citizen can experience, through the real core on a real database and a real index.

A file is a list of lines: `citizen`, `tap`, `photo` and `agent` say something, `together` has several of these, `clock`
lets time pass, `ledger` has licences of the citizen, `bot` is what is said back. It may be text, or {text, choices,
sources}. `case` is what the case touched last holds by then; `region`, as the first line, is the hall's place, and
`signing` there names the papers to be signed by hand: `sign` signs by the link that was given last. A photo is a file
of tests/data/photos, or a document that is made: its kind, a condition, `name=`, `address=`; or a `scene` of a shop,
`code={digits}` held into it; or a `video`. `inspect` is an inspector's verdict: what fails, and how.
`deliver` gives out what came of the case.
`pytest --update-dialogues` rewrites the lines of bot and case.
"""

import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest
import sqlalchemy as sa
import yaml

from bot import app as composition
from bot import loops
from bot.app import App
from bot.bundles import papers
from bot.bundles.model import Bundle
from bot.channels import terminal
from bot.domain.aftercare import Delivered
from bot.domain.licence import Entry
from bot.domain.messages import InboundEvent, OutboundMessage
from bot.handlers.question import source_lines
from bot.helping import Help
from bot.inspections import Inspector, Ruling
from bot.materials.worker import Workers
from bot.reporting import Voice, deliver
from bot.settings import Settings, load_settings
from bot.store.case_tables import case_file
from bot.store.db import Tables
from bot.store.invitations import CODE
from bot.testimony import Where
from bot.witness import Witness
from knowledge.embedding import Embedder
from tests.photos.make import made
from tests.photos.scenes import scene, video

FOLDER = Path(__file__).parent / "dialogues"
PHOTOS = Path(__file__).parent / "data" / "photos"
BEGINS = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)  # a Sunday, ten in the morning in the hall
LAST_CASE = sa.select(case_file.c.reference).order_by(case_file.c.submitted_at.desc())
TOUCHED = sa.select(case_file.c.reference).order_by(case_file.c.updated_at.desc(), case_file.c.id.desc())
DIGITS = re.compile(r"(?<=写 )[2346789]{5}(?=，)")  # what must stand in the first picture of an inspection
STROKES = (((200, 100, 0), (260, 240, 40), (330, 380, 80)), ((420, 120, 300), (520, 390, 390)))
TOLD = re.compile("(?<=“提醒 )[0-9A-Z]{4}(?=”)")  # by chance
KEYS = {"citizen": "text", "tap": "tap", "photo": "photo", "agent": "agent"}


class Talk:
    """Conversations of one hall, at a time that only `clock` moves.

    `{code}` in a line is the last code that the bot gave; the bot's own is shown so, because it is by chance.
    """

    def __init__(self, parts: App) -> None:
        self.parts, self.now, self.code, self.digits = parts, BEGINS, "", "-----"
        self.said: list[OutboundMessage] = []
        self.link = ""
        channel = parts.channels[terminal.NAME]
        assert isinstance(channel, terminal.Terminal)
        channel.show = self.said.append

    def give(self, *said: tuple[str, str]) -> None:
        """Bubbles that come one right behind the other, before any of them is answered."""
        for key, value in said:
            who, key = ("other", "text") if key == "other" else ("test", key)
            if isinstance(value, str):
                value = value.replace("{code}", self.code).replace("{digits}", self.digits)
            event = terminal.understood(json.dumps({key: value}), who, uuid.uuid4().hex, self.now)
            if isinstance(event, terminal.Wait):
                self.now += event.by
                continue
            if event.media:
                event = replace(event, media=self.parts.resources.files.set_aside(photo(event.media)))
            self.parts.resources.store.write(partial(accept, event, self.now))
            self.now += timedelta(milliseconds=400)
        self.run()

    def run(self) -> None:
        while self.step():
            self.now += timedelta(milliseconds=1)

    def desk(self, typed: dict[str, str]) -> dict[str, str]:
        """What staff fill in for the citizen; what is wrong with it."""
        store, id = self.parts.resources.store, "terminal:main:test"
        reference = store.read(lambda tables: tables.conversations.load(id)).case
        return Help(store, self.parts.resources.replies).propose(reference or "", typed, "test", self.now)

    def ledger(self, rows: list[dict[str, str]]) -> None:
        """Licences of whoever talks here, as an office keeps them; then time does its part."""
        entries = [Entry(**{**row, "expires_on": date.fromisoformat(row["expires_on"])}) for row in rows]

        def take(tables: Tables) -> None:
            tables.licences.take(entries, self.now)
            for entry in entries:
                for one in tables.licences.numbered(entry.number):
                    tables.licences.bind(one.holder, "terminal:main:test", self.now)

        self.parts.resources.store.write(take)
        self.run()

    def inspect(self, failed: dict[str, str]) -> None:
        """An inspector judges every point of what waits, these as failed, and concludes with a second one."""
        resources = self.parts.resources
        inspector = Inspector(resources.replies, resources.hours, resources.walks)
        due = (self.now + timedelta(days=5)).date()

        def judge(tables: Tables) -> None:
            (one,) = tables.inspections.for_staff(["waiting"], 9)
            shots = [shot for shot in tables.inspections.shots(one.id) if shot.live]
            for point in tables.inspections.points(one.id):
                seen = tuple(shot.file for shot in shots if shot.point == point.id)
                finding = failed.get(point.id, "")
                told = Ruling(point.id, "fail" if finding else "pass", finding, due if finding else None, seen=seen)
                inspector.judge(tables, one.id, told, "周婷", self.now)
            inspector.conclude(tables, one.id, "周婷", "孙浩", {}, self.now)

        resources.store.write(judge)

    def sign(self, phone: str) -> None:
        """Every step of the page: the code, the points, the pen. `phone` is named where the signer is asked for it."""
        sms, token = Pocket(), self.link.rpartition("/")[2]
        witness = Witness(self.parts.resources, self.parts.round.clerk, sms)  # type: ignore[arg-type]
        witness.send_code(token, phone, self.now)
        browser = witness.prove(token, re.findall(r"验证码 (\d{6})", sms.text)[0], self.now)
        for place in range(len(witness.opened(token, browser, self.now).steps.points)):
            witness.confirm(token, browser, place, self.now)
        witness.sign(token, browser, STROKES, Where("127.0.0.1", "test"), self.now)
        self.run()

    def report(self, told: dict[str, Any]) -> None:
        """What a department's system puts into its folder, of the case that was submitted last."""
        store, settings = self.parts.resources.store, self.parts.resources.settings
        reference = store.read(lambda tables: tables.connection.scalar(LAST_CASE))
        matter = next(
            one for one in store.read(lambda tables: tables.matters.of(reference)) if one.item == told["item"]
        )
        folder = settings.home / "departments" / matter.department / "in"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{uuid.uuid4().hex}.json").write_text(json.dumps({"case": reference, **told}), "utf-8")
        self.run()
        refused = sorted(folder.parent.glob("refused/*.txt"))
        assert not refused, refused[-1].read_text("utf-8")

    def deliver(self, way: Delivered) -> None:
        """What came of the case that was submitted last is given out."""
        resources = self.parts.resources
        voice = Voice(resources.replies, resources.hours, resources.settings.hall.name)

        def work(tables: Tables) -> None:
            deliver(tables, voice, tables.connection.scalar(LAST_CASE) or "", way, "", "何伟", self.now)

        resources.store.write(work)
        self.run()

    def case(self) -> dict[str, Any]:
        """The case that was touched last: its bundle, its state, and its answers, a person's own data as a star."""
        store = self.parts.resources.store
        case = store.read(lambda tables: tables.cases.load(tables.connection.scalar(TOUCHED) or ""))
        assert case is not None, "no case was begun"
        bundle = Bundle.model_validate(case.bundle)
        parts = (*bundle.items, *bundle.materials)
        own = dict.fromkeys([*(step.id for step in bundle.steps), *map(papers.key, parts)], False)
        own |= {id: question.sensitive for id, question in bundle.questions.items()}
        answers = {id: "*" if own[id] else value for id, value in case.values.items() if id in own}
        return {"bundle": bundle.id, "state": case.state, "answers": answers}

    def step(self) -> bool:
        resources, channels = self.parts.resources, {terminal.NAME: self.parts.channels[terminal.NAME]}
        claims = loops.claim_turns(resources, channels, self.now, 1)
        for claimed in claims:
            loops.run_turn(resources, claimed, self.now)
        done = bool(claims) or bool(self.parts.round.go(self.now))
        return bool(anyio.run(loops.deliver_once, resources, channels, self.now)) or done

    def shown(self, message: OutboundMessage) -> Any:
        message = replace(message, text=TOLD.sub("{told}", message.text))
        if digits := DIGITS.search(message.text):
            self.digits = digits[0]
        message = replace(message, text=message.text.replace(self.digits, "{digits}"))
        if found := CODE.search(message.text):
            self.code = found[0]
            message = replace(message, text=message.text.replace(self.code, "{code}"))
        sources = source_lines(self.parts.resources.replies, message.sources)
        if not message.choices and not sources and not message.links:
            return message.text
        shown: dict[str, Any] = {"text": message.text}
        if message.choices:
            shown["choices"] = list(message.choices)
        if sources:
            shown["sources"] = sources
        self.link = next((link.url for link in message.links if "/sign/" in link.url), self.link)
        if message.links:
            shown["links"] = [link.title for link in message.links]
        return shown


class Pocket:
    """A telephone: the last text that came."""

    text = ""

    def send(self, phone: str, text: str, key: str) -> None:
        self.text = text


def photo(name: str) -> bytes:
    """A file of that name; otherwise a document that is made as it says, see tests/photos/make.py."""
    path = PHOTOS / name
    if name.startswith(("scene", "video")):
        return scene(name) if name.startswith("scene") else video()
    return path.read_bytes() if path.exists() else made(name)


def accept(event: InboundEvent, now: datetime, tables: Tables) -> None:
    tables.inbox.accept(event, now)


def played(lines: list[dict[str, Any]], talk: Talk) -> list[dict[str, Any]]:
    """The dialogue as it really goes: every line but the bot's given, the bot's put in."""
    went: list[dict[str, Any]] = []
    for line in lines:
        ((key, value),) = line.items()
        if key in ("bot", "faults"):
            continue
        if key == "case":
            went.append({"case": talk.case()})
            continue
        went.append(line)
        if key in ("region", "signing"):
            continue
        talk.said.clear()
        if key == "desk":
            faults = talk.desk(value)
            went += [{"faults": faults}] if faults else []
            talk.run()
            went += [{"bot": talk.shown(message)} for message in talk.said]
            continue
        if key == "ledger":
            talk.ledger(value)
            went += [{"bot": talk.shown(message)} for message in talk.said]
            continue
        if key == "sign":
            talk.sign(str(value))
            went += [{"bot": talk.shown(message)} for message in talk.said]
            continue
        if key in ("report", "inspect", "deliver"):
            {"report": talk.report, "inspect": talk.inspect, "deliver": talk.deliver}[key](value)
            went += [{"bot": talk.shown(message)} for message in talk.said]
            continue
        bubbles = [pair for one in value for pair in one.items()] if key == "together" else [(key, value)]
        talk.give(*((KEYS.get(one, one), text) for one, text in bubbles))
        went += [{"bot": talk.shown(message)} for message in talk.said]
    return went


def settings_for(lines: list[dict[str, Any]], home: Path) -> Settings:
    """Those of the files, in the place that a dialogue names, if it names one."""
    settings = load_settings(home)
    region = lines[0].get("region", settings.hall.region)
    if "signing" in lines[0]:
        signing = settings.signing.model_copy(update={"handwritten": tuple(lines[0]["signing"])})
        nudges = settings.nudges.model_copy(update={"sms_url": "http://127.0.0.1:9/send"})
        settings = settings.model_copy(update={"signing": signing, "nudges": nudges})
    return settings.model_copy(update={"hall": settings.hall.model_copy(update={"region": region})})


def with_workers(parts: App, workers: Workers) -> App:
    """With processes for photos that are there already."""
    resources = parts.resources
    return replace(parts, resources=replace(resources, eye=replace(resources.eye, workers=workers)))


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    """The processes for photos, begun once for all dialogues."""
    made = Workers()
    yield made
    made.close()


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yml")), ids=lambda path: path.stem)
def test_dialogue(path: Path, home: Path, embedder: Embedder, workers: Workers, request: pytest.FixtureRequest) -> None:
    lines = yaml.safe_load(path.read_text("utf-8"))
    parts = with_workers(composition.build(settings_for(lines, home), embedder=embedder), workers)
    try:
        went = played(lines, Talk(parts))
    finally:
        parts.resources.store.close()
    if request.config.getoption("--update-dialogues"):
        path.write_text(yaml.safe_dump(went, allow_unicode=True, sort_keys=False, width=120), "utf-8")
    assert went == lines
