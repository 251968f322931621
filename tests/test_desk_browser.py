"""The citizen's page and the desk side by side, in a real Chromium against a real server process."""

import re
import shutil
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Page, expect

from bot.settings import ROOT
from tests.browser.driver import Citizen, Server, new_home, serious_faults

pytestmark = pytest.mark.browser

OWN = "kou-ling-2026"
UNKNOWN = "南极科考站种西瓜办什么证"


@pytest.fixture(scope="module")
def server(built_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    config = tmp_path_factory.mktemp("config") / "config"
    shutil.copytree(ROOT / "config", config)
    teams, name = config / "teams.yml", "    name: 涉企服务组\n"
    always = '    shifts: [{days: all, hours: "00:00-24:00"}]\n'  # at whatever hour this runs
    teams.write_text(teams.read_text("utf-8").replace(name, name + always), "utf-8")
    server = Server(new_home(tmp_path_factory.mktemp("home"), built_home / "kb"), config)
    server.start()
    yield server
    server.kill()


def sign_in(page: Page, name: str, password: str) -> None:
    """With the first password; their own one and the second factor are set up on the way."""
    page.get_by_label("姓名").fill(name)
    page.get_by_label("密码", exact=True).fill(password)
    page.get_by_role("button", name="登录").click()
    secret = page.locator("input[name=secret]").input_value()
    expect(page.locator("img.code")).to_be_visible()
    page.get_by_label("新密码").fill(OWN)
    page.get_by_label("再输一遍").fill(OWN)
    page.get_by_label("它显示的 6 位数字").fill(pyotp.TOTP(secret).at(datetime.now(UTC)))
    page.get_by_role("button", name="设好，进入工作台").click()


def test_question_person_answer_and_back_with_the_keyboard_alone(visit: Callable[..., Citizen], server: Server) -> None:
    citizen = visit(width=390)
    citizen.send(UNKNOWN)
    expect(citizen.said().first).to_contain_text("没有查到可靠的依据")
    citizen.send("人工")
    expect(citizen.said().last).to_contain_text("工单号")
    desk = visit("/desk", width=1280)
    page = desk.page
    sign_in(page, "李敏", server.hire("李敏", "agent"))
    expect(page.get_by_role("heading", name="对话", exact=True)).to_be_visible()
    page.get_by_role("button", name="开始接待").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#queue")).to_contain_text("我的对话 1")
    page.locator("#queue a").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#log")).to_contain_text(UNKNOWN)
    expect(page.locator("#log .made").first).to_contain_text("没答上")
    expect(page.locator(".facts")).to_contain_text("助手没答好")
    expect(citizen.said().last).to_contain_text("李敏（涉企服务组）接手了")
    expect(page.locator("#say")).to_be_focused()
    page.keyboard.type("您好，这件事不归我们，我帮您问到了再回您。")
    page.keyboard.press("Control+Enter")
    expect(citizen.said().last).to_have_text("您好，这件事不归我们，我帮您问到了再回您。")
    expect(citizen.page.locator("#log .by").last).to_have_text("李敏")
    before = citizen.said().count()
    citizen.send("好的，我等您")
    expect(page.locator("#log .citizen").last).to_contain_text("好的，我等您")  # without a reload of the page
    time.sleep(1)
    assert citizen.said().count() == before, "the bot is silent while a person has the word"
    assert serious_faults(page) == [] and desk.sideways() <= 0
    page.get_by_role("button", name="结束，交回助手").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("对话已结束")
    expect(citizen.said().last).to_contain_text("我是助手，继续为您服务")
    citizen.send("食品经营许可证有效期几年")
    expect(citizen.said().last).to_contain_text("5年")
    assert server.said_to(citizen.visitor()).count("您好，这件事不归我们，我帮您问到了再回您。") == 1


@pytest.mark.parametrize("width", [390, 1280])
def test_every_page_of_the_desk_is_sound(visit: Callable[..., Citizen], server: Server, width: int) -> None:
    citizen = visit()
    citizen.send("人工")
    expect(citizen.said().first).to_contain_text("工单号")
    found = re.search(r"工单号 (\d+)", citizen.said().first.inner_text())
    assert found
    name = f"主管{width}"
    desk = visit("/desk", width=width)
    page = desk.page
    faults = {"login": serious_faults(page)}
    sign_in(page, name, server.hire(name, "supervisor", "admin"))
    expect(page.get_by_role("heading", name="对话", exact=True)).to_be_visible()
    pages = (
        "chats",
        f"chats/{found[1]}",
        "cases",
        "knowledge",
        f"people?who={found[1]}",
        "reports",
        "accounts",
        "audit",
    )
    for path in pages:
        page.goto(f"{server.url}/desk/{path}")
        expect(page.locator("h1").first).to_be_visible()
        faults[path] = serious_faults(page)
        assert desk.sideways() <= 0, path
    assert not any(faults.values()), faults
    page.get_by_role("button", name="退出").click()
    expect(page.get_by_role("button", name="登录")).to_be_visible()
    page.goto(f"{server.url}/desk/chats")
    expect(page.get_by_role("button", name="登录")).to_be_visible()
