"""A virus scanner that speaks ClamAV's protocol: finds what holds a mark, and fails on cue."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

MARK = b"X5O!P%-a-mark-that-is-no-virus"


@dataclass
class Clamd:
    """`saw` is the length of each stream; `cue` what is answered instead: words, "nothing", "slow"."""

    saw: list[int] = field(default_factory=list)
    cue: str = ""
    port: int = 0

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @contextmanager
    def serving(self) -> Iterator["Clamd"]:
        server = ThreadingTCPServer(("127.0.0.1", 0), _handler(self))
        server.daemon_threads = True
        self.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def _handler(peer: Clamd) -> type[StreamRequestHandler]:
    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            assert self._exactly(10) == b"zINSTREAM\0"
            content = b""
            while length := int.from_bytes(self._exactly(4), "big"):
                content += self._exactly(length)
            peer.saw.append(len(content))
            if peer.cue == "slow":
                time.sleep(1)
            if peer.cue in ("nothing", "slow"):
                return
            said = peer.cue or ("stream: Test.Mark FOUND" if MARK in content else "stream: OK")
            self.wfile.write(said.encode() + b"\0")

        def _exactly(self, length: int) -> bytes:
            return bytes(self.rfile.read(length))

        def log_message(self, *_: Any) -> None:
            pass

    return Handler
