"""Signing in elsewhere: against a provider over HTTP, with everything that it must not be believed."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi.testclient import TestClient
from httpx import Response
from pydantic import SecretStr

from bot.channels import connect_all
from bot.desk import open_desk
from bot.settings import SignIn
from bot.web import create
from tests.hall import Hall
from tests.peers.identity import CLIENT, SECRET, Identity

HOUR = 3600


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    made = Hall(tmp_path, f"sqlite:///{tmp_path / 'banshi.db'}")
    made.store.write(lambda tables: tables.staff.add("李敏", ("agent",), ("enterprise",), "", made.now))
    yield made
    made.store.close()


@pytest.fixture
def provider() -> Iterator[Identity]:
    with Identity().serving() as running:
        yield running


@pytest.fixture
def client(hall: Hall, provider: Identity) -> TestClient:
    return desk(hall, provider)


def desk(hall: Hall, provider: Identity, secret: str = SECRET, **more: Any) -> TestClient:
    sign_in = SignIn(issuer=provider.url, client_id=CLIENT, label="统一身份认证", **more)
    changed = {"sign_in": sign_in, "sign_in_secret": SecretStr(secret)}
    resources = replace(hall.resources, settings=hall.resources.settings.model_copy(update=changed))
    site = create(resources, connect_all({}), hall.round, [open_desk(resources, ["terminal"])])
    return TestClient(site, follow_redirects=False)


def gone(client: TestClient) -> str:
    """Where the browser is sent back to, after the provider."""
    sent = client.get("/desk/login/elsewhere")
    assert sent.status_code == 303
    back = httpx.get(sent.headers["location"], trust_env=False).headers["location"]
    return back.removeprefix("http://testserver")


def tried(client: TestClient) -> Response:
    return client.get(gone(client))


def is_refused(answer: Response) -> bool:
    return answer.status_code == 303 and answer.headers["location"] == "/desk/login?elsewhere=refused"


def reasons(hall: Hall) -> list[str]:
    return [one.why for one in hall.read(lambda tables: tables.audits.of("elsewhere"))]


def test_who_has_an_account_here_gets_in_with_the_roles_that_are_ours(
    hall: Hall, client: TestClient, provider: Identity
) -> None:
    assert "用统一身份认证登录" in client.get("/desk/login").text
    answer = tried(client)
    assert answer.status_code == 200 and "正在打开工作台" in answer.text and "http-equiv" in answer.text
    assert "samesite=strict" in answer.headers["set-cookie"].lower()
    (asked,) = provider.asked
    assert asked["code_challenge_method"] == "S256" and asked["response_type"] == "code" and "openid" in asked["scope"]
    assert len(asked["nonce"]) > 20 and len(asked["state"]) > 20 and provider.faults == []
    assert client.get("/desk/chats").status_code == 200  # without a code of six digits: that is the provider's
    assert client.get("/desk/reports").status_code == 403
    audited = hall.read(lambda tables: [one.what for one in tables.audits.of("李敏")])
    assert audited == ["sign in elsewhere"]


WRONG: dict[str, dict[str, Any]] = {
    "another nonce": {"nonce": "n-1"},
    "no nonce": {"nonce": None},
    "another audience": {"aud": "somebody-else"},
    "one audience of several, and not the party": {"aud": [CLIENT, "other"], "azp": "other"},
    "another issuer": {"iss": "https://elsewhere.example"},
    "expired": {"exp": int(time.time()) - HOUR},
    "never expires": {"exp": None},
    "of tomorrow": {"nbf": int(time.time()) + 24 * HOUR},
    "an account that nobody has": {"preferred_username": "赵六"},
    "no name": {"preferred_username": None},
    "a name that is no word": {"preferred_username": ["李敏"]},
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_whatever_is_amiss_in_the_token_nobody_gets_in(
    hall: Hall, client: TestClient, provider: Identity, wrong: dict[str, Any]
) -> None:
    provider.wrong = wrong
    assert is_refused(tried(client)) and len(reasons(hall)) == 1
    assert client.get("/desk/chats").headers["location"] == "/desk/login"
    assert "没有登录成功" in client.get("/desk/login?elsewhere=refused").text
    provider.wrong = {}
    assert tried(client).status_code == 200


def test_a_token_that_another_key_signed_is_not_believed(client: TestClient, provider: Identity) -> None:
    provider.strange_key = True
    assert is_refused(tried(client))
    provider.strange_key, provider.signed = False, "HS256"
    assert is_refused(tried(client))
    provider.signed = "RS256"
    assert tried(client).status_code == 200
    provider.turn_keys()
    assert tried(client).status_code == 200  # its new key is asked for


def test_a_state_is_good_once_in_one_browser_and_for_ten_minutes(
    hall: Hall, client: TestClient, provider: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    back = gone(client)
    state = parse_qs(urlsplit(back).query)["state"][0]
    stranger = desk(hall, provider)
    assert is_refused(stranger.get(back))  # of a browser that never asked
    stranger.cookies.set("desk_state", "x" * len(state))
    assert is_refused(stranger.get(back))
    assert client.get(back).status_code == 200
    client.cookies.set("desk_state", state, path="/desk/login")
    assert is_refused(client.get(back)) and provider.faults == []  # replayed: the provider is not even asked
    late, now = gone(client), hall.store.now()
    monkeypatch.setattr(hall.store, "now", lambda: now + timedelta(minutes=11))
    assert is_refused(client.get(late))
    assert is_refused(client.get("/desk/login/back"))
    assert is_refused(client.get("/desk/login/back?error=access_denied&state=s"))


def test_a_closed_account_stays_outside(hall: Hall, client: TestClient) -> None:
    hall.store.write(lambda tables: tables.staff.change("李敏", active=False))
    assert is_refused(tried(client))


def test_another_claim_may_name_the_account(hall: Hall, provider: Identity) -> None:
    provider.wrong = {"preferred_username": "赵六", "employee": "李敏"}
    assert tried(desk(hall, provider, claim="employee")).status_code == 200


def test_a_provider_that_is_another_or_away_lets_nobody_in(hall: Hall, provider: Identity) -> None:
    assert is_refused(tried(desk(hall, provider, secret="not-ours"))) and provider.faults == ["client"]
    provider.issuer = "https://elsewhere.example"
    assert is_refused(desk(hall, provider).get("/desk/login/elsewhere"))
    away = Identity()
    away.port = 9
    assert is_refused(desk(hall, away).get("/desk/login/elsewhere"))


def test_without_a_provider_there_is_no_such_way(hall: Hall) -> None:
    site = create(hall.resources, connect_all({}), hall.round, [open_desk(hall.resources, ["terminal"])])
    plain = TestClient(site, follow_redirects=False)
    assert "elsewhere" not in plain.get("/desk/login").text
    assert plain.get("/desk/login/elsewhere").status_code == 404
