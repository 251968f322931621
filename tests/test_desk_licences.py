"""The desk's page of licences: a ledger taken in, people to be called, what is to be checked, codes, the export."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from bot.app import App
from bot.channels import connect_all
from bot.desk import open_desk
from bot.ledger.coverage import coverage
from bot.ledger.intake import import_file
from bot.ledger.scan import Ladders, run
from bot.nudging import Nudger
from bot.store.licence_tables import reach
from bot.web import create
from tests.hall import BEGINS, HOURS, Hall
from tests.test_desk import sign_in
from tests.test_licences import HEADING, KINDS

ROWS = [
    ["食品经营许可证", "JY23711000000011", "王小面", "", "13800000001", "小面馆", "和平路1号", "", "2026-12-31"],
    ["食品经营许可证", "JY23711000000029", "李大饼", "", "", "大饼铺", "和平路2号", "", "2027-03-01"],
]


def ledger(rows: list[list[str]]) -> bytes:
    return "\n".join(",".join(row) for row in [HEADING, *rows]).encode("gbk")


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    found = Hall(tmp_path, f"sqlite:///{tmp_path / 'banshi.db'}")
    found.resources = replace(found.resources, kinds=KINDS)
    yield found
    found.store.close()


@pytest.fixture
def client(hall: Hall) -> TestClient:
    desk = open_desk(hall.resources, ["terminal"])
    parts = App(hall.resources, connect_all({}), hall.round)
    return TestClient(create(parts.resources, parts.channels, parts.round, [desk]), follow_redirects=False)


def test_a_ledger_is_taken_in_row_by_row(hall: Hall, client: TestClient) -> None:
    csrf = sign_in(hall, client, "证", "licences")
    wrong = ["不知道什么证", "X1", "某", "", "", "", "", "", "2027-01-01"]
    page = client.post(
        "/desk/licences/import", data={"csrf": csrf}, files={"file": ("a.csv", ledger([*ROWS, wrong]))}
    ).text
    assert "新增 2 行" in page and "没收 1 行" in page and "<td>4</td>" in page
    assert "王" in page and "王小面" not in page, "names are masked in lists"
    for name, content in (("a.exe", b"x"), ("a.xlsx", b"no workbook"), ("a.csv", "随便".encode())):
        answer = client.post("/desk/licences/import", data={"csrf": csrf}, files={"file": (name, content)})
        assert "fault=ledger" in answer.headers["location"], name
    assert client.post("/desk/licences/import", files={"file": ("a.csv", b"")}).status_code == 403


def test_calls_are_made_and_claims_are_checked(hall: Hall, client: TestClient, tmp_path: Path) -> None:
    file = tmp_path / "ledger.csv"
    file.write_bytes(ledger(ROWS))
    import_file(hall.store, KINDS, file, "tester", BEGINS)
    run(hall.store, Ladders(KINDS, HOURS), BEGINS.date())
    Nudger(hall.resources, Ladders(KINDS, HOURS)).tell(BEGINS.date(), hall.store.now())
    csrf = sign_in(hall, client, "证", "licences")
    page = client.get("/desk/licences").text
    assert "13800000001" in page and "王小面" in page, "who calls must see whom"
    assert "和平路2号" in page, "without a telephone somebody goes there"
    path = re.search(r"/desk/licences/tasks/\d+/phone", page)[0]  # type: ignore[index]
    assert "done=saved" in client.post(path, data={"csrf": csrf, "result": "failed", "why": "停机"}).headers["location"]
    assert "fault=gone" in client.post(path, data={"csrf": csrf, "result": "reached"}).headers["location"]
    ways = hall.read(
        lambda tables: [(one.way, one.state, one.why) for one in tables.connection.execute(reach.select())]
    )
    assert ("phone", "failed", "停机") in ways and sum(way == "visit" for way, *_ in ways) == 2
    for path in re.findall(r"/desk/licences/tasks/\d+/visit", client.get("/desk/licences").text):
        client.post(path, data={"csrf": csrf, "result": "reached"})
    today = BEGINS.date()
    found = hall.read(lambda tables: coverage(tables, today, today, today))
    assert found["nudges"]["rate"] == 1 and found["nudges"]["due"] >= 2

    first = hall.read(lambda tables: tables.licences.numbered(ROWS[0][1]))[0]
    hall.store.write(lambda tables: tables.licences.set(first.id, "done"))
    assert "已经办好" in client.get("/desk/licences").text
    at = f"/desk/licences/{first.id}/confirm"
    assert "fault=ends" in client.post(at, data={"csrf": csrf, "ends": "明年"}).headers["location"]
    client.post(at, data={"csrf": csrf, "ends": "2031-12-31"})
    again = hall.read(lambda tables: tables.licences.load(first.id))
    assert again is not None and again.state == "active" and str(again.expires_on) == "2031-12-31"
    client.post(at, data={"csrf": csrf, "ends": "2031-12-31", "over": "1"})
    assert hall.read(lambda tables: tables.licences.load(first.id)).state == "ended"  # type: ignore[union-attr]


def test_a_code_and_the_list_leave_a_trace(hall: Hall, client: TestClient, tmp_path: Path) -> None:
    file = tmp_path / "ledger.csv"
    file.write_bytes(ledger(ROWS))
    import_file(hall.store, KINDS, file, "tester", BEGINS)
    csrf = sign_in(hall, client, "证", "licences")
    assert (
        "fault=number" in client.post("/desk/licences/code", data={"csrf": csrf, "number": "JY0"}).headers["location"]
    )
    page = client.post("/desk/licences/code", data={"csrf": csrf, "number": ROWS[0][1]}).text
    assert re.search(r'class="code">[A-Z0-9 -]{6,}<', page)
    sheet = client.get("/desk/licences.xlsx")
    assert sheet.status_code == 200 and sheet.content.startswith(b"PK")
    done = hall.read(lambda tables: {one.what for one in tables.audits.of("ledger")})
    assert {"nudge tasks", "licences ending", "export ledger"} <= done
