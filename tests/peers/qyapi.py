"""The platform of WeCom customer service: keeps lists to be read by cursor, counts what may be sent, knows who serves
a citizen, and fails on cue.

Written from the documentation: five messages in 48 hours after a citizen's own; nothing from the program while a
citizen waits for staff or is with them; a text has at most 2,048 bytes, a menu ten lines of 128 and 1,024 above them; a
message's number is taken once; the token of a callback holds for ten minutes; a welcome can be said for twenty seconds.
"""

import itertools
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha1
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from fastapi.testclient import TestClient
from wechatpy.crypto import WeChatCrypto

from tests.peers.listening import listening

CORP, SECRET, TOKEN = "wx5823bf96d3bd56c7", "hush", "QDG6eK"
AES_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
ACCOUNT = "wkHall"
_MOVES = {0: {1, 2, 3, 4}, 1: {2, 3, 4}, 2: {3, 4}, 3: {3, 4}}


class Qyapi:
    """`said` is what each citizen has read, in order, as it was sent. `cues` are error codes for the next messages, or
    "lost" where the reply never comes, or "slow".
    """

    def __init__(self) -> None:
        self.said: list[tuple[str, dict[str, Any]]] = []
        self.tokens: list[str] = []
        self.cues: list[Any] = []
        self.media: dict[str, bytes] = {}
        self.files: dict[str, tuple[str, bytes]] = {}
        self.refused: list[int] = []
        self.calls: list[str] = []
        self.states: dict[str, int] = {}
        self.receiving = ["lihong"]
        self.page = 1000
        self.now = time.time
        self.robots: dict[str, list[tuple[float, str]]] = {"robot-key": []}
        self.port = 0
        self._list: list[dict[str, Any]] = []
        self._tokens_of_calls: dict[str, float] = {}
        self._codes: dict[str, tuple[str, float]] = {}
        self._left: dict[str, list[float]] = {}
        self._numbers: set[str] = set()
        self._lock = threading.Lock()
        self._stale: set[str] = set()
        self._ids = itertools.count(1)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def end_token(self) -> None:
        self._stale |= set(self.tokens)

    def read_by(self, who: str) -> list[str]:
        return [words(one) for to, one in self.said if to == who]

    def menus_of(self, who: str) -> list[list[str]]:
        """The lines of each menu that a citizen was shown."""
        menus = (one["msgmenu"]["list"] for to, one in self.said if to == who and one["msgtype"] == "msgmenu")
        return [[line["click"]["content"] for line in menu] for menu in menus]

    def robot(self, key: str, told: dict[str, Any]) -> dict[str, Any]:
        """A message of a group's robot: twenty a minute, a text of at most 2,048 bytes."""
        if self.cues and isinstance(self.cues[0], int):
            return no(self.cues.pop(0))
        if key not in self.robots:
            return no(93000)
        if len(told["text"]["content"].encode()) > 2048:
            return no(40058)
        lately = [at for at, _ in self.robots[key] if at > self.now() - 60]
        if len(lately) >= 20:
            self.refused.append(45009)
            return no(45009)
        self.robots[key].append((self.now(), told["text"]["content"]))
        return {"errcode": 0, "errmsg": "ok"}

    def write(self, client: TestClient | None, who: str, text: str, menu_id: str = "") -> str:
        """A citizen writes; the platform calls, where there is somebody to be called. The message's number."""
        more = {"menu_id": menu_id} if menu_id else {}
        return self.happen(client, who, "text", text={"content": text, **more})

    def happen(self, client: TestClient | None, who: str, kind: str, origin: int = 3, **told: Any) -> str:
        key = f"m{next(self._ids)}"
        about = {"msgid": key, "open_kfid": ACCOUNT, "external_userid": who, "send_time": int(self.now())}
        with self._lock:
            self._list.append({**about, "origin": origin, "msgtype": kind, **told})
            if origin == 3:
                self._left[who] = [5, self.now() + 48 * 3600]
                if self.states.get(who, 0) == 4:
                    self.states[who] = 0
        if client is not None:
            assert self.call(client).status_code == 200
        return key

    def event(self, client: TestClient | None, who: str, kind: str, **told: Any) -> str:
        about = {"event_type": kind, "open_kfid": ACCOUNT, "external_userid": who, **told}
        return self.happen(client, "", "event", 4, event=about)

    def enter(self, client: TestClient | None, who: str, scene: str = "") -> str:
        code = self._code(who, 20)
        return self.event(client, who, "enter_session", scene="s", scene_param=scene, welcome_code=code)

    def staff_take(self, client: TestClient, who: str, servicer: str = "lihong") -> None:
        self.states[who] = 3
        self.event(client, who, "session_status_change", change_type=1, new_servicer_userid=servicer)

    def staff_say(self, client: TestClient, who: str, text: str) -> None:
        self.happen(client, who, "text", 5, text={"content": text}, servicer_userid="lihong")

    def staff_end(self, client: TestClient, who: str) -> None:
        self.states[who] = 4
        code = self._code(who, 20)
        self.event(client, who, "session_status_change", change_type=3, old_servicer_userid="lihong", msg_code=code)

    def call(self, client: TestClient, account: str = ACCOUNT) -> httpx.Response:
        """There is something to be read."""
        token = secrets.token_hex(8)
        self._tokens_of_calls[token] = self.now() + 600
        about = {"ToUserName": CORP, "CreateTime": int(self.now()), "MsgType": "event", "Event": "kf_msg_or_event"}
        body = "".join(f"<{k}>{v}</{k}>" for k, v in (about | {"Token": token, "OpenKfId": account}).items())
        return self.post(client, f"<xml>{body}</xml>")

    def post(self, client: TestClient, xml: str, *, at: float | None = None, **instead: str) -> httpx.Response:
        """A signed, encrypted call; `instead` are parameters that are not as they should be."""
        query, body = self.signed(xml, at)
        return client.post("/channels/wecom", params=query | instead, content=body)

    def signed(self, xml: str, at: float | None = None) -> tuple[dict[str, str], bytes]:
        stamp, nonce = str(int(at or self.now())), secrets.token_hex(5)
        sealed = WeChatCrypto(TOKEN, AES_KEY, CORP).encrypt_message(xml, nonce, stamp)
        text = sealed.partition("<Encrypt><![CDATA[")[2].partition("]]>")[0]
        signature = sha1("".join(sorted([TOKEN, stamp, nonce, text])).encode()).hexdigest()
        body = f"<xml><ToUserName>{CORP}</ToUserName><Encrypt>{text}</Encrypt><AgentID></AgentID></xml>"
        return {"msg_signature": signature, "timestamp": stamp, "nonce": nonce}, body.encode()

    def _code(self, who: str, seconds: float) -> str:
        code = secrets.token_hex(8)
        self._codes[code] = (who, self.now() + seconds)
        return code

    def token(self, asked: dict[str, str]) -> dict[str, Any]:
        with self._lock:
            if (asked.get("corpid"), asked.get("corpsecret")) != (CORP, SECRET):
                return no(40001)
            if not self.tokens or self.tokens[-1] in self._stale:
                self.tokens.append(secrets.token_hex(16))
            return {"errcode": 0, "access_token": self.tokens[-1], "expires_in": 7200}

    def answer(self, path: str, asked: dict[str, str], told: dict[str, Any]) -> dict[str, Any]:
        """The reply to a call of ours."""
        if path == "gettoken":
            return self.token(asked)
        with self._lock:
            token = asked.get("access_token")
            if token not in self.tokens or token in self._stale:
                self.refused.append(42001)
                return no(42001)
            found = getattr(self, "_" + path.replace("/", "_"))(told)
            if found.get("errcode"):
                self.refused.append(found["errcode"])
            return {"errcode": 0, "errmsg": "ok", **found}

    def _kf_account_list(self, _told: dict[str, Any]) -> dict[str, Any]:
        return {"account_list": [{"open_kfid": ACCOUNT, "name": "hall"}]}

    def _kf_sync_msg(self, told: dict[str, Any]) -> dict[str, Any]:
        if told.get("token") and self._tokens_of_calls.get(told["token"], 0) < self.now():
            return no(95007)
        begin = int(told["cursor"] or 0)
        end = min(begin + min(told["limit"], self.page), len(self._list))
        found = [one for one in self._list[begin:end] if one["send_time"] > self.now() - 3 * 86400]
        return {"next_cursor": str(end), "has_more": int(end < len(self._list)), "msg_list": found}

    def _kf_send_msg(self, told: dict[str, Any]) -> dict[str, Any]:
        who = told["touser"]
        if self.cues and isinstance(self.cues[0], int):
            return no(self.cues.pop(0))
        if told["msgid"] in self._numbers or len(told["msgid"]) > 32:
            return no(95777)
        if self.states.get(who, 0) not in (0, 1):
            return no(95018 if self.states[who] != 4 else 95013)
        left = self._left.get(who, [0, 0])
        if left[1] < self.now():
            return no(95002)
        if left[0] <= 0:
            return no(95001)
        if code := self._form(told):
            return no(code)
        left[0] -= 1
        self._numbers.add(told["msgid"])
        self.said.append((who, told))
        return {"msgid": told["msgid"]}

    def _form(self, told: dict[str, Any]) -> int:
        """What is wrong with a message."""
        if told["msgtype"] == "text":
            return 0 if 0 < len(told["text"]["content"].encode()) <= 2048 else 40058
        if told["msgtype"] == "file":
            return 0 if told["file"]["media_id"] in self.files else 40007
        menu = told["msgmenu"]
        lines = [line["click"]["content"] for line in menu["list"]]
        fits = len(menu["head_content"].encode()) <= 1024 and len(lines) <= 10
        return 0 if fits and all(0 < len(line.encode()) <= 128 for line in lines) else 95008

    def _kf_send_msg_on_event(self, told: dict[str, Any]) -> dict[str, Any]:
        who, until = self._codes.pop(told["code"], ("", 0))
        if until < self.now():
            return no(40058)
        if code := self._form(told):
            return no(code)
        self.said.append((who, told))
        return {}

    def _kf_service_state_get(self, told: dict[str, Any]) -> dict[str, Any]:
        return {"service_state": self.states.get(told["external_userid"], 0)}

    def _kf_service_state_trans(self, told: dict[str, Any]) -> dict[str, Any]:
        who, to = told["external_userid"], told["service_state"]
        if to not in _MOVES.get(self.states.get(who, 0), set()):
            return no(95016)
        if to == 3 and told.get("servicer_userid") not in self.receiving:
            return no(95014)
        self.states[who] = to
        return {"msg_code": self._code(who, 20 if to == 4 else 48 * 3600)}

    def _kf_servicer_list(self, _told: dict[str, Any]) -> dict[str, Any]:
        away = {"userid": "wangwei", "status": 1}
        return {"servicer_list": [*({"userid": one, "status": 0} for one in self.receiving), away]}

    def keep_file(self, name: str, content: bytes) -> dict[str, Any]:
        id = f"f{len(self.files) + 1}"
        self.files[id] = (name, content)
        return {"errcode": 0, "type": "file", "media_id": id, "created_at": str(int(self.now()))}

    @contextmanager
    def serving(self) -> Iterator["Qyapi"]:
        with listening(_handler(self), self.port) as self.port:
            yield self


def no(code: int) -> dict[str, Any]:
    return {"errcode": code, "errmsg": "refused"}


def words(told: dict[str, Any]) -> str:
    """What a citizen reads of a message: a menu's lines under its head, a file as its name."""
    kind = told["msgtype"]
    if kind == "text":
        return str(told["text"]["content"])
    if kind == "msgmenu":
        menu = told["msgmenu"]
        return "\n".join([menu["head_content"], *(f"· {line['click']['content']}" for line in menu["list"])])
    return f"[{kind}]"


def _handler(peer: Qyapi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            path, asked = self._asked()
            if path == "webhook/send":
                self._answer(peer.robot(asked.get("key", ""), json.loads(body)))
                return
            if path == "media/upload":
                head, _, content = body.partition(b"\r\n\r\n")
                name = head.partition(b'filename="')[2].partition(b'"')[0].decode()
                boundary = body.split(b"\r\n", 1)[0]
                self._answer(peer.keep_file(name, content.partition(b"\r\n" + boundary)[0]))
                return
            cue = peer.cues.pop(0) if path == "kf/send_msg" and peer.cues and isinstance(peer.cues[0], str) else ""
            found = peer.answer(path, asked, json.loads(body))
            if cue == "lost":
                self.close_connection = True
                return
            time.sleep(0.5 if cue == "slow" else 0)
            self._answer(found)

        def do_GET(self) -> None:
            path, asked = self._asked()
            if path != "media/get":
                self._answer(peer.answer(path, asked, {}))
                return
            content = peer.media.get(asked.get("media_id", ""))
            if content is None:
                self._answer(no(40007))
            else:
                self._send(content, "image/jpeg", ("Content-Disposition", 'attachment; filename="a.jpg"'))

        def _asked(self) -> tuple[str, dict[str, str]]:
            parts = urlsplit(self.path)
            path = parts.path.removeprefix("/cgi-bin/")
            peer.calls.append(path)
            return path, {name: values[0] for name, values in parse_qs(parts.query).items()}

        def _answer(self, told: dict[str, Any]) -> None:
            self._send(json.dumps(told).encode(), "application/json; charset=UTF-8")

        def _send(self, body: bytes, kind: str, *headers: tuple[str, str]) -> None:
            self.send_response(200)
            for name, value in (("Content-Type", kind), ("Content-Length", str(len(body))), *headers):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
