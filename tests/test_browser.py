"""The pages, clicked through in a real Chromium against a real server process."""

import json
import os
import re
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Route, expect

from bot.domain.messages import OutboundMessage
from tests.browser.driver import Citizen, Server, new_home, serious_faults

pytestmark = pytest.mark.browser

QUESTION = "食品经营许可证有效期几年"
ANSWER = re.compile("5年。有效期到哪一天届满")
UNKNOWN = "南极科考站种西瓜办什么证"
SENDING = "**/api/chat?wait=0"
UPLOADING = "**/api/uploads"
TO_THE_FIRST_PAPER = (
    "我想在商场里开个火锅店，400平，有堂食，不做外卖，不卖烟，不挂招牌，有执照，自己的店",
    "凉菜",
    "老王火锅",
    "千阳县南大街12号",
    "张国强",
    "13800138000",
    "自己去窗口拿",
    "逐条看过，我同意承诺",
)
FIRST = 2  # bubbles of a first answer: the answer, and what the bot says of itself


@pytest.fixture(scope="session")
def index(built_home: Path) -> Path:
    return built_home / "kb"


@pytest.fixture(scope="session")
def server(index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(new_home(tmp_path_factory.mktemp("home"), index))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def mortal(index: Path, tmp_path: Path) -> Iterator[Server]:
    """A server of this test's own, which it may kill."""
    server = Server(new_home(tmp_path, index))
    server.start()
    yield server
    server.kill()


# --- asking ---


def test_an_answer_and_its_source_open_on_a_small_phone(visit: Callable[..., Citizen]) -> None:
    citizen = visit()
    page = citizen.page
    expect(page.locator("header")).to_contain_text("智能助手，不是真人")
    assert page.evaluate("localStorage.length") == 0  # nothing is kept of those who only look
    citizen.send(QUESTION)
    expect(citizen.own()).to_have_text([QUESTION])
    citizen.wait_for_lines(FIRST)
    expect(citizen.said().first).to_contain_text(ANSWER)
    expect(citizen.said().nth(1)).to_contain_text("不是真人")
    expect(page.locator("#typing")).to_be_empty()
    basis = page.locator("#log details.basis").first
    expect(basis.locator("dl").first).to_be_hidden()
    basis.locator("summary").click()
    expect(basis).to_contain_text("中华人民共和国食品安全法实施条例")
    expect(basis).to_contain_text("国务院令第721号")
    expect(basis).to_contain_text("2019年12月1日起")
    expect(basis.locator(".quote dd").first).to_be_visible()
    assert citizen.sideways() <= 0


def test_an_answer_can_be_voted_on_with_the_keyboard_and_the_vote_is_there_again(
    visit: Callable[..., Citizen], server: Server
) -> None:
    citizen = visit()
    page = citizen.page
    citizen.send(QUESTION)
    votes = page.locator("#log .votes")
    expect(votes).to_have_count(1, timeout=20_000)  # once a turn, and not under what the bot says of itself
    expect(citizen.said().last).to_contain_text("不是真人")
    said = citizen.said().count()
    up, down = votes.get_by_role("button", name="有用"), votes.get_by_role("button", name="没用")
    for button in (up, down):
        box = button.bounding_box()
        assert box and box["width"] >= 44 and box["height"] >= 44
    up.focus()
    page.keyboard.press("Enter")
    expect(up).to_have_attribute("aria-pressed", "true")
    expect(votes.locator(".thanks")).to_have_text("谢谢，已经记下了。")
    expect(votes.locator(".why")).to_be_hidden()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(down).to_have_attribute("aria-pressed", "true")
    expect(up).to_have_attribute("aria-pressed", "false")
    assert votes.locator(".why button").all_inner_texts() == ["不准确", "没看懂", "不是我问的", "过时了"]
    assert serious_faults(page) == []
    assert citizen.sideways() <= 0
    votes.get_by_role("button", name="过时了").click()
    expect(votes.locator(".why")).to_be_hidden()
    expect(votes.locator(".thanks")).to_have_text("谢谢，已经记下了。")
    expect(down).to_be_focused()
    expect(citizen.said()).to_have_count(said)  # a vote is no line of the conversation
    expect(citizen.own()).to_have_count(1)
    page.reload()
    expect(page.locator("#log .votes .down")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#log .votes .why")).to_be_hidden()


def test_what_is_not_in_the_base_gets_an_honest_word_and_a_person(visit: Callable[..., Citizen]) -> None:
    citizen = visit()
    citizen.send(UNKNOWN)
    citizen.wait_for_lines(FIRST)
    expect(citizen.said().first).to_contain_text("没有查到可靠的依据")
    expect(citizen.said().first).to_contain_text("人工")
    citizen.page.get_by_role("button", name="找人工").click()
    citizen.wait_for_lines(FIRST + 1)
    expect(citizen.said().last).to_contain_text("工单号")


def test_the_examples_are_answered(visit: Callable[..., Citizen], server: Server) -> None:
    citizen = visit()
    examples = citizen.page.locator(".example").all_inner_texts()
    assert len(examples) >= 3
    citizen.page.locator(".example").first.click()
    expect(citizen.said().last).to_contain_text("不是真人", timeout=20_000)
    expect(citizen.page.locator("#examples")).to_be_hidden()
    token = citizen.page.evaluate("JSON.parse(localStorage.getItem('banshi.visitor')).token")
    outcomes = {}
    for example in examples:
        headers = {"Authorization": f"Bearer {token}"}
        answer = citizen.page.request.post(f"{server.url}/api/chat", data={"text": example}, headers=headers).json()
        outcomes[example] = answer["outcome"]
    assert set(outcomes.values()) == {"answered"}, outcomes


def test_a_choice_is_tapped_once(visit: Callable[..., Citizen], server: Server) -> None:
    citizen = visit()
    citizen.send("你好")
    citizen.wait_for_lines(FIRST)
    server.say_to(citizen.visitor(), OutboundMessage("您要问哪一种？", choices=(QUESTION, "都不是")))
    choice = citizen.page.get_by_role("button", name=QUESTION)
    choice.dblclick()
    citizen.wait_for_lines(FIRST + 2)
    expect(citizen.said().last).to_contain_text(ANSWER)
    size = choice.bounding_box()
    assert size is not None and size["height"] >= 44 and size["width"] >= 280
    assert [event.kind for event in server.heard_from(citizen.visitor())] == ["text", "tap"]


def test_html_is_text(visit: Callable[..., Citizen], server: Server) -> None:
    citizen = visit()
    evil = "<img src=x onerror=\"document.title='broken'\"><b>粗</b>{{ 7 * 7 }}" + "长" * 30 + "x" * 200
    citizen.send(evil)
    citizen.wait_for_lines(FIRST)
    server.say_to(
        citizen.visitor(),
        OutboundMessage(evil, choices=("<i>选</i>",)),
    )
    citizen.wait_for_lines(FIRST + 1)
    expect(citizen.own().first).to_have_text(evil)
    expect(citizen.said().last).to_have_text(evil)
    expect(citizen.page.get_by_role("button", name="<i>选</i>")).to_be_visible()
    assert citizen.page.locator("#log img[src=x], #log b, #log i").count() == 0
    assert "broken" not in citizen.page.title()
    assert citizen.sideways() <= 0


def test_a_reload_keeps_the_conversation_and_shows_nothing_twice(visit: Callable[..., Citizen]) -> None:
    citizen = visit()
    citizen.send(QUESTION)
    citizen.wait_for_lines(FIRST)
    citizen.send(UNKNOWN)
    citizen.wait_for_lines(FIRST + 1)
    before = citizen.page.locator("#log .text").all_inner_texts()
    citizen.page.reload()
    citizen.wait_for_lines(FIRST + 1)
    assert citizen.page.locator("#log .text").all_inner_texts() == before
    expect(citizen.page.locator("#examples")).to_be_hidden()
    citizen.send("谢谢")
    citizen.wait_for_lines(FIRST + 2)
    expect(citizen.page.locator("#typing")).to_be_empty()


def test_nothing_jumps_while_the_page_loads(visit: Callable[..., Citizen]) -> None:
    citizen = visit()
    citizen.page.get_by_role("button", name="大字").click()
    citizen.send(QUESTION)
    citizen.wait_for_lines(FIRST)
    citizen.context.add_init_script(
        "window.shift = 0; new PerformanceObserver(list => list.getEntries().forEach(one => shift += one.value))"
        ".observe({type: 'layout-shift', buffered: true})"
    )
    citizen.page.reload()
    citizen.wait_for_lines(FIRST)
    citizen.page.wait_for_timeout(500)
    assert citizen.page.evaluate("shift") < 0.01


# --- when sending fails ---


def test_what_did_not_go_out_stays_and_is_sent_again_as_the_same_event(
    visit: Callable[..., Citizen], server: Server
) -> None:
    citizen = visit()
    page = citizen.page
    bodies: list[Any] = []

    def away(route: Route) -> None:
        bodies.append(route.request.post_data_json)
        refusal = {"detail": "系统暂时存不下消息，请稍后再发一次。"}
        route.fulfill(status=503, json=refusal)

    page.route(SENDING, away)
    citizen.send(QUESTION)
    trouble = page.locator("#log .trouble")
    expect(trouble).to_contain_text("没有发出去：系统暂时存不下消息")
    page.get_by_role("button", name="重发").click()
    expect(trouble).to_contain_text("没有发出去")
    page.reload()  # nothing is lost
    expect(trouble).to_contain_text("没有发出去")
    page.unroute(SENDING)
    with page.expect_request(SENDING) as sent:
        page.get_by_role("button", name="重发").click()
    bodies.append(sent.value.post_data_json)
    citizen.wait_for_lines(FIRST)
    assert len(bodies) == 3 and len({body["event_id"] for body in bodies}) == 1
    expect(trouble).to_be_empty()
    assert page.evaluate("localStorage.getItem('banshi.unsent')") is None
    assert len(server.heard_from(citizen.visitor())) == 1
    citizen.faults = [fault for fault in citizen.faults if "503" not in fault]


def test_what_can_never_go_out_comes_back_into_the_box(visit: Callable[..., Citizen]) -> None:
    citizen = visit()
    citizen.page.route(SENDING, lambda route: route.fulfill(status=413, json={"detail": "at most 1 bytes"}))
    citizen.send("很长很长")
    expect(citizen.page.locator("#log .trouble")).to_contain_text("太长了")
    citizen.page.get_by_role("button", name="改一改").click()
    expect(citizen.box).to_have_value("很长很长")
    expect(citizen.own()).to_have_count(0)
    citizen.faults = [fault for fault in citizen.faults if "413" not in fault]


def test_while_the_answer_is_awaited_a_calm_line_says_so(visit: Callable[..., Citizen]) -> None:
    citizen = visit()
    citizen.send(UNKNOWN)
    citizen.wait_for_lines(FIRST)
    kept = {"event_id": "x", "repeat": False}
    citizen.page.route(SENDING, lambda route: route.fulfill(status=202, json=kept))
    citizen.send(QUESTION)
    typing, bar = citizen.page.locator("#typing"), citizen.page.locator("#composer")
    expect(typing).to_have_text("正在查…")
    words, edge = typing.bounding_box(), bar.bounding_box()
    assert words and edge and words["y"] + words["height"] <= edge["y"]
    citizen.page.unroute(SENDING)
    citizen.send("你好")
    citizen.wait_for_lines(FIRST + 1)


def test_a_forgotten_visitor_becomes_a_new_one(visit: Callable[..., Citizen]) -> None:
    citizen = visit()
    stranger = json.dumps({"visitor": "gone", "token": "forgotten"})
    citizen.page.evaluate(f"localStorage.setItem('banshi.visitor', {json.dumps(stranger)})")
    citizen.page.reload()
    expect(citizen.page.locator("#examples")).to_be_visible()
    citizen.page.evaluate(f"localStorage.setItem('banshi.visitor', {json.dumps(stranger)})")
    citizen.send(QUESTION)
    citizen.wait_for_lines(FIRST)
    assert citizen.visitor() != "gone"
    citizen.faults = [fault for fault in citizen.faults if "401" not in fault]


@pytest.mark.parametrize("moment", ["before it arrives", "after it is kept", "at any time"])
def test_a_message_survives_the_death_of_the_server_and_is_answered_once(
    mortal: Server, browser: Browser, moment: str
) -> None:
    citizen = Citizen(browser, mortal.url)
    page = citizen.page
    unsent = page.locator("#log .trouble").last
    citizen.send("你好")
    citizen.wait_for_lines(FIRST)

    def lose_the_reply(route: Route) -> None:
        route.fetch()
        mortal.kill()
        route.abort()

    if moment == "before it arrives":
        mortal.kill()
    elif moment == "after it is kept":
        page.route(SENDING, lose_the_reply)
    citizen.send(QUESTION)
    if moment == "at any time":
        mortal.kill()
    else:
        expect(unsent).to_contain_text("没有发出去")
        page.unroute(SENDING)
    expect(page.locator("#trouble")).to_contain_text("正在重新连接")
    mortal.start()
    expect(page.locator("#trouble")).to_be_empty(timeout=40_000)
    if page.get_by_role("button", name="重发").count():
        page.get_by_role("button", name="重发").click()
    citizen.wait_for_lines(FIRST + 1, timeout=90_000)
    page.wait_for_timeout(1500)  # a second answer would come now
    expect(citizen.own()).to_have_text(["你好", QUESTION])
    expect(citizen.said().last).to_contain_text(ANSWER)
    expect(unsent).to_be_empty()
    page.reload()
    citizen.wait_for_lines(FIRST + 1)
    assert [event.text for event in mortal.heard_from(citizen.visitor())] == ["你好", QUESTION]
    assert len([text for text in mortal.said_to(citizen.visitor()) if ANSWER.search(text)]) == 1
    citizen.context.close()


# --- photos and papers ---


def phone_photo() -> bytes:
    """Held upright: the pixels lie on their side, with their top, which is red, to the left; fine as sensors' noise."""
    lying, file = Image.new("RGB", (4032, 3024), "white"), BytesIO()
    lying.paste(Image.frombytes("RGB", (1200, 1200), os.urandom(3 * 1200 * 1200)), (1400, 900))
    ImageDraw.Draw(lying).rectangle((0, 0, 600, 3023), fill="red")
    turned = Image.Exif()
    turned[0x0112] = 6  # to be turned to the right
    lying.save(file, "JPEG", exif=turned, quality=90)
    return file.getvalue()


def paper() -> bytes:
    file = BytesIO()
    Image.new("RGB", (1240, 1754), "white").save(file, "PDF")
    return file.getvalue()


def choose(citizen: Citizen, name: str, media: str, content: bytes, button: str = "拍照，或选照片、PDF") -> None:
    with citizen.page.expect_file_chooser() as asked:
        citizen.page.get_by_role("button", name=button).click()
    asked.value.set_files({"name": name, "mimeType": media, "buffer": content})


def apply_up_to_the_first_paper(citizen: Citizen) -> None:
    for line in TO_THE_FIRST_PAPER:
        before = citizen.said().count()
        citizen.send(line)
        expect(citizen.own().last).to_have_text(line)
        expect(citizen.said()).not_to_have_count(before, timeout=20_000)
        expect(citizen.page.locator("#typing")).to_be_empty()
    expect(citizen.said().last).to_contain_text("请把“店铺布局图")


def kept_in_the_browser(citizen: Citizen) -> int:
    """How many photos this browser keeps for itself."""
    count = """() => new Promise((resolve, reject) => {
        const open = indexedDB.open("banshi.photos");
        open.onupgradeneeded = () => open.result.createObjectStore("photos");
        open.onerror = () => reject(open.error);
        open.onsuccess = () => {
            const asked = open.result.transaction("photos").objectStore("photos").count();
            asked.onsuccess = () => { open.result.close(); resolve(asked.result); };
        };
    })"""
    return int(citizen.page.evaluate(count))


@pytest.mark.parametrize("width", [360, 1280])
def test_a_photo_of_a_case_is_made_smaller_shown_and_accepted_and_the_plan_opens(
    visit: Callable[..., Citizen], server: Server, width: int
) -> None:
    citizen = visit(width=width)
    page = citizen.page
    apply_up_to_the_first_paper(citizen)
    box = page.get_by_role("button", name="拍照，或选照片、PDF").bounding_box()
    assert box and box["width"] >= 44 and box["height"] >= 44
    assert page.locator("#picker").get_attribute("accept") == "image/*,application/pdf,video/mp4,video/quicktime"

    slow = citizen.context.new_cdp_session(page)
    network = {"offline": False, "latency": 20, "downloadThroughput": -1, "uploadThroughput": 400_000}
    slow.send("Network.emulateNetworkConditions", network)
    choose(citizen, "IMG_0001.jpg", "image/jpeg", phone_photo())
    picture = page.get_by_role("img", name="您发的照片")
    expect(picture).to_be_visible()
    expect(page.get_by_role("progressbar", name="上传进度")).to_be_visible()
    assert serious_faults(page) == []
    slow.send("Network.emulateNetworkConditions", {**network, "uploadThroughput": -1})
    expect(citizen.said().filter(has_text="收到“店铺布局图")).to_have_count(1, timeout=30_000)
    expect(page.locator("#log progress:visible")).to_have_count(0)
    expect(picture).to_be_visible()
    assert serious_faults(page) == []
    assert citizen.sideways() <= 0

    event = server.heard_from(citizen.visitor())[-1]
    assert event.kind == "photo"
    with Image.open(BytesIO(server.file(event.media))) as sent:
        assert (sent.format, sent.size, sent.getexif()) == ("JPEG", (1920, 2560), {})
        red, green, _ = sent.convert("RGB").getpixel((960, 100))
        assert red > 200 > 60 > green, "the top is at the top"
    assert page.evaluate("localStorage.getItem('banshi.unsent')") is None
    assert kept_in_the_browser(citizen) == 0

    plan = page.get_by_role("link", name="办理清单")
    assert plan.get_attribute("target") == "_blank"
    with citizen.context.expect_event("response", lambda one: "/papers/" in one.url) as opened:
        plan.click()
    assert opened.value.status == 200
    assert opened.value.headers["content-type"] == "application/pdf"

    page.bring_to_front()
    page.reload()
    expect(citizen.own().last).to_have_text("[照片]")
    expect(citizen.said().last).to_contain_text("食品安全制度目录")


def test_a_photo_that_did_not_go_out_outlives_a_reload_and_is_sent_once(
    visit: Callable[..., Citizen], server: Server
) -> None:
    citizen = visit()
    page = citizen.page
    uploads: list[int] = []
    page.on("response", lambda one: uploads.append(one.status) if one.url.endswith("/api/uploads") else None)
    page.route(UPLOADING, lambda route: route.abort())
    choose(citizen, "店铺.jpg", "image/jpeg", phone_photo())
    trouble, picture = page.locator("#log .trouble"), page.get_by_role("img", name="您发的照片")
    expect(trouble).to_contain_text("没有发出去")
    page.reload()
    expect(trouble).to_contain_text("没有发出去")
    expect(picture).to_be_visible()
    assert serious_faults(page) == []

    def lose_the_reply(route: Route) -> None:
        route.fetch()
        route.abort()

    page.unroute(UPLOADING)
    page.route(SENDING, lose_the_reply)
    page.get_by_role("button", name="重发").click()
    expect(citizen.said().first).to_contain_text("照片收到了", timeout=20_000)
    page.unroute(SENDING)
    if page.get_by_role("button", name="重发").count():
        page.get_by_role("button", name="重发").click()
    expect(trouble).to_be_empty()
    page.wait_for_timeout(500)  # a second answer would come now
    assert [event.kind for event in server.heard_from(citizen.visitor())] == ["photo"]
    assert uploads == [201]
    assert kept_in_the_browser(citizen) == 0
    citizen.faults = [fault for fault in citizen.faults if "ERR_FAILED" not in fault]


def test_what_is_no_photo_is_refused_in_words_and_a_pdf_is_chosen_instead(
    visit: Callable[..., Citizen], server: Server
) -> None:
    citizen = visit()
    page = citizen.page
    choose(citizen, "坏的.jpg", "image/jpeg", b"no picture")
    expect(page.locator("#log .trouble")).to_contain_text("没有发出去：这个文件打不开。请发照片（JPG、PNG）或者 PDF。")
    choose(citizen, "制度目录.pdf", "application/pdf", paper(), button="重新选")
    expect(citizen.own()).to_have_text(["[文件] 制度目录.pdf"])
    expect(citizen.said().first).to_contain_text("照片收到了", timeout=20_000)
    (event,) = server.heard_from(citizen.visitor())
    assert (event.kind, server.file(event.media)[:4]) == ("file", b"%PDF")
    choose(citizen, "太大.pdf", "application/pdf", paper().ljust(15 * 1024 * 1024 + 1))
    expect(page.locator("#log .trouble").last).to_contain_text("没有发出去：这个文件太大了，最大 15 MB。")
    page.get_by_role("button", name="不发了").click()
    expect(citizen.own()).to_have_count(1)
    assert kept_in_the_browser(citizen) == 0
    citizen.faults = [fault for fault in citizen.faults if "422" not in fault]


def test_a_draft_goes_on_behind_the_code_of_its_plan(visit: Callable[..., Citizen], server: Server) -> None:
    first = visit()
    apply_up_to_the_first_paper(first)
    address = f"/go/{server.token_of_the_draft_of(first.visitor())}"
    for width in (360, 1280):
        other = visit(address, width=width)
        page = other.page
        expect(page.get_by_role("heading", name="接着办您没填完的申请")).to_be_visible()
        expect(page.locator(".code")).to_have_count(0)
        assert serious_faults(page) == [] and other.sideways() <= 0
        page.get_by_role("button", name="接着办").click()
        code = page.locator(".code").inner_text()
        assert re.fullmatch(r"[2-9A-Z]{5}-[2-9A-Z]{5}", code)
        assert serious_faults(page) == []
        assert other.sideways() <= 0
        page.get_by_role("link", name="在网页里接着办").click()
        expect(other.own()).to_have_text([code])
        expect(other.said().first).to_contain_text("接着办“开办餐饮店”", timeout=20_000)
        assert page.url == f"{server.url}/"
        page.reload()
        expect(other.said().first).to_contain_text("接着办“开办餐饮店”")
        expect(other.own()).to_have_text([code])  # said once


def test_an_address_that_leads_nowhere_says_so_kindly(visit: Callable[..., Citizen], server: Server) -> None:
    citizen = visit()
    for end in ("x" * 40, "短", "%00"):
        answer = citizen.page.goto(f"{server.url}/go/{end}")
        assert answer is not None and answer.status == 404
        expect(citizen.page.get_by_role("heading", name="这份申请打不开了")).to_be_visible()
    assert serious_faults(citizen.page) == []
    citizen.page.goto(f"{server.url}/?go=<b>no-code</b>")
    expect(citizen.page).to_have_url(f"{server.url}/")
    expect(citizen.own()).to_have_count(0)
    citizen.faults = [fault for fault in citizen.faults if "404" not in fault]


# --- for everybody ---


def test_large_type_is_remembered(visit: Callable[..., Citizen]) -> None:
    citizen = visit()
    switch = citizen.page.get_by_role("button", name="大字")
    text = citizen.page.locator("#chat .text").first
    expect(switch).to_have_attribute("aria-pressed", "false")
    expect(text).to_have_css("font-size", "18px")
    switch.click()
    expect(text).to_have_css("font-size", "24px")
    citizen.page.reload()
    expect(switch).to_have_attribute("aria-pressed", "true")
    expect(text).to_have_css("font-size", "24px")
    assert citizen.sideways() <= 0
    switch.click()
    citizen.page.reload()
    expect(text).to_have_css("font-size", "18px")


def test_the_keyboard_alone_is_enough(visit: Callable[..., Citizen]) -> None:
    citizen = visit(width=1280)
    page, focused = citizen.page, citizen.page.locator(":focus")

    def go_to(name: str, by: str = "Tab") -> None:
        for _ in range(15):
            page.keyboard.press(by)
            assert focused.evaluate("one => getComputedStyle(one).outlineStyle") == "solid"
            if name in (focused.inner_text() or focused.get_attribute("placeholder") or ""):
                return
        pytest.fail(f"no way to {name}")

    go_to("跳到输入框")
    expect(focused).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(citizen.box).to_be_focused()
    page.keyboard.type("第一行")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("第二行")
    expect(citizen.box).to_have_value("第一行\n第二行")
    page.evaluate(
        "document.activeElement.dispatchEvent("
        "new KeyboardEvent('keydown', {key: 'Enter', isComposing: true, bubbles: true}))"
    )
    expect(citizen.own()).to_have_count(0)  # that Enter only picked a word
    citizen.box.fill(QUESTION)
    page.keyboard.press("Enter")
    citizen.wait_for_lines(FIRST)
    go_to("常见问题", "Shift+Tab")
    go_to("找人工", "Shift+Tab")
    go_to("依据", "Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#log details.basis").first).to_have_attribute("open", "")
    go_to("大字", "Shift+Tab")
    page.keyboard.press("Space")
    expect(focused).to_have_attribute("aria-pressed", "true")
    go_to("常见问题")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="常见问题")).to_be_visible()
    expect(page.locator("#faq")).to_be_focused()
    go_to("返回对话")
    page.keyboard.press("Enter")
    expect(citizen.said().last).to_be_visible()


def test_the_box_counts_near_its_end(visit: Callable[..., Citizen]) -> None:
    citizen = visit()
    counter = citizen.page.locator("#counter")
    citizen.box.fill("字" * 8000)
    expect(counter).to_be_empty()
    citizen.box.fill("字" * 9990)
    expect(counter).to_have_text("还可以写 10 字")
    citizen.page.keyboard.insert_text("字" * 20)
    expect(counter).to_have_text("最多 10000 字，已经写满")
    assert len(citizen.box.input_value()) == 10_000
    citizen.box.press("Enter")
    citizen.wait_for_lines(FIRST)
    expect(citizen.said().first).to_contain_text("太长了")


def test_without_a_script_the_page_can_be_read(visit: Callable[..., Citizen]) -> None:
    page = visit(java_script_enabled=False).page
    expect(page.locator("#chat")).to_contain_text("智能助手，是程序，不是真人")
    expect(page.locator("#chat")).to_contain_text("需要浏览器开启 JavaScript", use_inner_text=True)
    expect(page.locator("#composer")).to_be_hidden()
    expect(page.locator("#examples")).to_be_hidden()
    articles = page.locator("#faq details")
    assert articles.count() > 50
    expect(articles.first.locator(".text")).to_be_hidden()
    articles.first.locator("summary").click()
    expect(articles.first.locator(".text")).to_be_visible()


# --- the page of the API, and the fitness of all pages ---


def test_the_docs_show_every_route(visit: Callable[..., Citizen], server: Server) -> None:
    page = visit("/docs").page
    api = page.request.get(f"{server.url}/openapi.json").json()
    headings = [" ".join(text.split()) for text in page.locator("h2").all_inner_texts()]
    for path, methods in api["paths"].items():
        for method, route in methods.items():
            assert f"{method.upper()} {path}" in headings
            section = page.locator(f"[id='{route['operationId']}']")
            for parameter in route.get("parameters", []):
                expect(section).to_contain_text(parameter["name"])
            for status in route["responses"]:
                expect(section).to_contain_text(status)
    for name, schema in api["components"]["schemas"].items():
        for field in schema.get("properties", {}):
            expect(page.locator(f"[id='{name}']")).to_contain_text(field)


@pytest.mark.parametrize("large", [False, True], ids=["normal", "large"])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_serious(visit: Callable[..., Citizen], server: Server, width: int, large: bool) -> None:
    citizen = visit(width=width)
    page = citizen.page
    if large:
        page.get_by_role("button", name="大字").click()
    found = {"empty": serious_faults(page)}
    citizen.send(QUESTION)
    citizen.wait_for_lines(FIRST)
    page.locator("#log summary").first.click()
    server.say_to(citizen.visitor(), OutboundMessage("您要问哪一种？", choices=("这一种", "都不是")))
    citizen.wait_for_lines(FIRST + 1)
    page.route(SENDING, lambda route: route.abort())
    citizen.send("再问一句")
    expect(page.locator("#log .trouble").last).to_contain_text("没有发出去")
    found["chat"] = serious_faults(page)
    page.get_by_role("link", name="常见问题").click()
    page.locator("#faq summary").first.click()
    found["questions"] = serious_faults(page)
    wide = {"questions": citizen.sideways()}
    for name, address in [("desk", f"{server.url}/desk"), ("docs", f"{server.url}/docs")]:
        page.goto(address)
        if large:  # these pages have no switch: as with a reader's own larger type
            page.evaluate("document.documentElement.style.fontSize = '150%'")
        found[name] = serious_faults(page)
        wide[name] = citizen.sideways()
    assert not any(found.values()), found
    assert max(wide.values()) <= 0, wide
    citizen.faults = [fault for fault in citizen.faults if "ERR_FAILED" not in fault and "401" not in fault]
