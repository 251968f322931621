"""The platform of Telegram's bots: gives updates until they are confirmed, takes texts, keeps files, fails on cue.

A group has topics, and takes twenty messages a minute, whatever they are in; after that it says for how long it rests.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.peers.listening import listening

TOKEN = "123456:hush"
LONGEST = 4096  # letters of one text
LONGEST_CAPTION = 1024
GROUP = -1001234567890
A_MINUTE = 20  # messages that a group takes


class Platform:
    """`said` is what each chat has read: text, and the buttons under it; `handed` the documents, as name, content and
    words. `cues` are the next replies to a text, `cues_of_files` to a document.
    """

    def __init__(self) -> None:
        self.said: list[tuple[str, str, list[tuple[str, str]]]] = []
        self.updates: list[dict[str, Any]] = []
        self.files: dict[str, bytes] = {}
        self.cues: list[dict[str, Any]] = []
        self.cues_of_files: list[dict[str, Any]] = []
        self.handed: list[tuple[str, str, bytes, str]] = []
        self.answered: list[str] = []
        self.topics: dict[int, str] = {}
        self.closed: set[int] = set()
        self.posted: list[tuple[int | None, str, list[tuple[str, str]]]] = []
        self.times: list[float] = []
        self.refused = 0
        self.now = time.monotonic
        self.port = 0
        self._id = 100
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def read_by(self, chat: int) -> list[str]:
        return [text for to, text, _ in self.said if to == str(chat)]

    def message(self, chat: int, **told: Any) -> dict[str, Any]:
        """A citizen writes or sends something."""
        about = {"message_id": 1, "date": int(time.time()), "chat": {"id": chat, "type": "private", "first_name": "W"}}
        return self._update(message=about | told)

    def tap(self, chat: int, data: str) -> dict[str, Any]:
        user = {"id": chat, "is_bot": False, "first_name": "W"}
        shown = {"message_id": 2, "date": int(time.time()), "chat": {"id": chat, "type": "private"}}
        return self._update(
            callback_query={"id": "q", "from": user, "chat_instance": "1", "data": data, "message": shown}
        )

    def post(self, user: int, text: str, thread: int | None = None, **more: Any) -> dict[str, Any]:
        """A member of the group writes, in a topic or to all."""
        about = self._in_group(user, thread) | {"from": {"id": user, "is_bot": False, "first_name": "S"}}
        return self._update(message=about | ({"text": text} if text else {}) | more)

    def press(self, user: int, thread: int, data: str) -> dict[str, Any]:
        """A member of the group presses a button under a message."""
        told = {"id": "g", "from": {"id": user, "is_bot": False, "first_name": "S"}, "chat_instance": "1", "data": data}
        return self._update(callback_query=told | {"message": self._in_group(1, thread)})

    def in_topic(self, thread: int) -> list[str]:
        return [text for where, text, _ in self.posted if where == thread]

    def _in_group(self, user: int, thread: int | None) -> dict[str, Any]:
        chat = {"id": GROUP, "type": "supergroup", "title": "staff", "is_forum": True}
        where = {"message_thread_id": thread, "is_topic_message": True} if thread else {}
        return {"message_id": 5, "date": int(time.time()), "chat": chat, **where}

    def _update(self, **what: Any) -> dict[str, Any]:
        with self._lock:
            self._id += 1
            self.updates.append({"update_id": self._id, **what})
            return self.updates[-1]

    def take_file(self, told: dict[str, str], name: str, content: bytes) -> dict[str, Any]:
        """The reply to a document."""
        if self.cues_of_files:
            return self.cues_of_files.pop(0)
        if not content or len(told.get("caption", "")) > LONGEST_CAPTION:
            return _error(400, "Bad Request: file must be non-empty")
        self.handed.append((told["chat_id"], name, content, told.get("caption", "")))
        chat = {"id": int(told["chat_id"]), "type": "private"}
        return {"ok": True, "result": {"message_id": 10, "date": int(time.time()), "chat": chat}}

    def reply(self, method: str, told: dict[str, str]) -> dict[str, Any]:
        if method == "getUpdates":
            offset = int(told.get("offset", 0))
            with self._lock:
                self.updates = [one for one in self.updates if one["update_id"] >= offset]
                found = list(self.updates)
            if not found:
                time.sleep(0.1)
            return {"ok": True, "result": found}
        if method == "getFile":
            known = told["file_id"] in self.files
            result = {"file_id": told["file_id"], "file_unique_id": "u", "file_path": f"x/{told['file_id']}"}
            return {"ok": True, "result": result} if known else _error(400, "Bad Request: wrong file_id")
        if method == "answerCallbackQuery":
            self.answered.append(told["callback_query_id"])
            return {"ok": True, "result": True}
        if "message_thread_id" in told and int(told["message_thread_id"]) not in self.topics:
            return _error(400, "Bad Request: message thread not found")
        if method == "createForumTopic":
            thread = 1000 + len(self.topics)
            self.topics[thread] = told["name"]
            return {"ok": True, "result": {"message_thread_id": thread, "name": told["name"], "icon_color": 7322096}}
        if method in ("closeForumTopic", "reopenForumTopic"):
            thread = int(told["message_thread_id"])
            if (thread in self.closed) == (method == "closeForumTopic"):
                return _error(400, "Bad Request: TOPIC_NOT_MODIFIED")
            self.closed ^= {thread}
            return {"ok": True, "result": True}
        if int(told["chat_id"]) == GROUP:
            return self._take_for_group(told)
        return self._take(told)

    def _take_for_group(self, told: dict[str, str]) -> dict[str, Any]:
        now = self.now()
        lately = [at for at in self.times if at > now - 60]
        if len(lately) >= A_MINUTE:
            self.refused += 1
            return too_many(int(lately[0] + 60 - now) + 1)
        found = self._take(told)
        if found["ok"]:
            self.times.append(now)
            _, text, buttons = self.said.pop()
            self.posted.append((int(told.get("message_thread_id", 0)) or None, text, buttons))
        return found

    def _take(self, told: dict[str, str]) -> dict[str, Any]:
        if self.cues:
            return self.cues.pop(0)
        if len(told["text"]) > LONGEST:
            return _error(400, "Bad Request: message is too long")
        rows = json.loads(told.get("reply_markup", "{}")).get("inline_keyboard", [])
        buttons = [(one["text"], one["callback_data"]) for row in rows for one in row]
        if any(not 0 < len(data.encode()) <= 64 for _, data in buttons):
            return _error(400, "Bad Request: BUTTON_DATA_INVALID")
        self.said.append((told["chat_id"], told["text"], buttons))
        chat = {"id": int(told["chat_id"]), "type": "private" if int(told["chat_id"]) > 0 else "supergroup"}
        return {"ok": True, "result": {"message_id": 9, "date": int(time.time()), "chat": chat, "text": told["text"]}}

    @contextmanager
    def serving(self) -> Iterator["Platform"]:
        with listening(_handler(self), self.port) as self.port:
            yield self


def too_many(seconds: int) -> dict[str, Any]:
    return {**_error(429, "Too Many Requests"), "parameters": {"retry_after": seconds}}


def too_large() -> dict[str, Any]:
    return _error(413, "Request Entity Too Large")


def blocked() -> dict[str, Any]:
    return _error(403, "Forbidden: bot was blocked by the user")


def _error(code: int, why: str) -> dict[str, Any]:
    return {"ok": False, "error_code": code, "description": why}


def _parts(kind: str, body: bytes) -> tuple[dict[str, str], str, bytes]:
    """The fields of a form, and the name and content of its file."""
    form = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
    told, name, content = dict[str, str](), "", b""
    for part in form.iter_parts():
        if part.get_filename():
            name, content = str(part.get_filename()), part.get_payload(decode=True)
        else:
            told[str(part.get_param("name", header="content-disposition"))] = part.get_payload(decode=True).decode()
    return told, name, content


def _handler(peer: Platform) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers["Content-Type"].startswith("multipart/"):
                self._answer(peer.take_file(*_parts(self.headers["Content-Type"], body)))
                return
            told = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            self._answer(peer.reply(urlsplit(self.path).path.rpartition("/")[2], told))

        def do_GET(self) -> None:
            content = peer.files.get(self.path.rpartition("/")[2], b"")
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def _answer(self, told: dict[str, Any]) -> None:
            body = json.dumps(told).encode()
            self.send_response(int(told.get("error_code", 200)))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
