"""The page for files that a channel cannot carry: judged like photos in the chat, answered there and on the page."""

import re
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pypdfium2
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from bot import loops, privacy
from bot.errors import StoreError
from bot.materials.cleaning import LARGEST
from bot.store.upload_tables import upload
from bot.upload_routes import MOST
from bot.web import create
from tests.hall import Hall, photo


@pytest.fixture
def hall(tmp_path: Path, database_url: str) -> Hall:
    """On each engine."""
    made = Hall(tmp_path, database_url)
    made.store.now = lambda: made.now  # type: ignore[method-assign]
    return made


def browser(hall: Hall) -> TestClient:
    return TestClient(create(hall.resources, {}, hall.round), raise_server_exceptions=False)


def link(hall: Hall, who: str = "wang") -> str:
    message = hall.say(who, "传文件")[0]
    assert "30 分钟内有效" in message.text
    return message.links[0].url


def go_on(hall: Hall) -> None:
    while claims := loops.claim_turns(hall.resources, ["terminal"], hall.now, 4):
        for claimed in claims:
            loops.run_turn(hall.resources, claimed, hall.now)


def pdf(pages: int = 1) -> bytes:
    made, document = BytesIO(), pypdfium2.PdfDocument.new()
    for _ in range(pages):
        document.new_page(400, 600)
    document.save(made)
    return made.getvalue()


def test_what_comes_by_the_page_is_answered_there_and_in_the_chat(hall: Hall) -> None:
    hall.fill("wang")
    page, citizen = link(hall), browser(hall)
    assert "最多 20 个" in citizen.get(page).text
    sent = [citizen.post(f"{page}/files", content=content) for content in (photo(1), pdf())]
    assert [one.status_code for one in sent] == [201, 201]
    first, second = (f"{page}/files/{one.json()['id']}" for one in sent)
    assert citizen.get(first).json() == {"texts": [], "done": False}
    go_on(hall)
    told = citizen.get(first).json()
    assert told["done"] and "收到“布局图”的照片" in "\n".join(told["texts"])
    assert "收到“制度目录”的照片" in "\n".join(citizen.get(second).json()["texts"])
    case = hall.cases("wang")[0]
    kept = {one.material: one.kind for one in hall.read(lambda tables: tables.kept.of_case(case.reference))}
    assert kept == {"plan": "jpeg", "rules": "pdf"}
    queued = hall.read(lambda tables: tables.outbox.after(hall.id("wang"), 0, limit=None))
    assert "收到“制度目录”的照片" in "\n".join(one.message.text for one in queued)


def test_it_keeps_the_limits_of_the_chat(hall: Hall) -> None:
    page, citizen = link(hall), browser(hall)
    refused = {
        "打不开": b"GIF89a nonsense",
        "空的": b"",
        "太大": photo(2) + b"0" * LARGEST,
    }
    for word, content in refused.items():
        answer = citizen.post(f"{page}/files", content=content)
        assert answer.status_code in (413, 422) and word in answer.json()["detail"], word
    assert citizen.post(f"{page}/files", content=photo(3)).status_code == 201, "and whoever failed may try again"
    for number in range(MOST - 1):
        assert citizen.post(f"{page}/files", content=photo(10 + number)).status_code == 201
    assert "最多传 20 个" in citizen.post(f"{page}/files", content=photo(40)).json()["detail"]


def test_a_link_is_of_one_conversation_one_browser_and_half_an_hour(hall: Hall) -> None:
    page, citizen, stranger = link(hall), browser(hall), browser(hall)
    id = citizen.post(f"{page}/files", content=photo(1)).json()["id"]
    for answer in (stranger.get(page), stranger.post(f"{page}/files", content=photo(2))):
        assert answer.status_code == 404 and "传文件" in answer.text
    assert stranger.get(f"{page}/files/{id}").status_code == 404
    other = link(hall, "li")
    mine = stranger.post(f"{other}/files", content=photo(5)).json()["id"]
    assert citizen.get(f"{page}/files/{mine}").status_code == 404, "what others sent is nobody else's"
    assert citizen.get("/upload/" + "x" * 32).status_code == 404
    newer = link(hall)
    assert citizen.get(page).status_code == 404 and citizen.get(newer).status_code == 200
    hall.now += timedelta(minutes=31)
    assert citizen.get(newer).status_code == 404
    assert citizen.post(f"{newer}/files", content=photo(3)).status_code == 404


def test_what_was_sent_lies_sealed_and_goes_with_the_citizen(hall: Hall) -> None:
    page, citizen = link(hall), browser(hall)
    assert citizen.post(f"{page}/files", content=photo(7)).status_code == 201
    go_on(hall)
    (kept,) = hall.read(lambda tables: tables.kept.of_conversation(hall.id("wang")))
    assert b"JFIF" not in (hall.files.folder / kept.file[:2] / kept.file).read_bytes()
    token = page.rpartition("/")[2]
    rows = hall.read(lambda tables: tables.connection.execute(sa.select(upload)).all())
    assert token not in str(rows)
    hall.store.write(lambda tables: privacy.erase(tables, hall.id("wang"), "test", hall.now))
    assert hall.read(lambda tables: tables.connection.execute(sa.select(upload)).all()) == []
    assert citizen.get(page).status_code == 404


def test_a_file_that_the_channel_could_not_carry_leads_to_the_page(hall: Hall) -> None:
    message = hall._give("wang", "file", "")[0]
    assert re.search(r"/upload/[\w-]{20,}$", message.links[0].url)


def test_nothing_is_lost_where_there_is_no_room(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    page, citizen = link(hall), browser(hall)

    def full(*_: object) -> None:
        raise StoreError("full")

    monkeypatch.setattr("bot.store.kept.KeptFiles.put", full)
    answer = citizen.post(f"{page}/files", content=photo(1))
    assert answer.status_code == 503 and "没有收到" in answer.json()["detail"]
    monkeypatch.undo()
    hall.store.now = lambda: hall.now  # type: ignore[method-assign]
    assert citizen.post(f"{page}/files", content=photo(1)).status_code == 201
