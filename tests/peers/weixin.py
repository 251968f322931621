"""The platform of official accounts: gives tokens that end, counts what may be sent, keeps media, and fails on cue.

Written from the documentation: after a citizen's message five texts in 48 hours, after a tap, a scan or a follow three
in a minute; 45047 beyond, 45015 when the time is over; a text has at most 2,048 bytes.
"""

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

APP, SECRET, TOKEN = "wx5823bf96d3bd56c7", "hush", "QDG6eK"
AES_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
ACCOUNT = "gh_hall"
LONGEST = 2048


class Weixin:
    """`said` is what each citizen has read, in order; `cues` are error codes for the next sends, or "lost"."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []
        self.tokens: list[str] = []
        self.cues: list[Any] = []
        self.media: dict[str, bytes] = {}
        self.videos: dict[str, bytes] = {}
        self.refused: list[int] = []
        self.calls: list[str] = []
        self.now = time.time
        self.agreed: dict[tuple[str, str], int] = {}
        self.notices: list[tuple[str, str, dict[str, Any]]] = []
        self.menu: list[dict[str, Any]] = []
        self.tickets: list[str] = []
        self.ticket_lasts = 7200
        self.port = 0
        self._windows: dict[str, dict[str, list[float]]] = {}
        self._lock = threading.Lock()
        self._stale: set[str] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def end_token(self) -> None:
        """All tokens end, as they do after two hours or when somebody asks for another one elsewhere."""
        self._stale |= set(self.tokens)

    def read_by(self, openid: str) -> list[str]:
        return [text for to, text in self.said if to == openid]

    def push(
        self, client: TestClient, openid: str, kind: str = "text", *, again: bool = False, **told: Any
    ) -> httpx.Response:
        """A citizen does something; the platform tells the account's server, and shows what it answers with.

        `again`: it was told before, and nothing came in time. That lets nobody send more.
        """
        now = int(self.now())
        about = {"ToUserName": ACCOUNT, "FromUserName": openid, "CreateTime": now, "MsgType": kind}
        if kind != "event":
            about["MsgId"] = told.pop("MsgId", str(secrets.randbits(60)))
        if not again:
            self._grant(openid, kind, told)
        body = "".join(f"<{name}><![CDATA[{value}]]></{name}>" for name, value in (about | told).items())
        reply = self.post(client, f"<xml>{body}</xml>")
        if reply.status_code == 200 and reply.content != b"success":
            text = WeChatCrypto(TOKEN, AES_KEY, APP).decrypt_message(reply.text, *_signed(reply.text))
            self.said.append((openid, str(text).partition("<Content>")[2].partition("</Content>")[0]))
        return reply

    def post(self, client: TestClient, xml: str, *, at: float | None = None, **instead: str) -> httpx.Response:
        """A signed, encrypted call; `instead` are parameters that are not as they should be."""
        stamp, nonce = str(int(at or self.now())), secrets.token_hex(5)
        sealed = WeChatCrypto(TOKEN, AES_KEY, APP).encrypt_message(xml, nonce, stamp)
        query = {
            "signature": sha1("".join(sorted([TOKEN, stamp, nonce])).encode()).hexdigest(),
            "timestamp": stamp,
            "nonce": nonce,
            "encrypt_type": "aes",
            "msg_signature": _signed(sealed)[0],
        }
        body = sealed.replace("<xml>", f"<xml><ToUserName>{ACCOUNT}</ToUserName>", 1)
        return client.post("/channels/wechat", params=query | instead, content=body.encode())

    def _grant(self, openid: str, kind: str, told: dict[str, Any]) -> None:
        windows = self._windows.setdefault(openid, {})
        if kind == "event" or told.get("bizmsgmenuid"):
            if told.get("Event") in ("subscribe", "SCAN", "CLICK") or told.get("bizmsgmenuid"):
                windows["tapped"] = [3, self.now() + 60]
        else:
            windows["typed"] = [5, self.now() + 48 * 3600]

    def send(self, token: str, told: dict[str, Any]) -> dict[str, Any]:
        """The reply to message/custom/send."""
        with self._lock:
            code = self._fault(token)
            openid, text = told["touser"], told["text"]["content"]
            if not code and len(text.encode()) > LONGEST:
                code = 45002
            if not code:
                code = self._spend(openid)
            if code:
                self.refused.append(code)
                return {"errcode": code, "errmsg": "refused"}
            self.said.append((openid, text))
            return {"errcode": 0, "errmsg": "ok"}

    def notify(self, token: str, told: dict[str, Any]) -> dict[str, Any]:
        """The reply to message/subscribe/bizsend: only what was agreed to goes, and once where it was for once."""
        with self._lock:
            code, mine = self._fault(token), (told["touser"], told["template_id"])
            if not code and self.agreed.get(mine, 0) <= 0:
                code = 43101
            if not code and any(len(one["value"]) > 20 for name, one in told["data"].items() if "thing" in name):
                code = 47003
            if code:
                self.refused.append(code)
                return {"errcode": code, "errmsg": "refused"}
            self.agreed[mine] -= 1
            self.notices.append((told["touser"], told["template_id"], told["data"]))
            return {"errcode": 0, "errmsg": "ok"}

    def manage(self, path: str, asked: dict[str, list[str]], told: dict[str, Any]) -> dict[str, Any]:
        """The replies to the making of a menu, and to the question how much may be sent today."""
        if code := self._fault(asked["access_token"][0]):
            return {"errcode": code, "errmsg": "refused"}
        if path.endswith("menu/create"):
            tops = told["button"]
            fits = len(tops) <= 3 and all(len(top.get("sub_button", [])) <= 5 for top in tops)
            if not fits or any(len(top["name"].encode()) > 16 for top in tops):
                return {"errcode": 40018, "errmsg": "invalid button name size"}
            self.menu = tops
            return {"errcode": 0, "errmsg": "ok"}
        used = self.calls.count("/cgi-bin/message/custom/send")
        return {"errcode": 0, "quota": {"daily_limit": 500_000, "used": used, "remain": 500_000 - used}}

    def decide(self, client: TestClient, openid: str, template: str, what: str, kind: str = "Popup") -> httpx.Response:
        """A citizen says "accept" or "reject" to a template."""
        if what == "accept":
            self.agreed[openid, template] = self.agreed.get((openid, template), 0) + 1
        else:
            self.agreed[openid, template] = 0
        one = f"<TemplateId>{template}</TemplateId><SubscribeStatusString>{what}</SubscribeStatusString>"
        return self._subscribed(client, openid, kind, one)

    def tell_of(self, client: TestClient, openid: str, template: str, code: int) -> httpx.Response:
        """What became of a notice that was sent."""
        one = f"<TemplateId>{template}</TemplateId><MsgID>1</MsgID><ErrorCode>{code}</ErrorCode>"
        return self._subscribed(client, openid, "Sent", one)

    def _subscribed(self, client: TestClient, openid: str, kind: str, one: str) -> httpx.Response:
        about = f"<ToUserName>{ACCOUNT}</ToUserName><FromUserName>{openid}</FromUserName>"
        about += f"<CreateTime>{int(self.now())}</CreateTime><MsgType>event</MsgType>"
        event = f"<Event>subscribe_msg_{kind.lower()}_event</Event>"
        listed = f"<SubscribeMsg{kind}Event><List>{one}</List></SubscribeMsg{kind}Event>"
        return self.post(client, f"<xml>{about}{event}{listed}</xml>")

    def _fault(self, token: str) -> int:
        if token not in self.tokens or token in self._stale:
            return 40001
        return self.cues.pop(0) if self.cues and isinstance(self.cues[0], int) else 0

    def _spend(self, openid: str) -> int:
        windows = self._windows.get(openid, {})
        usable = [one for one in windows.values() if one[1] > self.now()]
        if not usable:
            return 45015
        with_some = next((one for one in sorted(usable, key=lambda one: one[1]) if one[0] > 0), None)
        if with_some is None:
            return 45047
        with_some[0] -= 1
        return 0

    def token(self, told: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            if told.get("appid") != APP or told.get("secret") != SECRET:
                return {"errcode": 40125, "errmsg": "invalid appsecret"}
            if not self.tokens or self.tokens[-1] in self._stale or told.get("force_refresh"):
                self.tokens.append(secrets.token_hex(16))
            return {"access_token": self.tokens[-1], "expires_in": 7200}

    def ticket(self, asked: dict[str, list[str]]) -> dict[str, Any]:
        """What pages are signed with: another one each time that it is asked for."""
        with self._lock:
            if asked.get("type") != ["jsapi"] or (code := self._fault(asked["access_token"][0])):
                self.refused.append(code if asked.get("type") == ["jsapi"] else 40097)
                return {"errcode": self.refused[-1], "errmsg": "refused"}
            self.tickets.append(secrets.token_urlsafe(40))
            return {"errcode": 0, "errmsg": "ok", "ticket": self.tickets[-1], "expires_in": self.ticket_lasts}

    @contextmanager
    def serving(self) -> Iterator["Weixin"]:
        with listening(_handler(self), self.port) as self.port:
            yield self


def _signed(sealed: str) -> tuple[str, str, str]:
    """The signature, time and nonce in a sealed body."""
    names = ("MsgSignature", "TimeStamp", "Nonce")
    found = (sealed.partition(f"<{name}>")[2].partition(f"</{name}>")[0] for name in names)
    first, second, third = (one.removeprefix("<![CDATA[").removesuffix("]]>") for one in found)
    return first, second, third


def _handler(peer: Weixin) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            parts = urlsplit(self.path)
            peer.calls.append(parts.path)
            if parts.path == "/cgi-bin/stable_token":
                self._answer(json.dumps(peer.token(told)).encode())
            elif parts.path == "/cgi-bin/message/subscribe/bizsend":
                self._answer(json.dumps(peer.notify(parse_qs(parts.query)["access_token"][0], told)).encode())
            elif parts.path in ("/cgi-bin/menu/create", "/cgi-bin/openapi/quota/get"):
                self._answer(json.dumps(peer.manage(parts.path, parse_qs(parts.query), told)).encode())
            elif parts.path == "/cgi-bin/message/custom/send":
                cue = peer.cues.pop(0) if peer.cues and isinstance(peer.cues[0], str) else ""
                if cue == "lost":
                    peer.send(parse_qs(parts.query)["access_token"][0], told)
                    time.sleep(6)
                    return
                self._answer(json.dumps(peer.send(parse_qs(parts.query)["access_token"][0], told)).encode())

        def do_GET(self) -> None:
            asked = parse_qs(urlsplit(self.path).query)
            peer.calls.append(urlsplit(self.path).path)
            if urlsplit(self.path).path == "/cgi-bin/ticket/getticket":
                self._answer(json.dumps(peer.ticket(asked)).encode())
                return
            if urlsplit(self.path).path == "/down":
                self._answer(peer.videos[asked["id"][0]])
                return
            video = asked.get("media_id", [""])[0]
            if video in peer.videos:
                self._answer(json.dumps({"video_url": f"{peer.url}/down?id={video}"}).encode())
                return
            content = peer.media.get(asked.get("media_id", [""])[0])
            self._answer(content or json.dumps({"errcode": 40007, "errmsg": "invalid media_id"}).encode())

        def _answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
