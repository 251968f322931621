"""Bundles: the files and their faults, the language of conditions, and the engine that asks the next question."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.bundles import engine, papers
from bot.bundles.answers import KINDS
from bot.bundles.catalogue import load_catalogue
from bot.bundles.conditions import NotACondition, clauses, facts, holds
from bot.bundles.model import Bundle
from bot.bundles.plan import plan
from bot.bundles.saying import Said, accept
from bot.bundles.schema import schema
from bot.errors import CitizenError, ConfigError
from bot.settings import ROOT

CATALOGUE = load_catalogue(ROOT / "config")
RESTAURANT = CATALOGUE.bundles["open-restaurant"]

FIELDS = """
size: {name: 面积, kind: area, ask: 多大, entity: area}
smoke: {name: 油烟, kind: choose, ask: 有油烟吗, options: [{value: 有, means: "yes"}, {value: 没有, means: "no"}]}
flue: {name: 烟道, kind: choose, ask: 有烟道吗, options: [有, 没有]}
name: {name: 店名, kind: name, ask: 叫什么}
"""
BUNDLE = """
id: small
name: 小店
code: XD
begins: [面馆]
steps:
  - ask: size
  - ask: smoke
  - ask: flue
    when: smoke == 有
  - id: stop_flue
    when: smoke == 有 and flue == 没有
    stop: 没有烟道。
    basis: 某法
  - ask: name
"""


def written(folder: Path, fields: str = FIELDS, **bundles: str) -> Path:
    (folder / "bundles").mkdir(exist_ok=True)
    (folder / "fields.yml").write_text(fields, "utf-8")
    for name, text in bundles.items():
        (folder / "bundles" / f"{name}.yml").write_text(text, "utf-8")
    return folder


@pytest.fixture
def small(tmp_path: Path) -> Bundle:
    return load_catalogue(written(tmp_path, small=BUNDLE)).bundles["small"]


def test_conditions_are_clauses_joined_by_and() -> None:
    assert holds("", {})
    assert holds("size >= 50 and smoke == 有", {"size": "50", "smoke": "有"})
    assert not holds("size > 50", {"size": "50"})
    assert holds("size in 1|50", {"size": "50"})
    assert not holds("size != 50", {}), "nothing is decided on what nobody has said"
    assert not holds("size < 50", {"size": "不清楚"})
    assert facts("size > 50 and smoke == 有") == {"size", "smoke"}


@pytest.mark.parametrize(
    "text", ["size", "size = 5", "size > many", "__import__('os')", "size == 5 or smoke == 有 and"]
)
def test_what_is_no_condition_is_said(text: str) -> None:
    with pytest.raises(NotACondition):
        clauses(text)


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        ("code: XD", "code: xd", 4, "code"),
        ("- ask: name", "- ask: nobody", 15, "fields.yml has no 'nobody'"),
        ("smoke == 有\n  - id", "smoke == 也许\n  - id", 10, "smoke is never 也许"),
        ("    basis: 某法\n", "", 11, "a stop needs its basis"),
        ("when: smoke == 有\n", "when: name == 有\n", 10, "'name' is not asked before it"),
        ("name: 小店", "name: 小店\nnickname: 铺子", 4, "nickname"),
        ("id: small", "id: large", 2, "as the file is called"),
        ("when: smoke == 有 and", "when: smoke is 有 and", 12, "not a condition"),
    ],
)
def test_every_fault_has_its_line(tmp_path: Path, old: str, new: str, line: int, what: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load_catalogue(written(tmp_path, small=BUNDLE.replace(old, new, 1)))
    (fault,) = str(raised.value).splitlines()
    assert f"small.yml:{line}:" in fault and what in fault


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    fields = FIELDS.replace("kind: area", "kind: size").replace("ask: 叫什么", "question: 叫什么")
    other = BUNDLE.replace("id: small", "id: other")
    with pytest.raises(ConfigError) as raised:
        load_catalogue(written(tmp_path, fields, small=BUNDLE, other=other))
    assert len(str(raised.value).splitlines()) >= 5
    with pytest.raises(ConfigError, match="has the same code or name"):
        load_catalogue(written(tmp_path, FIELDS, small=BUNDLE, other=other))
    with pytest.raises(ConfigError, match=r"small\.yml:3"):
        load_catalogue(written(tmp_path, FIELDS, small="id: small\nsteps: [\n", other=other))


def test_the_next_step_is_the_first_that_applies_and_has_no_answer(small: Bundle) -> None:
    def next_of(**answers: str) -> str | None:
        step = engine.next_step(small, answers)
        return step.id if step else None

    assert next_of() == "size"
    assert next_of(size="60") == "smoke"
    assert next_of(size="60", smoke="没有") == "name"
    assert next_of(size="60", smoke="有", flue="没有") == "stop_flue"
    assert next_of(size="60", smoke="有", flue="有", name="老王") is None
    assert engine.place(small, {"size": "60"}) == (2, 3)
    assert engine.place(small, {"size": "60", "smoke": "有"}) == (3, 4)


def test_a_changed_answer_asks_again_what_rested_on_it(small: Bundle) -> None:
    answers = {"size": "60", "smoke": "有", "flue": "有", "name": "老王"}
    assert engine.changed(small, answers, "smoke", "没有") == {"size": "60", "smoke": "没有", "name": "老王"}
    assert engine.changed(small, answers, "size", "80") == answers | {"size": "80"}
    assert engine.changed(small, answers, "smoke", "有") == answers
    assert engine.without(small, answers, "size") == {key: answers[key] for key in ("smoke", "flue", "name")}
    before = engine.last_answered(small, {"size": "60", "smoke": "没有"})
    assert before is not None and before.id == "smoke"


@pytest.mark.parametrize(
    ("typed", "value"),
    [("1", "商场或独立商铺"), ("第二个", "商住楼"), ("就第三种吧", "住宅楼"), ("商住", "商住楼"), ("上住楼", "商住楼"),
     ("商注楼", "商住楼"), ("在居民楼里", "住宅楼"), ("我不知道啊", "不清楚"), ("沿街商铺，一楼", "商场或独立商铺")],
)  # fmt: skip
def test_a_choice_by_number_label_beginning_or_near_spelling(typed: str, value: str) -> None:
    assert accept(CATALOGUE.questions["building"], Said(typed)) == value


@pytest.mark.parametrize(
    ("id", "typed", "yes", "value"),
    [("tobacco", "不卖烟", None, "不卖"), ("tobacco", "卖烟的", None, "卖"), ("tobacco", "不准备卖烟", None, "不卖"),
     ("dine_in", "不堂食", None, "不设堂食"), ("dine_in", "有十来个座位", None, "有堂食"), ("fumes", "嗯", True, "有"),
     ("fumes", "不是", False, "没有"), ("delivery", "不用寄 我自己去拿", None, "自己去窗口拿"),
     ("drinks", "不卖奶茶", None, "不卖"),
     ("drinks", "奶茶不卖", None, "不卖"), ("signboard", "招牌要挂", None, "要"),
     ("signboard", "不用挂招牌", None, "不要"), ("delivery", "寄给我吧", None, "邮寄给我")],
)  # fmt: skip
def test_free_speech_and_denials(id: str, typed: str, yes: bool | None, value: str) -> None:
    assert accept(CATALOGUE.questions[id], Said(typed, yes=yes)) == value


def test_free_speech_fills_what_it_tells_and_no_more() -> None:
    said = Said("在商场里 60平 卖奶茶 不堂食", {"area": ("60",)})
    assert engine.filled(RESTAURANT, {}, said) == {
        "building": "商场或独立商铺", "area": "60", "dine_in": "不设堂食", "drinks": "卖",
    }  # fmt: skip
    assert engine.filled(RESTAURANT, {"area": "80"}, Said("六十平", {"area": ("60",)})) == {}
    assert engine.filled(RESTAURANT, {}, Said("60平或者80平", {"area": ("60", "80")})) == {}


@pytest.mark.parametrize(
    ("kind", "typed", "kept"),
    [("phone", "138 0013-8000", "13800138000"), ("phone", "１３８００１３８０００", "13800138000"),
     ("area", "60平", "60"),
     ("date", "2026年12月1日", "2026-12-01"), ("id_number", "61032819000101003x", "61032819000101003X"),
     ("uscc", "92610328MAC0DEM24U", "92610328MAC0DEM24U"), ("name", " 老王 面馆 ", "老王 面馆"),
     ("number", "12", "12")],
)  # fmt: skip
def test_what_is_kept_of_an_answer(kind: str, typed: str, kept: str) -> None:
    assert KINDS[kind](typed) == kept


@pytest.mark.parametrize(
    ("kind", "typed"),
    [("phone", "12345"), ("area", "很大"), ("area", "0"), ("date", "2026年2月30日"),
     ("id_number", "610328190001010102"),
     ("uscc", "92610328MAC0DEM24A"), ("name", "，，"), ("name", "长" * 61), ("text", "  "), ("text", "长" * 201),
     ("address", "楼下"), ("number", "十"), ("area", "60.5.5")],
)  # fmt: skip
def test_what_is_no_answer_says_why(kind: str, typed: str) -> None:
    with pytest.raises(CitizenError):
        KINDS[kind](typed)


@given(st.lists(st.tuples(st.sampled_from(list(RESTAURANT.questions)), st.integers(0, 4)), max_size=60))
def test_no_order_of_answers_and_corrections_ends_with_one_missing(moves: list[tuple[str, int]]) -> None:
    """Whatever is said, taken back or changed: at the end everything that applies is answered, and nothing else."""
    answers: dict[str, str] = {}
    for id, pick in moves:
        question = RESTAURANT.questions[id]
        values = [option.value for option in question.options] or ["60", "80"]
        answers = engine.changed(RESTAURANT, answers, id, None if pick == 4 else values[pick % len(values)])
    while (step := engine.next_step(RESTAURANT, answers)) is not None and step.questions:
        open_ = [question for question in step.questions if question.id not in answers]
        answers |= {question.id: question.options[0].value if question.options else "60" for question in open_}
    applying = engine.applying(RESTAURANT, answers)
    if step is None:
        assert {question.id for one in applying for question in one.questions} <= set(answers)
    else:
        assert step.stop and step in applying
    kept = papers.settled(RESTAURANT, answers | {"paper.gone": "photo"})
    assert "paper.gone" not in kept and set(kept) <= {q.id for one in applying for q in one.questions}


def test_a_plan_has_what_applies_in_its_order() -> None:
    answers = {"has_business_license": "还没有", "tobacco": "卖", "signboard": "不要", "area": "60"}
    found = plan(RESTAURANT, answers)
    assert [item.id for item in found.items] == ["business_license", "food_licence", "tobacco_licence"]
    assert found.order == (("business_license",), ("food_licence", "tobacco_licence"))
    assert (found.legal, found.promised) == (3 + 20, 1 + 20), "the longest way, not the sum of all"
    assert {material.id: material.how for material in found.materials}["rules_list"] == "defer"
    assert "business_license" not in {material.id for material in found.materials}
    assert "building" in found.fields_to_ask and "area" not in found.fields_to_ask and found.stop is None
    assert found.visits_saved == 2


def test_a_plan_stops_where_the_law_does() -> None:
    found = plan(RESTAURANT, {"building": "住宅楼", "fumes": "有"})
    assert found.stop is not None and found.stop.id == "stop_dwelling"
    assert "八十一" in found.stop.basis


def test_the_plan_of_the_command_line(tmp_path: Path) -> None:
    answers = tmp_path / "a.json"
    answers.write_text('{"area": 400, "has_business_license": "已有"}', "utf-8")
    run = ["plan", "open-restaurant", "--answers", str(answers), "--json"]
    done = subprocess.run([sys.executable, "-m", "bot", *run], cwd=ROOT, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    assert [one["id"] for one in told["items"]] == ["food_licence", "fire_check"]
    assert told["working_days"] == {"legal": 10, "promised": 10}
    assert {"id", "why", "how", "basis"} <= set(told["materials"][0])
    answers.write_text('{"size": 1, "tobacco": "也许"}', "utf-8")
    done = subprocess.run([sys.executable, "-m", "bot", *run], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2 and "no 'size'" in done.stderr and "也许" in done.stderr


def test_the_schema_for_editors_is_that_of_the_program() -> None:
    kept = json.loads((ROOT / "config/bundles/schema.json").read_text("utf-8"))
    assert kept == schema(), "run `banshi bundles --schema > config/bundles/schema.json`"
    assert set(kept["properties"]) == set(Bundle.model_fields)
    assert {"ask", "tick", "say", "stop", "when"} <= set(kept["$defs"]["Step"]["properties"])
