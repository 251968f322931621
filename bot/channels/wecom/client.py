"""The platform's interface: customer service (kf), with a token, time limits and errors that can be relied on."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from bot import metrics
from bot.channels.counted import Closed
from bot.channels.wecom.callback import NAME
from bot.errors import ChannelError, TryLater, Undeliverable, Unknown

STALE_TOKEN = frozenset({40014, 42001, 41001})
CLOSED = frozenset({95001, 95002, 95013, 95018})  # too many; too late; the session has ended, or staff have it
NEVER = frozenset({40003, 60111, 84061, 95000, 95004})  # no such person or account
NEVER |= {40007, 40008, 40058, 95008, 95009, 95022}  # a message that it will not have as it is
NEVER |= {48002, 60020, 95003, 95011, 95012, 95017, 95023}  # not allowed, until somebody changes it in the console
BAD_TOKEN = 95007  # of a callback, which holds for ten minutes
_WAITS = {-1: 10.0, 45009: 60.0, 45033: 5.0}
_TIMEOUT = httpx.Timeout(5.0, connect=3.0)
_SOON = 300  # seconds before its end in which a token is not used any more


class Failed(ChannelError):
    """The platform said no; `code` is its own."""

    def __init__(self, code: int) -> None:
        super().__init__(f"errcode {code}")
        self.code = code


@dataclass(frozen=True)
class Page:
    """Part of the list of messages, as the platform words them."""

    messages: list[dict[str, Any]]
    cursor: str
    more: bool


class Client:
    """One for each corporation: it holds the token, which is fetched once for all who wait for it."""

    def __init__(self, corp_id: str, secret: str, base: str) -> None:
        self._asked = {"corpid": corp_id, "corpsecret": secret}
        self._http = httpx.AsyncClient(base_url=f"{base.rstrip('/')}/cgi-bin/", timeout=_TIMEOUT)
        self._lock = asyncio.Lock()
        self._token, self._good_until = "", 0.0

    async def close(self) -> None:
        await self._http.aclose()

    async def accounts(self) -> list[str]:
        """The accounts that this application may speak for."""
        found = await self._told("kf/account/list", {"offset": 0, "limit": 100})
        return [str(one["open_kfid"]) for one in found.get("account_list", [])]

    async def sync(self, account: str, cursor: str, token: str) -> Page:
        """What stands behind the cursor. `token` is of the callback; without one the platform lets us look seldom."""
        asked = {"open_kfid": account, "cursor": cursor, "limit": 100, "voice_format": 0}
        try:
            told = await self._call("kf/sync_msg", asked | ({"token": token} if token else {}))
        except Failed as error:
            if error.code != BAD_TOKEN or not token:
                raise _meaning(error) from error
            return await self.sync(account, cursor, "")
        return Page(told.get("msg_list", []), str(told.get("next_cursor", cursor)), bool(told.get("has_more")))

    async def say(self, account: str, to: str, key: str, said: Mapping[str, Any]) -> None:
        """Send one message. Where nothing is answered it is asked once more: the same `key` is not taken twice."""
        asked = {"touser": to, "open_kfid": account, "msgid": key, **said}
        try:
            await self._told("kf/send_msg", asked)
        except Unknown:
            await self._asked_again("kf/send_msg", asked)

    async def say_on(self, code: str, key: str, said: Mapping[str, Any]) -> None:
        """The one thing that an event lets us say."""
        await self._told("kf/send_msg_on_event", {"code": code, "msgid": key, **said})

    async def state(self, account: str, to: str) -> tuple[int, str]:
        """Who serves a citizen, and which of their staff."""
        found = await self._told("kf/service_state/get", {"open_kfid": account, "external_userid": to})
        return int(found["service_state"]), str(found.get("servicer_userid", ""))

    async def move(self, account: str, to: str, state: int, servicer: str = "") -> str:
        """Put a citizen into another's hands; the code that lets us say one thing more about it, or ""."""
        asked: dict[str, Any] = {"open_kfid": account, "external_userid": to, "service_state": state}
        asked |= {"servicer_userid": servicer} if servicer else {}
        return str((await self._told("kf/service_state/trans", asked)).get("msg_code", ""))

    async def receiving(self, account: str) -> list[str]:
        """Their staff who take citizens now."""
        found = await self._told("kf/servicer/list", None, open_kfid=account)
        return [str(one["userid"]) for one in found.get("servicer_list", []) if one.get("status") == 0]

    async def media(self, media_id: str) -> bytes:
        """What a citizen sent; it vanishes after three days."""
        reply = await self._fresh("GET", "media/get", params={"media_id": media_id})
        return reply.content

    async def upload(self, name: str, content: bytes) -> str:
        """A file that can be sent for three days."""
        files = {"media": (name, content, "application/octet-stream")}
        reply = await self._fresh("POST", "media/upload", params={"type": "file"}, files=files)
        return str(reply.json()["media_id"])

    async def _asked_again(self, path: str, asked: Mapping[str, Any]) -> None:
        """A no of a kind that we do not know says that the message was taken the first time."""
        try:
            await self._call(path, asked)
        except Failed as error:
            if error.code in CLOSED | NEVER | set(_WAITS):
                raise _meaning(error) from error

    async def _told(self, path: str, asked: Mapping[str, Any] | None, **params: str) -> dict[str, Any]:
        try:
            return await self._call(path, asked, **params)
        except Failed as error:
            raise _meaning(error) from error

    async def _call(self, path: str, asked: Mapping[str, Any] | None, **params: str) -> dict[str, Any]:
        """What is answered. Failed where it is a no; TryLater or Unknown where nothing came."""
        reply = await self._fresh("GET" if asked is None else "POST", path, params=params, json=asked)
        found: dict[str, Any] = reply.json()
        return found

    async def _fresh(self, method: str, path: str, params: Mapping[str, str], **more: Any) -> httpx.Response:
        """With a new token, once, where the platform does not know ours."""
        token = await self._valid()
        reply = await self._sent(method, path, params={**params, "access_token": token}, **more)
        if _fault(reply) in STALE_TOKEN:
            token = await self._valid(stale=token)
            reply = await self._sent(method, path, params={**params, "access_token": token}, **more)
        if code := _fault(reply):
            raise Failed(code)
        return reply

    async def _valid(self, stale: str = "") -> str:
        """The token; another one where the platform knows the `stale` one no longer."""
        async with self._lock:
            if self._token and self._token != stale and self._good_until > time.time() + _SOON:
                return self._token
            reply = await self._sent("GET", "gettoken", params=self._asked)
            if code := _fault(reply):
                raise TryLater(f"no token: errcode {code}", _WAITS.get(code, 60.0))
            told = reply.json()
            self._token, self._good_until = str(told["access_token"]), time.time() + int(told["expires_in"])
            metrics.TOKEN_AT.labels(NAME).set_to_current_time()
            return self._token

    async def _sent(self, method: str, path: str, **more: Any) -> httpx.Response:
        try:
            reply = await self._http.request(method, path, **more)
            reply.raise_for_status()
        except (httpx.ReadTimeout, httpx.RemoteProtocolError, httpx.ReadError) as error:
            raise Unknown("no answer in time") from error
        except httpx.HTTPError as error:
            raise TryLater(f"not reached: {type(error).__name__}") from error
        return reply


def _fault(reply: httpx.Response) -> int:
    """The platform's code, 0 where all is well. Files come as they are."""
    if "content-disposition" in reply.headers:
        return 0
    try:
        return int(reply.json().get("errcode", 0))
    except (ValueError, AttributeError) as error:
        raise TryLater("not readable") from error


def _meaning(error: Failed) -> TryLater | Undeliverable:
    if error.code in CLOSED:
        return Closed(str(error))
    if error.code in NEVER:
        return Undeliverable(str(error))
    return TryLater(str(error), _WAITS.get(error.code))
