"""Signing in elsewhere, by OpenID Connect: a code with PKCE, and an ID token of which everything is checked."""

import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.errors import OperatorError
from bot.settings import SignIn

_SIGNED_BY = ("RS256", "ES256")  # never "none", nor with a secret that others may know
_LEEWAY, _KNOWN_FOR, _TIMEOUT = 60, 3600.0, 10.0


class NotSignedIn(OperatorError):
    """What came back is not what was asked for, or cannot be proven."""


@dataclass(frozen=True)
class Asked:
    """Where to send somebody, and what to keep until they are back."""

    url: str
    state: str
    nonce: str
    verifier: str = field(repr=False)


class Provider:
    """What it says of itself is asked once an hour; its keys again where a token names one that is not known."""

    def __init__(self, settings: SignIn, secret: str) -> None:
        self.settings, self._secret = settings, secret
        self._lock = threading.Lock()
        self._about: dict[str, Any] = {}
        self._keys: dict[str, Any] = {}
        self._asked_at = -_KNOWN_FOR

    def ask(self, back: str) -> Asked:
        """`back` is the address to which they come back."""
        verifier, nonce = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
        about = self._known()
        with self._client(back) as client:
            url, state = client.create_authorization_url(
                about["authorization_endpoint"], state=secrets.token_urlsafe(24), code_verifier=verifier, nonce=nonce
            )
        return Asked(url, state, nonce, verifier)

    def redeem(self, back: str, code: str, nonce: str, verifier: str, now: datetime) -> str:
        """Who it is, by the claim of the settings. NotSignedIn where anything is amiss."""
        about = self._known()
        try:
            with self._client(back) as client:
                told = client.fetch_token(about["token_endpoint"], code=code, code_verifier=verifier)
        except Exception as error:  # its text may hold what the provider says of a person
            raise NotSignedIn(f"no token: {type(error).__name__}") from error
        claims = self._checked(str(told.get("id_token", "")), str(told.get("access_token", "")), nonce, now)
        name = claims.get(self.settings.claim)
        if not isinstance(name, str) or not name:
            raise NotSignedIn(f"no claim {self.settings.claim}")
        return name

    def _checked(self, token: str, access_token: str, nonce: str, now: datetime) -> Mapping[str, Any]:
        """Signature, issuer, audience, times, nonce, and the digest of the access token."""
        from authlib.oidc.core import CodeIDToken
        from joserfc import jwt
        from joserfc.errors import JoseError

        issuer, client_id = self.settings.issuer, self.settings.client_id
        asked = {"iss": {"essential": True, "value": issuer}, "aud": {"essential": True, "value": client_id}}
        params = {"nonce": nonce, "client_id": client_id, "access_token": access_token}
        try:
            read = jwt.decode(token, self._key_set(token), algorithms=_SIGNED_BY)
            claims = CodeIDToken(read.claims, read.header, asked, params)
            claims.validate(int(now.timestamp()), _LEEWAY)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise NotSignedIn(f"ID token: {type(error).__name__}") from error
        return dict(claims)

    def _key_set(self, token: str) -> Any:
        from joserfc import jws
        from joserfc.jwk import KeySet

        wanted = jws.extract_compact(token.encode()).headers().get("kid")
        if wanted not in {key.get("kid") for key in self._keys.get("keys", [])}:
            self._keys = self._get(self._known()["jwks_uri"])
        return KeySet.import_key_set(self._keys)  # type: ignore[arg-type]

    def _known(self) -> dict[str, Any]:
        """What the provider says of itself; it must be the one that is meant."""
        with self._lock:
            if time.monotonic() - self._asked_at > _KNOWN_FOR:
                about = self._get(f"{self.settings.issuer.rstrip('/')}/.well-known/openid-configuration")
                if about.get("issuer") != self.settings.issuer:
                    raise NotSignedIn("another issuer answers")
                self._about, self._asked_at = about, time.monotonic()
            return self._about

    def _get(self, url: str) -> dict[str, Any]:
        try:
            with self._client("") as client:
                found = client.request("GET", url, withhold_token=True).raise_for_status().json()
        except Exception as error:  # whatever it is, nobody is let in
            raise NotSignedIn(f"the provider does not answer: {type(error).__name__}") from error
        if not isinstance(found, dict):
            raise NotSignedIn("the provider does not answer in JSON")
        return found

    def _client(self, back: str) -> Any:
        from authlib.integrations.httpx_client import OAuth2Client  # only where it is used: it takes its time

        return OAuth2Client(
            self.settings.client_id,
            self._secret,
            scope="openid profile",
            redirect_uri=back,
            code_challenge_method="S256",
            timeout=_TIMEOUT,
        )
