"""An inspector at work, in a real Chromium against a real server process."""

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.driver import Citizen, Server, serious_faults
from tests.hall import Hall
from tests.test_desk_browser import sign_in
from tests.test_inspections import accepted, photo, shown, with_walk

pytestmark = pytest.mark.browser


@pytest.fixture
def server(built_home: Path, tmp_path: Path) -> Iterator[Server]:
    """A server of a home in which somebody has shown their shop."""
    hall = Hall(tmp_path, f"sqlite:///{tmp_path / 'banshi.db'}", now=datetime.now(UTC))
    with_walk(hall)
    accepted(hall, "wang")
    shown(hall, "wang")
    hall.store.close()
    shutil.copytree(built_home / "kb", tmp_path / "kb")
    server = Server(tmp_path)
    server.start()
    yield server
    server.kill()


def test_what_was_shown_is_judged_on_a_wide_screen_and_on_a_telephone(
    visit: Callable[..., Citizen], server: Server, tmp_path: Path
) -> None:
    server.hire("孙浩", "inspector")
    picture = tmp_path / "found.jpg"
    picture.write_bytes(photo(90))
    page = visit("/desk", width=1280).page
    sign_in(page, "周婷", server.hire("周婷", "inspector"))
    page.get_by_role("link", name="踏勘").click()
    page.locator("tbody a").click()
    sinks = page.get_by_role("region", name="2 看sinks 关键项")
    expect(sinks.locator("img")).to_have_count(1)
    assert sinks.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 400, (
        "the small one"
    )
    assert serious_faults(page) == []
    for number, name in enumerate(("front", "sinks", "cold", "health"), 1):
        region = page.get_by_role("region", name=f"{number} 看{name}")
        region.get_by_label("要改" if name == "sinks" else "合格", exact=True).check()
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert serious_faults(page) == []
    sinks.locator("summary", has_text="几号前").click()
    sinks.get_by_label("要改什么").fill("没有贴标识")
    sinks.get_by_label("照片").set_input_files(picture)
    page.get_by_label("另一位勘验员").select_option("孙浩")
    page.get_by_role("button", name="结束并通知群众").click()
    expect(page.get_by_role("status")).to_contain_text("已结束，并通知了群众")
    expect(page.get_by_role("region", name="2 看sinks")).to_contain_text("要改：没有贴标识")
    with server.store() as store:
        said = store.read(lambda tables: tables.outbox.after("terminal:main:wang", 0, limit=None))[-1].message
    assert "没有贴标识" in said.text and [link.title for link in said.links] == ["勘验员的照片"]
