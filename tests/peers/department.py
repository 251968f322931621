"""A department's system: takes applications once for each idempotency key, gives reports, and fails on cue."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.peers.listening import listening

TOKEN = "between-offices"


@dataclass(frozen=True)
class Cue:
    """What happens to one request: it is answered with `status`, after `delay` seconds.

    `lost`: it is done, and the answer never comes.
    """

    status: int = 200
    lost: bool = False
    delay: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)


class Department:
    """`took` are the applications by their key, in their order; `asked` every key that came, however often.

    `cues` are for the next requests, of any kind; `reports` wait by name; `refused` are those taken with a fault.
    """

    def __init__(self) -> None:
        self.took: dict[str, dict[str, Any]] = {}
        self.asked: list[str] = []
        self.cues: list[Cue] = []
        self.reports: dict[str, dict[str, Any]] = {}
        self.refused: dict[str, str] = {}
        self.listed: Any = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/office"

    def report(self, name: str, **told: Any) -> None:
        self.reports[name] = told

    @contextmanager
    def serving(self) -> Iterator["Department"]:
        """Answers on its port, the same one every time."""
        with listening(_handler(self), self.port) as self.port:
            yield self


def _handler(peer: Department) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._answer(lambda: self._take(body))

        def do_GET(self) -> None:
            listed = [{"name": name, **told} for name, told in sorted(peer.reports.items())]
            self._answer(lambda: listed if peer.listed is None else peer.listed)

        def do_DELETE(self) -> None:
            self._answer(self._taken)

        def _take(self, body: dict[str, Any]) -> dict[str, str]:
            key = unquote(self.headers["Idempotency-Key"])
            peer.asked.append(key)
            assert self.path == "/office/applications" and body["application"]["key"] == key
            peer.took.setdefault(key, body)
            return {"key": key}

        def _taken(self) -> dict[str, str]:
            parts = urlsplit(self.path)
            name = unquote(parts.path.removeprefix("/office/reports/"))
            del peer.reports[name]
            for fault in parse_qs(parts.query).get("fault", []):
                peer.refused[name] = fault
            return {}

        def _answer(self, act: Any) -> None:
            cue = peer.cues.pop(0) if peer.cues else Cue()
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                cue = Cue(401)
            done = act() if cue.status == 200 else {}
            time.sleep(cue.delay)
            if cue.lost:
                return
            body = done.encode() if isinstance(done, str) else json.dumps(done).encode()
            self.send_response(cue.status)
            for name, value in {"Content-Length": str(len(body)), **cue.headers}.items():
                self.send_header(name, value)
            with suppress(OSError):  # the other side did not wait
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
