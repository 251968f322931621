"""A server that speaks as much of Rasa 3's HTTP as the bot asks for, and fails in the ways that servers do."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "the-token"
ANSWER: dict[str, Any] = {
    "text": "办食品证要多久",
    "intent": {"name": "ask_time", "confidence": 0.91},
    "entities": [
        {
            "entity": "licence_kind",
            "start": 1,
            "end": 4,
            "confidence_entity": 0.99,
            "value": "食品经营许可证",
            "extractor": "DIETClassifier",
            "processors": ["EntitySynonymMapper"],
        }
    ],
    "text_tokens": [[0, 1], [1, 4], [4, 7]],
    "intent_ranking": [
        {"name": "ask_time", "confidence": 0.91},
        {"name": "out_of_scope", "confidence": 0.06},
        {"name": "ask_fee", "confidence": 0.03},
    ],
}


class FakeRasa:
    """`answer` is given to every parse (bytes as they are, all else as JSON), with `status`, after `delay` seconds."""

    def __init__(self) -> None:
        self.answer: Any = ANSWER
        self.status, self.delay = 200, 0.0
        self.texts: list[str] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def serving(self) -> Iterator["FakeRasa"]:
        """Answers on its port, the same one every time."""
        peer = self
        open_connections: set[socket.socket] = set()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                open_connections.add(self.connection)

            def finish(self) -> None:
                open_connections.discard(self.connection)
                with suppress(OSError):
                    super().finish()

            def do_GET(self) -> None:
                self._answer(200, {"model_id": "fake", "num_active_training_jobs": 0})

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                peer.texts.append(body["text"])
                time.sleep(peer.delay)
                self._answer(peer.status, peer.answer)

            def _answer(self, status: int, content: Any) -> None:
                if parse_qs(urlsplit(self.path).query).get("token") != [TOKEN]:
                    status, content = 401, {"status": "failure", "reason": "NotAuthenticated", "code": 401}
                body = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_: object) -> None:
                pass  # the other side did not wait

        server = Server(("127.0.0.1", self.port), Handler)
        server.daemon_threads = True
        self.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            for connection in list(open_connections):
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
