"""How soon each platform's webhook acknowledges a call while nobody answers: over HTTP, by several callers at once."""

import asyncio
import http.client
import itertools
import json
import secrets
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from hashlib import sha1
from typing import Any
from urllib.parse import urlencode

import numpy as np
import sqlalchemy as sa
import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr

from bot import app as composition
from bot import loops
from bot.bells import Bells
from bot.bench import Row, scratch
from bot.errors import OperatorError
from bot.settings import Settings
from bot.store.tables import inbox

Call = tuple[str, dict[str, str], bytes]  # path, headers, body

_TOKEN, _KEY, _SECRET, _OWNER = "bench", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "s-1", "wx0123456789abcdef"
_AWAY = "http://127.0.0.1:9"  # where nobody listens: nothing is ever sent or read
_BEGINS = 20.0  # seconds


def measure(settings: Settings, calls: int, callers: int) -> list[Row]:
    """A row for each platform: `calls` messages of as many citizens, and how many of them were kept. Milliseconds."""
    keys: dict[str, Any] = {"base": _AWAY, "token": _TOKEN, "aes_key": _KEY, "secret": _SECRET}
    channels = {
        "wechat": {"app_id": _OWNER, **keys},
        "wecom": {"corp_id": _OWNER, **keys},
        "telegram": {"mode": "webhook", "base": _AWAY, "token": "1:bench", "secret": _SECRET},
    }
    makers = {"wechat": _of_wechat, "wecom": _of_wecom, "telegram": _of_telegram}
    return [_measured(settings, name, channels[name], makers[name], calls, callers) for name in channels]


def _measured(settings: Settings, name: str, section: dict[str, Any], make: Any, calls: int, callers: int) -> Row:
    with scratch(settings.home) as folder:
        url = SecretStr(f"sqlite:///{folder / 'bench.db'}")
        parts = composition.build(settings.model_copy(update={"database_url": url, "channels": {name: section}}))
        site = FastAPI()
        router = parts.channels[name].router(loops.reception(parts.resources, Bells()))
        assert router is not None
        site.include_router(router)
        try:
            with _serving(site) as port:
                made = [make(number) for number in range(calls)]
                began = time.perf_counter()
                with ThreadPoolExecutor(callers) as threads:
                    shares = (made[first::callers] for first in range(callers))
                    took = list(itertools.chain(*threads.map(partial(_call, port), shares)))
                seconds = time.perf_counter() - began
            counted = sa.select(sa.func.count()).select_from(inbox)
            kept = int(parts.resources.store.read(lambda tables: tables.connection.scalar(counted)) or 0)
        finally:
            parts.close()
    p50, p95, p99 = np.percentile(took, [50, 95, 99]) * 1000
    found: Row = {"what": name, "callers": callers, "calls": len(took), "kept": kept, "a second": calls / seconds}
    return found | {"p50 ms": float(p50), "p95 ms": float(p95), "p99 ms": float(p99)}


@contextmanager
def _serving(site: FastAPI) -> Iterator[int]:
    """The site on a port of its own, in a thread."""
    server = uvicorn.Server(uvicorn.Config(site, port=0, log_level="error"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    deadline = time.monotonic() + _BEGINS
    while not server.started:
        if time.monotonic() > deadline:
            raise OperatorError("the webhook did not begin to listen")
        time.sleep(0.05)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()


def _call(port: int, calls: Sequence[Call]) -> list[float]:
    """Seconds from each call to its acknowledgement, one after the other. OperatorError where one is not."""
    took, line = [], http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for path, headers, body in calls:
        began = time.perf_counter()
        line.request("POST", path, body, headers)
        reply = line.getresponse()
        reply.read()
        took.append(time.perf_counter() - began)
        if reply.status != 200:
            raise OperatorError(f"{path.partition('?')[0]} answered {reply.status}")
    line.close()
    return took


def _of_wechat(number: int) -> Call:
    told = {"ToUserName": "gh", "FromUserName": f"c{number}", "CreateTime": int(time.time()), "MsgType": "text"}
    return _sealed("wechat", {**told, "MsgId": number, "Content": "hello"})


def _of_wecom(number: int) -> Call:
    return _sealed("wecom", {"Event": "kf_msg_or_event", "Token": f"t{number}", "OpenKfId": "wk"})


def _of_telegram(number: int) -> Call:
    chat = {"id": number + 1, "type": "private"}
    told = {"update_id": number, "message": {"message_id": number, "date": 1, "chat": chat, "text": "hello"}}
    headers = {"X-Telegram-Bot-Api-Secret-Token": _SECRET, "Content-Type": "application/json"}
    return "/channels/telegram", headers, json.dumps(told).encode()


def _sealed(name: str, told: dict[str, object]) -> Call:
    """A call as the platform seals and signs it."""
    from bot.channels.envelope import Envelope  # the platform's library, for whoever measures it alone

    nonce, now = secrets.token_hex(5), datetime.now(UTC)
    xml = "".join(f"<{key}>{value}</{key}>" for key, value in told.items())
    body = Envelope(_OWNER, _TOKEN, _KEY).sealed(f"<xml>{xml}</xml>", {"nonce": nonce}, now)
    text, stamp = body.partition("<Encrypt><![CDATA[")[2].partition("]]>")[0], str(int(now.timestamp()))
    signs = [sha1("".join(sorted([_TOKEN, stamp, nonce, *more])).encode()).hexdigest() for more in ((), (text,))]
    query = {
        "timestamp": stamp,
        "nonce": nonce,
        "encrypt_type": "aes",
        "signature": signs[0],
        "msg_signature": signs[1],
    }
    return f"/channels/{name}?{urlencode(query)}", {"Content-Type": "text/xml"}, body.encode()
