"""Rasa as the engine, against a server that speaks like it: what it says, and what happens when it does not."""

import copy
import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from bot.engine import rasa_beside, rasa_token
from bot.errors import ConfigError
from bot.settings import load_settings
from nlu.entities import Entity, Finder
from nlu.gazetteer import Gazetteer
from nlu.sidecar import RasaServer, Sidecar, Unanswered
from nlu.understand import Understanding
from tests.peers.rasa import ANSWER, TOKEN, FakeRasa

TEXT = "办食品证要多久"
OWN = Understanding("own", 0.5)
PAUSE = 0.3
PHONE = "13800138000"


@pytest.fixture
def rasa() -> Iterator[FakeRasa]:
    with FakeRasa().serving() as peer:
        yield peer


def finder(text: str) -> tuple[Entity, ...]:
    at = text.find(PHONE)
    found = Entity("phone", PHONE, at, at + len(PHONE)), Entity("role", "老板", 0, 1)
    return found if at >= 0 else ()


def server(rasa: FakeRasa, timeout: float = 2.0, token: str = TOKEN) -> RasaServer:
    return RasaServer(rasa.url, token, timeout, finder)


class Own:
    """The engine of this process; counts what it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, text: str) -> Understanding:
        self.asked += 1
        return OWN


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.name == "nlu.sidecar"]


def test_what_rasa_says_is_understood(rasa: FakeRasa) -> None:
    found = server(rasa)(TEXT)
    assert (found.intent, found.confidence, found.sure) == ("ask_time", 0.91, True)
    assert found.entities == (Entity("licence_kind", "食品经营许可证", 1, 4),)
    assert found.ranking == (("ask_time", 0.91), ("out_of_scope", 0.06), ("ask_fee", 0.03))
    assert found.scope == 0.91
    assert server(rasa).ready()


def test_where_rasa_is_not_sure_neither_are_we(rasa: FakeRasa) -> None:
    rasa.answer = ANSWER | {
        "intent": {"name": "nlu_fallback", "confidence": 0.5},
        "intent_ranking": [{"name": "nlu_fallback", "confidence": 0.5}, *ANSWER["intent_ranking"]],
    }
    found = server(rasa)(TEXT)
    assert (found.intent, found.sure) == ("ask_time", False)
    outside = [{"name": "out_of_scope", "confidence": 0.9}, {"name": "greet", "confidence": 0.1}]
    rasa.answer = ANSWER | {"intent": outside[0], "intent_ranking": outside}
    found = server(rasa)(TEXT)
    assert (found.intent, found.sure, found.scope) == ("out_of_scope", False, 0.1)
    rasa.answer = ANSWER | {"intent": {"name": None, "confidence": 0.0}, "intent_ranking": []}
    assert server(rasa)("").intent == ""


def test_what_has_rules_is_found_by_the_rules(rasa: FakeRasa) -> None:
    text = f"{TEXT} {PHONE}"
    entities: list[dict[str, Any]] = copy.deepcopy(ANSWER["entities"])
    entities += [
        {"entity": "phone", "value": "138", "start": 8, "end": 11},  # ours is better
        {"entity": "role", "value": "店长", "start": 10, "end": 12},  # over ours
        {"entity": "role", "value": "店长", "start": 5, "end": 99},  # beyond the end
    ]
    rasa.answer = ANSWER | {"entities": entities}
    assert server(rasa)(text).entities == (
        Entity("licence_kind", "食品经营许可证", 1, 4),
        Entity("phone", PHONE, 8, 19),
    )


@pytest.mark.parametrize("text", ["", "\ud83d 半个", "\x00", "a" * 100_000, '{"text": "\'"}'])
def test_any_text_can_be_asked(rasa: FakeRasa, text: str) -> None:
    assert server(rasa)(text).intent == "ask_time"
    assert len(rasa.texts[-1]) == min(len(text), 400)


BROKEN = [
    b"",
    b"<html>",
    b'{"intent":',
    b"\xff\xfe",
    [],
    {},
    None,
    ANSWER | {"intent": "ask_time"},
    ANSWER | {"intent": {"name": "ask_time", "confidence": "high"}},
    ANSWER | {"entities": [{"entity": "role"}]},
    ANSWER | {"intent_ranking": None},
    b'{"intent": {"name": "a", "confidence": NaN}, "entities": [], "intent_ranking": []}',
]


@pytest.mark.parametrize("answer", BROKEN, ids=lambda one: repr(one)[:40])
def test_an_answer_that_is_none_of_rasas_is_not_believed(
    rasa: FakeRasa, answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    rasa.answer = answer
    assert Sidecar(server(rasa), Own())(TEXT) is OWN
    assert warnings(caplog) == [
        "Rasa does not answer (an answer that is none of Rasa's): understanding in this process until it does"
    ]


def test_a_fault_of_rasas_is_ours_to_stand_in_for(rasa: FakeRasa) -> None:
    rasa.status, rasa.answer = 500, {"status": "failure", "message": TEXT}
    with pytest.raises(Unanswered, match=r"^status 500$"):
        server(rasa)(TEXT)
    with pytest.raises(Unanswered, match=r"^status 401$"):
        server(rasa, token="another")(TEXT)
    with pytest.raises(Unanswered, match=r"^status 401$"):
        server(rasa, token="")(TEXT)


def test_a_slow_server_is_not_waited_for_twice(rasa: FakeRasa, caplog: pytest.LogCaptureFixture) -> None:
    rasa.delay = 5
    own = Own()
    sidecar = Sidecar(server(rasa, timeout=0.2), own, pause=30)
    began = time.monotonic()
    for _ in range(50):
        assert sidecar(TEXT) is OWN
    assert time.monotonic() - began < 1.5
    assert (own.asked, len(rasa.texts)) == (50, 1)
    assert len(warnings(caplog)) == 1


def test_it_goes_down_and_comes_back_with_a_line_each(caplog: pytest.LogCaptureFixture) -> None:
    rasa = FakeRasa()
    with rasa.serving():
        sidecar = Sidecar(server(rasa), Own(), PAUSE)
        assert sidecar(TEXT).intent == "ask_time"
    for _ in range(5):
        assert sidecar(TEXT) is OWN
    time.sleep(PAUSE)
    for _ in range(5):
        assert sidecar(TEXT) is OWN  # tried again once, in vain
    assert len(warnings(caplog)) == 1
    with rasa.serving():
        assert sidecar(TEXT) is OWN  # left alone for now
        time.sleep(PAUSE)
        assert sidecar(TEXT).intent == "ask_time"
        assert sidecar(TEXT).intent == "ask_time"
    down, back = warnings(caplog)
    assert down.startswith("Rasa does not answer (Connect")
    assert back == "Rasa answers again"


def test_one_message_alone_tries_a_server_that_failed(rasa: FakeRasa) -> None:
    rasa.status = 500
    own = Own()
    sidecar = Sidecar(server(rasa), own, PAUSE)
    sidecar(TEXT)
    rasa.status, rasa.delay = 200, 0.2
    time.sleep(PAUSE)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(sidecar, [TEXT] * 8))
    assert [one.intent for one in found].count("ask_time") == 1
    assert len(rasa.texts) == 2


def test_nothing_typed_and_no_token_is_logged(rasa: FakeRasa, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("httpx").setLevel(logging.NOTSET)
    sidecar = Sidecar(server(rasa), Own())
    sidecar(TEXT)
    rasa.answer = b"{"
    sidecar(TEXT)
    told = "\n".join(one.getMessage() for one in caplog.records if one.name.startswith(("nlu", "httpx")))
    assert TEXT not in told
    assert TOKEN not in told


def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nlu: str) -> Any:
    (tmp_path / "settings.toml").write_text(f'[hall]\nname = "厅"\n[nlu]\n{nlu}\n', "utf-8")
    monkeypatch.setenv("BANSHI_CONFIG", str(tmp_path))
    return load_settings(tmp_path / "home")


@pytest.mark.parametrize(
    ("nlu", "key"),
    [
        ('engine = "lex"', "nlu.engine"),
        ('rasa_url = "127.0.0.1:5005"', "nlu.rasa_url"),
        ('rasa_url = "http://h/?token=x"', "nlu.rasa_url"),
        ("rasa_timeout = 0", "nlu.rasa_timeout"),
        ('rasa_token = "x"', "nlu.rasa_token"),
    ],
)
def test_a_bad_setting_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nlu: str, key: str) -> None:
    with pytest.raises(ConfigError, match=key):
        settings(tmp_path, monkeypatch, nlu)


def test_the_token_comes_from_the_environment_or_is_made_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rasa: FakeRasa
) -> None:
    monkeypatch.setenv("BANSHI_RASA_TOKEN", TOKEN)
    chosen = settings(tmp_path, monkeypatch, f'engine = "rasa"\nrasa_url = "{rasa.url}"')
    assert TOKEN not in repr(chosen)
    assert rasa_beside(chosen, Own(), Finder(Gazetteer({})))(TEXT).intent == "ask_time"
    monkeypatch.delenv("BANSHI_RASA_TOKEN")
    chosen = load_settings(tmp_path / "home")
    token = rasa_token(chosen).get_secret_value()
    assert len(token) >= 32
    assert rasa_token(chosen).get_secret_value() == token
    assert (tmp_path / "home" / "rasa" / "token").stat().st_mode & 0o777 == 0o600
