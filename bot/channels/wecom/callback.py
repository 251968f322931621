"""What WeCom pushes: only that there is something to be read. And what is read, in our words."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import xmltodict

from bot.channels.envelope import FRESH, Envelope, Refused
from bot.domain.messages import InboundEvent, Kind, writable
from bot.store.windows import Grant

NAME = "wecom"
TYPED = Grant("typed", 5, timedelta(hours=48))
CUSTOMER, SERVICER = 3, 5  # who a message is from
_MOST_SEEN = 10_000

_KINDS: dict[str, Kind] = {"text": "text", "image": "photo", "video": "photo", "file": "photo", "location": "location"}


@dataclass(frozen=True)
class Call:
    """There is something to be read in an account's list."""

    account: str
    token: str


@dataclass(frozen=True)
class Happened:
    """One thing of the list; `told` are the event's own particulars, as the platform names them.

    `event` is what a citizen said or sent, `media_id` what is to be fetched of it.
    """

    key: str
    at: datetime
    account: str
    sender: str
    what: str
    told: Mapping[str, Any]
    event: InboundEvent | None = None
    media_id: str = ""

    @property
    def conversation(self) -> str:
        return f"{NAME}:{self.account}:{self.sender}"


class Seen:
    """Which calls were heard already, for as long as they are fresh."""

    def __init__(self) -> None:
        self._until: OrderedDict[str, datetime] = OrderedDict()

    def again(self, signature: str, now: datetime) -> bool:
        """Was this call heard before? From now on it was."""
        while self._until and (len(self._until) > _MOST_SEEN or next(iter(self._until.values())) < now):
            self._until.popitem(last=False)
        if signature in self._until:
            return True
        self._until[signature] = now + 2 * FRESH  # it is fresh for as long before its time as after it
        return False


def called(envelope: Envelope, query: Mapping[str, str], body: bytes, now: datetime) -> Call | None:
    """None for what is no news of customer service. Refused for anybody but the platform."""
    xml = envelope.open(query, body, now)
    try:
        told = xmltodict.parse(xml)["xml"]
        if told.get("Event") != "kf_msg_or_event":
            return None
        return Call(str(told["OpenKfId"]), str(told["Token"]))
    except Exception as error:
        raise Refused(f"not a call: {type(error).__name__}") from error


def understood(told: Mapping[str, Any], now: datetime) -> Happened:
    """A message of the list. KeyError, TypeError or ValueError where it is none."""
    what, about = str(told["msgtype"]), told
    particulars: Mapping[str, Any] = told.get(what) or {}
    if what == "event":
        what = str(particulars["event_type"])
        about = {
            **told,
            **{name: particulars[name] for name in ("open_kfid", "external_userid") if name in particulars},
        }
    origin = int(told.get("origin", 0))
    key, at = str(told["msgid"]), datetime.fromtimestamp(int(told["send_time"]), UTC)
    account, sender = str(about.get("open_kfid", "")), str(about.get("external_userid", ""))
    if origin == SERVICER:
        what = f"servicer_{what}"
    if origin != CUSTOMER:
        return Happened(key, at, account, sender, what, particulars)
    kind, text = _KINDS.get(what, "voice"), str(particulars.get("content") or "")
    if kind == "text" and particulars.get("menu_id"):
        kind = "tap"
    where = (float(particulars["latitude"]), float(particulars["longitude"])) if kind == "location" else None
    event = InboundEvent(NAME, key, sender, kind, now, account=account, text=writable(text), location=where)
    media = str(particulars["media_id"]) if kind == "photo" else ""
    return Happened(key, at, account, sender, what, particulars, event, media)
