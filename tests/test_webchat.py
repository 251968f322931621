"""The web chat's API: strangers are refused, repeats are one, bad input gets a clear word, nothing is lost."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from bot import app as composition
from bot.app import App
from bot.settings import load_settings
from knowledge.embedding import Embedder


@pytest.fixture
def parts(home: Path, embedder: Embedder) -> Iterator[App]:
    built = composition.build(load_settings(home), embedder=embedder)
    yield built
    built.close()


@pytest.fixture
def client(parts: App) -> Iterator[TestClient]:
    application, _ = composition.web(parts)
    with TestClient(application) as running:
        yield running


@pytest.fixture
def visitor(client: TestClient) -> dict[str, str]:
    return {"Authorization": f"Bearer {client.post('/api/visitors').json()['token']}"}


def test_a_question_is_answered_in_the_same_call(client: TestClient, visitor: dict[str, str]) -> None:
    answer = client.post("/api/chat", json={"text": "食品经营许可证有效期几年"}, headers=visitor)
    assert answer.status_code == 200
    assert answer.json()["outcome"] == "answered"
    assert answer.json()["messages"][0]["sources"][0]["article"] == "第十五条"


def test_without_waiting_it_is_kept_and_comes_on_the_stream(client: TestClient, visitor: dict[str, str]) -> None:
    kept = client.post("/api/chat?wait=0", json={"text": "你好", "event_id": "a"}, headers=visitor)
    assert kept.status_code in (200, 202)
    client.post("/api/chat", json={"text": "你好", "event_id": "a"}, headers=visitor)
    history = client.get("/api/chat/history", headers=visitor).json()
    assert [line["who"] for line in history["lines"]] == ["citizen", "bot", "bot"]
    assert history["cursor"] == history["lines"][-1]["id"]


def test_the_same_event_is_one_event(client: TestClient, visitor: dict[str, str]) -> None:
    event = {"text": "人工", "event_id": "once"}
    answers = [client.post("/api/chat", json=event, headers=visitor).json() for _ in range(3)]
    assert [answer.pop("repeat") for answer in answers] == [False, True, True]
    assert answers[0] == answers[1] == answers[2]


@pytest.mark.parametrize("token", [None, "", "Bearer ", "Bearer wrong", "Basic eDp5", "Bearer \x00"])
def test_strangers_are_refused(client: TestClient, token: str | None) -> None:
    headers = {} if token is None else {"Authorization": token}
    assert client.post("/api/chat", json={"text": "你好"}, headers=headers).status_code == 401
    for path in ("/api/chat/history", "/api/chat/stream"):
        assert client.get(path, headers=headers).status_code == 401


def test_visitors_do_not_see_one_another(client: TestClient, visitor: dict[str, str]) -> None:
    client.post("/api/chat", json={"text": "你好"}, headers=visitor)
    other = {"Authorization": f"Bearer {client.post('/api/visitors').json()['token']}"}
    assert client.get("/api/chat/history", headers=other).json() == {"lines": [], "cursor": 0}


@pytest.mark.parametrize(
    "body",
    ["{}", '{"text":"a","tap":"b"}', '{"shout":"a"}', "[]", "no", '{"text":null}', '{"text":"a","event_id":"x y"}'],
)
def test_what_is_no_event_is_refused(client: TestClient, visitor: dict[str, str], body: str) -> None:
    answer = client.post("/api/chat", content=body, headers={**visitor, "Content-Type": "application/json"})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "空的"),
        ("   \t\n", "空的"),
        ("😀🎉", "没有文字"),
        ("\x00\x01", "空的"),
        ("\ud800", "没有文字"),
        ("面" * 10_000, "太长"),
        ("<img src=x onerror=alert(1)>", "不能帮"),
        ("'; DROP TABLE inbox; --", "不能帮"),
    ],
    ids=["empty", "blank", "emoji", "controls", "surrogate", "long", "html", "sql"],
)
def test_bad_text_gets_a_clear_sentence_and_is_kept(
    client: TestClient, visitor: dict[str, str], text: str, word: str
) -> None:
    raw = json.dumps({"text": text})
    answer = client.post("/api/chat", content=raw, headers={**visitor, "Content-Type": "application/json"})
    assert answer.status_code == 200
    assert word in answer.json()["messages"][0]["text"]
    lines = client.get("/api/chat/history", headers=visitor).json()["lines"]
    assert lines[0]["who"] == "citizen"


def test_a_body_that_is_too_large_is_refused(client: TestClient, visitor: dict[str, str]) -> None:
    assert client.post("/api/chat", json={"text": "面" * 300_000}, headers=visitor).status_code == 413


def test_a_full_disk_is_said_and_nothing_pretends_to_be_kept(
    client: TestClient, visitor: dict[str, str], parts: App
) -> None:
    def limit(pages: int) -> None:
        parts.resources.store.write(
            lambda tables: tables.connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        )

    limit(1)  # SQLite takes it as the present size
    text = "面馆" * 900
    codes = [
        client.post("/api/chat?wait=0", json={"text": text, "event_id": f"e{n}"}, headers=visitor).status_code
        for n in range(60)
    ]
    refused = [n for n, code in enumerate(codes) if code == 503]
    assert refused, "the disk was never full"
    limit(1_000_000)
    kept = [line["event_id"] for line in client.get("/api/chat/history", headers=visitor).json()["lines"]]
    acknowledged = {f"e{n}" for n, code in enumerate(codes) if code != 503}
    assert acknowledged <= set(kept)
    again = client.post("/api/chat?wait=0", json={"text": text, "event_id": f"e{refused[0]}"}, headers=visitor)
    assert again.status_code in (200, 202)


def asked(client: TestClient, visitor: dict[str, str], text: str = "食品经营许可证有效期几年") -> int:
    """The number of the answer to a question."""
    messages = client.post("/api/chat", json={"text": text}, headers=visitor).json()["messages"]
    (number,) = [message["answer"] for message in messages if message["answer"]]
    return int(number)


def test_a_vote_is_kept_quietly_and_the_second_replaces_the_first(
    client: TestClient, visitor: dict[str, str], parts: App
) -> None:
    answer = asked(client, visitor)
    for vote in ({"vote": "up"}, {"vote": "down"}, {"vote": "down", "reason": "outdated"}):
        told = client.post("/api/chat", json={**vote, "answer": answer}, headers=visitor).json()
        assert (told["outcome"], told["confidence"], told["messages"]) == ("saved", None, [])
    lines = client.get("/api/chat/history", headers=visitor).json()["lines"]
    assert [line["who"] for line in lines].count("citizen") == 1, "votes are no lines"
    assert {line["message"]["answer"]: line["vote"] for line in lines}[answer] == "down"
    counted = parts.resources.store.read(lambda tables: tables.answers.counts())
    assert counted[1] == {"up": 0, "down": 1}


def test_nobody_votes_on_the_answer_of_another(client: TestClient, visitor: dict[str, str], parts: App) -> None:
    answer = asked(client, visitor)
    other = {"Authorization": f"Bearer {client.post('/api/visitors').json()['token']}"}
    for headers, number in ((other, answer), (visitor, 2**62)):
        told = client.post("/api/chat", json={"vote": "down", "answer": number}, headers=headers).json()
        assert told["outcome"] == "refused"
        assert "没有记下" in told["messages"][0]["text"]
    assert parts.resources.store.read(lambda tables: tables.answers.counts())[1] == {"up": 0, "down": 0}


@pytest.mark.parametrize(
    "body",
    [
        {"vote": "up"},
        {"vote": "sideways", "answer": 1},
        {"vote": "up", "answer": 0},
        {"vote": "up", "answer": 1, "text": "a"},
        {"text": "a", "answer": 1},
        {"text": "a", "reason": "wrong"},
        {"vote": "down", "answer": 1, "reason": "长" * 201},
        {"vote": "up", "answer": 1, "stars": 5},
    ],
)
def test_half_a_vote_is_refused(client: TestClient, visitor: dict[str, str], body: dict[str, object]) -> None:
    assert client.post("/api/chat", json=body, headers=visitor).status_code == 422


def test_metrics_tell_how_fresh_the_base_is(client: TestClient, visitor: dict[str, str], parts: App) -> None:
    answer = asked(client, visitor)
    missed = {"outcome": "not_found", "passage_id": None, "confidence": 0.1, "region": "", "question": "南极开店"}
    parts.resources.store.write(
        lambda tables: tables.answers.keep(answer + 1, "webchat:main:x", datetime.now(UTC), **missed)
    )
    client.post("/api/chat", json={"vote": "up", "answer": answer}, headers=visitor)
    told = client.get("/metrics").text
    for line in (
        "banshi_kb_misses_open 1.0",
        'banshi_kb_answers_total{outcome="answered"} 1.0',
        'banshi_kb_answers_total{outcome="not_found"} 1.0',
        'banshi_kb_votes_total{vote="up"} 1.0',
        'banshi_kb_votes_total{vote="down"} 0.0',
        "banshi_kb_index_age_seconds",
        'banshi_kb_article_age_days{quantile="1"}',
    ):
        assert f"\n{line}" in told, line
    (articles,) = [line for line in told.splitlines() if line.startswith("banshi_kb_articles ")]
    assert float(articles.split()[1]) > 200


def test_health_and_metrics_tell_the_state(client: TestClient, visitor: dict[str, str]) -> None:
    client.post("/api/chat", json={"text": "你好"}, headers=visitor)
    health = client.get("/health").json()
    assert (health["status"], health["search"], health["database"]) == ("ok", "hybrid", "sqlite")
    assert health["passages"] > 200 and health["vectors"] > 1000
    assert 'banshi_turns_total{channel="webchat",outcome="smalltalk"}' in client.get("/metrics").text


def test_the_desk_opens_to_its_key_alone(client: TestClient, parts: App, visitor: dict[str, str]) -> None:
    client.post("/api/chat", json={"text": "人工"}, headers=visitor)
    assert client.get("/desk").status_code == 401
    assert client.get("/desk?key=wrong").status_code == 401
    _, door = composition.web(parts)
    assert client.get(door).status_code == 200
    assert client.get("/desk").status_code == 200


def test_every_answer_says_what_a_browser_may_load(client: TestClient) -> None:
    assert "default-src 'self'" in client.get("/").headers["content-security-policy"]
