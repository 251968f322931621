"""What whoever runs the channels sees and sets: menus, health, numbers, switches; and what is never loaded."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError

from bot import app as composition
from bot.app import App
from bot.channels.wechat import client as wechat_client
from bot.channels.wechat.menu import Entry, buttons
from bot.channels.wecom import client as wecom_client
from bot.settings import ROOT, load_settings
from knowledge.embedding import Embedder
from tests.peers import qyapi, weixin
from tests.test_wechat import say, until

MENU = """
[[channels.wechat.menu]]
name = "办事"
sub = [{ name = "开饭店", say = "开办餐饮店" }, { name = "我的办件", say = "我的办件" }]
[[channels.wechat.menu]]
name = "网页"
url = "https://ban.example.cn/"
"""


@pytest.fixture
def peers() -> Iterator[tuple[weixin.Weixin, qyapi.Qyapi]]:
    with weixin.Weixin().serving() as one, qyapi.Qyapi().serving() as two:
        yield one, two


@pytest.fixture
def served(home: Path, embedder: Embedder, peers: Any) -> Iterator[tuple[App, TestClient]]:
    secrets = {"token": weixin.TOKEN, "aes_key": weixin.AES_KEY, "secret": weixin.SECRET}
    channels = {
        "wechat": {"wait": 0, "app_id": weixin.APP, "base": peers[0].url, **secrets},
        "wecom": {"corp_id": qyapi.CORP, "base": peers[1].url, **secrets},
    }
    parts = composition.build(load_settings(home).model_copy(update={"channels": channels}), embedder=embedder)
    application, _ = composition.web(parts)
    with TestClient(application) as client:
        until(lambda: "kf/sync_msg" in peers[1].calls)
        yield parts, client
    parts.close()


def test_health_and_numbers_tell_of_each_channel(served: tuple[App, TestClient], peers: Any) -> None:
    parts, client = served
    weixin_, kf = peers
    weixin_.push(client, "wang", Content="你好")
    kf.write(client, "li", "你好")
    until(lambda: weixin_.read_by("wang") and kf.read_by("li"))
    say(parts.resources.store, "wang", "一")
    until(lambda: "一" in weixin_.read_by("wang"))
    told = client.get("/health").json()["channels"]
    assert set(told) == {"wechat", "wecom"}
    for one in told.values():
        assert one["heard_at"] and one["said_at"] and 0 <= one["token_age"] < 60 and one["off"] is False
    assert 499_000 < told["wechat"]["quota_left"] < 500_000 and told["wecom"]["quota_left"] is None
    numbers = client.get("/metrics").text
    for name in ("heard_at_seconds", "said_at_seconds", "token_at_seconds"):
        assert f'banshi_channel_{name}{{channel="wecom"}}' in numbers
    assert 'banshi_channel_quota_left{channel="wechat"}' in numbers


def test_a_channel_that_is_switched_off_says_so_and_welcomes_nobody(served: tuple[App, TestClient], peers: Any) -> None:
    parts, client = served
    store, kf = parts.resources.store, peers[1]
    store.write(lambda t: t.desk.turn("wecom", True, "admin", "test", store.now()))
    kf.enter(client, "li")
    kf.write(client, "li", "食品经营许可证有效期几年")
    until(lambda: kf.read_by("li"))
    off = parts.resources.replies("human.switched_off")
    assert off in kf.read_by("li")[0]
    assert client.get("/health").json()["channels"]["wecom"]["off"] is True
    peers[0].push(client, "wang", Content="食品经营许可证有效期几年")
    until(lambda: any("第十五条" in text for text in peers[0].read_by("wang")))


def test_a_menu_is_given_to_the_platform_by_command(tmp_path: Path, peers: Any) -> None:
    config = tmp_path / "config"
    config.mkdir()
    section = f'[channels.wechat]\napp_id = "{weixin.APP}"\nbase = "{peers[0].url}"\n{MENU}'
    (config / "settings.toml").write_text(f'[hall]\nname = "大厅"\n{section}', "utf-8")
    secrets = {"TOKEN": weixin.TOKEN, "AES_KEY": weixin.AES_KEY, "SECRET": weixin.SECRET}
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "BANSHI_CONFIG": str(config), "BANSHI_HOME": str(tmp_path)}
    env |= {f"BANSHI_WECHAT_{name}": value for name, value in secrets.items()}

    def run(*more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "bot", "channels", "menu", *more]
        return subprocess.run(command, env=env, capture_output=True, text=True, check=False)

    shown = run("--dry-run")
    assert shown.returncode == 0 and "开办餐饮店" in shown.stdout and peers[0].menu == []
    done = run()
    assert done.returncode == 0, done.stderr
    assert [top["name"] for top in peers[0].menu] == ["办事", "网页"]
    assert peers[0].menu[0]["sub_button"][0] == {"type": "click", "name": "开饭店", "key": "开办餐饮店"}
    (config / "settings.toml").write_text('[hall]\nname = "大厅"\n', "utf-8")
    assert run().returncode == 2


WECHAT = {
    **dict.fromkeys((45015, 45047), ("Closed", None)),
    43101: ("Unwanted", None),
    **dict.fromkeys((40003, 43004, 43019, 46004, 48002, 50002, 50005), ("Undeliverable", None)),
    **dict.fromkeys((40037, 41030, 45002, 47001, 47003, 48001, 48004, 48008), ("Undeliverable", None)),
    -1: ("TryLater", 10.0),
    45011: ("TryLater", 60.0),
    45009: ("TryLater", 3600.0),
    40164: ("TryLater", None),
    61450: ("TryLater", None),
}
WECOM = {
    **dict.fromkeys((95001, 95002, 95013, 95018), ("Closed", None)),
    **dict.fromkeys((40003, 60111, 84061, 95000, 95004), ("Undeliverable", None)),
    **dict.fromkeys((40007, 40008, 40058, 95008, 95009, 95022), ("Undeliverable", None)),
    **dict.fromkeys((48002, 60020, 95003, 95011, 95012, 95017, 95023), ("Undeliverable", None)),
    -1: ("TryLater", 10.0),
    45009: ("TryLater", 60.0),
    45033: ("TryLater", 5.0),
    **dict.fromkeys((95014, 95016, 95019), ("TryLater", None)),
}


@pytest.mark.parametrize(("code", "meant"), WECHAT.items())
def test_each_of_wechats_errors_has_its_own_consequence(code: int, meant: tuple[str, float | None]) -> None:
    error = wechat_client._failed(code)
    assert (type(error).__name__, getattr(error, "wait", None)) == meant


@pytest.mark.parametrize(("code", "meant"), WECOM.items())
def test_each_of_wecoms_errors_has_its_own_consequence(code: int, meant: tuple[str, float | None]) -> None:
    error = wecom_client._meaning(wecom_client.Failed(code))
    assert (type(error).__name__, getattr(error, "wait", None)) == meant


def test_tokens_that_ended_are_known_by_their_errors() -> None:
    assert {40001, 40014, 42001} == wechat_client.STALE_TOKEN
    assert {40014, 41001, 42001} == wecom_client.STALE_TOKEN and wecom_client.BAD_TOKEN == 95007


def test_what_the_platform_would_refuse_is_refused_before() -> None:
    good = Entry(name="办事", say="我的办件")
    assert buttons((good,)) == [{"type": "click", "name": "办事", "key": "我的办件"}]
    wrong: list[dict[str, Any]] = [
        {"name": "办事"},
        {"name": "办事", "say": "x", "url": "https://x/"},
        {"name": "一二三四五六", "say": "x"},
        {"name": "办事", "say": "长" * 43},
        {"name": "办事", "url": "javascript:x"},
        {"name": "办事", "sub": [{"name": "x", "say": "x"}] * 6},
    ]
    for one in wrong:
        with pytest.raises(ValidationError):
            Entry.model_validate(one)


def test_without_a_channel_of_a_platform_none_of_its_libraries_is_loaded(tmp_path: Path) -> None:
    look = (
        "import sys; from bot import app; from bot.settings import load_settings;"
        "parts = app.build(load_settings()); app.web(parts); import bot.cli.channels;"
        "print([name for name in ('wechatpy', 'telegram', 'requests') if name in sys.modules])"
    )
    place = {**os.environ, "BANSHI_HOME": str(tmp_path)}
    found = subprocess.run(
        [sys.executable, "-c", look], cwd=ROOT, env=place, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"
