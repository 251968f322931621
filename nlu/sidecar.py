"""Rasa as the engine: its server is asked over HTTP, and the engine in this process answers while it is down."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Annotated, Self

import httpx
from pydantic import BaseModel, Field, ValidationError

from nlu.engine import Engine
from nlu.entities import MOST, OURS, Entity
from nlu.model import OUT_OF_SCOPE
from nlu.understand import Understanding

UNDECIDED = "nlu_fallback"  # what Rasa's FallbackClassifier puts first where it is not sure
PAUSE = 5.0

Finder = Callable[[str], tuple[Entity, ...]]

log = logging.getLogger(__name__)


class Unanswered(Exception):
    """The server did not answer, or not as Rasa does. The text says why, and never what was asked."""


class _Intent(BaseModel):
    name: str | None
    confidence: Annotated[float, Field(ge=0, allow_inf_nan=False)]


class _Entity(BaseModel):
    entity: str
    value: str
    start: Annotated[int, Field(ge=0)]
    end: int


class _Parse(BaseModel):
    """What Rasa 3 answers, as far as we look at it."""

    intent: _Intent
    entities: list[_Entity]
    intent_ranking: list[_Intent]


class RasaServer:
    """One server of Rasa. Safe to use from many threads."""

    def __init__(self, url: str, token: str, timeout: float, finder: Finder) -> None:
        """`timeout` in seconds. `finder` finds what has rules of its own: numbers, quantities, dates, places."""
        logging.getLogger("httpx").setLevel(logging.WARNING)  # it tells of every request, with the token in it
        self._finder, self._token = finder, {"token": token} if token else {}
        self._client = httpx.Client(base_url=url, timeout=timeout, trust_env=False)

    def __call__(self, text: str) -> Understanding:
        """Unanswered where the server is no use."""
        text = text[:MOST].encode("utf-8", "replace").decode()  # half a character of UTF-16 cannot be sent
        try:
            answer = self._client.post("/model/parse", params=self._token, json={"text": text})
            answer.raise_for_status()
            parsed = _Parse.model_validate_json(answer.content)
        except httpx.HTTPStatusError as error:
            raise Unanswered(f"status {error.response.status_code}") from error
        except httpx.HTTPError as error:
            raise Unanswered(type(error).__name__) from error
        except ValidationError as error:
            raise Unanswered("an answer that is none of Rasa's") from error
        return _understanding(parsed, self._entities(text, parsed))

    def ready(self) -> bool:
        """Is a model loaded? The port refuses connections until then."""
        try:
            return self._client.get("/status", params=self._token).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def _entities(self, text: str, parsed: _Parse) -> tuple[Entity, ...]:
        """Rasa's; those for which there are rules come from the rules, which know the check digits and calendars."""
        found = [one for one in self._finder(text) if one.entity in OURS]
        for one in parsed.entities:
            fits = one.entity not in OURS and one.start < one.end <= len(text)
            if fits and all(one.end <= other.start or other.end <= one.start for other in found):
                found.append(Entity(one.entity, one.value, one.start, one.end))
        return tuple(sorted(found, key=lambda one: one.start))


class Sidecar:
    """Asks Rasa, and the engine of this process where Rasa does not answer."""

    def __init__(self, server: RasaServer, fallback: Engine, pause: float = PAUSE) -> None:
        """`pause`: seconds in which a server that failed is left alone; then one message tries it."""
        self._server, self._fallback, self._pause = server, fallback, pause
        self._lock = threading.Lock()
        self._up, self._until = True, 0.0

    def __call__(self, text: str) -> Understanding:
        if not self._may_ask():
            return self._fallback(text)
        try:
            found = self._server(text)
        except Unanswered as why:
            self._failed(why)
            return self._fallback(text)
        self._answered()
        return found

    def _may_ask(self) -> bool:
        with self._lock:
            if self._up:
                return True
            now = time.monotonic()
            if now < self._until:
                return False
            self._until = now + self._pause  # the others wait for what comes of this one
            return True

    def _failed(self, why: Unanswered) -> None:
        with self._lock:
            news, self._up = self._up, False
            self._until = time.monotonic() + self._pause
        if news:
            log.warning("Rasa does not answer (%s): understanding in this process until it does", why)

    def _answered(self) -> None:
        with self._lock:
            news, self._up = not self._up, True
        if news:
            log.warning("Rasa answers again")


def _understanding(parsed: _Parse, entities: tuple[Entity, ...]) -> Understanding:
    ranking = tuple(
        (one.name, min(one.confidence, 1.0)) for one in parsed.intent_ranking if one.name and one.name != UNDECIDED
    )
    intent, confidence = ranking[0] if ranking else ("", 0.0)
    scope = max((share for name, share in ranking if name != OUT_OF_SCOPE), default=0.0)
    sure = parsed.intent.name == intent != OUT_OF_SCOPE
    return Understanding(intent, confidence, entities, ranking, scope, sure)
