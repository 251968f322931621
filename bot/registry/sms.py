"""The way to a gateway for texts: POST one message as JSON, with an idempotency key."""

from dataclasses import dataclass, field

import httpx

from bot.errors import TryLater, Undeliverable, Unknown

_TIMEOUT = httpx.Timeout(10, connect=5)


@dataclass(frozen=True)
class Sms:
    """`url` takes {"phone", "text"}. Any 2xx means that the gateway has taken it."""

    url: str
    token: str = field(default="", repr=False)

    def send(self, phone: str, text: str, key: str) -> None:
        """TryLater where it may work later, Undeliverable where not, Unknown where the answer never came."""
        headers = {"Idempotency-Key": key} | ({"Authorization": f"Bearer {self.token}"} if self.token else {})
        try:
            reply = httpx.post(self.url, json={"phone": phone, "text": text}, headers=headers, timeout=_TIMEOUT)
        except httpx.ConnectError as error:
            raise TryLater("the gateway cannot be reached") from error
        except httpx.HTTPError as error:
            raise Unknown(type(error).__name__) from error
        if reply.status_code == 429 or reply.status_code >= 500:
            after = reply.headers.get("Retry-After", "")
            raise TryLater(f"{reply.status_code}", float(after) if after.isdecimal() else None)
        if not reply.is_success:
            raise Undeliverable(f"{reply.status_code}")
