"""The platform's interface: wechatpy's endpoints, with a token, time limits and errors that can be relied on."""

import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import requests
from wechatpy.client import WeChatClient
from wechatpy.exceptions import WeChatClientException

from bot import metrics
from bot.channels.counted import Closed
from bot.channels.wechat.callback import NAME
from bot.channels.wechat.notices import REFUSED
from bot.errors import TryLater, Undeliverable, Unknown
from bot.materials.cleaning import LARGEST

STALE_TOKEN = frozenset({40001, 40014, 42001})
NEVER = frozenset({40003, 43004, 43019, 46004, 48002, 50002, 50005})  # no such follower, or one who wants nothing
NEVER |= {40037, 41030, 45002, 47001, 47003}  # no such template; a message that it will not have as it is
NEVER |= {48001, 48004, 48008}  # not allowed, until somebody changes it in the console
CLOSED = frozenset({45015, 45047})  # out of the window; too many in it
_WAITS = {-1: 10.0, 45011: 60.0, 45009: 3600.0}
_TIMEOUT = (3, 5)  # seconds to connect, to answer
_SENDING, _LOOK_EVERY = "/cgi-bin/message/custom/send", 600.0
_SOON = 60  # seconds before its end in which a token is not used any more


class Unwanted(Undeliverable):
    """The citizen wants no such notice."""


class Client(WeChatClient):  # type: ignore[misc]
    """One for each account: it holds the token, which is fetched by one thread for all."""

    def __init__(self, app_id: str, secret: str, base: str) -> None:
        self.API_BASE_URL = f"{base.rstrip('/')}/cgi-bin/"
        self._lock = threading.Lock()
        self._good_until, self._look_again = 0.0, 0.0
        self._ticket, self._ticket_until = "", 0.0
        super().__init__(app_id, secret, auto_retry=False, timeout=_TIMEOUT)

    def fetch_access_token(self) -> None:
        self._renew("")

    def _renew(self, stale: str) -> None:
        """The stable token: asked for again it is the same one, so that other programs' tokens live on.

        `stale` is the one that the platform knows no longer; then it is made to give another.
        """
        with self._lock:
            known = self.session.get(self.access_token_key)
            if known and known != stale and self._good_until > time.time() + _SOON:
                return  # another thread was quicker
            asked = {"grant_type": "client_credential", "appid": self.appid, "secret": self.secret}
            told = self._http.post(
                f"{self.API_BASE_URL}stable_token", json=asked | {"force_refresh": bool(stale)}, timeout=_TIMEOUT
            ).json()
            if told.get("errcode"):
                raise WeChatClientException(told["errcode"], told.get("errmsg"))
            self.session.set(self.access_token_key, told["access_token"], told["expires_in"])
            self._good_until = time.time() + int(told["expires_in"])
            self.expires_at = int(self._good_until)
            metrics.TOKEN_AT.labels(NAME).set_to_current_time()

    def say(self, openid: str, text: str) -> None:
        """Send one text. Closed, TryLater, Undeliverable or Unknown where it was not, or may not have been, taken."""
        self._call(lambda: self.message.send_text(openid, text))
        self._look_at_quota()

    def notify(self, openid: str, template: str, page: str, data: Mapping[str, Any]) -> None:
        """Send a notice that was subscribed to. Unwanted where the citizen takes none of it any more."""
        told: dict[str, Any] = {"touser": openid, "template_id": template, "data": data}
        told |= {"page": page} if page else {}
        self._call(lambda: self.post("message/subscribe/bizsend", data=told))

    def ticket(self) -> str:
        """What pages are signed with that use the platform's script. For one thread at a time: it is kept until it
        ends, since the platform gives few a day.
        """
        if self._ticket_until < time.time() + _SOON:
            ticket, lasts = self._call(self._new_ticket)
            self._ticket, self._ticket_until = ticket, time.time() + lasts
        return self._ticket

    def _new_ticket(self) -> tuple[str, int]:
        told = self.get("ticket/getticket", params={"type": "jsapi"})
        return str(told["ticket"]), int(told["expires_in"])

    def sent(self, media_id: str) -> bytes:
        """The picture or the video that a citizen sent. OperatorError's kinds as above."""
        reply: Any = self._call(lambda: self.media.download(media_id))
        if isinstance(reply, dict):  # of a video it only says where it is
            where = str(reply.get("video_url", ""))
            reply = self._call(lambda: self._read(where))
        return bytes(reply if isinstance(reply, bytes) else reply.content)

    def _read(self, url: str) -> bytes:
        """A file of the platform's, no larger than we take; a little more of one that is."""
        with self._http.get(url, timeout=_TIMEOUT, stream=True) as reply:
            reply.raise_for_status()
            return bytes(reply.raw.read(LARGEST + 1, decode_content=True))

    def make_menu(self, buttons: Sequence[Mapping[str, Any]]) -> None:
        """In the place of the menu that is there. ChannelError where the platform will not have it."""
        self._call(lambda: self.menu.create({"button": list(buttons)}))

    def _look_at_quota(self) -> None:
        """Now and then, how many messages the platform still takes today."""
        if time.monotonic() < self._look_again:
            return
        self._look_again = time.monotonic() + _LOOK_EVERY
        with suppress(Exception):  # a number for whoever watches: nothing depends on it
            told = self._fresh(lambda: self.post("openapi/quota/get", data={"cgi_path": _SENDING}))
            metrics.QUOTA_LEFT.labels(NAME).set(int(told["quota"]["remain"]))

    def _call(self, act: Any) -> Any:
        try:
            return self._fresh(act)
        except WeChatClientException as error:
            raise _failed(error.errcode) from error
        except requests.ReadTimeout as error:
            raise Unknown("no answer in time") from error
        except (requests.RequestException, ValueError, KeyError) as error:
            raise TryLater(f"not reached: {type(error).__name__}") from error

    def _fresh(self, act: Any) -> Any:
        """With a new token, once, where the platform does not know ours."""
        try:
            return act()
        except WeChatClientException as error:
            if error.errcode not in STALE_TOKEN:
                raise
        self._renew(self.session.get(self.access_token_key) or "")
        return act()


def _failed(code: int | None) -> TryLater | Undeliverable:
    if code == REFUSED:
        return Unwanted(f"errcode {code}")
    if code in CLOSED:
        return Closed(f"errcode {code}")
    if code in NEVER:
        return Undeliverable(f"errcode {code}")
    return TryLater(f"errcode {code}", _WAITS.get(code or 0))
