"""What WeChat and WeCom have in common: signed, fresh, sealed calls, and answers sealed alike."""

import hmac
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha1

import xmltodict
from fastapi import HTTPException
from wechatpy.crypto import WeChatCrypto

log = logging.getLogger(__name__)

FRESH = timedelta(minutes=5)
LARGEST = 256 * 1024  # bytes of a call; those of the platforms are a few hundred


class Refused(Exception):
    """Not from the platform, not fresh, or not readable. Its words are for the log, and hold nothing of the call."""


@dataclass(frozen=True)
class Envelope:
    """`owner` is whom every sealed text names: the id of the account or of the corporation."""

    owner: str
    token: str
    aes_key: str

    @property
    def _crypto(self) -> WeChatCrypto:
        return WeChatCrypto(self.token, self.aes_key, self.owner)

    def known(self, query: Mapping[str, str], name: str, now: datetime, *more: str) -> None:
        """Refused where the signature `name` is not of the platform, or not of these minutes."""
        stamp, nonce, given = query.get("timestamp", ""), query.get("nonce", ""), query.get(name, "")
        ours = sha1("".join(sorted([self.token, stamp, nonce, *more])).encode()).hexdigest()
        if not hmac.compare_digest(ours.encode(), given.encode()):
            raise Refused(f"wrong {name}")
        if not stamp.isdecimal() or abs(now.timestamp() - int(stamp)) > FRESH.total_seconds():
            raise Refused("not fresh")

    def open(self, query: Mapping[str, str], body: bytes, now: datetime) -> str:
        """The XML of a sealed call. Refused where the signature, the time or the key is wrong, or it is none."""
        if len(body) > LARGEST:
            raise Refused("too large")
        try:
            sealed = str(xmltodict.parse(body)["xml"]["Encrypt"])
        except Exception as error:  # what strangers send breaks its readers in many ways
            raise Refused(f"not readable: {type(error).__name__}") from error
        return self.opened(query, sealed, now)

    def opened(self, query: Mapping[str, str], sealed: str, now: datetime) -> str:
        """What was sealed."""
        self.known(query, "msg_signature", now, sealed)
        signed = (query["msg_signature"], query["timestamp"], query["nonce"])
        try:
            return str(self._crypto.decrypt_message({"Encrypt": sealed}, *signed))
        except Exception as error:
            raise Refused(f"not readable: {type(error).__name__}") from error

    def sealed(self, clear: str, query: Mapping[str, str], now: datetime) -> str:
        """XML as the body of the reply to a call."""
        return str(self._crypto.encrypt_message(clear, query["nonce"], str(int(now.timestamp()))))


@contextmanager
def only_the_platform() -> Iterator[None]:
    """Whoever is not the platform hears no more than that."""
    try:
        yield
    except Refused as error:
        log.info("a call was refused: %s", error)
        raise HTTPException(403) from None
