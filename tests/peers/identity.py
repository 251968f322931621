"""A provider of identities over HTTP, by joserfc alone: gives codes, and tokens that are as they should be or not.

It checks what a client must prove: its secret, its address, and the verifier that fits the challenge (PKCE, S256).
"""

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from tests.peers.listening import listening

CLIENT, SECRET = "banshi-desk", "between-us"


class Identity:
    """`person` signs in whenever asked. `wrong` replaces claims of ID tokens."""

    def __init__(self) -> None:
        self.keys = [RSAKey.generate_key(2048, {"kid": "k1"})]
        self.person = "李敏"
        self.wrong: dict[str, Any] = {}
        self.signed = "RS256"
        self.strange_key = False
        self.asked: list[dict[str, str]] = []
        self.faults: list[str] = []
        self.issuer = ""
        self.port = 0
        self._codes: dict[str, dict[str, str]] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def turn_keys(self) -> None:
        """A new key beside the old one, which signs from now on."""
        self.keys.append(RSAKey.generate_key(2048, {"kid": f"k{len(self.keys) + 1}"}))

    def about(self) -> dict[str, Any]:
        at = {
            name: f"{self.url}/{name.removesuffix('_endpoint')}"
            for name in ("authorization_endpoint", "token_endpoint")
        }
        return {"issuer": self.issuer or self.url, "jwks_uri": f"{self.url}/keys", **at}

    def authorize(self, asked: dict[str, str]) -> str:
        """Where the browser goes next: the person has agreed."""
        self.asked.append(asked)
        code = secrets.token_urlsafe(12)
        self._codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, told: dict[str, str], head: str) -> dict[str, Any] | None:
        asked = self._codes.pop(told.get("code", ""), None)
        basic = base64.b64decode(head.removeprefix("Basic ") or b"").decode().split(":")
        challenge = base64.urlsafe_b64encode(hashlib.sha256(told.get("code_verifier", "").encode()).digest()).rstrip(
            b"="
        )
        checks = {
            "code": asked is not None,
            "client": [unquote(part) for part in basic] == [CLIENT, SECRET],
            "address": asked is not None and told.get("redirect_uri") == asked["redirect_uri"],
            "verifier": asked is not None and challenge.decode() == asked.get("code_challenge"),
        }
        self.faults += [name for name, right in checks.items() if not right]
        if asked is None or not all(checks.values()):
            return None
        return {"access_token": "a", "token_type": "Bearer", "expires_in": 300, "id_token": self._id_token(asked)}

    def _id_token(self, asked: dict[str, str]) -> str:
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT, "sub": "7", "iat": now, "exp": now + 300, "nonce": asked.get("nonce")}
        claims |= {"preferred_username": self.person} | self.wrong
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.signed == "HS256":  # with what anybody knows
            return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET.encode() * 4))
        key = RSAKey.generate_key(2048, {"kid": self.keys[-1].kid}) if self.strange_key else self.keys[-1]
        return jwt.encode({"alg": "RS256", "kid": key.kid or ""}, claims, key)

    @contextmanager
    def serving(self) -> Iterator["Identity"]:
        with listening(_handler(self), self.port) as self.port:
            yield self


def _handler(peer: Identity) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/authorization":
                self.send_response(303)
                self.send_header("Location", peer.authorize({n: v[0] for n, v in parse_qs(parts.query).items()}))
                self.send_header("Content-Length", "0")
                self.end_headers()
            elif parts.path == "/keys":
                self._answer(200, {"keys": [key.as_dict(private=False) for key in peer.keys]})
            elif parts.path == "/.well-known/openid-configuration":
                self._answer(200, peer.about())
            else:
                self._answer(404, {})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            told = peer.token({n: v[0] for n, v in parse_qs(body).items()}, self.headers.get("Authorization", ""))
            self._answer(200 if told else 400, told or {"error": "invalid_grant"})

        def _answer(self, status: int, told: dict[str, Any]) -> None:
            body = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
