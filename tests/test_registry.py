"""The ways to departments: whole, once, in order; trouble is tried again, and given up with its reason."""

import base64
import json
import os
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import sqlalchemy as sa

from bot import rounds
from bot.bundles.catalogue import load_catalogue
from bot.domain.progress import stage
from bot.errors import ConfigError, OperatorError
from bot.paperwork import Clerk
from bot.registry import http
from bot.registry.base import Parcel
from bot.registry.folder import Folder
from bot.registry.http import Http
from bot.registry.ports import Department as Port
from bot.registry.ports import Ports, load_departments
from bot.rounds import Round
from bot.settings import ROOT
from bot.store.case_tables import registration
from tests.hall import Hall, clerk, photo
from tests.peers.department import TOKEN, Cue, Department


@pytest.fixture
def hall(tmp_path: Path) -> Hall:
    """Every department has a folder."""
    return Hall(tmp_path, f"sqlite:///{tmp_path / 'banshi.db'}")


@pytest.fixture
def office() -> Iterator[Department]:
    with Department().serving() as peer:
        yield peer


@pytest.fixture
def wired(tmp_path: Path, database_url: str, office: Department) -> Hall:
    """On each engine; the first department has a server, the others folders."""
    known = {"登记局": Port(port="http", url=office.url)}
    return Hall(tmp_path, database_url, departments=known, token=TOKEN)


def rows(hall: Hall) -> dict[str, Any]:
    """Registrations by their key without the number of the case."""
    found = hall.read(lambda t: t.connection.execute(sa.select(registration).order_by(registration.c.id)).all())
    return {row.key.partition("/")[2]: row for row in found}


def folder(hall: Hall, department: str) -> Path:
    return hall.home / "departments" / department


def put(hall: Hall, department: str, name: str, content: str | dict[str, Any]) -> None:
    path = folder(hall, department) / "in" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")


# What a department is given


def test_a_folder_holds_the_form_the_answers_and_the_photos_of_its_own_matter(hall: Hall) -> None:
    case = hall.submit("wang", "", "以后补交", "")
    hall.go()
    assert {path.name for path in (hall.home / "departments").iterdir()} == {"登记局", "城管局"}
    (file,) = (folder(hall, "城管局") / "out").iterdir()
    with zipfile.ZipFile(file) as archive:
        told = json.loads(archive.read("application.json"))
        names = sorted(archive.namelist())
        text = "".join(
            page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(archive.read("application.pdf"))
        )
    assert names == ["01-picture.jpg", "application.docx", "application.json", "application.pdf"]
    assert told["key"] == f"{case.reference}/sign/submit" and told["item"]["id"] == "sign"
    assert told["answers"]["shop"] == {"name": "店名", "value": "老王面馆", "by": "said"}
    assert told["materials"] == [{"id": "picture", "name": "招牌效果图", "state": "photo"}], "of those that apply"
    assert told["promises"] == [], "what was promised to another department is not theirs to know"
    assert "老王面馆" in text and case.reference in text


def test_a_department_is_told_what_its_own_form_and_conditions_need() -> None:
    bundle = load_catalogue(ROOT / "config", "").bundles["open-restaurant"]
    licence, board = (rounds.needed(bundle, item, clerk().layout(item)) for item in ("food_licence", "signboard"))
    assert {"shop_name", "phone", "area"} <= licence
    assert "shop_name" in board and not board & {"cold_dishes", "seats"} and board < set(bundle.questions)


def test_whatever_stands_in_a_folder_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    port, parcel = Folder(tmp_path), Parcel("x/food/submit", "d", {"key": "x"}, {"1.jpg": photo()})

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(zipfile.ZipFile, "writestr", full)
        with pytest.raises(OperatorError, match="No space left"):
            port.hand_over(parcel)
    assert not list(tmp_path.glob("out/*.zip"))
    port.hand_over(parcel)
    (file,) = (tmp_path / "out").iterdir()
    assert zipfile.ZipFile(file).testzip() is None, "what was cut short is made again, and nothing stands beside it"


def test_no_name_leads_out_of_the_folder(tmp_path: Path) -> None:
    Folder(tmp_path / "d").hand_over(Parcel("../../x/食品 1/submit", "d", {}))
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.zip")] == [
        "d/out/.._.._x_食品_1_submit.zip"
    ]
    for name in ("..", "a/../../b", "/etc"):
        port = Ports(tmp_path / "departments").to(name)
        assert isinstance(port, Folder) and port.path.resolve().is_relative_to(tmp_path / "departments")


# Once, however often it is tried


def test_the_same_key_twice_is_one_application(wired: Hall, office: Department) -> None:
    wired.submit("wang")
    office.cues = [Cue(lost=True)]  # it was taken, and we never heard of it
    wired.round.go(wired.now)
    assert rows(wired)["base/submit"].status == "ready"
    wired.restart()
    wired.pass_time(minutes=1)
    assert len(office.asked) == 2 and len(office.took) == 1
    assert rows(wired)["base/submit"].status == "done"
    (body,) = office.took.values()
    assert body["department"] == "登记局" and base64.b64decode(body["files"]["application.pdf"]).startswith(b"%PDF")


def test_an_answer_that_comes_too_late_is_asked_for_again_under_the_same_key(
    wired: Hall, office: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    wired.submit("wang")
    office.cues = [Cue(delay=0.5)]
    with monkeypatch.context() as patched:
        patched.setattr(http, "_TIMEOUT", 0.2)
        wired.round.go(wired.now)
    assert rows(wired)["base/submit"].error == "POST /applications: ReadTimeout"
    wired.pass_time(minutes=1)
    assert len(office.asked) == 2 and len(office.took) == 1


def test_killed_between_handing_over_and_marking_it_is_handed_over_again(
    wired: Hall, office: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    wired.submit("wang")
    real = Http.hand_over

    class Killed(BaseException):
        pass

    def die(port: Http, parcel: Parcel) -> None:
        real(port, parcel)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(Http, "hand_over", die)
        with pytest.raises(Killed):
            wired.round.go(wired.now)
    wired.restart()
    wired.pass_time(minutes=1)
    assert len(office.asked) == 1, "somebody else may still be at it"
    wired.pass_time(minutes=5)
    assert len(office.asked) == 2 and len(office.took) == 1
    assert {row.status for row in rows(wired).values()} == {"done"}
    assert len(list((folder(wired, "城管局") / "out").iterdir())) == 1


def test_several_rounds_at_once_hand_over_each_once(wired: Hall, office: Department) -> None:
    for who in "abcdef":
        wired.submit(who)
    others = [Round(wired.resources, wired.round.clerk, wired.round.ports) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda one: [one.go(wired.now) for _ in range(3)], others))
    assert len(office.asked) == len(office.took) == 6
    assert {row.status for row in rows(wired).values()} == {"done"}


def test_a_late_worker_does_not_undo_what_another_has_done(wired: Hall) -> None:
    wired.submit("wang")
    lease = timedelta(minutes=5)
    slow = wired.store.write(lambda t: t.matters.claim(wired.now, lease))
    later = wired.now + lease
    quick = wired.store.write(lambda t: t.matters.claim(later, lease, ["城管局"]))
    assert slow and quick and slow.id == quick.id and quick.tries == 2
    wired.store.write(lambda t: t.matters.registered(quick))
    wired.store.write(lambda t: t.matters.again(slow, later, "too late"))
    wired.store.write(lambda t: t.matters.give_up(slow, later, "too late"))
    assert rows(wired)["base/submit"].status == "done"


# Trouble


def test_trouble_is_tried_again_with_growing_pauses(wired: Hall, office: Department) -> None:
    wired.submit("wang")
    pauses = []
    for cue in (Cue(500), Cue(503), Cue(lost=True), Cue(502), Cue(429, headers={"Retry-After": "600"})):
        office.cues = [cue]
        wired.round.go(wired.now)
        pauses.append((rows(wired)["base/submit"].due - wired.now).total_seconds())
        wired.now = rows(wired)["base/submit"].due
        wired.round._done.clear()
    assert pauses == [30, 60, 120, 240, 600], "as long as it asks for, where it does"
    wired.go()
    assert rows(wired)["base/submit"].status == "done" and len(office.took) == 1


def test_a_department_that_is_away_keeps_no_other_waiting_and_gets_all_when_it_is_back(
    tmp_path: Path, office: Department
) -> None:
    known = {"登记局": Port(port="http", url=office.url)}
    hall = Hall(tmp_path, f"sqlite:///{tmp_path / 'banshi.db'}", departments=known, token=TOKEN)
    for number in range(4):
        hall.submit(f"c{number}")
    office.cues = [Cue(503)] * 10000
    hall.round.go(hall.now)
    assert statuses(hall)["城管局"] == {"done": 4}, "though those of the other stand before"
    assert 10000 - len(office.cues) == 2, "one attempt a round, and one look for reports"
    for _ in range(14):
        hall.pass_time(hours=5)
    assert statuses(hall)["登记局"] == {"ready": 4}, "three days away are no reason to give up"
    office.cues = []
    hall.pass_time(hours=1)
    assert statuses(hall)["登记局"] == {"done": 4} and len(office.took) == 4


def statuses(hall: Hall) -> dict[str, dict[str, int]]:
    columns = (registration.c.department, registration.c.status, sa.func.count())
    found = hall.read(lambda t: t.connection.execute(sa.select(*columns).group_by(*columns[:2])).all())
    counts: dict[str, dict[str, int]] = {}
    for department, status, count in found:
        counts.setdefault(department, {})[status] = count
    return counts


@pytest.mark.parametrize("status", [302, 400, 401, 404, 409])
def test_what_a_department_refuses_is_given_up_after_some_hours_with_its_reason(
    tmp_path: Path, office: Department, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    known = {"登记局": Port(port="http", url=office.url)}
    hall = Hall(tmp_path, f"sqlite:///{tmp_path / 'banshi.db'}", departments=known, token=TOKEN)
    hall.submit("wang")
    for _ in range(12):
        office.cues = [Cue(status)] * 2
        hall.pass_time(hours=1)
    (dead,) = hall.read(lambda t: t.matters.given_up())
    assert dead["tries"] == 12 and dead["channel"] == "登记局" and str(status) in dead["error"]
    assert TOKEN not in dead["error"] + caplog.text and "老王面馆" not in dead["error"] + caplog.text
    office.cues = []
    assert hall.store.write(lambda t: t.matters.requeue(dead["id"], hall.now))
    assert not hall.store.write(lambda t: t.matters.requeue(dead["id"], hall.now)), "once"
    hall.pass_time(minutes=1)
    assert len(office.took) == 1 and hall.read(lambda t: t.matters.given_up()) == []


def test_a_paper_that_cannot_be_made_out_is_given_up_and_stops_nothing_else(
    hall: Hall, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    hall.submit("wang")
    real = Clerk.application

    def broken(clerk: Clerk, about: Any, item: str, *rest: Any) -> Any:
        if item == "base":
            raise ValueError(f"cannot set {about.case.values['operator']}")
        return real(clerk, about, item, *rest)

    monkeypatch.setattr(Clerk, "application", broken)
    for _ in range(12):
        hall.pass_time(hours=1)
    assert (rows(hall)["base/submit"].status, rows(hall)["sign/submit"].status) == ("dead", "done")
    assert rows(hall)["base/submit"].error.startswith("ValueError at test_registry.py:")
    assert "张国强" not in caplog.text + rows(hall)["base/submit"].error


def test_a_photo_that_is_gone_is_told_with_its_name_only(hall: Hall) -> None:
    hall.submit("wang", "", "到窗口交", "")
    for path in (hall.home / "files").glob("*/*"):
        path.unlink()
    hall.pass_time(minutes=1)
    assert rows(hall)["base/submit"].status == "done", "it has no photo"
    assert "No such file" in rows(hall)["sign/submit"].error


# Order


def test_what_is_told_of_one_matter_is_told_in_its_order(wired: Hall, office: Department) -> None:
    """Withdrawn while its registration is on the way: the department hears of both, the second behind the first."""
    case = wired.submit("wang")
    office.cues = [Cue(500)] * 5
    wired.round.go(wired.now)
    wired.say("wang", "撤回申请", "确定撤回")
    wired.round.go(wired.now + timedelta(seconds=10))
    assert office.took == {}, "not before the registration has gone"
    office.cues = []
    wired.pass_time(minutes=10)
    assert [key.removeprefix(f"{case.reference}/") for key in office.took] == ["base/submit", "base/withdraw"]
    assert office.took[f"{case.reference}/base/withdraw"]["files"] == {}


def test_what_comes_later_goes_with_its_photo(hall: Hall) -> None:
    hall.submit("wang", "", "", "以后补交")
    hall.go()
    hall.send("wang", photo(3))
    hall.go()
    (name,) = [path for path in (folder(hall, "城管局") / "out").iterdir() if "supplement" in path.name]
    with zipfile.ZipFile(name) as archive:
        told = json.loads(archive.read("application.json"))
        assert archive.read("01-picture.jpg") == photo(3)
    assert told["what"] == "supplement" and told["materials"][0]["state"] == "photo"


# Reports


def test_reports_of_a_server_are_taken_in_and_deleted(wired: Hall, office: Department) -> None:
    case = wired.submit("wang")
    wired.go()
    office.report("1 和/2?", case=case.reference, item="base", state="accepted")
    office.report("2", case=case.reference, item="base", state="granted", number="N1", valid_until="2031-11-23")
    wired.go()
    assert office.reports == {} and office.refused == {}
    assert wired.matters(case)["base"].number == "N1"
    assert rows(wired)["food/submit"].status == "done", "and what waited for it has gone out"


def test_a_report_whose_deletion_is_lost_comes_again_and_is_news_once(wired: Hall, office: Department) -> None:
    case = wired.submit("wang")
    wired.go()
    office.report("1", case=case.reference, item="base", state="accepted")
    office.cues = [Cue(), Cue(503)]  # listed, and the deletion fails
    wired.round.go(wired.now)
    assert office.reports and wired.matters(case)["base"].state == "accepted"
    wired.pass_time(minutes=2)
    assert office.reports == {} and office.refused == {}
    assert sum("已经受理" in text for text in wired.told("wang")) == 1


@pytest.mark.parametrize("listed", ["<html>", {"a": 1}, [1], [{"case": "x"}]])
def test_a_list_that_is_none_disturbs_nobody(wired: Hall, office: Department, listed: Any) -> None:
    case = wired.submit("wang")
    office.listed = listed
    put(wired, "城管局", "a", {"case": case.reference, "item": "sign", "state": "accepted"})
    wired.go()
    assert wired.matters(case)["sign"].state == "accepted"


def test_reports_that_cannot_be_taken_stay_with_their_reason(hall: Hall) -> None:
    case = hall.submit("wang")
    told = {"case": case.reference, "item": "sign", "state": "accepted"}
    faults = {
        "json": ("{", "Invalid JSON"),
        "state": ({**told, "state": "waiting"}, "state"),
        "more": ({**told, "score": 1}, "score"),
        "none": ({**told, "case": "20261123-XD-09999-1"}, "no matter"),
        "defects": ({**told, "state": "defective"}, "defective needs defects"),
        "theirs": ({**told, "item": "base"}, "no matter base"),  # of another department
    }
    for name, (content, _) in faults.items():
        put(hall, "城管局", name, content)  # type: ignore[arg-type]
    hall.go()
    refused = folder(hall, "城管局") / "refused"
    for name, (_, why) in faults.items():
        assert (refused / f"{name}.json").is_file() and why in (refused / f"{name}.json.txt").read_text("utf-8")
    assert stage(hall.matters(case).values()) == "received"
    put(hall, "城管局", "good", told)
    hall.go()
    assert stage(hall.matters(case).values()) == "accepted"
    assert [path.name for path in (folder(hall, "城管局") / "taken").iterdir()] == ["good.json"]


def test_reports_in_a_folder_are_read_in_the_order_in_which_they_were_written(hall: Hall) -> None:
    case = hall.submit("wang")
    for number, (name, state) in enumerate([("10", "accepted"), ("9", "granted")]):
        put(hall, "登记局", name, {"case": case.reference, "item": "base", "state": state})
        os.utime(folder(hall, "登记局") / "in" / f"{name}.json", (number, number))
    hall.go()
    assert not (folder(hall, "登记局") / "refused").exists()
    assert hall.matters(case)["base"].state == "granted"


def test_a_report_for_which_we_are_at_fault_stays_and_is_taken_later(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, real = hall.submit("wang"), rounds.report

    def broken(tables: Any, voice: Any, told: Any, *rest: Any) -> Any:
        if told.item == "sign":
            raise KeyError(told.case)
        return real(tables, voice, told, *rest)

    for department, item in (("城管局", "sign"), ("登记局", "base")):
        put(hall, department, "1", {"case": case.reference, "item": item, "state": "accepted"})
    with monkeypatch.context() as patched:
        patched.setattr(rounds, "report", broken)
        hall.go()
    assert hall.matters(case)["base"].state == "accepted", "the others are heard"
    assert [path.name for path in (folder(hall, "城管局") / "in").iterdir()] == ["1.json"]
    hall.pass_time(minutes=2)
    assert hall.matters(case)["sign"].state == "accepted"


def test_a_folder_that_cannot_be_read_disturbs_nobody(hall: Hall) -> None:
    case = hall.submit("wang")
    (folder(hall, "一个局") / "in" / "x.json").mkdir(parents=True)
    put(hall, "登记局", "1", {"case": case.reference, "item": "base", "state": "accepted"})
    hall.go()
    assert hall.matters(case)["base"].state == "accepted"


# config/departments.yml


def test_departments_are_named_in_a_file_that_need_not_be(tmp_path: Path) -> None:
    assert load_departments(tmp_path / "departments.yml") == {}
    file = tmp_path / "departments.yml"
    file.write_text("甲局: {port: http, url: 'https://example.cn/x'}\n乙局: {}\n", "utf-8")
    known = load_departments(file)
    ports = Ports(tmp_path / "out", TOKEN, known)
    assert TOKEN not in repr(ports) + repr(ports.all()), "no secret in what may be logged"
    assert isinstance(ports.to("乙局"), Folder) and not isinstance(ports.to("甲局"), Folder)
    file.write_text("甲局: {port: http}\n乙局: {url: 'ftp://x'}\n丙局: {port: fax}\n", "utf-8")
    with pytest.raises(ConfigError) as fault:
        load_departments(file)
    assert [f"departments.yml:{line}:" in str(fault.value) for line in (1, 2, 3)] == [True] * 3
