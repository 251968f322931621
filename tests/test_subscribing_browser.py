"""The page to subscribe on, in a real Chromium against a real server process, with the platform's script in small."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from bot.settings import ROOT
from tests.browser.driver import Citizen, Server, new_home, serious_faults
from tests.peers.weixin import AES_KEY, APP, SECRET, TOKEN, Weixin
from tests.test_subscribing import INSIDE, NOTICES, PAGE

pytestmark = pytest.mark.browser

# It takes the configuration, draws the tag's button and tells what was said.
SCRIPT = """
const fails = [];
window.wx = {
  error: (tell) => fails.push(tell),
  config: (given) => {
    window.configured = given;
    if (given.signature.length !== 40) return fails.forEach((tell) => tell());
    for (const tag of document.querySelectorAll(given.openTagList.join())) {
      const root = tag.attachShadow({ mode: "open" });
      root.innerHTML = tag.querySelector("script").textContent;
      root.querySelector("button").onclick = () => {
        const said = { [tag.getAttribute("template")]: JSON.stringify({ status: window.answer }) };
        tag.dispatchEvent(new CustomEvent("success", { detail: { subscribeDetails: JSON.stringify(said) } }));
      };
    }
  },
};
"""


@pytest.fixture(scope="module")
def server(built_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    config = tmp_path_factory.mktemp("subscribing") / "config"
    shutil.copytree(ROOT / "config", config)
    with Weixin().serving() as peer, pytest.MonkeyPatch.context() as patched:
        for name, secret in {"TOKEN": TOKEN, "AES_KEY": AES_KEY, "SECRET": SECRET}.items():
            patched.setenv(f"BANSHI_WECHAT_{name}", secret)
        notices = "".join(
            f"[[channels.wechat.notices]]\nid = '{one['id']}'\nname = '{one['name']}'\n"
            f"standing = {str(one.get('standing', True)).lower()}\nfields = {{ thing1 = '{{kind}}' }}\n"
            for one in NOTICES
        )
        with (config / "settings.toml").open("a", encoding="utf-8") as settings:
            settings.write(f"\n[channels.wechat]\napp_id = '{APP}'\nbase = '{peer.url}'\n{notices}")
        running = Server(new_home(tmp_path_factory.mktemp("home"), built_home / "kb"), config)
        running.start()
        yield running
        running.kill()


def opened(browser: Browser, server: Server, width: int, script: str | None) -> Citizen:
    """Somebody in WeChat; without a script the platform's cannot be reached."""
    citizen = Citizen(browser, "about:blank", width, user_agent=INSIDE)
    citizen.context.route(
        "https://res.wx.qq.com/**",
        lambda route: route.fulfill(body=script, content_type="text/javascript") if script else route.abort(),
    )
    citizen.page.goto(f"{server.url}{PAGE}")
    return citizen


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


@pytest.mark.parametrize("width", [390, 1280])
def test_a_citizen_subscribes(browser: Browser, server: Server, width: int, tmp_path: Path) -> None:
    citizen = opened(browser, server, width, SCRIPT)
    page = citizen.page
    told = page.evaluate("window.configured")
    assert told["openTagList"] == ["wx-open-subscribe"] and told["jsApiList"] and told["appId"] == APP
    buttons = page.get_by_role("button", name="提醒我")
    expect(buttons).to_have_count(2)
    for answer, words in (("reject", "没有订阅。"), ("accept", "好了，到期前会在微信里提醒您。")):
        page.evaluate("(answer) => { window.answer = answer; }", answer)
        buttons.first.click()
        expect(page.get_by_role("status").first).to_contain_text(words)
    shown = buttons.first.bounding_box()
    assert shown is not None and shown["height"] >= 48, "the policy lets the button have its style"
    assert fits(page) and serious_faults(page) == [] and citizen.faults == []
    page.screenshot(path=tmp_path / f"subscribe-{width}.png")
    citizen.context.close()


def test_trouble_is_said(browser: Browser, server: Server, tmp_path: Path) -> None:
    citizen = opened(browser, server, 390, None)
    expect(citizen.page.get_by_role("alert")).to_contain_text("现在订阅不了")
    citizen.page.screenshot(path=tmp_path / "trouble.png")
    assert serious_faults(citizen.page) == []
    citizen.context.close()
    outside = Citizen(browser, f"{server.url}{PAGE}", 390)
    outside.page.screenshot(path=tmp_path / "outside.png")
    expect(outside.page.get_by_role("heading", name="请在微信里打开")).to_be_visible()
    assert fits(outside.page) and serious_faults(outside.page) == [] and outside.faults == []
    outside.context.close()
