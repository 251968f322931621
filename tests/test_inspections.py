"""Inspections: nothing is concluded with a point unaccounted for, by nobody but inspectors, and erased it is gone."""

import io
import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from bot import privacy
from bot.app import App
from bot.bundles.catalogue import load_catalogue
from bot.channels import connect_all
from bot.desk import open_desk
from bot.domain.case import Case
from bot.domain.inspection import Inspection, Point, outcome, unaccounted
from bot.errors import CitizenError, ConfigError, OperatorError
from bot.filing import erase, withdraw
from bot.inspections import Inspector, Ruling
from bot.materials.cleaning import clean
from bot.materials.judge import stands_in
from bot.materials.reading import Line, Page
from bot.settings import ROOT
from bot.sketches import svg
from bot.store.case_tables import kept_file
from bot.store.inspection_tables import inspection, inspection_event, inspection_point, inspection_shot
from bot.walks import Walk, Walks, load_walks, schema
from bot.web import create
from handoff.inspection_figures import inspected
from tests.hall import HOURS, REPLIES, Hall, choices, texts
from tests.photos.scenes import scene, video
from tests.test_desk import sign_in

TABLES = (inspection, inspection_point, inspection_shot, inspection_event)
SHAPE = ["box 10 10 40 40 门"]


@cache
def photo(number: int) -> bytes:
    """A picture with something to see in it, like no other."""
    made, by = io.BytesIO(), random.Random(number)
    image = Image.new("RGB", (480, 360), "#ccc")
    for _ in range(40):
        left, top = by.randrange(400), by.randrange(300)
        box = (left, top, left + by.randrange(10, 120), top + by.randrange(10, 90))
        ImageDraw.Draw(image).rectangle(box, fill=tuple(by.randrange(256) for _ in range(3)), outline="black")
    image.save(made, "JPEG")
    return made.getvalue()


def _point(id: str, **more: Any) -> dict[str, Any]:
    told = dict.fromkeys(("standard", "why", "basis", "shoot", "cure"), f"{id}的要求")
    return {"id": id, "name": f"看{id}", "sketch": SHAPE, **told, **more}


WALK = Walk.model_validate(
    {
        "id": "stall",
        "name": "小店",
        "words": ["小店"],
        "serves": {"open-stall": ["food"]},
        "days": 2,
        "route": "从外到里",
        "rules": [
            {"when": "area >= 250", "sight": "spot", "why": "店面大"},
            {"when": "area >= 200", "sight": "live", "why": "不算小"},
        ],
        "points": [
            _point("front", most=2),
            _point("sinks", key=True, most=1),
            _point("cold", may_lack=True, most=1),
            _point("health", sensitive="health", most=1),
        ],
    }
)


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    yield from opened(tmp_path)


@pytest.fixture
def on_each_engine(tmp_path: Path, database_url: str) -> Iterator[Hall]:
    yield from opened(tmp_path, database_url)


def opened(home: Path, url: str = "") -> Iterator[Hall]:
    made = Hall(home, url or f"sqlite:///{home / 'banshi.db'}")
    with_walk(made)
    yield made
    made.store.close()


def with_walk(hall: Hall) -> None:
    hall.resources = replace(hall.resources, walks=Walks({WALK.id: WALK}))
    hall.round = replace(hall.round, resources=hall.resources)


def accepted(hall: Hall, who: str, **filled: str) -> Case:
    case = hall.submit(who, **filled)
    hall.report(case, "base", "granted", number="1")
    hall.report(case, "food", "accepted")
    return case


def one(hall: Hall, case: Case) -> Inspection:
    (found,) = hall.read(lambda t: t.inspections.of_case(case.reference))
    return found


def points(hall: Hall, case: Case) -> dict[str, Point]:
    return {point.id: point for point in hall.read(lambda t: t.inspections.points(one(hall, case).id))}


def inspector() -> Inspector:
    return Inspector(REPLIES, HOURS, Walks({WALK.id: WALK}))


def ruled(hall: Hall, case: Case, point: str, finding: str = "", who: str = "周婷") -> None:
    """A verdict on what is shown now."""
    found = one(hall, case)
    due = (hall.now + timedelta(days=5)).date() if finding else None

    def work(tables: Any) -> None:
        seen = tuple(shot.file for shot in tables.inspections.shots(found.id) if shot.live and shot.point == point)
        told = Ruling(point, "fail" if finding else "pass", finding, due, seen=seen)
        inspector().judge(tables, found.id, told, who, hall.now)

    hall.store.write(work)


def concluded(hall: Hall, case: Case, second: str = "孙浩") -> str:
    found = one(hall, case)
    return hall.store.write(lambda t: inspector().conclude(t, found.id, "周婷", second, {}, hall.now))


def shown(hall: Hall, who: str, first: int = 1) -> None:
    """Everything photographed and handed over. There is no reader here: the first picture is asked for once more."""
    hall.say(who, "拍照核查")
    hall.send(who, photo(first))
    hall.send(who, photo(first + 1))
    hall.say(who, "下一项")
    hall.send(who, photo(first + 2))
    hall.say(who, "没有这项", "同意收集")
    hall.send(who, photo(first + 3))
    hall.say(who, "交给勘验员")


# --- in chat ---


def test_shot_by_shot_to_the_verdict_and_again_what_failed_alone(on_each_engine: Hall) -> None:
    hall = on_each_engine
    case = accepted(hall, "wang")
    shown(hall, "wang")
    found = one(hall, case)
    assert (found.state, found.coded, found.way) == ("waiting", "unread", "photo"), "the inspector is told"
    shots = hall.read(lambda t: t.inspections.shots(found.id))
    assert sorted(shot.point for shot in shots) == ["front", "health", "sinks"]
    assert all(re.fullmatch("[0-9a-f]{64}", shot.sha256) and shot.at for shot in shots)
    ruled(hall, case, "front")
    ruled(hall, case, "sinks", "没有贴标识")
    ruled(hall, case, "cold")
    ruled(hall, case, "health")
    hall.now += timedelta(minutes=1)
    assert concluded(hall, case) == "failed"
    assert "看sinks：没有贴标识（2026年11月28日（周六） 前改好）" in hall.told("wang")[-1]
    said = hall.say("wang", "拍照核查")
    assert "要改的 1 项" in texts(said) and "第 2 项" in texts(said) and "上次没过：没有贴标识" in texts(said)
    assert one(hall, case).code != found.code and one(hall, case).code in texts(said)
    assert "已经通过" in texts(hall.say("wang", "重拍第1项"))
    hall.send("wang", photo(20))
    assert "要改的 1 项都拍好了" in texts(hall.send("wang", photo(21)))
    hall.say("wang", "交给勘验员")
    with pytest.raises(OperatorError):
        concluded(hall, case)
    ruled(hall, case, "sinks")
    assert concluded(hall, case) == "passed"
    assert "通过了" in hall.told("wang")[-1] and "下一步：食品局审核后发证，最晚" in hall.told("wang")[-1]
    hall.go()
    sent = hall.read(lambda t: t.connection.scalars(sa.text("SELECT what FROM registration ORDER BY id")).all())
    assert list(sent)[-1] == "inspected", "the department hears of it"


def test_it_is_put_aside_and_gone_on_with_and_a_form_goes_before(hall: Hall) -> None:
    case = accepted(hall, "wang")
    hall.say("wang", "拍照核查")
    hall.send("wang", photo(1))
    hall.send("wang", photo(2))
    assert "都存着" in texts(hall.say("wang", "先拍到这"))
    hall.pass_time(days=2)
    hall.restart()
    with_walk(hall)
    hall.say("wang", "开办小店")
    assert "存好" in texts(hall.send("wang", photo(3))), "a photo is for the form that is at hand"
    said = hall.say("wang", "接着拍")
    assert "第 1 项" in texts(said) and hall.read(lambda t: t.conversations.load(hall.id("wang"))).case is None
    assert "第 2 项" in texts(hall.say("wang", "下一项"))
    hall.say("wang", "跳过")
    assert "第 3 项" in texts(hall.say("wang", "再说一遍"))
    assert points(hall, case)["sinks"].stands == "later"
    hall.say("wang", "没有这项", "后面再拍")
    assert "第 2 项" in texts(hall.say("wang", "再说一遍")), "what was put off comes at the end"
    assert "还差 2 项" in texts(hall.say("wang", "交给勘验员"))


def test_what_is_sensitive_is_not_kept_before_the_citizen_agrees(hall: Hall) -> None:
    case = accepted(hall, "wang")
    hall.say("wang", "拍照核查")
    hall.send("wang", photo(1))
    hall.send("wang", photo(2))
    hall.say("wang", "下一项")
    hall.send("wang", photo(3))
    assert "敏感" in texts(hall.say("wang", "没有这项"))
    assert "敏感" in texts(hall.send("wang", photo(4)))
    assert len(hall.read(lambda t: t.inspections.shots(one(hall, case).id))) == 2
    hall.say("wang", "同意收集")
    assert "都有了" in texts(hall.send("wang", photo(5)))
    hall.go()
    files = [path for path in (hall.home / "files").rglob("*") if path.is_file()]
    kept = hall.read(lambda t: t.connection.scalars(sa.select(kept_file.c.file)).all())
    assert sorted(path.name for path in files) == sorted(kept), "what was refused is gone"


def test_the_same_photo_twice_is_noticed_and_never_an_accusation(hall: Hall) -> None:
    case = accepted(hall, "wang")
    hall.say("wang", "拍照核查")
    hall.send("wang", photo(1))
    hall.send("wang", photo(2))
    assert "刚才发过" in texts(hall.send("wang", photo(2)))
    hall.say("wang", "下一项")
    said = texts(hall.send("wang", photo(2)))
    assert "别处用过" in said and "第 3 项" in said, "it is taken, and staff see the hint"
    shots = hall.read(lambda t: t.inspections.shots(one(hall, case).id))
    shot = next(shot for shot in shots if shot.point == "sinks")
    assert "same_photo" in hall.read(lambda t: t.photos.of_case(case.reference))[shot.file].reasons


def test_a_dark_photo_is_asked_for_again_and_not_for_ever(hall: Hall) -> None:
    accepted(hall, "wang")
    hall.say("wang", "拍照核查")
    for n in (1, 2):
        hall.send("wang", photo(n))
    hall.say("wang", "下一项")
    for n in (1, 2):
        assert "太暗" in texts(hall.send("wang", scene(f"scene sinks{n} dark")))
    assert "先收下" in texts(hall.send("wang", scene("scene sinks3 dark")))


def test_a_short_video_is_taken_but_not_as_the_first_nor_for_a_paper(hall: Hall) -> None:
    hall.fill("wang")
    assert "要的是照片" in texts(hall.send("wang", video()))
    case = accepted(hall, "li")
    hall.say("li", "拍照核查")
    assert "第一张请拍照片" in texts(hall.send("li", video()))
    hall.send("li", photo(1))
    hall.send("li", photo(2))
    hall.say("li", "下一项")
    assert "第 3 项" in texts(hall.send("li", video()))
    kinds = {shot.point: shot.kind for shot in hall.read(lambda t: t.inspections.shots(one(hall, case).id))}
    assert kinds == {"front": "jpeg", "sinks": "mp4"}


def test_before_acceptance_there_is_nothing_to_show_and_nobody_elses(hall: Hall) -> None:
    hall.submit("wang")
    assert "还没有受理" in texts(hall.say("wang", "拍照核查"))
    accepted(hall, "li")
    assert "没有要看现场的" in texts(hall.say("zhao", "拍照核查"))
    assert "没有要看现场的" in texts(hall.say("zhao", "交给勘验员"))


def test_what_photos_cannot_show_is_seen_live_or_on_the_spot(hall: Hall) -> None:
    large = accepted(hall, "wang", area="260")
    said = hall.say("wang", "拍照核查")
    assert "店面大" in texts(said) and choices(said) == ("约现场核查",)
    upstairs = accepted(hall, "li", area="210")
    said = hall.say("li", "拍照核查")
    assert "不算小" in texts(said) and choices(said) == ("约视频连线", "约现场核查")
    hall.say("wang", "约现场核查")
    hall.say("li", "约视频连线")
    assert (one(hall, large).way, one(hall, upstairs).way) == ("spot", "live")
    for point in ("front", "sinks", "cold", "health"):
        ruled(hall, large, point)
    assert concluded(hall, large) == "passed"


def test_where_the_form_does_not_tell_the_kind_of_shop_it_is_asked(hall: Hall) -> None:
    other = WALK.model_copy(update={"id": "van", "name": "餐车", "words": ("餐车",), "points": WALK.points[:2]})
    hall.resources = replace(hall.resources, walks=Walks({WALK.id: WALK, other.id: other}))
    case = accepted(hall, "wang")
    said = hall.say("wang", "拍照核查")
    assert "哪一种" in texts(said) and choices(said) == ("拍照核查 小店", "拍照核查 餐车")
    assert "共 2 项" in texts(hall.say("wang", "2"))
    assert one(hall, case).walk["id"] == "van"


def test_a_case_that_is_withdrawn_or_decided_ends_its_inspection(hall: Hall) -> None:
    first, second = accepted(hall, "wang"), accepted(hall, "li")
    shown(hall, "wang")
    shown(hall, "li", first=30)
    hall.report(first, "food", "granted", number="JY")
    hall.store.write(lambda t: withdraw(t, t.cases.load(second.reference), hall.now))
    assert {one(hall, first).state, one(hall, second).state} == {"stopped"}
    with pytest.raises(OperatorError):
        ruled(hall, first, "front")


def test_a_check_of_ones_own_keeps_no_photo_and_ends_in_what_to_mend(hall: Hall) -> None:
    assert "哪一种" in texts(hall.say("wang", "自查"))
    assert "共 4 项" in texts(hall.say("wang", "1"))
    assert "看得清" in texts(hall.send("wang", photo(1))) or "拍得清楚" in texts(hall.send("wang", photo(2)))
    hall.say("wang", "符合", "还差", "没有这项")
    said = texts(hall.say("wang", "还差"))
    assert "符合 1 项，没有的 1 项，还差 2 项" in said and "1 ★看sinks" in said
    hall.go()
    assert not [path for path in (hall.home / "files").rglob("*") if path.is_file()]
    hall.say("wang", "自查小店")
    assert len(hall.read(lambda t: t.inspections.of_conversation(hall.id("wang")))) == 1


# --- whatever the order ---

WORDS = (
    "下一项",
    "后面再拍",
    "没有这项",
    "先拍到这",
    "接着拍",
    "重拍第1项",
    "重拍第2项",
    "重拍",
    "交给勘验员",
    "同意收集",
    "看依据",
)
MOVES = st.one_of(
    st.tuples(st.just("say"), st.sampled_from(WORDS)),
    st.tuples(st.just("send"), st.integers(1, 40)),
    st.tuples(st.just("judge"), st.tuples(st.sampled_from([one.id for one in WALK.points]), st.booleans())),
    st.tuples(st.just("conclude"), st.just(0)),
    st.tuples(st.just("restart"), st.just(0)),
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(MOVES, max_size=45))
def test_no_order_of_shots_redos_and_restarts_concludes_with_a_point_unaccounted_for(
    tmp_path_factory: pytest.TempPathFactory, moves: list[tuple[str, Any]]
) -> None:
    for hall in opened(tmp_path_factory.mktemp("hall")):
        case = accepted(hall, "wang")
        hall.say("wang", "拍照核查")
        for move in moves:
            _moved(hall, case, *move)


def _moved(hall: Hall, case: Case, what: str, how: Any) -> None:
    """One move; and what must be true of it whatever went before."""
    before, was = list(points(hall, case).values()), one(hall, case)
    if what == "say":
        hall.say("wang", how)
    elif what == "send":
        hall.send("wang", photo(how))
    elif what == "restart":
        hall.restart()
        with_walk(hall)
    elif what == "judge":
        _tried(lambda: ruled(hall, case, how[0], "不行" if how[1] else ""))
    elif _tried(lambda: concluded(hall, case)):
        assert was.state == "waiting" and not unaccounted(before) and outcome(before) is not None
        for point in before:
            assert point.stands == "absent" or _files(hall, was, point), point.id
    now, after = one(hall, case), points(hall, case).values()
    if now.state == "passed":
        assert was.state in ("waiting", "passed") and all(
            point.verdict == "pass" and point.judged_by for point in after
        )
    if now.state == "waiting":
        assert not unaccounted(after)


def _tried(act: Callable[[], object]) -> bool:
    try:
        act()
    except OperatorError:
        return False
    return True


def _files(hall: Hall, found: Inspection, point: Point) -> list[str]:
    shots = hall.read(lambda t: t.inspections.shots(found.id))
    return [shot.file for shot in shots if shot.point == point.id]


# --- verdicts ---


def test_a_verdict_is_of_what_was_seen_with_a_finding_and_a_day_and_by_two(hall: Hall) -> None:
    case = accepted(hall, "wang")
    shown(hall, "wang")
    found, tomorrow = one(hall, case), (hall.now + timedelta(days=1)).date()
    refused = [
        Ruling("front", "pass", seen=("something else",)),
        Ruling("nowhere", "pass"),
        Ruling("cold", "fail", "  ", tomorrow),
        Ruling("cold", "fail", "不行", None),
        Ruling("cold", "fail", "不行", tomorrow - timedelta(days=1)),
    ]
    for told in refused:
        with pytest.raises(OperatorError):
            hall.store.write(lambda t, told=told: inspector().judge(t, found.id, told, "周婷", hall.now))
    assert not any(point.verdict for point in points(hall, case).values())
    for point in points(hall, case):
        ruled(hall, case, point)
    for second in ("", "周婷"):
        with pytest.raises(OperatorError):
            concluded(hall, case, second)
    assert "已经在看了" in texts(hall.say("wang", "重拍第2项"))
    assert concluded(hall, case) == "passed"


def test_until_the_inspector_begins_the_citizen_may_take_it_back(hall: Hall) -> None:
    case = accepted(hall, "wang")
    shown(hall, "wang")
    assert "先拿回来" in texts(hall.say("wang", "重拍第2项")) and one(hall, case).state == "shooting"
    with pytest.raises(OperatorError):
        ruled(hall, case, "front")
    assert "没有第 9 项" in texts(hall.say("wang", "重拍第9项"))
    hall.send("wang", photo(50))
    assert "已经交给勘验员" in texts(hall.say("wang", "交给勘验员"))


def test_findings_are_sealed_at_rest(hall: Hall) -> None:
    case = accepted(hall, "wang")
    shown(hall, "wang")
    ruled(hall, case, "sinks", "后门下面有老鼠洞")
    assert points(hall, case)["sinks"].finding == "后门下面有老鼠洞"
    content = (hall.home / "banshi.db").read_bytes() + (hall.home / "banshi.db-wal").read_bytes()
    assert "老鼠洞".encode() not in content


# --- the desk ---


@pytest.fixture
def client(hall: Hall) -> TestClient:
    parts = App(hall.resources, connect_all({}), hall.round)
    desk = open_desk(hall.resources, ["terminal"])
    return TestClient(create(parts.resources, parts.channels, parts.round, [desk]), follow_redirects=False)


def test_at_the_desk_what_was_shown_is_judged_beside_its_standard(hall: Hall, client: TestClient) -> None:
    case = accepted(hall, "wang")
    shown(hall, "wang")
    sign_in(hall, client, "孙浩", "inspector")
    csrf = sign_in(hall, client, "周婷", "inspector")
    listed = client.get("/desk/inspections").text
    assert case.reference in listed and "判了 0 / 4" in listed
    found = one(hall, case)
    path, page = f"/desk/inspections/{found.id}", client.get(f"/desk/inspections/{found.id}").text
    assert "sinks的要求" in page and "机器没认出，请看照片" in page and "群众说没有这项" in page and "<svg" in page
    shots = hall.read(lambda t: t.inspections.shots(found.id))
    assert client.get(f"{path}/{shots[0].file}").headers["content-type"] == "image/jpeg"
    seen = dict(re.findall(r'name="(seen-\w+)" value="([^"]*)"', page))
    told = {"csrf": csrf, "second": "孙浩", **seen, **{f"verdict-{id}": "pass" for id in WALK.sought}}
    failed = {"verdict-sinks": "fail", "finding-sinks": "没有贴标识"}
    assert "ruling" in client.post(path, data=told | failed | {"due-sinks": "2020-01-01"}).headers["location"]
    assert points(hall, case)["sinks"].verdict == "" and points(hall, case)["cold"].verdict == "pass"
    assert "conclusion" in client.post(path, data=told | {"verdict-sinks": "", "act": "conclude"}).headers["location"]
    picture = {"photo-sinks": ("x.jpg", photo(77), "image/jpeg")}
    whole = told | failed | {"due-sinks": "2099-01-01", "act": "conclude"}
    assert "conclusion" in client.post(path, data=whole | {"second": "周婷"}, files=picture).headers["location"]
    assert "concluded" in client.post(path, data=whole).headers["location"]
    (said,) = hall.read(lambda t: [one.message for one in t.outbox.after(hall.id("wang"), 0, limit=None)][-1:])
    assert "没有贴标识" in said.text and said.links[0].title == "勘验员的照片"
    assert client.get(said.links[0].url).headers["content-type"] == "image/jpeg"
    assert client.get("/findings/" + "A" * 60).status_code == 404
    assert "gone" in client.post(path, data=told).headers["location"], "it waits for nobody any more"
    assert f"{shots[0].file}/small" in page and client.get(f"{path}/{shots[0].file}/small").status_code == 200
    what = [row.what for row in hall.read(lambda t: t.audits.of(case.reference))]
    assert {"view inspection", "view pictures", "view file", "inspect sinks fail", "inspection failed"} <= set(what)
    assert client.get("/desk/inspections?state=shooting").text.count(case.reference) == 1


def test_only_inspectors_see_and_judge_and_only_files_of_it(hall: Hall, client: TestClient) -> None:
    case = accepted(hall, "wang")
    shown(hall, "wang")
    path, shots = f"/desk/inspections/{one(hall, case).id}", hall.read(lambda t: t.inspections.shots(1))
    for role in ("agent", "reviewer", "editor", "licences", "admin"):
        csrf = sign_in(hall, client, f"某{role}", role)  # type: ignore[arg-type]
        for address in ("/desk/inspections", path, f"{path}/{shots[0].file}", f"{path}/{shots[0].file}/small"):
            assert client.get(address).status_code == 403, (role, address)
        assert client.post(path, data={"csrf": csrf, "verdict-cold": "pass"}).status_code == 403
    csrf = sign_in(hall, client, "周婷", "inspector")
    assert client.post(path, data={"csrf": "wrong", "verdict-cold": "pass"}).status_code == 403
    assert not any(point.verdict for point in points(hall, case).values())
    (other,) = [kept.file for kept in hall.read(lambda t: t.kept.of_case(case.reference)) if kept.material == "plan"]
    assert client.get(f"{path}/{other}/small").status_code == 404
    assert client.get(f"{path}/{other}").status_code == 404, "a paper of the case is not the inspector's"
    assert client.get(f"/desk/inspections/99/{shots[0].file}").status_code == 404


def test_nobody_grants_what_must_be_seen_before_it_was(hall: Hall, client: TestClient) -> None:
    case = accepted(hall, "wang")
    path = f"/desk/cases/{case.reference}"
    csrf = sign_in(hall, client, "何", "reviewer")
    page = client.get(path).text
    offered = page.count('value="granted"')
    assert "才能发证" in page
    told = {"csrf": csrf, "state": "granted", "number": "JY1"}
    assert "unseen" in client.post(f"{path}/food/decide", data=told).headers["location"]
    assert hall.matters(case)["food"].state == "accepted"
    shown(hall, "wang")
    assert "unseen" in client.post(f"{path}/food/decide", data=told).headers["location"], "handed over is not passed"
    for point in ("front", "sinks", "cold", "health"):
        ruled(hall, case, point)
    assert concluded(hall, case) == "passed"
    assert client.get(path).text.count('value="granted"') == offered + 1
    assert "decided" in client.post(f"{path}/food/decide", data=told).headers["location"]
    assert hall.matters(case)["food"].state == "granted"


def test_an_inspection_is_waived_by_two_with_a_reason_and_the_citizen_is_told(hall: Hall, client: TestClient) -> None:
    case = accepted(hall, "wang")
    path = f"/desk/cases/{case.reference}"
    csrf = sign_in(hall, client, "何", "supervisor")
    assert "decision" in client.post(f"{path}/food/waive", data={"csrf": csrf, "why": " "}).headers["location"]
    assert "decision" in client.post(f"{path}/base/waive", data={"csrf": csrf, "why": "无"}).headers["location"]
    told = {"csrf": csrf, "why": "上月刚看过同一间店"}
    assert "asked" in client.post(f"{path}/food/waive", data=told).headers["location"]
    assert "decision" in client.post(f"{path}/food/waive", data=told).headers["location"], "asked once"
    assert "已有人提出免查" in client.get(path).text
    grant = {"csrf": csrf, "state": "granted", "number": "JY1"}
    assert "unseen" in client.post(f"{path}/food/decide", data=grant).headers["location"]
    (asked,) = hall.read(lambda t: t.desk.open_approvals())
    assert "four_eyes" in client.post(f"/desk/approvals/{asked.id}/agree", data={"csrf": csrf}).headers["location"]
    csrf = sign_in(hall, client, "杨", "supervisor")
    assert "免现场核查" in client.get("/desk/people").text
    assert "agreed" in client.post(f"/desk/approvals/{asked.id}/agree", data={"csrf": csrf}).headers["location"]
    assert "不用看现场了" in hall.told("wang")[-1]
    assert "不用看现场了" in texts(hall.say("wang", "拍照核查")) and one(hall, case).state == "waived"
    assert "decided" in client.post(f"{path}/food/decide", data=grant | {"csrf": csrf}).headers["location"]
    kept = hall.read(lambda t: t.audits.of(case.reference))
    said = {(row.who, row.what, row.why) for row in kept}
    assert ("何", "ask to waive the inspection of food", "上月刚看过同一间店") in said
    about = hall.read(lambda t: t.audits.of(f"{case.reference} food"))
    assert [(row.who, row.what) for row in about] == [("杨", "agree to waive")]


def test_a_finding_is_reminded_of_before_its_day_and_once_after_it(on_each_engine: Hall) -> None:
    hall = on_each_engine
    case = accepted(hall, "wang")
    shown(hall, "wang")
    ruled(hall, case, "sinks", "没有贴标识")
    for point in ("front", "cold", "health"):
        ruled(hall, case, point)
    assert concluded(hall, case) == "failed"
    said = len(hall.told("wang"))
    hall.pass_time(days=3)
    assert len(hall.told("wang")) == said
    hall.now = hall.now.replace(hour=22)  # six in the morning of the hall's next day
    hall.go()
    assert len(hall.told("wang")) == said, "nobody is woken"
    hall.pass_time(hours=4)
    hall.pass_time(hours=4)
    assert len(hall.told("wang")) == said + 1 and "还有 1 项没交来，最晚 2026年11月28日" in hall.told("wang")[-1]
    hall.pass_time(days=1)
    assert len(hall.told("wang")) == said + 1, "on the day itself nothing more"
    for _ in range(3):
        hall.pass_time(days=1)
    assert len(hall.told("wang")) == said + 2 and "过了 2026年11月28日" in hall.told("wang")[-1]
    hall.say("wang", "拍照核查")
    for number in (40, 41):
        hall.send("wang", photo(number))
    hall.say("wang", "交给勘验员")
    hall.pass_time(days=5)
    assert len(hall.told("wang")) == said + 2, "what was handed over again is not asked for"


def test_the_figures_are_computed_from_what_happened(hall: Hall) -> None:
    first, second = accepted(hall, "wang"), accepted(hall, "li")
    hall.say("li", "自查小店", *["符合"] * 4)
    begun = hall.now
    hall.now += timedelta(hours=1)
    shown(hall, "wang")
    shown(hall, "li", first=30)
    hall.now += timedelta(days=1)
    for point in WALK.sought:
        ruled(hall, first, point, "不行" if point == "front" else "")
        ruled(hall, second, point)
    assert (concluded(hall, first), concluded(hall, second)) == ("failed", "passed")
    hall.now += timedelta(days=3)
    hall.say("wang", "拍照核查")
    hall.send("wang", photo(60))
    hall.send("wang", photo(61))
    hall.say("wang", "下一项", "交给勘验员")
    hall.now += timedelta(days=3)
    ruled(hall, first, "front")
    assert concluded(hall, first) == "passed"
    found = hall.read(lambda t: inspected(t, HOURS, begun, hall.now + timedelta(hours=1)))
    assert (found.first_pass.part, found.first_pass.whole) == (1, 2)
    assert (found.checked.part, found.checked.whole) == (1, 1)
    assert (found.remote.part, found.remote.whole, found.count) == (2, 2, 2)
    assert found.days == (1 + 1 + 1) / 2, "Monday to Tuesday, twice; and Friday to Monday"


# --- what is kept ---


def test_erased_nothing_of_it_is_left(hall: Hall) -> None:
    case = accepted(hall, "wang")
    shown(hall, "wang")
    hall.say("zhao", "自查小店", "符合")
    hall.store.write(lambda t: privacy.erase(t, hall.id("zhao"), "test", hall.now))
    assert hall.read(lambda t: t.inspections.of_conversation(hall.id("zhao"))) == []
    hall.store.write(lambda t: privacy.erase(t, hall.id("wang"), "test", hall.now))
    assert one(hall, case).state == "waiting", "what was handed in stays with its case"
    told = hall.store.write(lambda t: privacy.export(t, hall.id("wang"), "test", hall.now))
    assert [point["stands"] for point in told["inspections"][0]["points"]] == ["shown", "shown", "absent", "shown"]
    hall.store.write(lambda t: erase(t, [case.reference]))
    hall.go()
    for table in TABLES:
        assert hall.read(lambda t, table=table: t.connection.scalar(sa.select(sa.func.count()).select_from(table))) == 0
    assert not [path for path in (hall.home / "files").rglob("*") if path.is_file()]


def test_erased_before_it_was_handed_over_it_is_gone_with_its_photos(hall: Hall) -> None:
    case = accepted(hall, "wang")
    hall.say("wang", "拍照核查")
    hall.send("wang", photo(1))
    hall.send("wang", photo(2))
    hall.store.write(lambda t: privacy.erase(t, hall.id("wang"), "test", hall.now))
    assert hall.read(lambda t: t.inspections.of_case(case.reference)) == []
    hall.go()
    left = [kept.material for kept in hall.read(lambda t: t.kept.of_case(case.reference))]
    assert left == ["plan"]


# --- the files that say what is looked at ---


def test_the_six_walks_hold_the_points_and_every_one_of_them() -> None:
    catalogue = load_catalogue(ROOT / "config", "610328")
    walks = load_walks(ROOT / "config", catalogue.questions, catalogue.bundles).walks
    assert set(walks) == {"restaurant", "small-catering", "drinks", "supermarket", "convenience", "pharmacy"}
    used = {point.id: point for walk in walks.values() for point in walk.points}
    assert len(used) == 29
    assert "cold_room" not in {
        one.id
        for one in walks["restaurant"].applying({"cold_dishes": "不卖", "raw_food": "不卖", "cakes": "不卖"}).points
    }
    assert "cold_room" in {one.id for one in walks["restaurant"].applying({"cold_dishes": "不卖"}).points}, (
        "nobody said"
    )
    assert walks["restaurant"].sight({"cold_dishes": "卖"})[0] == "live"
    assert walks["restaurant"].sight({"raw_food": "卖", "cold_dishes": "卖"})[0] == "spot"
    assert walks["convenience"].sight({"drinks": "卖"}) == ("photo", ())
    for point in used.values():
        assert svg(point.name, point.sketch).count("<rect") >= 1


@pytest.mark.parametrize(
    ("file", "old", "new", "fault"),
    [
        ("points.yml", "  sketch: [box 20", "  sketch: [bax 20", "points.yml:15: sketch: not a shape"),
        ("points.yml", 'key: "true"', "key: maybe", "points.yml:19: key: Input"),
        ("inspections/drinks.yml", "use: drinks_gear", "use: drink_gear", "no 'drink_gear'"),
        ("inspections/drinks.yml", "cakes == 卖", "cake == 卖", "fields.yml has no 'cake'"),
        ("inspections/drinks.yml", "open-drinks", "open-drink", "no bundle 'open-drink'"),
        ("inspections/drinks.yml", "small_catering]", "smal_catering]", "has no item 'smal_catering'"),
        ("inspections/drinks.yml", "id: drinks", "id: drink", "as the file is called"),
        ("inspections/pharmacy.yml", "  - use: drug_apart\n", "", "drug_apart: in no walk"),
        ("inspections/restaurant.yml", "sight: spot", "sight: car", "sight"),
    ],
)
def test_a_fault_is_told_with_its_file_and_line(tmp_path: Path, file: str, old: str, new: str, fault: str) -> None:
    config = tmp_path / "config"
    for path in (ROOT / "config").rglob("*.yml"):
        copy = config / path.relative_to(ROOT / "config")
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(path.read_text("utf-8"), "utf-8")
    text = (config / file).read_text("utf-8")
    assert old in text
    (config / file).write_text(text.replace(old, new, 1), "utf-8")
    catalogue = load_catalogue(ROOT / "config", "610328")
    with pytest.raises(ConfigError, match=r"\.yml:\d+: ") as told:
        load_walks(config, catalogue.questions, catalogue.bundles)
    assert fault in str(told.value)


def test_the_schema_for_editors_is_that_of_the_program() -> None:
    kept = json.loads((ROOT / "config/inspections/schema.json").read_text("utf-8"))
    assert kept == schema(), "run `banshi bundles --schema --inspections > config/inspections/schema.json`"


# --- pictures ---


@pytest.mark.parametrize(
    ("lines", "stands"),
    [(["27864"], True), (["2 7 8", "64"], True), (["编号27B64号"], True), (["27863"], False), ([], False)],
)
def test_a_code_is_found_however_it_was_spaced(lines: list[str], stands: bool) -> None:
    page = Page(100, 100, tuple(Line(text, 0.9, ((0, 0), (1, 0), (1, 1), (0, 1))) for text in lines))
    assert stands_in(page, "27864") is stands


def test_a_video_loses_where_it_was_taken_and_nothing_else(hall: Hall) -> None:
    content = video()
    assert b"+34.64" in content
    cleaned, made = clean(content)
    assert cleaned.picture.kind == "mp4" and len(made) == len(content) and b"+34.64" not in made
    assert made[-4000:] == content[-4000:]


@pytest.mark.parametrize(
    "content", [video(90), video()[:200], video()[:60] + bytes(4000), b"\0\0\0\x18ftypmp42" + bytes(300)]
)
def test_a_video_that_is_too_long_or_damaged_is_refused(content: bytes) -> None:
    with pytest.raises(CitizenError):
        clean(content)
