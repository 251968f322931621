"""The whole walk in a real Chromium: the citizen on a telephone, staff at the desk, from the first word to the mark."""

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from playwright.sync_api import Locator, Page, expect

from bot.settings import ROOT
from tests.browser.driver import Citizen, Server, new_home, serious_faults
from tests.photos.scenes import scene
from tests.test_desk_browser import sign_in

pytestmark = pytest.mark.browser

ALWAYS = '    shifts: [{days: all, hours: "00:00-24:00"}]\n'  # at whatever hour this runs
POINTS = {"front": "门头和公示位置", "site": "选址和周边", "plan": "布局图和现场一致"}  # of the walk, made short
SHOP = ("都没有", "已有", "渭阳零食", "千阳县南大街12号", "张国强", "13800138000", "电子证就行")
BEGIN = "我想在商场里开个便利店，只卖散装零食，40平，不卖烟，不卖书，不做外卖，不挂招牌，执照已有，自己的店"
PAPERS = ("店铺布局图（标明各区和设备）", "食品安全制度目录")
DEFECT = "布局图没有标水池的位置"


@pytest.fixture(scope="module")
def server(built_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    config = tmp_path_factory.mktemp("config") / "config"
    shutil.copytree(ROOT / "config", config)
    teams, name = config / "teams.yml", "    name: 涉企服务组\n"
    teams.write_text(teams.read_text("utf-8").replace(name, name + ALWAYS), "utf-8")
    path = config / "inspections" / "convenience.yml"
    walk = yaml.safe_load(path.read_text("utf-8"))
    for one in walk["points"]:
        if one["use"] not in POINTS:
            one["when"] = ["loose_food == 不卖"]
    path.write_text(yaml.safe_dump(walk, allow_unicode=True), "utf-8")
    server = Server(new_home(tmp_path_factory.mktemp("home"), built_home / "kb"), config)
    server.start()
    yield server
    server.kill()


@dataclass
class Walk:
    """A citizen and the desks beside them. Every page that is passed is looked at, and kept as a picture."""

    visit: Callable[..., Citizen]
    server: Server
    folder: Path
    citizen: Citizen
    desks: dict[str, Citizen] = field(default_factory=dict)

    def desk(self, name: str, *roles: str) -> Page:
        """The desk of somebody, signed in."""
        if name not in self.desks:
            self.desks[name] = self.visit("/desk", width=1280)
            sign_in(self.desks[name].page, name, self.server.hire(name, *roles))
        return self.desks[name].page

    def look(self, page: Page, name: str) -> None:
        page.screenshot(path=self.folder / f"{name}.png")
        assert serious_faults(page) == [], name
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, name

    def hears(self, text: str | re.Pattern[str]) -> None:
        expect(self.citizen.said().filter(has_text=text).last).to_be_visible(timeout=30_000)

    def says(self, text: str, heard: str | re.Pattern[str] = "") -> None:
        before = self.citizen.said().count()
        self.citizen.send(text)
        expect(self.citizen.said().nth(before)).to_be_visible(timeout=20_000)
        if heard:
            self.hears(heard)

    def sends(self, what: str, heard: str | re.Pattern[str]) -> None:
        picture = self.folder / f"{abs(hash(what))}.jpg"
        picture.write_bytes(
            scene(what) if what.startswith("scene") else (ROOT / "tests/data/photos" / what).read_bytes()
        )
        self.citizen.page.locator("#picker").set_input_files(picture)
        self.hears(heard)

    def choose(self, label: str, heard: str) -> None:
        self.citizen.page.get_by_role("button", name=label, exact=True).last.click()
        self.hears(heard)


@pytest.fixture
def walk(visit: Callable[..., Citizen], server: Server, tmp_path: Path) -> Walk:
    return Walk(visit, server, tmp_path, visit(width=390))


def tab_to(page: Page, place: Locator) -> None:
    """With the keyboard alone."""
    for _ in range(80):
        if place.evaluate("one => one === document.activeElement"):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"the Tab key does not come to {place}")


def test_a_chat_is_answered_and_given_back_by_the_keyboard_alone(walk: Walk) -> None:
    walk.says("南极科考站种西瓜办什么证", "没有查到可靠的依据")
    walk.says("人工", "工单号")
    page = walk.desk("李敏", "agent")
    tab_to(page, page.get_by_role("button", name="开始接待"))
    page.keyboard.press("Enter")
    tab_to(page, page.locator("#queue a").first)
    page.keyboard.press("Enter")
    expect(page.locator("#say")).to_be_focused()
    walk.hears("李敏（涉企服务组）接手了")
    page.keyboard.type("南极的事我帮您问到了再回您。")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    walk.hears("南极的事我帮您问到了再回您。")
    walk.look(page, "chat")
    walk.look(walk.citizen.page, "chat-citizen")
    tab_to(page, page.get_by_role("button", name="结束，交回助手"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("对话已结束")
    walk.hears("李敏已结束对话，我是助手")
    walk.choose("满意", "谢谢您，已经记下了")
    walk.look(walk.citizen.page, "rated-citizen")


def test_from_handing_in_to_the_licence_in_hand(walk: Walk) -> None:
    number = handed_in(walk)
    reviewer = walk.desk("何伟", "reviewer")
    reviewer.goto(f"{walk.server.url}/desk/cases")
    walk.look(reviewer, "cases")
    reviewer.get_by_role("link", name=number).click()
    decide(reviewer, "defective", defects=DEFECT)
    walk.hears(DEFECT)
    walk.look(walk.citizen.page, "defective-citizen")
    walk.sends("scene plan again", "这是哪一份材料")
    walk.choose(PAPERS[0], f"“{PAPERS[0]}”已经补交")
    reviewer.reload()
    expect(reviewer.get_by_role("img", name=re.compile("布局图"))).to_have_count(2)
    walk.look(reviewer, "supplemented")
    decide(reviewer, "accepted")
    walk.hears("已经受理")
    shown(walk)
    inspected(walk, number)
    walk.hears("现场核查通过了")
    reviewer.goto(f"{walk.server.url}/desk/cases/{number}")
    expect(reviewer.locator("#main")).to_contain_text("踏勘：通过")
    decide(reviewer, "granted", number="JY16103280000016", until=datetime.now(UTC).date() + timedelta(days=1826))
    walk.hears("全部办完了")
    walk.look(reviewer, "decided")
    reviewer.get_by_label("怎么给的").select_option("electronic")
    reviewer.get_by_role("button", name="登记送达并通知群众").click()
    expect(reviewer.get_by_role("status")).to_contain_text("已登记送达")
    walk.look(reviewer, "delivered")
    walk.hears("出示电子证照就行")
    walk.look(walk.citizen.page, "delivered-citizen")
    walk.choose("不满意", "哪里没做好")
    walk.says("等太久", "转给负责的人")  # a second tap so soon would be taken for a slip
    reports(walk)


def handed_in(walk: Walk) -> str:
    """The number of the case."""
    walk.says(BEGIN, "第 5 问")
    for place, text in enumerate(SHOP, 6):
        walk.says(text, f"第 {place} 问" if place <= 11 else "")
    walk.hears(f"请把“{PAPERS[0]}”拍照发来")
    walk.sends("plan.jpg", f"收到“{PAPERS[0]}”的照片")
    walk.hears(f"请把“{PAPERS[1]}”拍照发来")
    walk.sends("scene rules", f"收到“{PAPERS[1]}”的照片")
    walk.hears("都填好了，请核对")
    walk.look(walk.citizen.page, "sheet-citizen")
    walk.says("提交", "已经收到，编号")
    found = re.search(r"编号 (\d{8}-BL-\d{5}-\d)", "\n".join(walk.citizen.said().all_inner_texts()))
    assert found
    return found[1]


def decide(page: Page, state: str, defects: str = "", number: str = "", until: Any = None) -> None:
    page.get_by_label("处理").select_option(state)
    page.locator("summary", has_text="补正内容").click()
    if defects:
        page.get_by_label("要补正的").fill(defects)
    if number:
        page.get_by_label("证号", exact=True).fill(number)
    if until:
        page.get_by_label("有效期至").fill(until.isoformat())
    page.get_by_role("button", name="办理并通知群众").click()
    expect(page.get_by_role("status")).to_contain_text("已办理，并通知了群众")


def shown(walk: Walk) -> None:
    """Point by point, with the code in the first picture."""
    walk.choose("拍照核查", f"共 {len(POINTS)} 项")
    walk.hears("请在纸上写")
    code = re.findall(r"在纸上写 (\d{5})", "\n".join(walk.citizen.said().all_inner_texts()))[-1]
    after = ("第 2 项，共 3 项", "第 3 项，共 3 项", "3 项都有了")
    for (point, name), heard in zip(POINTS.items(), after, strict=True):
        walk.sends(f"scene {point}" + (f" code={code}" if point == "front" else ""), f"“{name}”收到 1 张")
        walk.says("下一项", heard)
    walk.look(walk.citizen.page, "shown-citizen")
    walk.choose("交给勘验员", "已经交给勘验员")


def inspected(walk: Walk, number: str) -> None:
    walk.server.hire("孙浩", "inspector")
    page = walk.desk("周婷", "inspector")
    page.get_by_role("link", name="踏勘").click()
    walk.look(page, "inspections")
    page.locator("tbody a").click()
    expect(page.locator("h1")).to_contain_text(number)
    walk.look(page, "inspection")
    for label in page.get_by_label("合格", exact=True).all():
        label.check()
    page.get_by_label("另一位勘验员").select_option("孙浩")
    page.get_by_role("button", name="结束并通知群众").click()
    expect(page.get_by_role("status")).to_contain_text("已结束，并通知了群众")


def reports(walk: Walk) -> None:
    """What was walked stands in the figures."""
    page = walk.desk("杨主管", "supervisor")
    page.goto(f"{walk.server.url}/desk/reports")
    tiles = page.locator(".tiles li")
    expect(tiles.filter(has_text="办件满意")).to_contain_text("0 / 1")
    expect(tiles.filter(has_text="每件少跑")).to_contain_text("1 件原来要跑")
    expect(tiles.filter(has_text="一次通过").first).to_contain_text("0 / 1")
    expect(tiles.filter(has_text="踏勘一次通过")).to_contain_text("1 / 1")
    walk.look(page, "reports")
