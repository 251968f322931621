"""The web chat's API: strangers are refused, repeats are one, bad input gets a clear word, nothing is lost."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pypdfium2
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from bot import app as composition
from bot import timers
from bot.app import App
from bot.domain.case import Kept
from bot.errors import OperatorError
from bot.materials.cleaning import LARGEST
from bot.materials.files import raw
from bot.settings import load_settings
from bot.store.db import Store
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
    assert client.get("/api/chat/history", headers=other).json() == {"lines": [], "cursor": 0, "eased": False}


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


# --- photos and files ---


def picture(width: int = 800, height: int = 600, kind: str = "JPEG", mode: str = "RGB") -> bytes:
    file = BytesIO()
    Image.new(mode, (width, height)).save(file, kind)
    return file.getvalue()


def pdf(pages: int = 1) -> bytes:
    document, file = pypdfium2.PdfDocument.new(), BytesIO()
    for _ in range(pages):
        document.new_page(595, 842)
    document.save(file)
    return file.getvalue()


def uploaded(client: TestClient, visitor: dict[str, str], content: bytes | None = None) -> str:
    answer = client.post("/api/uploads", content=content or picture(), headers=visitor)
    assert answer.status_code == 201
    return str(answer.json()["photo"])


def test_a_photo_is_on_disk_before_its_upload_is_answered_and_cleaned_before_its_event_is(
    client: TestClient, visitor: dict[str, str], parts: App
) -> None:
    files = parts.resources.files
    headers = {**visitor, "Content-Type": "text/plain"}  # what a browser says of it is not believed
    for kind, content in (
        ("jpeg", picture()),
        ("png", picture(kind="PNG")),
        ("jpeg", picture(kind="WEBP")),
        ("pdf", pdf()),
    ):
        answer = client.post("/api/uploads", content=content, headers=headers)
        assert answer.status_code == 201
        told = answer.json()
        assert (told["kind"], told["bytes"]) == (kind, len(content))
        assert files.read(raw(told["photo"])) == content
        with pytest.raises(OperatorError):
            files.read(told["photo"])
        client.post("/api/chat", json={"photo": told["photo"]}, headers=visitor)
        cleaned = files.read(told["photo"])
        assert files.all().count(raw(told["photo"])) == 0
        assert cleaned.startswith({"jpeg": b"\xff\xd8", "png": b"\x89PNG", "pdf": b"%PDF"}[kind])
        on_disk = b"".join(path.read_bytes() for path in files.folder.rglob("*") if path.is_file())
        assert content[:64] not in on_disk and cleaned[:64] not in on_disk, "sealed"
        kept = parts.resources.store.read(lambda tables, name=told["photo"]: tables.kept.find(name))
        assert kept is not None and (kept.kind, kept.size, kept.case) == (kind, len(cleaned), "")


def test_what_its_first_bytes_betray_is_refused_at_once_in_words(
    client: TestClient, visitor: dict[str, str], parts: App
) -> None:
    for content, word in ((b"", "空的"), (b"hello", "打不开"), (picture(300, 300, kind="GIF"), "打不开")):
        answer = client.post("/api/uploads", content=content, headers=visitor)
        assert (answer.status_code, word in answer.json()["detail"]) == (422, True), (content[:20], answer.json())
    assert not parts.resources.files.folder.exists(), "nothing of it is kept"


def test_what_turns_out_to_be_no_photo_is_refused_in_the_chat(
    client: TestClient, visitor: dict[str, str], parts: App
) -> None:
    for content, word in (
        (b"%PDF-1.7 and nothing more", "打不开"),
        (pdf(pages=0), "打不开"),
        (picture()[:300], "打不开"),
        (picture(299, 900), "太小"),
        (picture(10_000, 8_001, "PNG", "1"), "最多 6400 万像素"),
    ):
        event = {"photo": uploaded(client, visitor, content)}
        answer = client.post("/api/chat", json=event, headers=visitor).json()
        assert answer["outcome"] == "clarify" and word in answer["messages"][0]["text"], (content[:20], answer)
    assert timers.sweep(parts.resources) == 5
    assert not parts.resources.files.all(), "nothing of it is kept"


def test_the_largest_file_that_is_taken(client: TestClient, visitor: dict[str, str]) -> None:
    content = picture() + bytes(LARGEST)  # what stands behind the end of a picture belongs to nobody
    assert client.post("/api/uploads", content=content[:LARGEST], headers=visitor).status_code == 201
    for size in (LARGEST + 1, 3 * LARGEST):
        refused = client.post("/api/uploads", content=content[:size].ljust(size), headers=visitor)
        assert refused.status_code == 413
        assert refused.json()["detail"] == "这个文件太大了，最大 15 MB。请拍小一点再发。"
    assert client.post("/api/uploads", content=bytes(4 * LARGEST + 1), headers=visitor).status_code == 413


def test_strangers_upload_nothing(client: TestClient, parts: App) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        assert client.post("/api/uploads", content=picture(), headers=headers).status_code == 401
    assert not parts.resources.files.folder.exists()


def test_a_photo_that_no_disk_takes_is_not_acknowledged(
    client: TestClient, visitor: dict[str, str], parts: App
) -> None:
    folder = parts.resources.files.folder
    folder.write_text("in the way")
    refused = client.post("/api/uploads", content=picture(), headers=visitor)
    assert refused.status_code == 503
    assert "存不下" in refused.json()["detail"]
    folder.unlink()
    assert client.post("/api/uploads", content=picture(), headers=visitor).status_code == 201


@pytest.mark.parametrize("key", ["photo", "file"])
def test_a_photo_is_named_by_an_event_and_answered_once(
    client: TestClient, visitor: dict[str, str], parts: App, key: str
) -> None:
    photo = uploaded(client, visitor)
    event = {key: photo, "event_id": "once"}
    answers = [client.post("/api/chat", json=event, headers=visitor).json() for _ in range(3)]
    assert [answer.pop("repeat") for answer in answers] == [False, True, True]
    assert answers[0] == answers[1] == answers[2]
    assert answers[0]["outcome"] == "saved"
    assert "照片收到了" in answers[0]["messages"][0]["text"]
    line = client.get("/api/chat/history", headers=visitor).json()["lines"][0]
    assert (line["who"], line["kind"], line["message"]["file"]) == ("citizen", key, photo)
    assert parts.resources.store.read(lambda tables: len(tables.kept.loose(datetime.now(UTC)))) == 1


def test_nobody_names_the_photo_of_another(client: TestClient, visitor: dict[str, str]) -> None:
    photo = uploaded(client, visitor)
    other = {"Authorization": f"Bearer {client.post('/api/visitors').json()['token']}"}
    refused = client.post("/api/chat", json={"photo": photo}, headers=other)
    assert refused.status_code == 422
    assert refused.json()["detail"][0]["loc"] == ["body", "photo"]
    assert client.get("/api/chat/history", headers=other).json()["lines"] == []
    for name in ("0" * 32, "../../banshi.db", "", photo.upper(), photo + "0"):
        assert client.post("/api/chat", json={"photo": name}, headers=visitor).status_code == 422
    for more in ({"text": "你好"}, {"file": photo}, {"vote": "up", "answer": 1}):
        assert client.post("/api/chat", json={"photo": photo, **more}, headers=visitor).status_code == 422
    assert client.post("/api/chat", json={"photo": photo}, headers=visitor).json()["outcome"] == "saved"


def test_what_no_event_names_goes_after_its_days(client: TestClient, visitor: dict[str, str], parts: App) -> None:
    resources, now = parts.resources, datetime.now(UTC)
    photo, days = uploaded(client, visitor), timedelta(days=resources.settings.keeping.loose)
    timers.run(resources, now + days - timedelta(hours=1))
    assert timers.sweep(resources) == 0
    timers.run(resources, now + days + timedelta(hours=1))
    assert timers.sweep(resources) == 1
    assert not [path for path in resources.files.folder.rglob("*") if path.is_file()]
    assert client.post("/api/chat", json={"photo": photo}, headers=visitor).status_code == 422


def test_a_file_has_one_row_on_either_engine(store: Store) -> None:
    first = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
    sent = Kept("f" * 32, "webchat:main:a", "jpeg", 9, "0" * 64, first)
    again = replace(sent, kept_at=first + timedelta(days=6))
    store.write(lambda tables: tables.kept.put(sent))
    store.write(lambda tables: tables.kept.give([sent.file], "20261122-CY-00001-5", "floor_plan"))
    store.write(lambda tables: tables.kept.put(again))
    kept = store.read(lambda tables: tables.kept.of_conversation("webchat:main:a"))
    assert kept == [replace(again, case="20261122-CY-00001-5", material="floor_plan")]
    assert store.read(lambda tables: tables.kept.find("e" * 32)) is None


def test_a_photo_that_was_given_to_a_case_is_not_given_again(
    client: TestClient, visitor: dict[str, str], parts: App
) -> None:
    photo = uploaded(client, visitor)
    parts.resources.store.write(lambda tables: tables.kept.give([photo], "20261121-CY-00001-7", "floor_plan"))
    told = client.post("/api/chat", json={"photo": photo}, headers=visitor).json()
    assert told["outcome"] == "clarify"
    assert "已经用过" in told["messages"][0]["text"]
    kept = parts.resources.store.read(lambda tables: tables.kept.find(photo))
    assert kept is not None and (kept.case, kept.material) == ("20261121-CY-00001-7", "floor_plan")


def test_a_code_is_a_code_whatever_its_letters_look_like(client: TestClient, visitor: dict[str, str]) -> None:
    for code in ("M92S8-FA7YW", "87ZZR-8ZZXE", "BVNM2-NQRC4", "ATG5M-STUDW", "smz6p-xuf57"):
        told = client.post("/api/chat", json={"text": code}, headers=visitor).json()
        assert told["messages"][0]["text"].startswith("这个码没有对上"), code


def test_the_api_tells_how_to_upload(client: TestClient) -> None:
    api = client.get("/openapi.json").json()
    route = api["paths"]["/api/uploads"]["post"]
    assert set(route["requestBody"]["content"]) == {
        "image/jpeg",
        "image/png",
        "image/webp",
        "image/heic",
        "application/pdf",
        "video/mp4",
        "video/quicktime",
    }
    assert set(route["responses"]) == {"201", "401", "413", "422", "503"}
    assert {"photo", "file"} <= set(api["components"]["schemas"]["ChatEvent"]["properties"])


# --- the state of the whole ---


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


def test_the_desk_wants_an_account(client: TestClient) -> None:
    assert client.get("/desk").url.path == "/desk/login"
    assert client.get("/desk?key=anything").url.path == "/desk/login"


def test_every_answer_says_what_a_browser_may_load(client: TestClient) -> None:
    assert "default-src 'self'" in client.get("/").headers["content-security-policy"]
