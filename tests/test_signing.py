"""Signing by hand: by whom it must be, point by point, once, what was read, and proved afterwards."""

import base64
import hashlib
import json
import random
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pypdfium2
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient
from httpx import Response
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from bot import loops, privacy, timers, web
from bot.bundles.catalogue import Catalogue
from bot.desk import open_desk
from bot.domain.case import Case
from bot.domain.signing import HEIGHT, WIDTH, is_signature
from bot.dossier import dossier
from bot.errors import CitizenError, ConfigError, StoreError
from bot.evidence import attested, new_key, packed, verified
from bot.materials.eye import Eye
from bot.materials.kinds import load_kinds
from bot.paper_routes import paper_routes
from bot.settings import ROOT, load_settings
from bot.signing_routes import signing_routes
from bot.texting import open_sms
from bot.web import Guard
from bot.witness import CODES, TRIES, Witness
from tests.hall import BUNDLE, Hall, choices, clerk, photo, texts
from tests.peers.gateway import TOKEN, Gateway
from tests.photos.scenes import video
from tests.test_commands import banshi, refusal
from tests.test_desk import sign_in
from tests.test_privacy import raw

NAME, PHONE = "张国强", "13800138000"
AGREE = "逐条看过，我同意承诺"
STROKES = [
    [[200, 100, 0], [260, 240, 40], [330, 380, 80]],
    [[420, 120, 300], [400, 260, 340], [520, 390, 390]],
    [[600, 130, 600], [760, 140, 650], [690, 360, 720]],
]


@dataclass
class Office:
    """A hall with a gateway for texts and the pages, in which signatures by hand are wanted of these papers."""

    hall: Hall
    gateway: Gateway
    handwritten: tuple[str, ...] = ("commitment",)
    video: bool = False
    links: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        hall, known = self.hall, self.hall.resources.settings
        update = {
            "nudges": known.nudges.model_copy(update={"sms_url": self.gateway.url}),
            "signing": known.signing.model_copy(update={"handwritten": self.handwritten, "video": self.video}),
            "sms_token": SecretStr(TOKEN),
        }
        resources = hall.resources
        object.__setattr__(resources, "settings", known.model_copy(update=update))
        hall.store.now = lambda: hall.now  # type: ignore[method-assign]
        app = FastAPI()
        app.add_middleware(Guard)
        app.include_router(signing_routes(Witness(resources, clerk(), open_sms(resources.settings))))
        app.include_router(paper_routes(hall.round))

        @app.exception_handler(CitizenError)
        async def explain(request: Request, error: CitizenError) -> JSONResponse:
            return JSONResponse({"detail": resources.replies(error.reply, **error.fields)}, 422)

        self.app = app

    def browser(self) -> TestClient:
        return TestClient(self.app)

    def fill(self, who: str = "wang", by: str = "自己办") -> list[object]:
        """Everything but handing in; the case rests on one promise."""
        self.hall.fill(who, floor="二楼", by=by)
        self.hall.send(who)
        return self.hall.say(who, "到窗口交", "到窗口交", AGREE)

    def submit(self, who: str = "wang") -> str:
        self.fill(who)
        return self.link(self.hall.say(who, "提交"))

    def link(self, said: list[object]) -> str:
        (found,) = [link.url for message in said for link in message.links if "/sign/" in link.url]  # type: ignore[attr-defined]
        self.links.append(found)
        return found

    def code(self) -> str:
        """The last that was sent."""
        return re.findall(r"验证码 (\d{6})", list(self.gateway.took.values())[-1]["text"])[0]

    def prove(self, browser: TestClient, link: str, **phone: str) -> Response:
        assert browser.post(f"{link}/code", data=phone).status_code == 200
        return browser.post(f"{link}/identity", data={"code": self.code()})

    def read(self, browser: TestClient, link: str) -> Response:
        """Every point, one after the other."""
        page = browser.get(link)
        while found := re.search(rf"{link}/points/\d+", page.text):
            page = browser.post(found[0])
        return page

    def sign(self, browser: TestClient, link: str, strokes: object = STROKES) -> Response:
        return browser.post(f"{link}/signature", data={"strokes": json.dumps(strokes)})

    def signed(self, link: str, **phone: str) -> TestClient:
        """All of it, and the conversations go on."""
        browser = self.browser()
        self.prove(browser, link, **phone)
        self.read(browser, link)
        assert "签好了" in self.sign(browser, link).text
        self.go_on()
        return browser

    def go_on(self) -> None:
        while claims := loops.claim_turns(self.hall.resources, ["terminal"], self.hall.now, 4):
            for claimed in claims:
                loops.run_turn(self.hall.resources, claimed, self.hall.now)

    def said(self, who: str) -> str:
        queued = self.hall.read(lambda tables: tables.outbox.after(self.hall.id(who), 0, limit=None))
        return "\n".join(one.message.text for one in queued)

    def case(self, who: str = "wang") -> Case:
        return self.hall.cases(who)[0]


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with Gateway().serving() as peer:
        yield peer


@pytest.fixture
def office(tmp_path: Path, gateway: Gateway) -> Office:
    return Office(Hall(tmp_path, f"sqlite:///{tmp_path / 'banshi.db'}"), gateway)


@pytest.fixture
def either(tmp_path: Path, database_url: str, gateway: Gateway) -> Office:
    return Office(Hall(tmp_path, database_url), gateway)


# The way from the chat to the page and back


def test_a_case_waits_for_its_signature_and_is_handed_in_by_it(either: Office) -> None:
    link = either.submit()
    assert either.case().state == "filling"
    browser = either.browser()
    page = browser.get(link).text
    assert "第 1 步，共 3 步" in page and "138****8000" in page and "张*强" in page
    assert NAME not in page and PHONE not in page and "第一条属实" not in page
    assert "第 2 步，共 3 步" in either.prove(browser, link).text
    assert either.gateway.took["signing:1:1"]["phone"] == PHONE
    page = browser.get(link).text
    assert "第一条属实" in page and "第二条属实" not in page, "one after the other"
    assert "第 3 步，共 3 步" in either.read(browser, link).text
    assert "签好了" in either.sign(browser, link).text
    assert either.case().state == "filling", "the conversation goes on by its own"
    either.go_on()
    assert either.case().state == "submitted"
    assert "签好了" in either.said("wang") and "已经收到，编号" in either.said("wang")


def test_in_chat_agreement_is_enough_where_nothing_else_is_asked_for(tmp_path: Path, gateway: Gateway) -> None:
    office = Office(Hall(tmp_path, f"sqlite:///{tmp_path / 'banshi.db'}"), gateway, handwritten=())
    office.fill()
    said = texts(office.hall.say("wang", "提交"))
    assert "已经收到" in said and "回复“签字”" in said
    links = [office.link(office.hall.say("wang", "签字"))]
    office.signed(links[0])
    links.append(office.link(office.hall.say("wang", "签字")))
    office.signed(links[1])
    assert "“申请表”签好了" in office.said("wang"), "then the forms"
    assert "没有要您签字的文件" in texts(office.hall.say("wang", "签字"))


def test_what_is_signed_first_leads_to_what_is_signed_next(tmp_path: Path, gateway: Gateway) -> None:
    hall = Hall(tmp_path, f"sqlite:///{tmp_path / 'banshi.db'}")
    office = Office(hall, gateway, handwritten=("commitment", "forms"))
    office.signed(office.submit())
    assert office.case().state == "filling"
    queued = hall.read(lambda tables: tables.outbox.after(hall.id("wang"), 0, limit=None))
    second = [link.url for one in queued for link in one.message.links if "/sign/" in link.url][-1]
    office.signed(second)
    assert office.case().state == "submitted"
    found = {one.material for one in hall.read(lambda t: t.kept.of_case(office.case().reference))}
    assert {"signed.commitment", "signed.forms"} <= found


def test_words_alone_sign_nothing(office: Office) -> None:
    office.submit()
    assert "还没有收到您的签名" in texts(office.hall.say("wang", "签好了"))
    assert "签字" in texts(office.hall.say("wang", "提交")) and office.case().state == "filling"


# Who signs


def test_an_agent_never_signs_for_the_principal(either: Office) -> None:
    hall = either.hall
    either.fill("agent", by="替别人办")
    said = texts(hall.say("agent", "提交"))
    code = re.findall(r"[A-Z0-9]{5}-[A-Z0-9]{5}", said)[0]
    assert "代办人不能代签" in texts(hall.say("agent", "签字"))
    hall.say("owner", code)
    link = either.link(hall.say("owner", "是我要办"))
    assert either.case("agent").state == "confirming"
    assert "/sign/" not in either.said("agent")
    browser = either.browser()
    page = browser.get(link).text
    assert "您本人的手机号" in page and "138****8000" not in page, "the agent's telephone is not the signer's"
    assert "11 位" in browser.post(f"{link}/code", data={"phone": "12"}).text
    either.signed(link, phone="13911112222")
    assert either.gateway.took["signing:1:1"]["phone"] == "13911112222"
    assert either.case("agent").state == "submitted"
    assert "本人已经确认" in "\n".join(hall.told("agent"))
    (one,) = hall.read(lambda tables: tables.signings.of_case(either.case("agent").reference))
    assert json.loads(one.steps.evidence)["phone_from"] == "signer" and one.conversation_id == hall.id("owner")


def test_a_code_may_be_tried_a_few_times_and_then_the_link_is_void(either: Office) -> None:
    link, browser = either.submit(), either.browser()
    browser.post(f"{link}/code")
    wrong = f"{(int(either.code()) + 1) % 1_000_000:06}"
    for _ in range(TRIES - 1):
        assert "验证码不对" in browser.post(f"{link}/identity", data={"code": wrong}).text
    assert "已经作废" in browser.post(f"{link}/identity", data={"code": wrong}).text
    assert browser.post(f"{link}/identity", data={"code": either.code()}).status_code == 404
    assert either.link(either.hall.say("wang", "签字")) != link


def test_codes_are_few_and_slow_and_grow_old(office: Office) -> None:
    link, browser = office.submit(), office.browser()
    assert browser.post(f"{link}/code").status_code == 200
    assert "请等一分钟" in browser.post(f"{link}/code").text and len(office.gateway.took) == 1
    first = office.code()
    office.hall.now += timedelta(minutes=6)
    assert "过期" in browser.post(f"{link}/identity", data={"code": first}).text
    for _ in range(CODES - 1):
        browser.post(f"{link}/code")
        office.hall.now += timedelta(minutes=2)
    assert "发完了" in browser.post(f"{link}/code").text and len(office.gateway.took) == CODES
    office.gateway.cues = [503]
    other = office.link(office.hall.say("wang", "签字"))
    assert "没有发出去" in browser.post(f"{other}/code").text


def test_a_link_opens_for_an_hour_once_and_only_the_newest_does(office: Office) -> None:
    first = office.submit()
    second = office.link(office.hall.say("wang", "重新签字"))
    assert office.browser().get(first).status_code == 404
    browser = office.signed(second)
    assert "签好了" in browser.get(second).text
    stranger = office.browser()
    page = stranger.get(second)
    assert "用过了" in page.text and stranger.get(f"{second}/paper.pdf").status_code == 404
    assert stranger.post(f"{second}/code").status_code == 422, "nobody is let in again"
    office.sign(browser, second, [[[0, 0, 0], [900, 400, 9]]])
    (one,) = [one for one in office.hall.read(lambda t: t.signings.of_case(office.case().reference)) if one.steps.file]
    assert json.loads(one.steps.evidence)["strokes"] == STROKES, "signed once"
    office.hall.now += timedelta(minutes=61)
    assert browser.get(second).status_code == 404


def test_links_of_a_day_are_few(office: Office) -> None:
    office.submit()
    for _ in range(4):
        office.link(office.hall.say("wang", "签字"))
    assert "太多" in texts(office.hall.say("wang", "签字"))


def test_whoever_has_the_address_alone_reads_and_signs_nothing(office: Office) -> None:
    link = office.submit()
    office.prove(office.browser(), link)
    stranger = office.browser()
    assert "第 1 步" in stranger.get(link).text
    assert stranger.get(f"{link}/paper.pdf").status_code == 404
    assert stranger.get(f"{link}/pages/0.png").status_code == 404
    stranger.post(f"{link}/points/0")
    assert "验证码" in office.sign(stranger, link).text
    (one,) = office.hall.read(lambda tables: tables.signings.of_case(office.case().reference))
    assert one.state == "open" and all(point.at is None for point in one.steps.points)
    assert stranger.get("/sign/" + "x" * 32).status_code == 404


def test_the_pages_run_no_script_but_ours_and_the_cookie_is_theirs_alone(office: Office) -> None:
    link, browser = office.submit(), office.browser()
    first = browser.get(link)
    given = office.prove(browser, link).history[0].headers["set-cookie"]
    assert {"HttpOnly", "SameSite=lax", f"Path={link}"} <= {part.strip() for part in given.split(";")}
    for page in (first, browser.get(link), office.read(browser, link)):
        assert "default-src 'self'" in page.headers["content-security-policy"]
        assert "no-store" in page.headers["cache-control"] and page.headers["referrer-policy"] == "no-referrer"
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", page.text))
        assert not re.search(r"\s(on[a-z]+|style)=", page.text)
    office.hall.resources.settings.hall.__dict__["url"] = "https://ban.example.gov.cn"
    other = office.browser()
    office.hall.now += timedelta(minutes=2)
    assert "Secure" in office.prove(other, link).history[0].headers["set-cookie"]


# What is signed


def test_points_are_confirmed_in_their_order_and_all_of_them_before_signing(office: Office) -> None:
    link, browser = office.submit(), office.browser()
    office.prove(browser, link)
    browser.post(f"{link}/points/2")
    assert "逐条看完" in office.sign(browser, link).text
    browser.post(f"{link}/points/0")
    browser.post(f"{link}/points/0")
    (one,) = office.hall.read(lambda tables: tables.signings.of_case(office.case().reference))
    assert [point.at is not None for point in one.steps.points] == [True, False, False]
    assert [point.text for point in one.steps.points] == ["第一条属实", "第二条属实", "承诺不实的后果：撤销许可"]


@pytest.mark.parametrize(
    "strokes", [[], [[]], [[[500, 250, 0]]], [[[100, 250, 0], [900, 250, 50]]], [[[5, 5, 0], [5000, 400, 9]]], "x", {}]
)
def test_nothing_a_dot_and_a_dash_are_no_signature(office: Office, strokes: object) -> None:
    link, browser = office.submit(), office.browser()
    office.prove(browser, link)
    office.read(browser, link)
    refused = office.sign(browser, link, strokes)
    assert refused.status_code == 422 and "签得太少" in refused.text
    assert "签好了" in office.sign(browser, link).text


@given(st.lists(st.lists(st.tuples(*[st.integers(-5, 1200)] * 3), max_size=9), max_size=9))
@settings(max_examples=60)
def test_whatever_is_drawn_is_judged(strokes: list[list[tuple[int, int, int]]]) -> None:
    points = [point for stroke in strokes for point in stroke]
    if is_signature([tuple(stroke) for stroke in strokes]):
        assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y, _ in points) and len(points) > 1


def test_a_paper_that_changed_meanwhile_is_not_signed(either: Office) -> None:
    link, browser = either.submit(), either.browser()
    either.prove(browser, link)
    either.read(browser, link)
    either.hall.say("wang", "改第6项", "老李面馆")
    assert either.case().values["shop"] == "老李面馆"
    refused = either.sign(browser, link)
    assert "打不开" in refused.text and "改过了" in refused.text
    assert either.case().state == "filling" and browser.get(link).status_code == 404
    later = either.link(either.hall.say("wang", "签字"))
    either.hall.say("wang", "改第6项", "老赵面馆")
    assert "改过了" in either.prove(either.browser(), later).text, "nor one that changed before it was opened"
    either.signed(either.link(either.hall.say("wang", "签字")))
    assert either.case().state == "submitted"


def test_the_signature_stands_on_the_paper_as_a_drawing(office: Office) -> None:
    link, browser = office.submit(), office.browser()
    office.prove(browser, link)
    office.read(browser, link)
    before = browser.get(f"{link}/paper.pdf").content
    office.sign(browser, link)
    after = browser.get(f"{link}/paper.pdf").content
    assert browser.get(f"{link}/pages/0.png").content.startswith(b"\x89PNG")
    page = pypdfium2.PdfDocument(after)[0]
    text = page.get_textpage().get_text_bounded()
    (one,) = office.hall.read(lambda tables: tables.signings.of_case(office.case().reference))
    assert NAME in text and "2026年11月23日" in text and one.steps.sha256[:20] in re.sub(r"\s", "", text)
    paths = [
        sum(one.type == 2 for one in pypdfium2.PdfDocument(content)[0].get_objects()) for content in (before, after)
    ]
    assert paths[1] >= paths[0] + len(STROKES), "vectors, no picture"


# The evidence


@pytest.fixture
def evidence(office: Office, tmp_path: Path) -> tuple[Path, str]:
    office.signed(office.submit())
    told = banshi("sign", "export", office.case().reference, str(tmp_path / "out"), "--home", str(tmp_path))
    assert told.returncode == 0, told.stderr
    key = banshi("sign", "key", "--home", str(tmp_path)).stdout.strip()
    return Path(told.stdout.strip()), key


def test_the_evidence_says_who_what_when_and_from_where(
    office: Office, evidence: tuple[Path, str], tmp_path: Path
) -> None:
    file, key = evidence
    assert file.stat().st_mode & 0o077 == 0
    found = json.loads(banshi("sign", "verify", str(file), "--home", str(tmp_path), "--json").stdout)
    assert found["signer"] == NAME and found["phone"] == PHONE and found["address"] == "testclient"
    assert found["case"] == office.case().reference and found["strokes"] == STROKES
    assert [point["confirmed_at"] is not None for point in found["points"]] == [True] * 3
    assert banshi("sign", "verify", str(file), "--key", key, "--home", str(tmp_path / "elsewhere")).returncode == 0
    assert "key" in refusal(banshi("sign", "verify", str(file), "--key", "ab" * 32))


def test_any_change_of_the_evidence_breaks_it(evidence: tuple[Path, str]) -> None:
    file, key = evidence
    text = file.read_text("utf-8")
    assert verified(text, [key])["signer"] == NAME
    chance = random.Random(7)
    places = [chance.randrange(len(text)) for _ in range(150)]
    places += [text.index(word) + 2 for word in ('"signed":', '"document":', '"signature":', '"key":', NAME, PHONE)]
    for place in places:
        other = "0" if text[place] != "0" else "1"
        with pytest.raises(ConfigError):
            verified(text[:place] + other + text[place + 1 :], [key])
    for changed in (text + " ", text[:-1], "", "[]", "{}", text.replace(NAME, "李四")):
        with pytest.raises(ConfigError):
            verified(changed, [key])
    assert str(file.parent) in refusal(banshi("sign", "verify", str(file.parent), "--key", key))


def test_what_means_the_same_written_otherwise_is_a_change_too(evidence: tuple[Path, str]) -> None:
    file, key = evidence
    found = json.loads(file.read_text("utf-8"))
    padded = found["signed"] if found["signed"].endswith("=") else found["document"]
    others = [("signature", found["signature"].upper()), ("key", found["key"].upper())]
    if padded.endswith("="):
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        last = len(padded.rstrip("=")) - 1
        spare = padded[:last] + letters[letters.index(padded[last]) + 1] + padded[last + 1 :]
        assert base64.b64decode(spare) == base64.b64decode(padded)
        others.append(("signed" if padded is found["signed"] else "document", spare))
    for name, written in others:
        changed = json.dumps(found | {name: written}, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        with pytest.raises(ConfigError):
            verified(changed, [key, key.upper()])


def test_a_paper_that_is_not_saved_leaves_no_file(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    link, browser = office.submit(), office.browser()
    office.prove(browser, link)
    before = office.hall.files.all()
    office.read(browser, link)
    assert len(office.hall.files.all()) == len(before)  # made out when the code was given

    def late(*_: object, **__: object) -> None:
        raise StoreError("full")

    monkeypatch.setattr("bot.store.kept.KeptFiles.put", late)
    with pytest.raises(StoreError):
        office.sign(browser, link)
    monkeypatch.undo()
    assert office.hall.files.all() == before and office.case().state == "filling"


def test_evidence_attested_by_somebody_else_is_not_ours(evidence: tuple[Path, str]) -> None:
    file, key = evidence
    found = json.loads(file.read_text("utf-8"))
    public, private = new_key()
    text, signature = attested(found["evidence"] | {"signer": "李四"}, private)
    forged = packed(text, signature, public, *(base64.b64decode(found[part]) for part in ("document", "signed")))
    assert verified(forged, [public])["signer"] == "李四"
    with pytest.raises(ConfigError, match="not known"):
        verified(forged, [key])


# What is kept of it


def test_what_is_signed_lies_sealed(office: Office, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    link = office.submit()
    office.signed(link)
    found = raw(tmp_path)
    token = link.rpartition("/")[2]
    for word in (NAME, PHONE, "第一条属实", token, office.code(), "%PDF", "testclient", "[200,100,0]"):
        assert word.encode() not in found, word
    assert NAME not in caplog.text and token not in caplog.text


def test_export_has_it_and_erasing_a_draft_leaves_nothing(either: Office) -> None:
    hall, link = either.hall, either.submit()
    browser = either.browser()
    either.prove(browser, link)
    either.read(browser, link)
    reference = either.case().reference
    (file,) = [one.file for one in hall.read(lambda t: t.kept.of_case(reference)) if one.material == "sign.commitment"]
    hall.store.write(lambda tables: privacy.erase(tables, hall.id("wang"), "test", hall.now))
    timers.sweep(hall.resources)
    assert hall.read(lambda tables: tables.signings.of_case(reference)) == []
    assert not (hall.files.folder / file[:2] / file).exists() and browser.get(link).status_code == 404
    either.signed(either.submit("li"))
    found = hall.store.write(lambda tables: privacy.export(tables, hall.id("li"), "test", hall.now))
    assert json.loads(found["signatures"][0]["evidence"])["signer"] == NAME
    assert {"sign.commitment", "signed.commitment"} <= {one["material"] for one in found["files"]}


def test_links_that_nobody_used_are_forgotten(office: Office) -> None:
    link, hall = office.submit(), office.hall
    browser = office.browser()
    office.prove(browser, link)
    browser.get(link)
    hall.pass_time(days=2)
    assert hall.read(lambda tables: tables.signings.of_case(office.case().reference)) == []
    assert all(
        one.material != "sign.commitment" for one in hall.read(lambda t: t.kept.of_case(office.case().reference))
    )


def test_the_department_and_the_citizen_get_the_signed_paper(office: Office) -> None:
    office.signed(office.submit())
    hall, case = office.hall, office.case()
    hall.go()
    parcels = [zipfile.ZipFile(path) for path in (hall.home / "departments").rglob("*.zip")]
    names = [next(name for name in one.namelist() if "signed.commitment" in name) for one in parcels]
    (signed,) = [
        one for one in hall.read(lambda t: t.kept.of_case(case.reference)) if one.material.startswith("signed")
    ]
    assert parcels and all(
        one.read(name) == hall.files.read(signed.file) for one, name in zip(parcels, names, strict=True)
    )
    while (said := hall.say("wang", "签字"))[0].links:
        office.signed(office.link(said))
    about = dossier(hall.store, case.reference)
    assert "signed.forms" in {one.material for one in about.files}
    names = clerk().application(about, "sign", hall.files, hall.now)
    assert not [name for name in names if "signed.forms" in name], "one department's form is not for another"
    queued = hall.read(lambda tables: tables.outbox.after(hall.id("wang"), 0, limit=None))
    receipt, again = [link.url for one in queued for link in one.message.links if link.title == "告知承诺书（已签字）"]
    assert office.browser().get(again).content == office.browser().get(receipt).content
    assert office.browser().get(receipt).content == hall.files.read(signed.file)


def test_signatures_by_hand_want_a_gateway_for_codes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "config"
    config.mkdir()
    text = (ROOT / "config/settings.toml").read_text("utf-8")
    (config / "settings.toml").write_text(text.replace("handwritten = []", 'handwritten = ["commitment"]'), "utf-8")
    monkeypatch.setenv("BANSHI_CONFIG", str(config))
    with pytest.raises(ConfigError, match="sms_url"):
        load_settings(tmp_path)


def test_without_a_gateway_nothing_is_offered(tmp_path: Path) -> None:
    hall = Hall(tmp_path, f"sqlite:///{tmp_path / 'banshi.db'}")
    case = hall.submit("wang")
    assert case.state == "submitted" and "到窗口签" in texts(hall.say("wang", "签字"))
    assert choices(hall.say("wang", "签字")) == ()


# A letter of authority, and a video of whoever signs

OWN_ID, AGENT_ID = "610328199001011236", "371083198807152526"


@pytest.fixture
def by_agent(tmp_path: Path, gateway: Gateway) -> Office:
    """Whoever applies for another is asked for a letter of authority."""
    hall = Hall(tmp_path, f"sqlite:///{tmp_path / 'banshi.db'}")
    plan = next(part for part in BUNDLE.materials if part.id == "plan")
    letter = plan.model_copy(update={"id": "letter", "name": "授权委托书", "photo": ("authorization",)})
    bundle = BUNDLE.model_copy(update={"materials": (letter,)})
    kinds = load_kinds(ROOT / "config/photos.yml")
    hall.resources = replace(hall.resources, eye=Eye(kinds), catalogue=Catalogue(bundle.questions, {bundle.id: bundle}))
    hall.round = replace(hall.round, resources=hall.resources)
    return Office(hall, gateway, handwritten=())


def confirmed(office: Office) -> str:
    """An agent has filled it in, and the owner has said that it is theirs: the link for the letter."""
    hall = office.hall
    hall.fill("agent", by="替别人办")
    assert "本人在手机上签" in choices(hall.say("agent", "再说一遍"))
    assert "本人确认申请的时候在手机上签" in texts(hall.say("agent", "本人在手机上签"))
    code = re.findall(r"[A-Z0-9]{5}-[A-Z0-9]{5}", texts(hall.say("agent", "提交")))[0]
    hall.say("owner", code)
    return office.link(hall.say("owner", "是我要办"))


def test_a_letter_of_authority_is_made_out_signed_by_the_principal_and_filed(by_agent: Office) -> None:
    office, hall = by_agent, by_agent.hall
    link, browser = confirmed(office), office.browser()
    page = office.prove(browser, link, phone="13911112222").text
    assert "第 2 步，共 4 步" in page and "您委托谁来办" in page
    assert "看过了，我确认" not in browser.post(f"{link}/points/0").text, "nothing is read before it is made out"
    told = {"own_id": OWN_ID, "agent": "李小红", "agent_id": AGENT_ID}
    for wrong in ({"own_id": "610328199001011237"}, {"agent_id": OWN_ID}, {"agent": "12"}):
        assert browser.post(f"{link}/agent", data=told | wrong).status_code == 422
    assert office.browser().post(f"{link}/agent", data=told).status_code == 422, "nobody but the signer names them"
    page = browser.post(f"{link}/agent", data=told).text
    assert "第 3 步，共 4 步" in page and "我委托李小红替我办" in page
    browser.post(f"{link}/agent", data=told | {"agent": "王五"})
    assert "签好了" in (office.read(browser, link), office.sign(browser, link))[1].text
    text = pypdfium2.PdfDocument(browser.get(f"{link}/paper.pdf").content)[0].get_textpage().get_text_bounded()
    for word in (NAME, OWN_ID, "李小红", AGENT_ID, "不能代委托人签名", "代为提交申请和材料", "2026年11月23日"):
        assert word in text.replace("\n", ""), word
    assert "王五" not in text
    office.go_on()
    case = office.case("agent")
    assert case.state == "submitted" and case.values["paper.letter"] == "sign"
    assert {one.material for one in hall.read(lambda t: t.kept.of_case(case.reference))} >= {"signed.proxy"}
    (one,) = hall.read(lambda tables: tables.signings.of_case(case.reference))
    evidence = json.loads(one.steps.evidence)
    assert (evidence["agent"], evidence["agent_id"], evidence["signer_id"]) == ("李小红", AGENT_ID, OWN_ID)
    given = clerk().application(dossier(hall.store, case.reference), "base", hall.files, hall.now)
    assert any(name.endswith("signed.proxy.pdf") for name in given), "the department gets it"
    assert OWN_ID.encode() not in raw(hall.home) and "没有要您补交" in texts(hall.say("agent", "补材料"))


def test_without_a_gateway_no_letter_is_offered_to_be_signed(by_agent: Office) -> None:
    resources = by_agent.hall.resources
    known = resources.settings
    bare = known.model_copy(update={"nudges": known.nudges.model_copy(update={"sms_url": ""})})
    object.__setattr__(resources, "settings", bare)
    by_agent.hall.fill("agent", by="替别人办")
    assert "本人在手机上签" not in choices(by_agent.hall.say("agent", "再说一遍"))
    assert "paper.letter" not in by_agent.case("agent").values
    by_agent.hall.say("agent", "本人在手机上签")
    assert "paper.letter" not in by_agent.case("agent").values


@pytest.fixture
def filmed(tmp_path: Path, gateway: Gateway) -> Office:
    return Office(Hall(tmp_path, f"sqlite:///{tmp_path / 'banshi.db'}"), gateway, video=True)


def test_a_signer_speaks_into_the_camera_and_the_evidence_holds_it(filmed: Office, tmp_path: Path) -> None:
    office, hall = filmed, filmed.hall
    link, browser = office.submit(), office.browser()
    page = office.prove(browser, link).text
    assert (
        "第 2 步，共 4 步" in page
        and "我是张国强，我自己看过" in page
        and "不录也能签" in page.replace("不想录可以不录，也能签", "不录也能签")
    )
    assert office.browser().post(f"{link}/statement", content=video()).status_code == 422
    assert browser.post(f"{link}/statement", content=photo()).json()["detail"].startswith("这里要的是视频")
    assert browser.post(f"{link}/statement", content=video(seconds=70)).status_code == 422
    assert browser.post(f"{link}/statement", content=video()).status_code == 204
    assert "第 3 步，共 4 步" in browser.get(link).text
    assert browser.post(f"{link}/statement", content=video(seconds=5)).status_code == 204, "once"
    office.read(browser, link)
    assert "签好了" in office.sign(browser, link).text
    office.go_on()
    reference = office.case().reference
    (kept,) = [one for one in hall.read(lambda t: t.kept.of_case(reference)) if one.material == "statement.commitment"]
    (one,) = hall.read(lambda tables: tables.signings.of_case(reference))
    content = hall.files.read(kept.file)
    assert one.steps.statement_sha256 == hashlib.sha256(content).hexdigest() and b"+34.64" not in content
    assert b"ftyp" not in (hall.files.folder / kept.file[:2] / kept.file).read_bytes()
    told = banshi("sign", "export", reference, str(tmp_path / "out"), "--home", str(tmp_path))
    text = Path(told.stdout.strip()).read_text("utf-8")
    key = hall.read(lambda tables: tables.signings.keys())
    assert verified(text, key)["statement_sha256"] == one.steps.statement_sha256
    found = json.loads(text)
    other = base64.b64encode(video(seconds=5)).decode()
    for changed in (found | {"statement": other}, {name: part for name, part in found.items() if name != "statement"}):
        with pytest.raises(ConfigError):
            verified(json.dumps(changed, ensure_ascii=False, sort_keys=True, separators=(",", ":")), key)
    hall.go()
    assert len(hall.files.all()) == len(hall.read(lambda t: t.kept.of_case(reference))), "the second one is gone"


def test_whoever_does_not_want_to_be_filmed_signs_all_the_same(filmed: Office) -> None:
    link, browser = filmed.submit(), filmed.browser()
    filmed.prove(browser, link)
    assert "第 3 步，共 4 步" in browser.post(f"{link}/silent").text
    filmed.read(browser, link)
    assert "签好了" in filmed.sign(browser, link).text
    (one,) = filmed.hall.read(lambda tables: tables.signings.of_case(filmed.case().reference))
    evidence = json.loads(one.steps.evidence)
    assert evidence["statement_declined"] is True and evidence["statement_sha256"] == ""


def test_a_person_at_the_desk_says_whether_it_is_the_signer(filmed: Office) -> None:
    link, browser = filmed.submit(), filmed.browser()
    filmed.prove(browser, link)
    browser.post(f"{link}/statement", content=video())
    filmed.read(browser, link)
    filmed.sign(browser, link)
    filmed.go_on()
    hall, reference = filmed.hall, filmed.case().reference
    site = web.create(hall.resources, {}, hall.round, [open_desk(hall.resources, [])])
    desk = TestClient(site, follow_redirects=False)
    (one,) = hall.read(lambda tables: tables.signings.of_case(reference))
    path = f"/desk/statements/{one.id}"
    assert desk.get(path).headers["location"] == "/desk/login"
    sign_in(hall, desk, "周", "agent")
    assert desk.get(path).status_code == desk.get(f"{path}/video").status_code == 403
    csrf = sign_in(hall, desk, "何", "reviewer")
    assert "还没有看" in desk.get(f"/desk/cases/{reference}").text
    assert "我是张国强" in desk.get(path).text and desk.get(f"{path}/video").content[4:8] == b"ftyp"
    assert "fault" in desk.post(path, data={"csrf": csrf, "verdict": "maybe"}).headers["location"]
    assert "saved" in desk.post(path, data={"csrf": csrf, "verdict": "other"}).headers["location"]
    assert "不是本人" in desk.get(f"/desk/cases/{reference}").text
    what = [row.what for row in hall.read(lambda t: t.audits.of(reference))]
    assert {"view statement", "statement other"} <= set(what) and desk.get("/desk/statements/99").status_code == 404
