"""Rasa for real: its environment, its validator, training, serving, parsing, and what happens when it is killed."""

import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import yaml

from bot.settings import ROOT
from nlu.entities import Finder
from nlu.examples import read
from nlu.rasa_runs import SHIPPED, RasaFailed, Served, Workshop, domain, words
from nlu.rasa_trial import FEWEST, RasaTrial, enough
from nlu.sidecar import RasaServer, Sidecar
from nlu.understand import Understanding

DATA = ROOT / "nlu" / "data"
ENVIRONMENT = ROOT / ".venv-rasa"
EVERY, EPOCHS = 5, 6  # of the examples, over which training goes: about a minute
WAIT = 180  # seconds until a server must answer
OWN = Understanding("own", 0.5)
SAID = "我想给我家小面馆办个食品证，电话13800138000"


def test_the_domain_names_what_the_training_files_do() -> None:
    assert yaml.safe_load((SHIPPED / "domain.yml").read_text("utf-8")) == yaml.safe_load(domain(read(DATA)))


def test_the_dictionary_has_what_is_one_word_to_us() -> None:
    listed = words(read(DATA))
    assert {"烟草证", "食品经营许可证", "面馆", "法人"} <= set(listed)
    assert not [word for word in listed if len(word) < 2 or any(sign.isspace() for sign in word)]


def test_only_the_training_files_of_rasa_are_taken_and_a_change_makes_another_folder(tmp_path: Path) -> None:
    source = thinned(tmp_path / "source")
    (source / "words.toml").write_text("a = 1", "utf-8")
    workshop = Workshop(tmp_path / "no environment", tmp_path / "work")
    folder = workshop.prepare(source)
    assert all(file.suffix == ".yml" for file in (folder / "data").iterdir())
    config = yaml.safe_load((folder / "config.yml").read_text("utf-8"))
    assert config == yaml.safe_load((SHIPPED / "config.yml").read_text("utf-8"))
    assert workshop.prepare(source) == folder
    assert workshop.prepare(source, epochs=1) != folder
    with pytest.raises(RasaFailed, match="make rasa"):
        workshop.train(source)
    with pytest.raises(RasaFailed, match="make rasa"):
        workshop.command(folder / "model.tar.gz", 5005)


def test_small_files_are_trained_on_for_longer() -> None:
    config = yaml.safe_load((SHIPPED / "config.yml").read_text("utf-8"))
    assert [part["epochs"] for part in config["pipeline"] if "epochs" in part] == [FEWEST]
    assert enough(len(read(DATA).examples)) == FEWEST
    assert [enough(1), enough(310), enough(2_300)] == [100, 100, 28]


def thinned(folder: Path) -> Path:
    """Every few examples of each intent of nlu/data; everything else of it whole."""
    folder.mkdir()
    for file in sorted(DATA.glob("*.yml")):
        content = yaml.safe_load(file.read_text("utf-8"))
        for block in content["nlu"]:
            if "intent" in block:
                block["examples"] = "".join(f"{line}\n" for line in block["examples"].splitlines()[::EVERY])
        (folder / file.name).write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    return folder


@pytest.fixture(scope="module")
def environment() -> Path:
    if not (ENVIRONMENT / "installed").exists():
        pytest.fail("Rasa is not installed: make rasa-install")
    return ENVIRONMENT


@pytest.fixture(scope="module")
def finder() -> Finder:
    return Finder.of(read(DATA))


@pytest.fixture(scope="module")
def workshop(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    return Workshop(environment, tmp_path_factory.mktemp("rasa"))


@pytest.fixture(scope="module")
def model(workshop: Workshop) -> Path:
    found = workshop.train(thinned(workshop.folder / "source"), EPOCHS)
    changed = found.stat().st_mtime_ns
    assert workshop.train(workshop.folder / "source", EPOCHS).stat().st_mtime_ns == changed, "trained twice"
    return found


@pytest.mark.rasa
def test_rasa_itself_finds_no_fault_in_the_training_files(workshop: Workshop, caplog: pytest.LogCaptureFixture) -> None:
    workshop.validate(workshop.prepare(DATA))
    assert not caplog.messages


@pytest.mark.rasa
def test_rasa_itself_finds_a_fault(workshop: Workshop, tmp_path: Path) -> None:
    (tmp_path / "nlu.yml").write_text('version: "3.1"\nnlu:\n- intent: a\n  examples: |\n    - x\n    - y\n', "utf-8")
    folder = workshop.prepare(tmp_path)
    (folder / "data" / "0-nlu.yml").write_text("version: 3.1\nnlu:\n- intent: a\n  exampels: x\n", "utf-8")
    with pytest.raises(RasaFailed, match=r"exampels|examples"):
        workshop.validate(folder)


@pytest.mark.rasa
def test_served_it_understands_and_killed_it_is_stood_in_for_until_it_is_back(
    workshop: Workshop, model: Path, finder: Finder, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.WARNING, "nlu")
    with workshop.serving(model, finder) as served:
        it_understands(served)
        it_keeps_to_itself(served, model.parent / "server.log")
        with RasaServer(served.url, served.token, 10, finder) as server:
            sidecar = Sidecar(server, lambda text: OWN, pause=0.5)
            assert sidecar(SAID).intent == "start_bundle"
            served.process.kill()
            served.process.wait()
            for _ in range(20):
                assert sidecar(SAID) is OWN
            assert len(caplog.messages) == 1
            with by_command(served, model, tmp_path):
                until = time.monotonic() + WAIT
                while sidecar(SAID) is OWN:  # the port refuses until the model is loaded
                    assert time.monotonic() < until
                    time.sleep(0.5)
            assert caplog.messages[1:] == ["Rasa answers again"]
            assert SAID not in caplog.text


def it_understands(served: Served) -> None:
    found = served.parse(SAID)
    assert found.intent == "start_bundle"
    assert len(found.ranking) == len({one.intent for one in read(DATA).examples})
    named = {(one.entity, one.value) for one in found.entities}
    assert {("licence_kind", "食品经营许可证"), ("phone", "13800138000")} <= named
    assert 300 < served.rss_mb() < 3000
    for text in ("", " ", "\ud83d\x00\u202e", "证" * 100_000):
        served.parse(text)
    with ThreadPoolExecutor(8) as pool:
        assert {one.intent for one in pool.map(served.parse, [SAID] * 40)} == {"start_bundle"}


def it_keeps_to_itself(served: Served, log: Path) -> None:
    port = f":{int(served.url.rpartition(':')[2]):04X}"
    sockets = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()]
    assert [local for _, local, _, state, *_ in sockets if state == "0A" and local.endswith(port)] == [
        f"0100007F{port}"
    ]
    assert served.token not in Path(f"/proc/{served.process.pid}/cmdline").read_text("utf-8")
    assert httpx.post(f"{served.url}/model/parse", json={"text": SAID}, trust_env=False).status_code == 401
    told = log.read_text("utf-8", "replace")
    assert SAID not in told
    assert served.token not in told


@contextmanager
def by_command(served: Served, model: Path, home: Path) -> Iterator[None]:
    """`banshi rasa serve` in the place of a server that was killed."""
    port = served.url.rpartition(":")[2]
    run = [sys.executable, "-m", "bot", "rasa", "serve", "--home", str(home), "--port", port]
    environ = {**os.environ, "BANSHI_RASA_TOKEN": served.token}
    done = subprocess.run(run, cwd=ROOT, env=environ, capture_output=True, text=True)
    assert done.returncode == 1
    assert "banshi rasa train" in done.stderr
    serving = subprocess.Popen([*run, "--model", str(model)], cwd=ROOT, env=environ)
    try:
        yield
    finally:
        serving.terminate()
        serving.wait(30)


@pytest.fixture
def trial(environment: Path) -> Iterator[RasaTrial]:
    engine = RasaTrial(environment, epochs=2)
    yield engine
    engine.close()


@pytest.mark.rasa
def test_it_can_be_evaluated_on_any_files(trial: RasaTrial, tmp_path: Path) -> None:
    (tmp_path / "nlu.yml").write_text(
        'version: "3.1"\nnlu:\n- intent: a\n  examples: |\n    - 打开窗户\n    - 关上窗户\n    - 擦窗户\n'
        "- intent: b\n  examples: |\n    - 明天下雨吗\n    - 后天下雨吗\n    - 今天下雨吗\n",
        "utf-8",
    )
    assert trial.memory_mb() == 0
    trial.train(tmp_path)
    assert {name for name, _ in trial("擦一擦窗户").ranking} == {"a", "b"}
    assert trial.memory_mb() > 300
