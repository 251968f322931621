"""What the platform pushes: proven to be its own, fresh, opened, and put in our words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import wechatpy
import xmltodict

from bot.channels.envelope import Envelope, Refused
from bot.channels.wechat.notices import Decision, decisions
from bot.domain.messages import InboundEvent, Kind, writable
from bot.store.windows import Grant

NAME = "wechat"
TYPED = Grant("typed", 5, timedelta(hours=48))
TAPPED = Grant("tapped", 3, timedelta(minutes=1))

_TEXTS: dict[str, Kind] = {"text": "text", "voice": "voice", "location": "location"}
_SHOWN = ("image", "video", "shortvideo")
_GRANTING = frozenset({"subscribe", "subscribe_scan", "scan", "click", "scancode_push", "scancode_waitmsg"})


@dataclass(frozen=True)
class Pushed:
    """One push: by whom to which account; what happened, if it is anything to answer; what it lets us send; a picture
    or a video to be fetched.

    `left`: the citizen follows us no longer. `decisions`: what they said to notices by template.
    """

    sender: str
    account: str
    event: InboundEvent | None
    grant: Grant | None = None
    media_id: str = ""
    left: bool = False
    decisions: tuple[Decision, ...] = ()


@dataclass(frozen=True)
class Gate:
    """Who may come in. `greeting` is what a new follower is taken to say."""

    app_id: str
    token: str
    aes_key: str
    greeting: str

    @property
    def envelope(self) -> Envelope:
        return Envelope(self.app_id, self.token, self.aes_key)

    def greeted(self, query: Mapping[str, str], now: datetime) -> str:
        """What is to be echoed when the address is set up in the console. Refused for anybody else."""
        self.envelope.known(query, "signature", now)
        return query.get("echostr", "")

    def open(self, query: Mapping[str, str], body: bytes, now: datetime) -> str:
        """The XML of an encrypted push. Refused where a signature, the time or the key is wrong, or it is in clear."""
        self.envelope.known(query, "signature", now)
        if query.get("encrypt_type") != "aes":
            raise Refused("not encrypted")
        return self.envelope.open(query, body, now)

    def sealed(self, openid: str, text: str, account: str, query: Mapping[str, str], now: datetime) -> str:
        """An answer as the body of the reply to a push."""
        at = int(now.timestamp())
        told = {"ToUserName": openid, "FromUserName": account, "CreateTime": at, "MsgType": "text", "Content": text}
        return self.envelope.sealed(xmltodict.unparse({"xml": told}, full_document=False), query, now)


def understood(xml: str, greeting: str, now: datetime) -> Pushed:
    """A push in our words. Refused where it is none."""
    try:
        message = wechatpy.parse_message(xml)
        told: dict[str, Any] = message._data
        sender = str(told["FromUserName"])
        return _pushed(message.type, str(getattr(message, "event", "")), told, sender, greeting, now)
    except Exception as error:
        raise Refused(f"not a push: {type(error).__name__}") from error


def _pushed(kind: str, event: str, told: dict[str, Any], sender: str, greeting: str, now: datetime) -> Pushed:
    account = str(told.get("ToUserName", ""))
    if kind == "event":
        grant = TAPPED if event in _GRANTING else None
        text = _said_by(event, told, greeting)
        made = _event(told, sender, "tap" if event == "click" else "text", now, text) if text else None
        return Pushed(sender, account, made, grant, left=event == "unsubscribe", decisions=decisions(told))
    tapped = bool(told.get("bizmsgmenuid"))
    what = "photo" if kind in _SHOWN else _TEXTS.get(kind, "voice")
    text = str(told.get("Content") or told.get("Recognition") or told.get("Label") or "")
    where = (float(told["Location_X"]), float(told["Location_Y"])) if kind == "location" else None
    made = _event(told, sender, "tap" if tapped else what, now, text, where)
    return Pushed(sender, account, made, TAPPED if tapped else TYPED, str(told["MediaId"]) if kind in _SHOWN else "")


def _said_by(event: str, told: Mapping[str, Any], greeting: str) -> str:
    """What an event amounts to, in words: the key of a menu, the code of a picture that was scanned, a greeting."""
    key = str(told.get("EventKey") or "")
    if event in ("click", "scan", "subscribe_scan"):
        return key
    return greeting if event == "subscribe" else ""


def _event(
    told: Mapping[str, Any],
    sender: str,
    kind: Kind,
    now: datetime,
    text: str,
    location: tuple[float, float] | None = None,
) -> InboundEvent:
    once = told.get("MsgId") or ":".join(str(told.get(key, "")) for key in ("CreateTime", "Event", "EventKey"))
    event_id = f"{sender}:{once}"
    return InboundEvent(NAME, event_id, sender, kind, now, text=writable(text), location=location)
