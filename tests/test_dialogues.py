"""Dialogues: everything that a citizen can experience, through the real core on a real database and a real index.

A file is a list of lines: `citizen`, `tap`, `photo` and `agent` say something, `together` has several of these, `clock`
lets time pass, `bot` is what is said back. It may be text, or {text, choices, sources}. `pytest --update-dialogues`
rewrites the bot's lines.
"""

import json
import uuid
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest
import yaml

from bot import app as composition
from bot import loops
from bot.app import App
from bot.channels import terminal
from bot.domain.messages import InboundEvent, OutboundMessage
from bot.handlers.question import source_lines
from bot.settings import load_settings
from bot.store.db import Tables
from knowledge.embedding import Embedder

FOLDER = Path(__file__).parent / "dialogues"
BEGINS = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)  # a Sunday, ten in the morning in the hall
KEYS = {"citizen": "text", "tap": "tap", "photo": "photo", "agent": "agent"}


class Talk:
    """One conversation, at a time that only `clock` moves."""

    def __init__(self, parts: App) -> None:
        self.parts, self.now = parts, BEGINS
        self.said: list[OutboundMessage] = []
        channel = parts.channels[terminal.NAME]
        assert isinstance(channel, terminal.Terminal)
        channel.show = self.said.append

    def give(self, *said: tuple[str, str]) -> None:
        """Bubbles that come one right behind the other, before any of them is answered."""
        for key, value in said:
            event = terminal.understood(json.dumps({key: value}), "test", uuid.uuid4().hex, self.now)
            if isinstance(event, terminal.Wait):
                self.now += event.by
                continue
            self.parts.resources.store.write(partial(accept, event, self.now))
            self.now += timedelta(milliseconds=400)
        while self.step():
            self.now += timedelta(milliseconds=1)

    def step(self) -> bool:
        resources, channels = self.parts.resources, {terminal.NAME: self.parts.channels[terminal.NAME]}
        claims = loops.claim_turns(resources, channels, self.now, 1)
        for claimed in claims:
            loops.run_turn(resources, claimed, self.now)
        return bool(claims) or bool(anyio.run(loops.deliver_once, resources, channels, self.now))

    def shown(self, message: OutboundMessage) -> Any:
        sources = source_lines(self.parts.resources.replies, message.sources)
        if not message.choices and not sources:
            return message.text
        shown: dict[str, Any] = {"text": message.text}
        if message.choices:
            shown["choices"] = list(message.choices)
        if sources:
            shown["sources"] = sources
        return shown


def accept(event: InboundEvent, now: datetime, tables: Tables) -> None:
    tables.inbox.accept(event, now)


def played(lines: list[dict[str, Any]], talk: Talk) -> list[dict[str, Any]]:
    """The dialogue as it really goes: every line but the bot's given, the bot's put in."""
    went: list[dict[str, Any]] = []
    for line in lines:
        ((key, value),) = line.items()
        if key == "bot":
            continue
        went.append(line)
        talk.said.clear()
        bubbles = [pair for one in value for pair in one.items()] if key == "together" else [(key, value)]
        talk.give(*((KEYS.get(one, one), text) for one, text in bubbles))
        went += [{"bot": talk.shown(message)} for message in talk.said]
    return went


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yml")), ids=lambda path: path.stem)
def test_dialogue(path: Path, home: Path, embedder: Embedder, request: pytest.FixtureRequest) -> None:
    lines = yaml.safe_load(path.read_text("utf-8"))
    parts = composition.build(load_settings(home), embedder=embedder)
    try:
        went = played(lines, Talk(parts))
    finally:
        parts.close()
    if request.config.getoption("--update-dialogues"):
        path.write_text(yaml.safe_dump(went, allow_unicode=True, sort_keys=False, width=120), "utf-8")
    assert went == lines
