"""`banshi chat` and `banshi ask`: the terminal."""

import sys
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import anyio
import typer
from rich.console import Console
from rich.padding import Padding
from rich.prompt import Prompt

from bot import app as composition
from bot import loops
from bot.app import App
from bot.channels import terminal
from bot.channels.terminal import Terminal
from bot.cli.options import AsJson, Day, Home, Region
from bot.domain.conversation import Conversation
from bot.domain.documents import AnswerDocument, answer_document
from bot.domain.messages import InboundEvent, OutboundMessage
from bot.errors import ConfigError
from bot.handlers import human, question
from bot.replies import Replies
from bot.settings import load_settings

_CHANNELS = {terminal.NAME}


def ask(
    text: Annotated[str, typer.Argument(metavar="QUESTION")],
    region: Region = None,
    on: Day = None,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """One question, one answer, nothing kept."""
    settings = load_settings(home)
    ear = composition.build_ear(settings, composition.open_embedder(settings), {})
    replies = composition.load_replies(settings.config)
    hours = composition.open_hours(settings)
    now = datetime.now(hours.zone)
    then = now if on is None else datetime(on.year, on.month, on.day, 12, tzinfo=hours.zone)
    found = ear.look_up(text.strip(), then, region)
    if not found:
        raise ConfigError(f"{settings.kb}: no index yet; run `banshi kb build`")
    messages, outcome = question.compose(replies, found, human.opening(replies, hours, now, now))
    if as_json:
        document = answer_document(outcome, question.confidence(found), Conversation(""), messages)
        typer.echo(document.model_dump_json())
        return
    for message in messages:
        show(message, replies)


def chat(
    citizen: Annotated[str, typer.Option(help="Whose conversation to go on with.")] = "terminal",
    jsonl: Annotated[bool, typer.Option("--jsonl", help="One event a line in, one answer a line out.")] = False,
    home: Home = None,
) -> None:
    """Talk with banshi in the terminal."""
    settings = load_settings(home)
    parts = composition.build(settings)
    try:
        if jsonl:
            _talk_jsonl(parts, citizen)
        else:
            _talk(parts, citizen)
    finally:
        parts.close()


def show(message: OutboundMessage, replies: Replies, console: Console | None = None) -> None:
    """A bubble: the text, its choices by number, its sources as a quiet line."""
    console = console or Console(highlight=False)
    lines = [message.text]
    for number, choice in enumerate(message.choices, 1):
        lines.append(replies("words.number", number=str(number), choice=choice))
    console.print(Padding("\n".join(lines), (0, 0, 0, 2)), markup=False)
    for line in question.source_lines(replies, message.sources):
        console.print(Padding(line, (0, 0, 0, 2)), style="dim", markup=False)


def _talk(parts: App, citizen: str) -> None:
    replies = parts.resources.replies
    console = Console(highlight=False)
    session = _Session(parts, citizen)
    console.print(replies("help"), style="dim", markup=False)
    while True:
        try:
            line = Prompt.ask(replies("words.you"), console=console)
        except (EOFError, KeyboardInterrupt):
            return
        said = session.answer(terminal.typed(line, citizen, uuid.uuid4().hex, session.now()))
        console.print(replies("words.bot"), style="green")
        for message in said:
            show(message, replies, console)


def _talk_jsonl(parts: App, citizen: str) -> None:
    session = _Session(parts, citizen)
    for line in _lines():
        event = terminal.understood(line, citizen, uuid.uuid4().hex, session.now())
        if isinstance(event, terminal.Wait):
            session.pass_time(event.by)
            print(session.silence().model_dump_json(), flush=True)  # noqa: T201
            continue
        said = session.answer(event)
        print(session.document(said).model_dump_json(), flush=True)  # noqa: T201


def _lines() -> Iterator[str]:
    """Lines of standard input. ConfigError for bytes that are not UTF-8."""
    for number, raw in enumerate(sys.stdin.buffer, 1):
        try:
            line = raw.decode("utf-8").strip()
        except UnicodeDecodeError as error:
            raise ConfigError(f"standard input:{number}: not UTF-8") from error
        if line:
            yield line


class _Session:
    """One conversation in this process: keeps an event, answers it, and collects what is delivered."""

    def __init__(self, parts: App, citizen: str) -> None:
        self._parts, self._resources = parts, parts.resources
        self._conversation_id = f"{terminal.NAME}:main:{citizen}"
        self._shift = timedelta()
        self._inbox_id = 0
        self._said: list[OutboundMessage] = []
        channel = parts.channels.get(terminal.NAME)
        if not isinstance(channel, Terminal):
            raise ConfigError("settings.toml: channels.terminal: missing")
        channel.show = self._said.append

    def now(self) -> datetime:
        return self._resources.store.now() + self._shift

    def pass_time(self, by: timedelta) -> None:
        self._shift += by
        self._said.clear()
        self._run()

    def answer(self, event: InboundEvent) -> list[OutboundMessage]:
        """Everything that this event causes."""
        store = self._resources.store
        self._said.clear()
        event = self._kept(event)
        self._inbox_id, _ = store.write(lambda tables: tables.inbox.accept(event, self.now()))
        while self._result() is None:
            if not self._run():
                anyio.run(anyio.sleep, 0.05)  # in back-off, or another process has it
        self._run()
        return list(self._said)

    def _kept(self, event: InboundEvent) -> InboundEvent:
        """A photo or file on this machine is kept before anything is said of it. ConfigError where it is not there."""
        if event.kind not in ("photo", "file") or not event.media:
            return event
        try:
            content = Path(event.media).read_bytes()
        except OSError as error:
            raise ConfigError(f"{event.media}: {error.strerror}") from error
        return replace(event, media=self._resources.files.set_aside(content))

    def document(self, said: list[OutboundMessage]) -> AnswerDocument:
        result = self._resources.store.read(lambda tables: tables.inbox.result(self._inbox_id))
        return answer_document(result.outcome or "error", result.confidence, self._conversation(), said)

    def silence(self) -> AnswerDocument:
        """What time alone has caused."""
        return answer_document("nudged" if self._said else "status", None, self._conversation(), self._said)

    def _result(self) -> str | None:
        return self._resources.store.read(lambda tables: tables.inbox.result(self._inbox_id)).outcome

    def _conversation(self) -> Conversation:
        return self._resources.store.read(lambda tables: tables.conversations.load(self._conversation_id))

    def _run(self) -> bool:
        """Answer and deliver until nothing is due; False where nothing was."""
        moved = False
        while True:
            claims = loops.claim_turns(self._resources, _CHANNELS, self.now(), 1, self._conversation_id)
            for claimed in claims:
                loops.run_turn(self._resources, claimed, self.now())
            if not claims and not self._parts.round.go(self.now()) and not self._deliver():
                return moved
            moved = True

    def _deliver(self) -> int:
        channels = {terminal.NAME: self._parts.channels[terminal.NAME]}
        return anyio.run(loops.deliver_once, self._resources, channels, self.now(), self._conversation_id)


def add_to(app: typer.Typer) -> None:
    app.command()(ask)
    app.command()(chat)
