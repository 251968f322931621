"""A real server process and a real Chromium, for tests/test_browser.py."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, expect

from bot.channels.webchat import conversation_of
from bot.domain.messages import InboundEvent, OutboundMessage
from bot.materials.files import Files
from bot.seal import open_seal
from bot.store.db import Store

ROOT = Path(__file__).resolve().parents[2]
_AXE = Path(__file__).with_name("axe.min.js").read_text("utf-8")
_CHROMIUM = os.environ.get("BANSHI_TEST_CHROMIUM", "/usr/bin/chromium")
_QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
]


def banshi(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "bot", *arguments]


class Server:
    """`banshi serve` in a process of its own, by `config` where one is given. The port stays over a restart."""

    def __init__(self, home: Path, config: Path | None = None) -> None:
        self.home = home
        self._environment = os.environ | ({"BANSHI_CONFIG": str(config)} if config else {})
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def hire(self, name: str, *roles: str, team: str = "enterprise") -> str:
        """A new account of the desk, by the command; its first password."""
        chosen = [word for role in roles for word in ("--role", role)]
        command = banshi("staff", "add", name, *chosen, "--team", team, "--home", str(self.home))
        told = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
        return told.split()[-1]

    def start(self) -> None:
        command = banshi("serve", "--home", str(self.home), "--port", str(self.port))
        with (self.home / "server.log").open("ab") as log:
            self._process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, env=self._environment)
        for _ in range(600):
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}/health", timeout=5):
                return
            if self._process.poll() is not None:
                break
            time.sleep(0.1)
        pytest.fail((self.home / "server.log").read_text("utf-8"))

    def kill(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()

    @contextlib.contextmanager
    def store(self) -> Iterator[Store]:
        """The server's database, as another process sees it."""
        store = Store(f"sqlite:///{self.home / 'banshi.db'}", seal=open_seal(self.home))
        try:
            yield store
        finally:
            store.close()

    def heard_from(self, visitor: str) -> list[InboundEvent]:
        with self.store() as store:
            kept = store.read(lambda tables: tables.inbox.of_conversation(conversation_of(visitor)))
        return [event for _, event in kept]

    def said_to(self, visitor: str) -> list[str]:
        with self.store() as store:
            queued = store.read(lambda tables: tables.outbox.after(conversation_of(visitor), 0))
        return [line.message.text for line in queued]

    def file(self, name: str) -> bytes:
        """What was uploaded, as it was before it was sealed."""
        return Files(self.home / "files", open_seal(self.home)).read(name)

    def token_of_the_draft_of(self, visitor: str) -> str:
        """What stands in the QR code of the plan."""
        seal = open_seal(self.home)
        with self.store() as store:
            (draft,) = store.read(lambda tables: tables.cases.drafts(conversation_of(visitor)))
        return seal.token(f"{draft} go")

    def say_to(self, visitor: str, message: OutboundMessage) -> None:
        """Queue a message as the bot's own, from another process."""
        conversation = conversation_of(visitor)
        with self.store() as store:
            now = store.now()
            store.write(lambda tables: tables.outbox.put(conversation, [message], now, f"test:{now}"))


def new_home(folder: Path, index: Path) -> Path:
    shutil.copytree(index, folder / "kb")
    return folder


def launch(playwright: Playwright) -> Browser:
    if not Path(_CHROMIUM).exists():
        pytest.fail(f"{_CHROMIUM} is missing: apt-get install chromium, or set BANSHI_TEST_CHROMIUM")
    return playwright.chromium.launch(executable_path=_CHROMIUM, args=_QUIET)


class Citizen:
    """A person with a browser of their own."""

    def __init__(self, browser: Browser, url: str, width: int = 360, **context: Any) -> None:
        height = 740 if width < 700 else 800
        settings = {"locale": "zh-CN", "timezone_id": "Asia/Shanghai", **context}
        self.context = browser.new_context(viewport={"width": width, "height": height}, **settings)
        self.page: Page = self.context.new_page()
        self.faults: list[str] = []
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.goto(url)

    def _hear(self, line: ConsoleMessage) -> None:
        if line.type in ("error", "warning"):
            self.faults.append(line.text)

    @property
    def box(self) -> Any:
        return self.page.get_by_label("您的问题")

    def send(self, text: str) -> None:
        self.box.fill(text)
        self.box.press("Enter")

    def said(self) -> Any:
        return self.page.locator("#log .bot .text")

    def own(self) -> Any:
        return self.page.locator("#log .citizen .text")

    def visitor(self) -> str:
        return str(self.page.evaluate("JSON.parse(localStorage.getItem('banshi.visitor')).visitor"))

    def wait_for_lines(self, count: int, timeout: float = 20_000) -> None:
        expect(self.said()).to_have_count(count, timeout=timeout)

    def sideways(self) -> int:
        """By how many pixels the page is wider than the window."""
        measure = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        return int(self.page.evaluate(measure))


def serious_faults(page: Page) -> list[str]:
    """What axe-core finds serious or critical, contrast of 7:1 included."""
    page.evaluate(_AXE)
    rules = {"color-contrast-enhanced": {"enabled": True}}
    found = page.evaluate("rules => axe.run(document, {rules, resultTypes: ['violations']})", rules)
    return [
        f"{rule['id']}: {node['html'][:120]} {node.get('failureSummary', '')}"
        for rule in found["violations"]
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def visitors(browser: Browser, server: Server) -> Iterator[Callable[..., Citizen]]:
    """What opens a page as somebody new; no page may have complained at the end."""
    people: list[Citizen] = []

    def visit(path: str = "/", **settings: Any) -> Citizen:
        people.append(Citizen(browser, server.url + path, **settings))
        return people[-1]

    yield visit
    faults = [fault for one in people for fault in one.faults]
    for one in people:
        one.context.close()
    assert faults == []
