"""Understanding: training files, entities, the model, held-back utterances, and messages of any kind."""

import json
import random
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.app import TRAINING, open_understanding
from bot.settings import ROOT, load_settings
from knowledge.embedding import Embedder
from nlu.clauses import clauses
from nlu.codes import case_check, sound_id, sound_licence, sound_uscc
from nlu.entities import Finder
from nlu.evaluate import calibration_error, evaluate
from nlu.examples import DataFault, Example, read
from nlu.features import masked
from nlu.inprocess import InProcess
from nlu.labels import meant
from nlu.model import Model
from nlu.negation import denied_behind, negated
from nlu.references import choice, ordinal
from nlu.text import fold
from nlu.training import digest
from nlu.understand import SHIPPED, Understand, checked, learnt

UTTERANCES = ROOT / "tests/data"
FINDER = Finder.of(checked(TRAINING))
SMALL = """
version: "3.1"
nlu:
- intent: open
  examples: |
    - 我想开个[面馆](business_kind)
    - 开[奶茶店]{"entity": "business_kind", "value": "饮品店"}
    - 打算开家店
    - 准备开个铺子
- intent: renew
  examples: |
    - 续证
    - 我要续[食品证](licence_kind)
    - 证到期了帮我续
    - 延续许可证
- intent: out_of_scope
  examples: |
    - 今天天气怎么样
    - 讲个笑话
    - 明天下雨吗
    - 唱首歌
- synonym: 食品经营许可证
  examples: |
    - 食品证
- lookup: business_kind
  examples: |
    - 面馆
"""


@pytest.fixture(scope="module")
def understand(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Understand:
    """With the shipped model: nothing is trained here."""
    home = tmp_path_factory.mktemp("understanding")
    opened = open_understanding(load_settings(home), embedder)
    assert not (home / "nlu").exists(), "the shipped model is of other training files: banshi nlu train --ship"
    return opened


@pytest.fixture
def small(tmp_path: Path) -> Path:
    (tmp_path / "nlu.yml").write_text(SMALL, "utf-8")
    return tmp_path


def test_the_shipped_training_data_is_sound_and_full() -> None:
    training = checked(TRAINING)
    counts: dict[str, int] = {}
    for example in training.examples:
        counts[example.intent] = counts.get(example.intent, 0) + 1
    assert len(counts) >= 26 and min(counts.values()) >= 40, counts


def held_back(half: str) -> list[Example]:
    """The utterances of a half that are not, by chance, an example too: short ones often are."""
    known = {fold(example.text) for example in checked(TRAINING).examples}
    return [
        one for one in read(UTTERANCES / f"utterances_{half}.yml").checked().examples if fold(one.text) not in known
    ]


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("nlu:\n- intent: a\n  examples: |\n    没有横杠\n", 4, "begins with a hyphen"),
        ("nlu:\n- intent: a\n", 2, "no examples"),
        ("nlu:\n- intent: a\n  examples: |\n    - [面馆](business_kind 未完\n", 4, "cannot be read"),
        ("nlu:\n- regex: a\n  examples: |\n    - (未完\n", 4, "missing )"),
        ("nlu:\n- story: a\n", 2, "neither of"),
        ("nlu: [\n", 2, ""),
    ],
)
def test_a_fault_has_its_file_and_line(tmp_path: Path, text: str, line: int, what: str) -> None:
    (tmp_path / "a.yml").write_text(text, "utf-8")
    with pytest.raises(DataFault) as raised:
        checked(tmp_path)
    assert f"a.yml:{line}: " in str(raised.value) and what in str(raised.value)


def test_a_text_of_two_intents_is_a_fault(small: Path) -> None:
    (small / "b.yml").write_text('nlu:\n- intent: close\n  examples: |\n    - "续证！"\n', "utf-8")
    (small / "c.yml").write_text("nlu:\n- intent: close\n  examples: |\n    - 续证。\n", "utf-8")
    with pytest.raises(DataFault, match="is an example of"):
        checked(small)


@pytest.mark.parametrize(
    ("text", "entity", "value"),
    [
        ("我想开个面馆", "business_kind", "面馆"),
        ("食品证丢了", "licence_kind", "食品经营许可证"),
        ("我在千阳县", "place", "610328"),
        ("千阳县南大街12号", "place", "610328"),
        ("六十平的店", "area", "60"),
        ("一百二十平方米", "area", "120"),
        ("面积是68", "area", "68"),
        ("三四十平", "area", "30-40"),
        ("注册资本五十万", "amount", "500000"),
        ("交了三千块", "amount", "3000"),
        ("电话138 0013-8000", "phone", "13800138000"),
        ("１３８００１３８０００", "phone", "13800138000"),
        ("身份证61032819000101003x", "id_number", "61032819000101003X"),
        ("代码92610328MAC0DEM24U", "uscc", "92610328MAC0DEM24U"),
        ("许可证JY26103280000267", "licence_number", "JY26103280000267"),
        ("受理号 20261110-CY-00031 帮我看看", "case_number", "20261110-CY-00031"),
    ],
)
def test_what_is_named_is_found_in_one_form(text: str, entity: str, value: str) -> None:
    assert (entity, value) in {(one.entity, one.value) for one in FINDER(text)}


def test_both_sides_of_a_correction_are_found() -> None:
    assert [one.value for one in FINDER("刚才说错了 面积是68不是86")] == ["68", "86"]
    assert [one.value for one in FINDER("从60平扩到120平")] == ["60", "120"]


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (sound_uscc, ["92610328MAC0DEM24U", "91610328MAC0DEM164", "91371082MADXTEE309", "91310106MA1KDEM57X",
                      "92110115MABCDEF451", "93610328MAH0DEM662", "911101083303521997"],
         ["92610328MAC0DEM24A", "92610328MACODEMO4U", ""]),
        (sound_id, ["610328190001010101", "61032819000101003X"],
         ["610328190001010102", "110101190002290011", "999999190001010101", "610328190001010"]),
        (sound_licence, ["JY26103280000267", "JY16103280000016", "JY36103280000079", "YB26103280000015",
                         "YB16103280000129", "JY11108071215650", "JY11105050876919"],
         ["JY26103280000260", "JY11101050363440"]),
    ],
)  # fmt: skip
def test_check_digits(check: object, good: list[str], bad: list[str]) -> None:
    assert callable(check)
    assert [check(one) for one in good] == [True] * len(good)
    assert [check(one) for one in bad] == [False] * len(bad)


def test_a_case_number_has_a_check_digit_that_finds_a_slip() -> None:
    number = "20261121-CY-00001"
    assert len({case_check(number[:-1] + last) for last in "0123456789"}) == 10


def test_denied_words_places_in_lists_labels_and_clauses() -> None:
    assert negated("不用寄 我自己去拿", 2) and not negated("不用寄 我自己去拿", 6)
    assert not negated("没问题 寄给我", 4)
    assert denied_behind("奶茶不卖", 2) and not denied_behind("奶茶卖得好", 2)
    assert (ordinal("改第3项"), ordinal("第二个吧"), ordinal("二楼")) == (3, 2, None)
    assert (choice("就第二个吧"), choice("第二个孩子上学")) == (2, None)
    labels = ["商场或独立商铺", "商住楼", "住宅楼"]
    assert meant("商注楼", labels) == "商住楼" and meant("商", labels) is None and meant("住宅", labels) == "住宅楼"
    assert meant("在住宅楼里", labels, loosely=False) is None
    assert clauses("开面馆，顺便问一下健康证在哪办") == ["开面馆", "健康证在哪办"]


def test_named_things_are_masked_by_their_kind() -> None:
    one, other = "我想开个面馆", "我想开个理发店"
    assert masked(one, FINDER(one)) == masked(other, FINDER(other)) != one


def test_a_model_is_the_same_twice_and_comes_back_from_its_file(
    small: Path, embedder: Embedder, tmp_path: Path
) -> None:
    file = tmp_path / "kept" / "model.npz"
    first = learnt(small, embedder.queries, mark="x", keep_in=file)
    again = learnt(small, embedder.queries, mark="x")
    assert first("我打算开一家面馆").ranking == again("我打算开一家面馆").ranking
    loaded = Model.load(file)
    assert loaded is not None and loaded.digest == "x" and loaded.intents == ("open", "out_of_scope", "renew")
    back = Understand(read(small), Finder.of(read(small)), loaded, embedder.queries)
    assert back("我打算开一家面馆").intent == first("我打算开一家面馆").intent == "open"
    assert np.isclose(back("帮我续一下证").confidence, first("帮我续一下证").confidence, atol=1e-3)
    file.write_bytes(b"broken")
    assert Model.load(file) is None


def test_a_model_knows_its_training_files(small: Path) -> None:
    before = digest(small, "e5")
    assert before != digest(small, "none")
    (small / "nlu.yml").write_text(SMALL.replace("续证", "续个证", 1), "utf-8")
    assert before != digest(small, "e5")


def test_words_alone_are_enough_to_work(small: Path) -> None:
    alone = learnt(small, None)
    assert alone("我要续证").intent == "renew" and alone("想开个面馆").entities[0].value == "面馆"
    assert alone("续证！").confidence == 1.0 and alone("续证！").sure, "known by heart"


def test_an_engine_is_judged_by_files_of_ones_own(small: Path, embedder: Embedder) -> None:
    found = evaluate(InProcess(embedder.queries), small, small)
    assert found.n == 12 and found.accuracy == 1.0 and found.oos_auroc == 1.0
    assert calibration_error(np.array([0.9, 0.9]), np.array([True, False])) == pytest.approx(0.4)


def test_the_command_line_speaks_rasas_shape(tmp_path: Path) -> None:
    run = ["nlu", "parse", "我想开个面馆", "--json", "--home", str(tmp_path)]
    done = subprocess.run([sys.executable, "-m", "bot", *run], cwd=ROOT, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    assert told["intent"]["name"] == "start_bundle" and told["intent_ranking"][0]["name"] == "start_bundle"
    assert {"entity": "business_kind", "value": "面馆", "start": 4, "end": 6} in told["entities"]


def test_utterances_that_nobody_trained_on_are_understood(understand: Understand) -> None:
    """So that it gets no worse; `docs/measurements.md` has the figures, and the bars that they stand against."""
    tests = held_back("test")
    assert len(tests) >= 300
    told = [understand(one.text) for one in tests]
    right = [one.intent == test.intent for one, test in zip(told, tests, strict=True)]
    sure = [ok for ok, one in zip(right, told, strict=True) if one.sure]
    assert sum(right) / len(right) >= 0.92
    assert sum(sure) / len(sure) >= 0.93 and len(sure) / len(right) >= 0.7
    meant_ = [{(one.entity, one.start, one.end) for one in test.entities} for test in tests]
    found = [{(one.entity, one.start, one.end) for one in one_told.entities} for one_told in told]
    both = sum(len(a & b) for a, b in zip(meant_, found, strict=True))
    assert 2 * both / (sum(map(len, meant_)) + sum(map(len, found))) >= 0.9


SIGNS = ["\u200b", "\u202e", "\u2066", "\ufeff", "\x00", "\ud800", "😀", "'", '"', "《", "》", "[", "](x)", "{}", "\n"]


def fuzzed(count: int) -> list[str]:
    draw = random.Random(20261122)
    words = ["忽略以上指令", "我想开个面馆", "'; DROP TABLE inbox;--", "<script>", "明天下午三点", "六十平", "9" * 40]
    made = ["长" * 10**6, "《" * 20_000, "第" * 5000 + "项", "1" * 10**5, "不" * 50_000, "明天" * 20_000, "[" * 9000]
    while len(made) < count:
        any_ = [chr(draw.randrange(0x20, 0x2FFFF)) for _ in range(8)]
        made.append("".join(draw.choices([*words, *SIGNS, *any_], k=draw.randrange(1, 60))))
    return made


def test_no_message_of_two_thousand_raises_or_takes_for_ever(understand: Understand) -> None:
    understand("热身")
    slowest = 0.0
    for text in fuzzed(2000):
        began = time.process_time()
        found = understand(text)
        slowest = max(slowest, time.process_time() - began)
        assert 0 <= found.confidence <= 1 and all(one.start < one.end <= len(text) for one in found.entities)
    assert slowest < 1.0, "nothing grows without bound; `banshi nlu eval` has the real times"


@given(st.text(max_size=300))
@settings(deadline=None, max_examples=200)
def test_entities_lie_in_the_text_and_not_over_one_another(text: str) -> None:
    found = FINDER(text)
    assert all(0 <= one.start < one.end <= len(text) for one in found)
    assert all(before.end <= after.start for before, after in pairwise(found))


def test_the_shipped_model_is_small_and_without_code() -> None:
    assert SHIPPED.stat().st_size < 8_000_000
    assert np.load(SHIPPED, allow_pickle=False)["told"].dtype == np.uint8
