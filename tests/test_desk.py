"""The desk: who gets in, who owns a conversation, what time brings about, and that nothing leaves without a trace."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from httpx import Response

from bot.app import App
from bot.bundles.catalogue import load_catalogue
from bot.channels import connect_all
from bot.desk import open_accounts, open_desk, open_queue
from bot.domain.case import Kept
from bot.domain.certificate import Part
from bot.domain.photo import Report, Seen
from bot.domain.rota import Rota, Service, Shift, Team
from bot.domain.staff import ROLES, Role
from bot.errors import ConfigError
from bot.handover import Handover
from bot.rota import load_rota
from bot.settings import ROOT
from bot.store.db import Tables
from bot.store.photo_tables import thumbnail
from bot.store.photos import Photo
from bot.web import create
from handoff.desk import Desk, Refused
from handoff.figures import quantile
from tests.hall import BEGINS, HOURS, REPLIES, Hall, at, texts

MINUTE = timedelta(minutes=1)
SUNDAY = datetime(2026, 11, 22, 2, tzinfo=UTC)


class People:
    """Staff of a hall, by name."""

    def __init__(self, hall: Hall) -> None:
        self.hall, self.store = hall, hall.store
        self.handover = Handover(hall.resources.rota, REPLIES)
        self.desk, self.queue = Desk(hall.store, self.handover), open_queue(hall.resources)

    def hire(self, name: str, *teams: str, roles: tuple[Role, ...] = ("agent",)) -> None:
        self.store.write(lambda tables: tables.staff.add(name, roles, teams, "", self.hall.now))

    def come(self, name: str) -> None:
        self.desk.come(self.who(name), self.hall.now)

    def who(self, name: str):  # type: ignore[no-untyped-def]
        found = self.store.read(lambda tables: tables.staff.get(name))
        assert found is not None
        return found

    def stay(self, *names: str, minutes: float = 0) -> None:
        """Time passes while these desks are heard of; then a round."""
        self.hall.now += timedelta(minutes=minutes)
        for name in names:
            self.store.write(lambda tables, name=name: tables.staff.seen(name, self.hall.now))
        self.queue.go(self.hall.now)

    def ticket(self, who: str):  # type: ignore[no-untyped-def]
        return self.store.read(lambda tables: tables.tickets.of(self.hall.id(who)))

    def owner(self, who: str) -> str:
        return str(self.store.read(lambda tables: tables.conversations.load(self.hall.id(who)).owner))


@pytest.fixture
def people(hall: Hall) -> People:
    found = People(hall)
    found.hire("李敏", "enterprise")
    return found


# --- who owns a conversation ---


def test_from_the_bot_to_a_person_and_back(hall: Hall, people: People) -> None:
    hall.say("王", "人工")
    assert people.owner("王") == "queued"
    people.come("李敏")
    assert people.owner("王") == "human" and people.ticket("王").agent == "李敏"
    assert "李敏（涉企服务组）接手了" in hall.told("王")[-1]
    assert hall.say("王", "开办小店", "我的情况是这样的") == []  # the bot is silent, and nothing is begun
    assert hall.cases("王") == []
    id = people.ticket("王").id
    for _ in range(2):
        people.desk.say(people.who("李敏"), id, "您好", "k1", hall.now)
    assert hall.told("王").count("您好") == 1
    people.desk.end(people.who("李敏"), id, hall.now)
    assert people.owner("王") == "bot" and "李敏已结束对话，我是助手" in hall.told("王")[-1]
    assert "楼层" in texts(hall.say("王", "开办小店"))


def test_while_somebody_is_on_the_way_the_bot_goes_on_but_does_not_shrug(hall: Hall, people: People) -> None:
    hall.say("王", "开办小店", "人工")
    assert "电梯" in texts(hall.say("王", "二楼"))
    assert "工作人员接手就能看到" in texts(hall.say("王", "这个我说不清楚，想当面讲"))
    assert people.owner("王") == "queued"


def test_a_citizen_may_let_the_person_go(hall: Hall, people: People) -> None:
    assert "没有转人工" in texts(hall.say("王", "结束人工"))
    hall.say("王", "人工")
    assert "不转人工了" in texts(hall.say("王", "结束人工"))
    hall.say("王", "人工")
    people.come("李敏")
    assert "不转人工了" in texts(hall.say("王", "结束人工"))
    assert people.owner("王") == "bot" and people.ticket("王") is None


def test_any_human_word_takes_the_conversation_and_a_word_gives_it_back(hall: Hall, people: People) -> None:
    hall.say("王", "在吗")
    joined, said = hall._give("王", "agent", "我是窗口的小陈，直接跟您说吧")
    assert "工作人员接手了" in joined.text and said.by == "工作人员"
    assert people.owner("王") == "human" and hall.say("王", "好的") == []
    assert "已结束对话" in texts(hall._give("王", "agent", "结束服务"))
    assert people.owner("王") == "bot"


def test_a_chat_is_passed_on_once(hall: Hall, people: People) -> None:
    people.hire("周婷", "inspection")
    people.come("李敏")
    people.come("周婷")
    hall.say("王", "人工")
    id = people.ticket("王").id
    people.desk.pass_on(people.who("李敏"), id, "inspection", hall.now)
    assert people.ticket("王").agent == "周婷" and people.owner("王") == "human"
    assert ["转给了勘验组" in text for text in hall.told("王")[-2:]] == [True, False]
    with pytest.raises(Refused, match="moved_once"):
        people.desk.pass_on(people.who("周婷"), id, "enterprise", hall.now)
    with pytest.raises(Refused, match="not_yours"):
        people.desk.say(people.who("李敏"), id, "我再说一句", "k", hall.now)


# --- the queue ---


def test_elders_first_then_the_oldest_and_nobody_beyond_capacity(hall: Hall, people: People) -> None:
    for n in range(6):
        hall.say(f"人{n}", "人工")
    hall.say("奶奶", "我七十多了看不清", "人工")
    people.come("李敏")
    held = people.store.read(lambda tables: [one.conversation_id for one in tables.tickets.held("李敏")])
    assert held == [hall.id(who) for who in ("奶奶", "人0", "人1", "人2", "人3")]
    assert "您排在第 3 位" in texts(hall.say("后来", "人工"))
    people.desk.end(people.who("李敏"), people.ticket("人0").id, hall.now)
    assert people.ticket("人4").agent == "李敏", "whoever waited longest, not the newcomer"


def test_somebody_who_says_nothing_or_leaves_loses_the_chat_and_nobody_the_place(hall: Hall, people: People) -> None:
    people.hire("王磊", "enterprise")
    people.come("李敏")
    hall.say("王", "人工")
    people.come("王磊")
    people.stay("李敏", "王磊", minutes=4)
    assert people.ticket("王").agent == "王磊" and not people.who("李敏").online
    people.desk.say(people.who("王磊"), people.ticket("王").id, "我来看", "k", hall.now)
    hall.now += MINUTE
    hall.say("王", "那怎么办")
    people.stay(minutes=3)  # the desk of 王磊 is gone
    assert people.ticket("王").state == "waiting" and people.owner("王") == "queued"
    assert "已经请别的同事来接" in hall.told("王")[-1]


def test_who_had_them_before_has_them_again_if_on_duty(hall: Hall, people: People) -> None:
    people.hire("王磊", "enterprise")
    people.come("王磊")
    hall.say("王", "人工")
    people.desk.end(people.who("王磊"), people.ticket("王").id, hall.now)
    people.come("李敏")
    hall.say("王", "人工")
    assert people.ticket("王").agent == "王磊"
    people.desk.end(people.who("王磊"), people.ticket("王").id, hall.now)
    people.desk.leave(people.who("王磊"))
    hall.say("王", "人工")
    assert people.ticket("王").agent == "李敏"


def test_one_of_another_team_stands_in_where_nobody_of_the_team_can(hall: Hall, people: People) -> None:
    people.hire("孙浩", "inspection", "enterprise")
    people.come("孙浩")
    hall.say("王", "人工")
    assert people.ticket("王").agent == "孙浩"
    people.come("李敏")
    hall.say("张", "人工")
    assert people.ticket("张").agent == "李敏"


def test_who_waits_too_long_is_told_once_and_a_supervisor_sees_it(hall: Hall, people: People) -> None:
    hall.say("王", "人工")
    people.stay(minutes=11)
    people.stay(minutes=11)
    told = [text for text in hall.told("王") if "让您久等了" in text]
    assert len(told) == 1 and "11月23日（周一）15:30" in told[0]  # four hours of work, and the noon between
    assert people.ticket("王").escalated_at is not None
    assert people.store.read(lambda tables: [one.what for one in tables.audits.last()]) == ["escalate"]


def test_a_silent_citizen_is_given_back_to_the_bot(hall: Hall, people: People) -> None:
    people.come("李敏")
    hall.say("王", "人工")
    people.desk.say(people.who("李敏"), people.ticket("王").id, "还有别的吗", "k", hall.now)
    people.stay("李敏", minutes=31)
    assert people.owner("王") == "bot" and "先结束对话了" in hall.told("王")[-1]


def test_outside_of_the_hours_a_date_is_promised(tmp_path: Path) -> None:
    hall = Hall(tmp_path, f"sqlite:///{tmp_path / 'x.db'}", now=SUNDAY)
    people = People(hall)
    people.hire("李敏", "enterprise")
    people.come("李敏")
    assert "最早 11月23日（周一）09:00" in texts(hall.say("王", "人工"))
    assert people.ticket("王").state == "waiting"
    hall.now = BEGINS
    people.stay("李敏")
    people.come("李敏")  # the shift begins
    assert people.ticket("王").agent == "李敏"
    hall.store.close()


def test_a_switched_off_bot_answers_nothing_but_people_can_be_had(hall: Hall) -> None:
    hall.store.write(lambda tables: tables.desk.turn("terminal", True, "高", "演练", hall.now))
    assert texts(hall.say("王", "开办小店")).startswith("智能助手在这里暂停服务")
    assert "工单号" in texts(hall.say("王", "人工"))


# --- the rota ---


def night() -> Rota:
    """One team from eight in the evening of working days to eight in the morning, and one around the clock."""
    shifts = (Shift("working", time(20), timedelta(hours=12)),)
    teams = {
        "night": Team("night", "夜班", 3, shifts=shifts),
        "always": Team("always", "不打烊", 3, shifts=(Shift("all", time(0), timedelta(days=1)),)),
        "hall": Team("hall", "大厅", 3),
    }
    return Rota(HOURS, teams, "hall", Service())


def test_a_shift_goes_past_midnight_and_heeds_holidays() -> None:
    rota, friday, monday = night(), date(2026, 11, 20), date(2026, 11, 23)
    assert rota.is_on("night", at(friday, 23)) and rota.is_on("night", at(date(2026, 11, 21), 7, 59))
    assert not rota.is_on("night", at(date(2026, 11, 21), 8)) and not rota.is_on("night", at(friday, 12))
    assert rota.next_on("night", at(date(2026, 11, 21), 9)) == at(monday, 20)
    assert not rota.is_on("night", at(date(2026, 10, 1), 23)), "the National Day"
    assert rota.is_on("night", at(date(2026, 10, 10), 23)), "a Saturday on which people work instead"
    assert rota.is_on("always", at(date(2026, 10, 1), 3))


def test_working_time_stands_still_outside_of_the_shift() -> None:
    rota, friday, monday = night(), date(2026, 11, 20), date(2026, 11, 23)
    assert rota.after("hall", at(friday, 16, 58), 5 * MINUTE) == at(monday, 9, 3)
    assert rota.between("hall", at(friday, 16, 58), at(monday, 9, 3)) == 5 * MINUTE
    assert rota.after("night", at(friday, 19), timedelta(hours=13)) == at(monday, 21)
    assert rota.after("always", at(friday, 23), timedelta(hours=30)) == at(date(2026, 11, 22), 5)
    assert rota.between("always", at(friday, 0), at(friday, 0) + timedelta(days=40)) == timedelta(days=40)


def test_a_team_is_found_by_case_by_reason_and_by_words() -> None:
    rota = load_rota(ROOT / "config/teams.yml", HOURS, load_catalogue(ROOT / "config", "").bundles)
    assert rota.team_for("asked", "open-company", "上门核查").id == "market"
    assert rota.team_for("appointment", "", "").id == "inspection"
    assert rota.team_for("asked", "", "法人变更").id == "market"
    assert rota.team_for("asked", "", "在吗").id == "enterprise"


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("default: x\nteams: {a: {name: 甲, capacity: 2}}", "there is no team 'x'"),
        ("default: a\nteams: {a: {name: 甲, capacity: 0}}", "capacity"),
        ("default: a\nteams: {a: {name: 甲, capacity: 2, shifts: [{days: all, hours: '9-5'}]}}", "is not like"),
        ("default: a\nteams: {a: {name: 甲, capacity: 2, bundles: [nowhere]}}", "there is no bundle 'nowhere'"),
        ("default: a\nteams: {a: {name: 甲, capacity: 2}}\ncanned: {问好: '{nobody}'}", "no such placeholder"),
        ("default: a\nteams: {a: {name: 甲, capacity: 2, colour: red}}", "teams.a.colour"),
    ],
)
def test_a_fault_in_the_file_is_named(tmp_path: Path, written: str, fault: str) -> None:
    path = tmp_path / "teams.yml"
    path.write_text(written, "utf-8")
    with pytest.raises(ConfigError, match=re.escape(fault)):
        load_rota(path, HOURS, {})


def test_quantiles_are_of_what_there_is() -> None:
    assert quantile([], 0.5) is None
    assert (quantile([3, 1, 2], 0.5), quantile(list(range(1, 11)), 0.9)) == (2, 10)


# --- the door ---


@pytest.fixture
def site(hall: Hall) -> FastAPI:
    desk = open_desk(hall.resources, ["terminal"])
    parts = App(hall.resources, connect_all({}), hall.round)
    return create(parts.resources, parts.channels, parts.round, [desk])


@pytest.fixture
def client(site: FastAPI) -> TestClient:
    return TestClient(site, follow_redirects=False)  # without its loops: the tests pass the time


def flat(router: Any) -> Iterator[APIRoute]:
    """Every route, also of the routers within: none is found by its name, so that none can be forgotten."""
    for route in router.routes:
        if isinstance(route, APIRoute):
            yield route
        elif inner := getattr(route, "original_router", None):
            yield from flat(inner)


def routes(site: FastAPI) -> list[tuple[str, str]]:
    return [
        (method, re.sub(r"\{(\w+)\}", "1", route.path))
        for route in flat(site)
        if route.path.startswith("/desk")
        for method in sorted(route.methods - {"HEAD"})
    ]


OPEN = {("GET", "/desk/login"), ("POST", "/desk/login"), ("GET", "/desk/static/1")}
FOR_ALL = {("GET", "/desk"), ("POST", "/desk/logout"), ("GET", "/desk/setup/none"), ("GET", "/desk/setup")}


def sign_in(hall: Hall, client: TestClient, name: str, *roles: Role, teams: tuple[str, ...] = ()) -> str:
    """Signed in with password and code; the token for the forms."""
    accounts, now = open_accounts(hall.store), hall.store.now()
    password = accounts.add(name, roles, teams, now)
    client.cookies.clear()
    assert client.post("/desk/login", data={"name": name, "password": password}).headers["location"] == "/desk"
    page = client.get("/desk/setup").text
    secret, csrf = (re.search(rf'name="{what}" value="([^"]+)"', page)[1] for what in ("secret", "csrf"))  # type: ignore[index]
    own = {"password": "another-secret", "again": "another-secret", "secret": secret, "csrf": csrf}
    assert client.get("/desk/chats").headers["location"] == "/desk/setup", "nowhere else before that"
    done = client.post("/desk/setup", data={**own, "code": pyotp.TOTP(secret).at(now)})
    assert done.headers["location"] == "/desk"
    return csrf


def ask(client: TestClient, method: str, path: str, csrf: str = "") -> Response:
    if method == "GET":
        return client.get(path)
    form = {"csrf": csrf, "text": "x", "key": "k", "name": "x", "password": "x", "state": "accepted", "why": "x"}
    return client.post(path, data={**form, "code": "1", "again": "x", "secret": "A" * 32, "team": "market"})


def test_every_route_refuses_strangers(hall: Hall, site: FastAPI, client: TestClient) -> None:
    every = routes(site)
    assert len(every) > 40
    for method, path in every:
        if (method, path) in OPEN:
            continue
        answer = ask(client, method, path)
        away = answer.headers.get("location") == "/desk/login"
        assert away or answer.status_code == 401, (method, path, answer.status_code)


def test_every_route_refuses_wrong_roles_and_forms_of_others(hall: Hall, site: FastAPI, client: TestClient) -> None:
    """Who keeps the licences opens the frame and their own page alone; a supervisor needs the form's token too."""
    csrf = sign_in(hall, client, "周", "licences")
    for method, path in routes(site):
        own = path.startswith("/desk/licences")
        if (method, path) in OPEN | FOR_ALL or path == "/desk/setup" or own:
            continue
        assert ask(client, method, path, csrf).status_code == 403, (method, path)
    sign_in(hall, client, "杨", "supervisor", "admin", teams=("enterprise",))
    for method, path in routes(site):
        if method == "POST" and path not in ("/desk/login", "/desk/setup"):
            assert ask(client, method, path, "wrong").status_code == 403, (method, path)


OF_WORK = ("chats", "cases", "inspections", "appointments", "licences", "knowledge", "people", "reports", "audit")
PAGES = (*OF_WORK, "accounts")


@pytest.mark.parametrize("role", ROLES)
def test_a_role_opens_its_own_pages_and_no_other(hall: Hall, client: TestClient, role: Role) -> None:
    sign_in(hall, client, "某", role)
    own = {
        "agent": {"chats", "appointments"},
        "reviewer": {"cases", "appointments"},
        "editor": {"knowledge"},
        "inspector": {"inspections"},
        "licences": {"licences"},
        "supervisor": set(OF_WORK),
        "admin": {"accounts", "audit"},
    }.get(role, set())
    for page in PAGES:
        assert client.get(f"/desk/{page}").status_code == (200 if page in own else 403), page


def test_five_wrong_passwords_lock_and_an_unknown_name_looks_the_same(hall: Hall, client: TestClient) -> None:
    accounts = open_accounts(hall.store)
    password = accounts.add("李敏", ["agent"], [], hall.now)
    assert password is not None
    wrong = [client.post("/desk/login", data={"name": name, "password": "x"}) for name in ["李敏"] * 5 + ["没有"]]
    assert {one.status_code for one in wrong} == {401} and len({one.text for one in wrong}) == 1
    now = hall.store.now()
    assert accounts.sign_in("李敏", password, "", now) is None
    assert accounts.sign_in("李敏", password, "", now + 16 * MINUTE) is not None


def test_a_code_is_good_once_and_a_closed_account_is_out_at_once(hall: Hall, client: TestClient) -> None:
    sign_in(hall, client, "李敏", "agent")
    accounts, account = open_accounts(hall.store), hall.read(lambda tables: tables.staff.account("李敏"))
    later = hall.store.now() + 2 * MINUTE
    code = pyotp.TOTP(account.totp).at(later)
    assert accounts.sign_in("李敏", "another-secret", "000000", later) is None
    assert accounts.sign_in("李敏", "another-secret", code, later) is not None
    assert accounts.sign_in("李敏", "another-secret", code, later) is None
    assert client.get("/desk/chats").status_code == 200
    hall.store.write(lambda tables: tables.staff.change("李敏", active=False))
    assert client.get("/desk/chats").headers["location"] == "/desk/login"


def test_what_signing_in_rests_on_is_not_readable_in_the_database(hall: Hall, client: TestClient) -> None:
    sign_in(hall, client, "李敏", "agent")
    secret = hall.read(lambda tables: tables.staff.account("李敏")).totp
    token = client.cookies["desk"]
    kept = (hall.home / "banshi.db").read_bytes() + (hall.home / "banshi.db-wal").read_bytes()
    for text in (secret, token, "another-secret"):
        assert text.encode() not in kept
    assert b"$argon2id$" in kept


def test_headers_are_strict_and_nothing_runs_inline(hall: Hall, client: TestClient) -> None:
    sign_in(hall, client, "杨", "supervisor", "admin", teams=("enterprise",))
    hall.say("王", "人工")
    for path in ("chats", "chats/1", "cases", "knowledge", "people?who=1", "reports", "accounts", "audit"):
        answer = client.get(f"/desk/{path}")
        assert answer.status_code == 200
        assert "no-store" in answer.headers.get_list("cache-control")
        assert "script-src" not in answer.headers["content-security-policy"]  # all from 'self', nothing inline
        assert not re.search(r"<script(?![^>]*src=)|\son\w+=|\sstyle=|javascript:", answer.text), path
    client.cookies.clear()
    password = open_accounts(hall.store).add("新", ["agent"], [], hall.now)
    cookie = client.post("/desk/login", data={"name": "新", "password": password}).headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie and "path=/desk" in cookie


# --- what leaves a trace, and what needs two ---


def test_what_was_read_stands_beside_the_picture(hall: Hall, client: TestClient) -> None:
    case = hall.submit("王")
    (kept, *_) = hall.read(lambda t: t.kept.of_case(case.reference))
    seen = {"valid_to": Seen("2027-01-01", 0.95), "uscc": Seen("92310115MA1K3X", 0.4)}
    report = Report("human", ("differs", "same_photo"), "business_license", "uscc", seen)

    def judged(tables: Tables) -> None:
        if tables.photos.find(kept.file) is None:
            tables.photos.put(Photo(kept.file, kept.sha256, "0" * 16, "{}"), ["m"], hall.now)
        tables.photos.judged(kept.file, report)

    hall.store.write(judged)
    sign_in(hall, client, "杨", "reviewer")
    page = client.get(f"/desk/cases/{case.reference}").text
    for told in ("请人工看", "和填的不一致", "同一张照片别处用过", "2027-01-01", "92310115MA1K3X"):
        assert told in page
    assert page.count("请对照原件") == 1


def test_views_exports_and_decisions_leave_a_trace(hall: Hall, client: TestClient) -> None:
    case = hall.submit("王")
    csrf = sign_in(hall, client, "杨", "supervisor")
    client.get(f"/desk/cases/{case.reference}")
    told = {"csrf": csrf, "state": "defective", "defects": "少一张图\n电话不对", "reason": "没有图"}
    assert "done=decided" in client.post(f"/desk/cases/{case.reference}/base/decide", data=told).headers["location"]
    assert hall.matters(case)["base"].defects == ("少一张图", "电话不对")
    assert "1 少一张图" in hall.told("王")[-1] and "2 电话不对" in hall.told("王")[-1]
    assert (
        "fault=decision"
        in client.post(f"/desk/cases/{case.reference}/food/decide", data={"csrf": csrf, "state": "granted"}).headers[
            "location"
        ]
    )
    client.post("/desk/people/export", data={"csrf": csrf, "id": hall.id("王"), "why": "本人来要"})
    of_case = hall.read(lambda tables: tables.audits.of(case.reference))
    assert [(one.who, one.what, one.why) for one in of_case if one.who == "杨"] == [
        ("杨", "view case", ""),
        ("杨", "decide base defective", "没有图"),
    ]
    rows = client.get("/desk/audit").text
    assert "营业执照" in rows and "补正" in rows and "base" not in rows.partition("<table")[2], "names, and no ids"
    of_person = hall.read(lambda tables: tables.audits.of(hall.id("王")))
    assert ("export at the desk", "本人来要") in [(one.what, one.why) for one in of_person]


def test_erasing_needs_a_second_pair_of_eyes(hall: Hall, client: TestClient) -> None:
    hall.say("王", "在吗", "人工")
    csrf = sign_in(hall, client, "杨", "supervisor")
    client.post("/desk/people/erase", data={"csrf": csrf, "id": hall.id("王"), "why": "本人要求"})
    alone = client.post("/desk/approvals/1/agree", data={"csrf": csrf})
    assert "four_eyes" in alone.headers["location"]
    assert hall.read(lambda tables: tables.inbox.of_conversation(hall.id("王")))
    csrf = sign_in(hall, client, "高", "supervisor")
    assert "agreed" in client.post("/desk/approvals/1/agree", data={"csrf": csrf}).headers["location"]
    assert hall.read(lambda tables: tables.inbox.of_conversation(hall.id("王"))) == []
    assert "gone" in client.post("/desk/approvals/1/agree", data={"csrf": csrf}).headers["location"]


def test_taking_a_decision_back_needs_a_second_pair_of_eyes(hall: Hall, client: TestClient) -> None:
    case = hall.submit("王")
    hall.report(case, "base", "accepted")
    hall.report(case, "base", "refused", reason="看错了")
    csrf = sign_in(hall, client, "何", "reviewer")
    client.post(f"/desk/cases/{case.reference}/base/reopen", data={"csrf": csrf, "why": "看错了材料"})
    assert client.post("/desk/approvals/1/agree", data={"csrf": csrf}).status_code == 403
    csrf = sign_in(hall, client, "杨", "supervisor")
    client.post("/desk/approvals/1/agree", data={"csrf": csrf})
    assert hall.matters(case)["base"].state == "accepted"
    assert "收回重新审查" in hall.told("王")[-1]


def test_the_story_has_what_was_said_and_masks_what_is_a_persons(hall: Hall, client: TestClient) -> None:
    hall.fill("王")
    hall.say("王", "人工")
    csrf = sign_in(hall, client, "李敏", "agent", teams=("enterprise",))
    client.post("/desk/presence", data={"csrf": csrf, "online": "yes"})
    page = client.get("/desk/chats/1").text
    facts = page[page.index('class="facts"') :]
    assert "老王面馆" in facts and "138****8000" in facts and "13800138000" not in facts
    client.post("/desk/chats/1/note", data={"csrf": csrf, "text": "说话慢一点"})
    assert "说话慢一点" in client.get("/desk/chats/1").text
    assert "说话慢一点" not in "".join(hall.told("王"))


def test_figures_have_their_denominators(hall: Hall, client: TestClient) -> None:
    people = People(hall)
    people.hire("刘", "enterprise")
    hall.now = hall.store.now() - timedelta(hours=1)
    case = hall.submit("王")
    hall.report(case, "base", "accepted")
    hall.report(case, "base", "granted", number="A1")
    hall.say("张", "人工")
    sign_in(hall, client, "杨", "supervisor")
    page = client.get("/desk/reports?days=2").text
    assert '<th scope="row">营业执照</th>' in page and "1 / 1" in page
    made = client.get("/desk/reports.xlsx?days=2")
    assert made.content[:2] == b"PK" and "spreadsheetml" in made.headers["content-type"]


def test_the_files_of_a_case_open_for_staff_alone(hall: Hall, client: TestClient) -> None:
    case = hall.submit("王")
    (kept,) = hall.read(lambda tables: tables.kept.of_case(case.reference))
    assert client.get(f"/desk/files/{kept.file}").headers["location"] == "/desk/login"
    sign_in(hall, client, "何", "reviewer")
    answer = client.get(f"/desk/files/{kept.file}")
    assert answer.headers["content-type"] == "image/jpeg" and answer.content[:2] == b"\xff\xd8"


def test_lists_show_small_pictures_and_the_original_is_a_click_away(hall: Hall, client: TestClient) -> None:
    case = hall.submit("王")
    (kept,) = hall.read(lambda tables: tables.kept.of_case(case.reference))
    small, address = f"/desk/files/{kept.file}/small", f"/desk/files/{kept.file}"
    assert client.get(small).headers["location"] == "/desk/login"
    sign_in(hall, client, "周", "inspector")
    assert client.get(small).status_code == 403
    sign_in(hall, client, "何", "reviewer")
    page = client.get(f"/desk/cases/{case.reference}").text
    assert f'<a href="{address}"' in page and f'src="{small}"' in page and f'src="{address}"' not in page
    answer = client.get(small)
    assert answer.headers["content-type"] == "image/jpeg" and "no-store" in answer.headers["cache-control"]
    hall.store.write(lambda tables: tables.connection.execute(sa.delete(thumbnail)))
    assert client.get(small).headers["location"] == address, "of before, there is only the original"
    seen = [row.what for row in hall.read(lambda t: t.audits.of(case.reference))]
    assert seen.count("view pictures") == 1 and "view file" not in seen
    assert client.get("/desk/files/none/small").status_code == 404


def test_what_was_signed_by_hand_stands_with_the_case(hall: Hall, client: TestClient) -> None:
    case = hall.submit("王")
    sign_in(hall, client, "何", "reviewer")
    assert "手写签名" not in client.get(f"/desk/cases/{case.reference}").text
    file = hall.files.keep(b"%PDF signed")
    kept = Kept(file, hall.id("王"), "pdf", 11, "", hall.now, case.reference, "signed.commitment")
    hall.store.write(lambda tables: tables.kept.put(kept))
    page = client.get(f"/desk/cases/{case.reference}").text
    assert "告知承诺书（已签字）" in page and f"/desk/files/{file}" in page
    assert client.get(f"/desk/files/{file}").content == b"%PDF signed"


def test_a_certificate_of_the_trade_is_found_by_its_own_number(hall: Hall, client: TestClient) -> None:
    case = hall.submit("王")
    part = Part("food", "食品经营许可证", "JY26103280000267", "市场监督管理部门", None, "expired")

    def made(tables: Tables) -> str:
        tables.certificates.touch(case.reference)
        return tables.certificates.make(case.reference, (part,), hall.now).number

    number = hall.store.write(made)
    sign_in(hall, client, "何", "reviewer")
    found = client.get("/desk/cases", params={"number": number}).headers["location"]
    page = client.get(found).text
    for told in (number, "第 1 版", "不再有效", "JY26103280000267：已到期"):
        assert told in page


# --- the command ---


def test_accounts_are_made_by_command(tmp_path: Path) -> None:
    def banshi(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "bot", "staff", *arguments, "--home", str(tmp_path)]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    made = banshi("add", "李敏", "--role", "agent", "--team", "market")
    assert made.returncode == 0 and re.search(r"(\w{4}-){3}\w{4}$", made.stdout.strip())
    for wrong in (["李敏", "--role", "agent"], ["王", "--role", "king"], ["王", "--role", "agent", "--team", "x"]):
        refused = banshi("add", *wrong)
        assert refused.returncode == 2 and "Traceback" not in refused.stderr
    (listed,) = json.loads(banshi("list", "--json").stdout)
    assert (listed["name"], listed["roles"], listed["teams"]) == ("李敏", ["agent"], ["market"])
