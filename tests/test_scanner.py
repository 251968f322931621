"""A virus scanner: what it finds, and whatever it says nothing of, is not taken."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.app import open_eye
from bot.bundles.catalogue import load_catalogue
from bot.errors import CitizenError, ConfigError
from bot.materials.eye import Eye
from bot.materials.scanner import Scanner
from bot.settings import ROOT, load_settings
from tests.hall import Hall, photo, texts
from tests.peers.clamd import MARK, Clamd


@pytest.fixture
def clamd() -> Iterator[Clamd]:
    with Clamd().serving() as peer:
        yield peer


@pytest.fixture
def hall(tmp_path: Path, clamd: Clamd) -> Hall:
    made = Hall(tmp_path, f"sqlite:///{tmp_path / 'banshi.db'}")
    made.resources = replace(made.resources, eye=Eye(scanner=Scanner(clamd.address, 0.5)))
    return made


def refused(clamd: Clamd, content: bytes) -> str:
    with pytest.raises(CitizenError) as error:
        Scanner(clamd.address, 0.3).look(content)
    return error.value.reply


def test_what_is_found_is_refused_and_all_of_it_is_looked_at(clamd: Clamd) -> None:
    large = photo() + bytes(3_000_000)
    Scanner(clamd.address).look(large)
    assert clamd.saw == [len(large)]
    assert refused(clamd, large + MARK) == "photo.infected", "in the last piece too"


@pytest.mark.parametrize(
    "cue", ["nothing", "slow", "INSTREAM size limit exceeded. ERROR", "stream: OK?", "UNKNOWN COMMAND", "stream: "]
)
def test_what_it_says_nothing_of_is_not_taken(clamd: Clamd, cue: str) -> None:
    clamd.cue = cue
    assert refused(clamd, photo()) == "photo.not_scanned"


def test_while_it_is_away_nothing_is_taken(tmp_path: Path) -> None:
    for address in ("127.0.0.1:9", str(tmp_path / "clamd.ctl")):
        with pytest.raises(CitizenError, match="not_scanned"):
            Scanner(address, 0.5).look(photo())


def test_the_citizen_is_told_and_nothing_of_it_stays(hall: Hall, clamd: Clamd) -> None:
    hall.fill("wang")
    assert "安全检查没有通过" in texts(hall.send("wang", photo(1) + MARK))
    clamd.cue = "slow"
    assert "过一会儿" in texts(hall.send("wang", photo(2)))
    hall.go()
    assert hall.files.all() == []
    clamd.cue = ""
    assert "收到“布局图”的照片" in texts(hall.send("wang", photo(3)))


def test_it_is_off_unless_the_settings_name_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings(tmp_path)
    catalogue = load_catalogue(settings.config)
    assert open_eye(settings, catalogue).scanner is None
    config = tmp_path / "config"
    config.mkdir()
    text = (ROOT / "config/settings.toml").read_text("utf-8")
    monkeypatch.setenv("BANSHI_CONFIG", str(config))
    for written, kept in (("127.0.0.1:3310", True), ("/run/clamav/clamd.ctl", True), ("localhost", False)):
        (config / "settings.toml").write_text(text.replace('scanner = ""', f'scanner = "{written}"'), "utf-8")
        if kept:
            assert load_settings(tmp_path).photos.scanner == written
        else:
            with pytest.raises(ConfigError, match="scanner"):
                load_settings(tmp_path)
