"""A department's system over HTTP: POST /applications with an idempotency key, GET /reports, DELETE /reports/NAME."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx

from bot.errors import OperatorError, TryLater
from bot.registry.base import Parcel

_TIMEOUT = httpx.Timeout(20, connect=5)


@dataclass(frozen=True)
class Http:
    """`url` is its root. Trouble on the way is tried again; the key keeps it from being taken twice."""

    url: str
    token: str = field(default="", repr=False)

    def hand_over(self, parcel: Parcel) -> None:
        files = {name: base64.b64encode(content).decode() for name, content in parcel.files.items()}
        body = {"department": parcel.department, "application": parcel.content, "files": files}
        self._call("POST", "/applications", json=body, headers={"Idempotency-Key": quote(parcel.key)})

    def reports(self) -> list[tuple[str, str]]:
        try:
            rows = self._call("GET", "/reports").json()
        except ValueError as error:
            raise OperatorError(f"{self.url}/reports: not JSON") from error
        if not isinstance(rows, list) or not all(isinstance(row, dict) and "name" in row for row in rows):
            raise OperatorError(f"{self.url}/reports: not a list of reports")
        return [(str(row.pop("name")), json.dumps(row, ensure_ascii=False)) for row in rows]

    def taken(self, name: str, fault: str = "") -> None:
        self._call("DELETE", f"/reports/{quote(name, safe='')}", params={"fault": fault} if fault else {})

    def _call(self, method: str, path: str, headers: Mapping[str, str] | None = None, **sent: Any) -> httpx.Response:
        known = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        try:
            reply = httpx.request(
                method, self.url + path, headers=known | dict(headers or {}), timeout=_TIMEOUT, **sent
            )
        except httpx.HTTPError as error:
            raise TryLater(f"{method} {path}: {type(error).__name__}") from error
        if reply.status_code == 429 or reply.status_code >= 500:
            after = reply.headers.get("Retry-After", "")
            raise TryLater(f"{method} {path}: {reply.status_code}", float(after) if after.isdecimal() else None)
        if not reply.is_success:  # a page to log in on has taken nothing either
            raise OperatorError(f"{method} {self.url}{path}: {reply.status_code}")
        return reply
