"""The commands, as somebody types them: real processes, exit codes, one clear line for what is wrong."""

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.settings import ROOT


def banshi(*words: str, stdin: str | bytes = "", **env: str) -> subprocess.CompletedProcess[str]:
    raw = stdin.encode() if isinstance(stdin, str) else stdin
    ended = subprocess.run(
        [sys.executable, "-m", "bot", *words],
        cwd=ROOT,
        input=raw,
        capture_output=True,
        env={**os.environ, **env},
        timeout=600,  # a crowded machine learns slowly; what hangs, hangs for ever
    )
    return subprocess.CompletedProcess(ended.args, ended.returncode, ended.stdout.decode(), ended.stderr.decode())


def refusal(ended: subprocess.CompletedProcess[str], code: int = 2) -> str:
    """The one clear line on standard error; no traceback, nothing on standard output."""
    assert ended.returncode == code, ended.stderr
    assert ended.stdout == ""
    assert "Traceback" not in ended.stderr
    return ended.stderr.strip()


@pytest.fixture(scope="module")
def readable(built_home: Path) -> str:
    return str(built_home)


def test_ask_answers_with_its_source(readable: str) -> None:
    ended = banshi("ask", "食品经营许可证到期前多久办延续？", "--home", readable, "--json")
    document = json.loads(ended.stdout)
    assert document["outcome"] == "answered"
    (message,) = document["messages"]
    assert "90个工作日" in message["text"] and "15个工作日" in message["text"]
    assert message["sources"][0]["title"] == "食品经营许可和备案管理办法"
    assert message["sources"][0]["valid_from"] == "2023-12-01"


def test_ask_is_honest_about_what_is_not_there(readable: str) -> None:
    document = json.loads(banshi("ask", "南极科考站开咖啡馆办什么证", "--home", readable, "--json").stdout)
    assert document["outcome"] == "not_found"
    assert document["messages"][0]["sources"] == []
    assert "人工" in document["messages"][0]["text"]


def test_ask_without_an_index_says_what_to_do(tmp_path: Path) -> None:
    assert "banshi kb build" in refusal(banshi("ask", "你好", "--home", str(tmp_path)))


@pytest.mark.parametrize(
    "words",
    [("ask", "问", "--on", "明天"), ("ask", "问", "--region", "12"), ("ask",), ("nonsense",), ("serve", "--port", "0")],
    ids=lambda words: " ".join(words),
)
def test_bad_arguments_are_refused(words: tuple[str, ...]) -> None:
    assert refusal(banshi(*words))


def test_chat_in_lines(home: Path) -> None:
    lines = [{"text": "你好"}, {"text": "人工"}, {"location": [34.6, 107.1]}, {"clock": "+1d"}, {"tap": "帮助"}]
    ended = banshi("chat", "--jsonl", "--home", str(home), stdin="\n".join(map(json.dumps, lines)))
    documents = [json.loads(line) for line in ended.stdout.splitlines()]
    said, handed_off, place, next_day, asked = (document["outcome"] for document in documents)
    assert (said, handed_off, place, asked) == ("smalltalk", "handed_off", "answered", "smalltalk")
    assert next_day in ("status", "nudged"), "nudged where the hall was open meanwhile, and nobody came"
    assert {frozenset(document) for document in documents} == {
        frozenset({"outcome", "confidence", "owner", "case", "messages"})
    }


@pytest.mark.parametrize(
    "line",
    [
        '{"shout": "x"}',
        "not json",
        "[1]",
        '{"text": 1}',
        '{"clock": "tomorrow"}',
        '{"location": "here"}',
        '{"vote": "up"}',
        '{"vote": "maybe", "answer": 1}',
        '{"vote": "up", "answer": 1, "text": "a"}',
        b"\xff\xfe\n",
    ],
)
def test_chat_refuses_a_line_that_is_no_event(home: Path, line: str | bytes) -> None:
    refusal(banshi("chat", "--jsonl", "--home", str(home), stdin=line))


def test_votes_in_lines_and_what_they_lead_to(home: Path) -> None:
    def talk(*lines: dict[str, object]) -> list[dict[str, Any]]:
        ended = banshi("chat", "--jsonl", "--home", str(home), stdin="\n".join(map(json.dumps, lines)))
        return [json.loads(line) for line in ended.stdout.splitlines()]

    (answered,) = talk({"text": "食品经营许可证有效期几年"})
    (number,) = [message["answer"] for message in answered["messages"] if message["answer"]]
    (saved, refused) = talk({"vote": "down", "answer": number, "reason": "不是我问的"}, {"vote": "up", "answer": 999})
    assert (saved["outcome"], saved["messages"], refused["outcome"]) == ("saved", [], "refused")
    misses = json.loads(banshi("kb", "misses", "--json", "--home", str(home)).stdout)
    assert [(miss["title"], miss["votes"]) for miss in misses] == [("食品经营许可证有效期几年", 1)]
    assert banshi("kb", "miss", "1", "--take", "李敏", "--home", str(home)).returncode == 0
    drafted = banshi("kb", "miss", "1", "--draft", "--by", "李敏", "--home", str(home))
    assert drafted.stdout == "miss-1\n"
    assert refusal(banshi("kb", "miss", "1", "--dismiss", "no", "--home", str(home)))
    assert refusal(banshi("kb", "miss", "7", "--home", str(home)))
    assert "the body is empty" in refusal(
        banshi("kb", "article", "submit", "miss-1", "--by", "李敏", "--home", str(home))
    )
    listed = json.loads(banshi("kb", "article", "list", "--json", "--home", str(home)).stdout)
    assert [row["waiting"] for row in listed if row["article"] == "miss-1"] == ["draft 1 by 李敏"]
    first = json.loads(banshi("kb", "review", "--json", "--home", str(home)).stdout)
    assert {"article", "title", "answers", "down", "days", "check"} == set(first[0])


def test_check_names_every_fault_at_once(tmp_path: Path) -> None:
    assert banshi("check").returncode == 0
    shutil.copytree(ROOT / "config", tmp_path / "config")
    settings = tmp_path / "config/settings.toml"
    (tmp_path / "config/replies.yml").write_text("replies:\n  a: [\n", "utf-8")
    (tmp_path / "config/calendar.yml").write_text("hours: ['nine']\nexceptions: {}\n", "utf-8")
    told = refusal(banshi("check", BANSHI_CONFIG=str(tmp_path / "config")))
    assert "replies.yml:" in told and "calendar.yml" in told
    settings.write_text(settings.read_text("utf-8").replace("workers = 4", "workers = 0\nunknown = 1"), "utf-8")
    told = refusal(banshi("check", BANSHI_CONFIG=str(tmp_path / "config")))
    assert "work.workers" in told and "work.unknown" in told


def test_a_broken_document_is_skipped_with_its_reason_and_the_rest_is_built(tmp_path: Path) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "gbk.txt").write_bytes("办事大厅周六上午照常开门，可以办理营业执照。".encode("gbk"))
    (folder / "scan.pdf").write_bytes(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj<</Type/Catalog>>endobj\ntrailer<<>>\n")
    (folder / "empty.md").write_bytes(b"")
    (tmp_path / "more").mkdir()
    (tmp_path / "more/page.html").write_text("<title>上门服务</title><p>行动不便的老人可以预约上门办理。</p>", "utf-8")
    (folder / "noise.txt").write_bytes(bytes(range(128, 256)) * 4)
    ended = banshi(
        "kb",
        "build",
        "--sources",
        str(folder),
        str(tmp_path / "more"),
        "--home",
        str(tmp_path / "home"),
        "--json",
        BANSHI_CONFIG=words_alone(tmp_path),
    )
    report = json.loads(ended.stdout)
    skipped = {Path(row["path"]).name: row["why"] for row in report["skipped"]}
    assert set(skipped) == {"scan.pdf", "empty.md", "noise.txt"}
    assert all(skipped.values())
    assert report["documents"] == 2 and report["articles"] > 60
    found = banshi(
        "kb", "search", "周六开门吗", "--home", str(tmp_path / "home"), "--json", BANSHI_CONFIG=words_alone(tmp_path)
    )
    assert json.loads(found.stdout)[0]["text"].startswith("办事大厅周六")


def test_building_again_what_has_not_changed_makes_nothing_new(tmp_path: Path) -> None:
    generations = set()
    for _ in range(2):
        built = banshi("kb", "build", "--home", str(tmp_path / "home"), BANSHI_CONFIG=words_alone(tmp_path))
        assert built.returncode == 0
        generations.add((tmp_path / "home/kb/current").read_text())
    assert len(generations) == 1


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "no such folder" in refusal(
        banshi("kb", "build", "--sources", str(tmp_path / "no"), "--home", str(tmp_path))
    )


def words_alone(tmp_path: Path) -> str:
    """A configuration without vectors: the build takes a second."""
    folder = tmp_path / "words-alone"
    if not folder.exists():
        shutil.copytree(ROOT / "config", folder)
        settings = folder / "settings.toml"
        settings.write_text(settings.read_text("utf-8").replace('embedder = ""', 'embedder = "none"'), "utf-8")
    return str(folder)


@pytest.mark.parametrize("url", ["nonsense", "nosuch://host/name", "postgresql://nobody@127.0.0.1:1/none"])
def test_a_database_that_is_not_there_is_one_clear_line(tmp_path: Path, url: str) -> None:
    assert refusal(banshi("failed", "--home", str(tmp_path), BANSHI_DATABASE_URL=url), 1).startswith("banshi: ")


def test_dead_letters_can_be_read_and_must_exist_to_be_put_back(home: Path) -> None:
    assert json.loads(banshi("failed", "--json", "--home", str(home)).stdout) == []
    assert "not a dead letter" in refusal(banshi("requeue", "7", "--home", str(home)))


def test_a_backup_goes_into_a_new_home_and_into_no_other(home: Path, tmp_path: Path) -> None:
    banshi("chat", "--jsonl", "--home", str(home), stdin='{"text": "你好"}')
    file, new = tmp_path / "copy.zip", str(tmp_path / "new")
    assert banshi("backup", str(file), "--home", str(home)).returncode == 0
    assert banshi("restore", str(file), "--home", new).returncode == 0
    assert "in use" in refusal(banshi("restore", str(file), "--home", new))
    (tmp_path / "no.zip").write_text("no")
    assert "not a banshi backup" in refusal(banshi("restore", str(tmp_path / "no.zip"), "--home", str(tmp_path / "n")))


class Server:
    """`banshi serve` on a free port."""

    def __init__(self, home: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url, self.home = f"http://127.0.0.1:{self.port}", home
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bot", "serve", "--home", str(self.home), "--port", str(self.port)],
            cwd=ROOT,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(200):
            try:
                httpx.get(f"{self.url}/health")
                return
            except httpx.TransportError:
                time.sleep(0.05)
        raise AssertionError("the server did not start")

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def server(home: Path) -> Iterator[Server]:
    running = Server(home)
    yield running
    running.kill()


def test_a_second_server_on_the_same_home_is_refused(server: Server) -> None:
    told = refusal(banshi("serve", "--home", str(server.home), "--port", "65001"), 1)
    assert "another banshi server" in told


def test_killed_after_it_took_a_message_it_answers_once_it_is_back(server: Server) -> None:
    token = httpx.post(f"{server.url}/api/visitors").json()["token"]
    headers, event = {"Authorization": f"Bearer {token}"}, {"text": "食品经营许可证有效期几年", "event_id": "one"}
    kept = httpx.post(f"{server.url}/api/chat?wait=0", json=event, headers=headers)
    server.kill()
    assert kept.status_code in (200, 202)
    server.start()
    for _ in range(2):
        answer = httpx.post(f"{server.url}/api/chat", json=event, headers=headers, timeout=30).json()
        assert answer["repeat"] is True
        assert "5年" in answer["messages"][0]["text"]
    lines = httpx.get(f"{server.url}/api/chat/history", headers=headers).json()["lines"]
    assert [line["who"] for line in lines] == ["citizen", "bot", "bot"]


def test_it_stops_gently_and_leaves_no_claim_behind(server: Server) -> None:
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(10) in (0, -signal.SIGTERM)


def test_the_desk_is_measured_over_http(tmp_path: Path) -> None:
    ended = banshi(
        "bench", "desk", "--chats", "4", "--agents", "2", "--seconds", "5", "--json", "--home", str(tmp_path)
    )
    assert ended.returncode == 0, ended.stderr
    rows = json.loads(ended.stdout)
    assert [row["what"] for row in rows] == ["page of a chat", "answer"]
    assert all(row["count"] >= 2 and row["failed"] == 0 and 0 < row["p50 ms"] <= row["p95 ms"] for row in rows)


def test_a_demonstration_is_a_county_at_work(home: Path) -> None:
    assert "BANSHI_DEMO=1" in refusal(banshi("demo", "--home", str(home), BANSHI_DEMO=""))
    ended = banshi("demo", "--home", str(home), BANSHI_DEMO="1")
    assert ended.returncode == 0 and "15 accounts" in ended.stderr, ended.stderr
    tables = (
        "staff",
        "ticket",
        "inspection",
        "appointment",
        "licence",
        "rating",
        "delivery",
        "specialist",
    )
    with sqlite3.connect(home / "banshi.db") as database:
        count = {name: database.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables}
        submitted = database.execute("SELECT count(*) FROM case_file WHERE state = 'submitted'").fetchone()[0]
        waiting = database.execute("SELECT count(*) FROM ticket WHERE state = 'waiting'").fetchone()[0]
    assert count == {
        "staff": 15,
        "ticket": 6,
        "inspection": 1,
        "appointment": 2,
        "licence": 6,
        "rating": 3,
        "delivery": 1,
        "specialist": 1,
    }
    assert (submitted, waiting) == (6, 4)
    assert "there are accounts already" in refusal(banshi("demo", "--home", str(home), BANSHI_DEMO="1"))
