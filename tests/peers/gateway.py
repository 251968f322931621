"""A gateway for texts: takes each once for its idempotency key, and fails on cue."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from tests.peers.listening import listening

TOKEN = "for-texts"


@dataclass
class Gateway:
    """`took` are the texts by key; `asked` every key that came; `cues` the answers to the next requests: 0 is none."""

    took: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    cues: list[int] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/send"

    @contextmanager
    def serving(self) -> Iterator["Gateway"]:
        with listening(_handler(self), self.port) as self.port:
            yield self


def _handler(peer: Gateway) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            key = self.headers["Idempotency-Key"]
            peer.asked.append(key)
            status = peer.cues.pop(0) if peer.cues else 200
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                status = 401
            if status in (0, 200):
                peer.took.setdefault(key, body)
            if status == 0:
                return  # taken, and the answer never comes
            self.send_response(status)
            self.send_header("Content-Length", "0")
            with suppress(OSError):
                self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    return Handler
