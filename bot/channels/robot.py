"""The robot of a WeCom group: tells staff, one way, that somebody waits, with a link to the desk."""

from typing import Annotated, Any

import httpx
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from bot.channels.base import Capabilities, Reception
from bot.channels.pace import Pace
from bot.domain.messages import OutboundMessage
from bot.errors import TryLater, Undeliverable, Unknown

NAME = "robot"
LONGEST = 2048  # bytes of one text
A_MINUTE = 20  # messages of one robot
_BUSY = (-1, 45009, 45033)
_REST = 60.0


class Settings(BaseModel):
    """`key` of the robot's address comes from the environment, see docs/wecom.md."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    base: Annotated[str, Field(pattern=r"^https?://[^\s?#]+$")] = "https://qyapi.weixin.qq.com"
    key: SecretStr


def connect(settings: dict[str, Any]) -> "Robot":
    return Robot(Settings.model_validate(settings))


class Robot:
    """A channel without citizens: it hears nothing."""

    def __init__(self, settings: Settings) -> None:
        self.capabilities = Capabilities(max_text=10**6, group="notice")
        self._url = f"{settings.base.rstrip('/')}/cgi-bin/webhook/send"
        self._key = settings.key.get_secret_value()
        self._pace = Pace(A_MINUTE, 60)

    def router(self, reception: Reception) -> APIRouter | None:
        return None

    async def send(self, conversation_id: str, message: OutboundMessage, key: str) -> None:
        if wait := self._pace.wait(key):
            raise TryLater("too many", wait)
        text = message.text.encode()[:LONGEST].decode(errors="ignore")
        try:
            async with httpx.AsyncClient(timeout=10) as client:
                asked = {"msgtype": "text", "text": {"content": text}}
                response = await client.post(self._url, params={"key": self._key}, json=asked)
            told = response.json()
        except httpx.ConnectError as error:
            raise TryLater("not reached") from error
        except (httpx.HTTPError, ValueError) as error:
            raise Unknown(type(error).__name__) from error
        code = told.get("errcode", -1) if isinstance(told, dict) else -1
        if code in _BUSY:
            self._pace.full_for(_REST)
            raise TryLater(f"errcode {code}", _REST)
        if code:
            raise Undeliverable(f"errcode {code}")
