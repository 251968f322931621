"""A desk with many chats open and many agents at work, over HTTP: what a page and a word take."""

import itertools
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx
import numpy as np

from bot.app import load_replies, open_rota
from bot.bench import Row, processor_seconds, scratch
from bot.desk import open_accounts
from bot.domain.messages import InboundEvent, OutboundMessage
from bot.errors import OperatorError
from bot.handover import Handover
from bot.seal import open_seal
from bot.settings import Settings
from bot.store.db import Store, Tables

_PASSWORD, _SAID = "for-a-bench-only", 10  # things that each side has said in a chat
_REST = 2.5  # seconds between two looks of one desk, as desk.js has it
_CSRF = re.compile(r'name="csrf" value="([^"]+)"')
_READY_WITHIN = 120.0


@dataclass
class Took:
    """Seconds of each request, by what it was; `failed` counts those that were not answered as they should be. `cpu`:
    seconds of processor that the server took for all of them.
    """

    pages: list[float] = field(default_factory=list)
    words: list[float] = field(default_factory=list)
    failed: int = 0
    cpu: float = 0.0


def measure(settings: Settings, chats: int, agents: int, seconds: float) -> list[Row]:
    """Pages looked at again and again, and answers given. Times in milliseconds, as the desks see them."""
    with scratch(settings.home) as home:
        if settings.kb.exists():  # pages search it beside the chat
            (home / "kb").symlink_to(settings.kb.absolute())
        held = _fill(settings, home, chats, agents)
        with _serving(home) as (url, server):
            took, clients = Took(), list(map(partial(_signed_in, url), held))
            waits = [_REST * number / agents for number in range(agents)]  # nobody works in step with the others
            ends, spent = time.perf_counter() + seconds, processor_seconds(server)
            with ThreadPoolExecutor(agents) as threads:
                list(threads.map(partial(_at_work, took, ends), waits, clients, held.values()))
            took.cpu = processor_seconds(server) - spent
            for client in clients:
                client.close()
    return [_row(what, chats, agents, seconds, took, times) for what, times in _named(took)]


def _fill(settings: Settings, home: Path, chats: int, agents: int) -> dict[str, list[int]]:
    """Chats in the hands of the agents, as many each; the tickets by who has them."""
    store, rota = Store(f"sqlite:///{home / 'banshi.db'}", seal=open_seal(home)), open_rota(settings)
    handover = Handover(rota, load_replies(settings.config))
    accounts, now, team = open_accounts(store), store.now(), rota.default
    names = [f"agent {number}" for number in range(agents)]
    for name in names:
        accounts.add(name, ["agent"], [team], now, _PASSWORD)
    held: dict[str, list[int]] = {name: [] for name in names}

    def chat(number: int, name: str, tables: Tables) -> int:
        who = f"citizen{number}"
        id = 0
        for place in range(_SAID):
            event = InboundEvent("webchat", f"{who}:{place}", who, "text", now, text=f"{place} {who} 13800138000")
            id, _ = tables.inbox.accept(event, now)
            tables.inbox.dismiss(id, now)
            tables.outbox.put(event.conversation_id, [OutboundMessage(f"{place} {name}")], now, f"{who}:{place}", id)
        conversation = tables.conversations.load(f"webchat:main:{who}")
        conversation.owner = "queued"
        tables.conversations.save(conversation)
        ticket = tables.tickets.open(conversation.id, id, "asked", now, now, team=team)
        staff = tables.staff.get(name)
        assert staff is not None
        handover.give(tables, ticket, staff, now)
        tables.tickets.spoken(ticket.id, now)
        return ticket.id

    for number, name in zip(range(chats), itertools.cycle(names), strict=False):
        held[name].append(store.write(partial(chat, number, name)))
    for name in names:
        store.write(lambda tables, name=name: tables.staff.change(name, online=True, seen_at=now))  # type: ignore[misc]
    store.close()
    return held


@contextmanager
def _serving(home: Path) -> Iterator[tuple[str, int]]:
    """A server process of its own over that home, as `banshi serve` is."""
    with httpx.Client() as client, _free_port() as port:
        url = f"http://127.0.0.1:{port}"
        environment = os.environ | {"BANSHI_DEMO": "1"}
        environment.pop("BANSHI_DATABASE_URL", None)
        command = [sys.executable, "-m", "bot", "serve", "--home", str(home), "--port", str(port)]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
        try:
            ends = time.monotonic() + _READY_WITHIN
            while time.monotonic() < ends and server.poll() is None:
                with suppress(httpx.HTTPError):
                    client.get(f"{url}/health")
                    break
                time.sleep(0.2)
            else:
                raise OperatorError("the server of the measurement does not begin")
            yield url, server.pid
        finally:
            server.terminate()
            server.wait()


@contextmanager
def _free_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = int(listener.getsockname()[1])
    yield port


def _signed_in(url: str, name: str) -> httpx.Client:
    client = httpx.Client(base_url=url, timeout=60)
    answer = client.post("/desk/login", data={"name": name, "password": _PASSWORD})
    if answer.status_code != 303:
        raise OperatorError(f"{name} cannot sign in: {answer.status_code}")
    return client


def _at_work(took: Took, ends: float, wait: float, client: httpx.Client, tickets: list[int]) -> None:
    """One agent, who begins after `wait` seconds: opens one chat after the other, and answers it."""
    time.sleep(wait)
    for number in itertools.count():
        began = time.perf_counter()
        if began >= ends:
            return
        id = tickets[number % len(tickets)]
        page = client.get(f"/desk/chats/{id}", headers={"X-Look": "1"} if number % 4 else {})
        took.pages.append(time.perf_counter() - began)
        token = _CSRF.search(page.text)
        if page.status_code != 200 or token is None:
            took.failed += 1
            continue
        began = time.perf_counter()
        told = {"csrf": token[1], "key": f"{id}-{number}", "text": f"answer {number}"}
        said = client.post(f"/desk/chats/{id}/say", data=told)
        took.words.append(time.perf_counter() - began)
        took.failed += "fault" in said.headers.get("location", "fault")
        time.sleep(max(0.0, min(_REST, ends - time.perf_counter())))


def _named(took: Took) -> list[tuple[str, list[float]]]:
    return [("page of a chat", took.pages), ("answer", took.words)]


def _row(what: str, chats: int, agents: int, seconds: float, took: Took, times: list[float]) -> Row:
    p50, p95, p99 = np.percentile(times, [50, 95, 99]) * 1000
    row: Row = {"what": what, "chats": chats, "agents": agents, "count": len(times), "failed": took.failed}
    return (
        row
        | {"a second": len(times) / seconds, "p50 ms": float(p50), "p95 ms": float(p95), "p99 ms": float(p99)}
        | {"CPU ms of both": took.cpu * 1000 / max(1, len(took.words))}
    )
