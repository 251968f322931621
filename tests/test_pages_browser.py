"""The pages to sign and to send files on, in a real Chromium against a real server process."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pypdfium2
import pytest
from playwright.sync_api import Browser, Page, expect

from bot.settings import ROOT
from tests.browser.driver import Citizen, Server, new_home, serious_faults
from tests.hall import photo
from tests.peers.gateway import TOKEN, Gateway
from tests.photos.scenes import video

pytestmark = pytest.mark.browser

TO_THE_PAPERS = (
    "我想在商场里开个火锅店，400平，有堂食，不做外卖，不卖烟，不挂招牌，有执照，自己的店",
    "凉菜",
    "老王火锅",
    "千阳县南大街12号",
    "张国强",
    "13800138000",
    "自己去窗口拿",
    "逐条看过，我同意承诺",
)
TO_THE_LINK = ("到窗口交", "到窗口交", "提交")
NAME = (((0.1, 0.2), (0.3, 0.22)), ((0.2, 0.1), (0.19, 0.8), (0.1, 0.7)), ((0.38, 0.2), (0.38, 0.8)))
PHONE, ON_ITS_SIDE, DESKTOP = (
    {"width": 390, "height": 844},
    {"width": 844, "height": 390},
    {"width": 1280, "height": 800},
)


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with Gateway().serving() as peer:
        yield peer


@pytest.fixture(scope="module")
def server(built_home: Path, gateway: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Promises are to be signed by hand here, and signers are asked to speak."""
    config = tmp_path_factory.mktemp("pages") / "config"
    shutil.copytree(ROOT / "config", config)
    settings = config / "settings.toml"
    text = settings.read_text("utf-8").replace("handwritten = []", 'handwritten = ["commitment"]')
    text = text.replace("video = false", "video = true")
    settings.write_text(text.replace('sms_url = ""', f'sms_url = "{gateway.url}"'), "utf-8")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("BANSHI_SMS_TOKEN", TOKEN)
        server = Server(new_home(tmp_path_factory.mktemp("home"), built_home / "kb"), config)
    server.start()
    yield server
    server.kill()


def say(citizen: Citizen, *words: str) -> None:
    for word in words:
        said = citizen.said().count()
        citizen.send(word)
        expect(citizen.said().nth(said)).to_be_visible(timeout=30_000)
        expect(citizen.page.locator("#typing")).to_be_empty(timeout=30_000)


def read_points(page: Page) -> None:
    for number in range(1, 6):
        page.get_by_role("button", name=f"第 {number} 条").click(timeout=60_000)
    expect(page.locator("h2")).to_have_text("在框里写您的名字")


def draw(page: Page, *strokes: tuple[tuple[float, float], ...]) -> None:
    """With the mouse; places are shares of the field."""
    pad = page.locator("#pad")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box
    for first, *rest in strokes:
        page.mouse.move(box["x"] + first[0] * box["width"], box["y"] + first[1] * box["height"])
        page.mouse.down()
        for across, down in rest:
            page.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"], steps=8)
        page.mouse.up()


def kept(page: Page) -> list[list[list[int]]]:
    found = page.evaluate("Object.entries(localStorage).find(([key]) => key.startsWith('banshi.sign.'))?.[1] ?? '[]'")
    return list(json.loads(found))


def inked(page: Page) -> float:
    """The share of the field that is black."""
    counted = """() => { const pad = document.getElementById("pad");
      const copy = Object.assign(document.createElement("canvas"), { width: pad.width, height: pad.height });
      const pen = copy.getContext("2d", { willReadFrequently: true });
      pen.drawImage(pad, 0, 0);
      const seen = pen.getImageData(0, 0, copy.width, copy.height).data;
      let black = 0; for (let n = 3; n < seen.length; n += 4) black += seen[n] > 128;
      return black / (pad.width * pad.height); }"""
    return float(page.evaluate(counted))


def in_order(citizen: Citizen) -> None:
    assert citizen.sideways() <= 0 and serious_faults(citizen.page) == []


def test_a_promise_is_signed_on_a_phone_that_is_turned_and_put_away(
    visit: Callable[..., Citizen], gateway: Gateway, tmp_path: Path
) -> None:
    citizen = visit(width=390)
    page = citizen.page
    say(citizen, *TO_THE_PAPERS, *TO_THE_LINK)
    link = page.locator('a[href*="/sign/"]').last.get_attribute("href")
    assert link
    page.goto(link if link.startswith("http") else page.url.rstrip("/") + link)
    expect(page.locator("#sheet")).to_contain_text("张*强")
    in_order(citizen)
    page.get_by_role("button", name="获取验证码").click()
    page.get_by_label("短信里的 6 位验证码").fill(re.findall(r"码 (\d{6})", [*gateway.took.values()][-1]["text"])[0])
    page.get_by_role("button", name="下一步").click()
    expect(page.locator("h2")).to_have_text("录一段几秒钟的视频")
    in_order(citizen)
    (tmp_path / "me.mp4").write_bytes(video())
    page.locator("#video").set_input_files(tmp_path / "me.mp4")
    expect(page.locator("h2")).to_have_text("请一条一条看", timeout=30_000)
    in_order(citizen)
    read_points(page)
    page.locator("details.whole summary").click()
    expect(page.locator("details.whole img")).to_have_js_property("complete", True)
    assert page.locator("details.whole img").evaluate("image => image.naturalWidth") > 900
    page.locator("details.whole summary").click()
    draw(page, *NAME)
    before = inked(page)
    assert len(kept(page)) == 3 and before > 0.01
    page.set_viewport_size(ON_ITS_SIDE)
    page.wait_for_timeout(300)
    assert inked(page) == pytest.approx(before, rel=0.15), "the same strokes in the same shape"
    assert page.locator("#pad").evaluate("pad => pad.clientHeight") <= 390
    draw(page, ((0.5, 0.2), (0.7, 0.2), (0.7, 0.8), (0.5, 0.8), (0.5, 0.2)))
    page.mouse.wheel(0, 300)
    page.reload()
    page.set_viewport_size(PHONE)
    page.wait_for_timeout(300)
    assert len(kept(page)) == 4 and inked(page) > before
    in_order(citizen)
    page.set_viewport_size(DESKTOP)
    in_order(citizen)
    page.get_by_role("button", name="签好了，提交").click()
    expect(page.locator("h2")).to_have_text("签好了")
    assert kept(page) == [], "nothing stays in the browser"
    made = citizen.context.request.get(f"{page.url}/paper.pdf").body()
    paths = sum(one.type == 2 for one in pypdfium2.PdfDocument(made)[0].get_objects())
    assert paths > 4 and "张国强" in pypdfium2.PdfDocument(made)[0].get_textpage().get_text_bounded()


def test_too_little_is_refused_and_what_was_drawn_stays(server: Server, browser: Browser, gateway: Gateway) -> None:
    citizen = Citizen(browser, server.url, width=390)  # its console tells of the refusal
    page = citizen.page
    say(citizen, *TO_THE_PAPERS, *TO_THE_LINK)
    page.goto(server.url + str(page.locator('a[href*="/sign/"]').last.get_attribute("href")))
    page.get_by_role("button", name="获取验证码").click()
    page.get_by_label("短信里的 6 位验证码").fill(re.findall(r"码 (\d{6})", [*gateway.took.values()][-1]["text"])[0])
    page.get_by_role("button", name="下一步").click()
    page.get_by_role("button", name="不录，接着签").click()
    read_points(page)
    draw(page, ((0.2, 0.5), (0.201, 0.5)))
    page.get_by_role("button", name="签好了，提交").click()
    expect(page.get_by_role("alert")).to_contain_text("签得太少")
    assert len(kept(page)) == 1
    page.get_by_role("button", name="擦掉重写").click()
    assert kept(page) == [] and inked(page) == 0
    draw(page, *NAME)
    page.get_by_role("button", name="签好了，提交").click()
    expect(page.locator("h2")).to_have_text("签好了")
    citizen.context.close()


def test_whoever_asks_for_large_type_gets_it_on_every_page(visit: Callable[..., Citizen]) -> None:
    citizen = visit(width=390)
    page = citizen.page
    large, usual = re.compile(r"\blarge\b"), re.compile(r"^(?!.*\blarge\b)")
    expect(page.locator("html")).to_have_class(usual)
    say(citizen, "我年纪大了，看不清字")
    expect(page.locator("html")).to_have_class(large)
    expect(page.get_by_role("button", name="大字")).to_have_attribute("aria-pressed", "true")
    in_order(citizen)
    say(citizen, "传文件")
    page.reload()
    expect(page.locator("html")).to_have_class(large)
    link = str(page.locator('a[href*="/upload/"]').last.get_attribute("href"))
    page.goto(page.url.rstrip("/") + link)
    expect(page.locator("html")).to_have_class(large)
    in_order(citizen)
    page.go_back()
    say(citizen, "普通版")
    expect(page.locator("html")).to_have_class(usual)


def test_several_files_are_sent_and_told_of_one_by_one(server: Server, browser: Browser, tmp_path: Path) -> None:
    citizen = Citizen(browser, server.url, width=390)
    page = citizen.page
    say(citizen, *TO_THE_PAPERS, "传文件")
    page.goto(server.url + str(page.locator('a[href*="/upload/"]').last.get_attribute("href")))
    in_order(citizen)
    names = {"布局图.jpg": photo(3), "坏的.jpg": b"nonsense", "另一张.jpg": photo(90)}
    for name, content in names.items():
        (tmp_path / name).write_bytes(content)
    page.locator("#picker").set_input_files([tmp_path / name for name in names])
    rows = page.locator(".files li")
    expect(rows).to_have_count(3)
    expect(rows.nth(1)).to_contain_text("打不开", timeout=30_000)
    for row in (rows.nth(0), rows.nth(2)):
        expect(row.locator(".told")).not_to_contain_text(re.compile("等着传|正在传|核验"), timeout=60_000)
        expect(row.locator("progress")).to_be_hidden()
    told = rows.nth(0).locator(".told").inner_text()
    in_order(citizen)
    page.set_viewport_size(DESKTOP)
    in_order(citizen)
    stranger = Citizen(browser, page.url)
    expect(stranger.page.locator("h2")).to_have_text("打不开")
    stranger.context.close()
    page.goto(server.url)
    expect(citizen.said().filter(has_text=told.splitlines()[0]).first).to_be_visible()
    citizen.context.close()
