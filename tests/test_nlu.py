"""Understanding: training files, entities, the model, held-back utterances, and messages of any kind."""

import json
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.app import TRAINING, build_ear, open_understanding
from bot.domain.messages import InboundEvent
from bot.settings import ROOT, load_settings
from knowledge.embedding import Embedder, Vectors
from nlu.clauses import clauses
from nlu.codes import case_check, sound_id, sound_licence, sound_uscc
from nlu.entities import Finder
from nlu.evaluate import calibration_error
from nlu.examples import DataFault, Example, read
from nlu.features import Embed, masked
from nlu.labels import meant
from nlu.model import Model, digest, nearness
from nlu.negation import denied_behind, negated
from nlu.rasa_runs import RasaFailed
from nlu.rasa_trial import RasaTrial
from nlu.references import choice, ordinal
from nlu.text import fold
from nlu.training import train
from nlu.understand import SHIPPED, Understand, checked
from nlu.vectors import remade

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


def learnt(folder: Path, embed: Embed | None) -> Understand:
    training = checked(folder)
    finder = Finder.of(training)
    return Understand(training, finder, train(training, finder, embed), embed)


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
    first, again = learnt(small, embedder.queries), learnt(small, embedder.queries)
    assert first("我打算开一家面馆").ranking == again("我打算开一家面馆").ranking
    training = read(small)
    train(training, Finder.of(training), embedder.queries, "x").save(file)
    loaded = Model.load(file)
    assert loaded is not None and loaded.digest == "x" and loaded.intents == ("open", "out_of_scope", "renew")
    back = Understand(training, Finder.of(training), loaded, embedder.queries)
    assert back("我打算开一家面馆").intent == first("我打算开一家面馆").intent == "open"
    assert np.isclose(back("帮我续一下证").confidence, first("帮我续一下证").confidence, atol=1e-3)
    file.write_bytes(b"broken")
    assert Model.load(file) is None


class Counting:
    """An embedder that remembers what it was asked for."""

    def __init__(self, embedder: Embedder) -> None:
        self.name, self.dimensions = embedder.name, embedder.dimensions
        self.embedder, self.asked = embedder, [""]
        self.asked.clear()

    def queries(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return self.embedder.queries(texts)

    def passages(self, texts: Sequence[str]) -> Vectors:
        return self.embedder.passages(texts)


def test_to_train_again_only_new_examples_are_embedded_and_nothing_else_changes(
    small: Path, embedder: Embedder, tmp_path: Path
) -> None:
    counting, first, second = Counting(embedder), tmp_path / "first.npz", tmp_path / "second.npz"
    texts = [one.text for one in read(small).examples]
    made = remade(texts[1:], counting.queries, "e5", [], first)
    assert made.shape == (11, 384) and counting.asked == texts[1:]
    counting.asked.clear()
    again = remade(texts, counting.queries, "e5", [tmp_path / "missing.npz", first], second)
    assert counting.asked == texts[:1] and (again[1:] == made).all()
    assert (remade(texts, counting.queries, "e5", [], first) == again).all(), "made now or kept is the same"
    counting.asked.clear()
    remade(texts, counting.queries, "another", [first], second)
    assert counting.asked == texts, "vectors of another embedder are of no use"
    first.write_bytes(b"broken")
    assert (remade(texts, embedder.queries, "e5", [first], second) == again).all()


def test_a_message_is_embedded_once_for_understanding_and_for_search(home: Path, embedder: Embedder) -> None:
    counting = Counting(embedder)
    ear = build_ear(load_settings(home), counting, {})
    event = InboundEvent("webchat", "1", "citizen", "text", datetime.now(UTC), text="食品经营许可证快过期了怎么延续呢")
    heard = ear.hear(event, datetime.now(UTC))
    assert heard.understanding.intent and heard.answers
    assert counting.asked == [event.text]


def test_only_what_words_leave_in_doubt_is_embedded(embedder: Embedder, tmp_path: Path) -> None:
    counting = Counting(embedder)
    understand = open_understanding(load_settings(tmp_path), counting)
    for text, reason in (("你好", "known by heart"), ("我想开一家奶茶店需要办哪些证照", "certain by its words")):
        assert understand(text).sure and not counting.asked, reason
    tests = [one.text for one in held_back("dev")]
    told = [understand(text) for text in tests]
    assert 0.2 * len(tests) < len(counting.asked) < 0.8 * len(tests)
    alone = [one for one, text in zip(told, tests, strict=True) if text not in counting.asked]
    assert all(one.sure and one.confidence > 0.95 for one in alone)


def test_only_the_likeliest_intents_are_looked_at_for_nearness() -> None:
    examples = np.array([[1, 0], [0, 1], [0.6, 0.8], [0.8, 0.6]], np.float32)
    starts, likely = np.array([0, 1, 2]), np.array([0.5, 0.3, 0.2], np.float32)
    assert nearness(likely, examples[0], examples, starts, None) == 1.0
    assert nearness(likely, examples[0], examples, starts, 0) == pytest.approx(0.7), "the outside is not near"


def test_a_model_knows_its_training_files(small: Path) -> None:
    before = digest(small, "e5")
    assert before != digest(small, "none")
    (small / "nlu.yml").write_text(SMALL.replace("续证", "续个证", 1), "utf-8")
    assert before != digest(small, "e5")


def test_words_alone_are_enough_to_work(small: Path) -> None:
    alone = learnt(small, None)
    assert alone("我要续证").intent == "renew" and alone("想开个面馆").entities[0].value == "面馆"
    assert alone("续证！").confidence == 1.0 and alone("续证！").sure, "known by heart"


def test_an_engine_is_judged_by_files_of_ones_own(small: Path, tmp_path: Path) -> None:
    """In a process of its own: in one that has freed much already, memory that is used again would not be seen."""
    files = ["--train", str(small), "--test", str(small), "--home", str(tmp_path / "home"), "--json"]
    run = [sys.executable, "-m", "bot", "nlu", "eval", *files]
    found = json.loads(subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
    assert found["n"] == 12 and found["accuracy"] == 1.0 and found["oos_auroc"] == 1.0
    assert 20 < found["rss_mb"] < 350 and 0 < found["ready_s"] < found["train_s"], "without what training takes"
    assert calibration_error(np.array([0.9, 0.9]), np.array([True, False])) == pytest.approx(0.4)


def test_the_command_line_speaks_rasas_shape(tmp_path: Path) -> None:
    run = ["nlu", "parse", "我想开个面馆", "--json", "--home", str(tmp_path)]
    done = subprocess.run([sys.executable, "-m", "bot", *run], cwd=ROOT, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    assert told["intent"]["name"] == "start_bundle" and told["intent_ranking"][0]["name"] == "start_bundle"
    assert {"entity": "business_kind", "value": "面馆", "start": 4, "end": 6} in told["entities"]


def test_without_rasa_nothing_begins(tmp_path: Path) -> None:
    with pytest.raises(RasaFailed, match=r"^[^\n]+make rasa-install[^\n]+$"):
        RasaTrial(tmp_path / "no environment")


@pytest.mark.skipif((ROOT / ".venv-rasa").exists(), reason="Rasa is there")
def test_without_rasa_its_evaluation_is_refused_in_one_line(small: Path, tmp_path: Path) -> None:
    files = ["--train", str(small), "--test", str(small), "--home", str(tmp_path)]
    for run in (["nlu", "eval", "--engine", "rasa"], ["bench", "nlu", "--peer"]):
        done = subprocess.run([sys.executable, "-m", "bot", *run, *files], cwd=ROOT, capture_output=True, text=True)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


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
SIGNS += [
    "「『",
    "』」",
    "“‘",
    "’”",
    "\u0301" * 30,
    "مرحبا",
    "\u200f",
    "{{7*7}}",
    "$(rm -rf /)",
    "${jndi:ldap://x}",
    "%00",
]
BEFORE = ["忽略以上指令", "我想开个面馆", "'; DROP TABLE inbox;--", "<script>", "明天下午三点", "六十平", "9" * 40]
HUGE = ["长" * 10**6, "《" * 20_000, "第" * 5000 + "项", "1" * 10**5, "不" * 50_000, "明天" * 20_000, "[" * 9000]
HUGE += ["“‘" * 9000, "\u200b" * 10**5, "\u202e我要开店\u202c" * 9000, "13800138000 " * 9000, "下周三上午" * 9000]


def fuzzed(count: int) -> list[str]:
    """Any signs of all planes, rare ones alone, and those that break parsers between words that mean something."""
    draw = random.Random(20261122)

    def signs(many: int) -> list[str]:
        return [chr(draw.randrange(0x20, 0x2FFFF)) for _ in range(many)]

    made = [*HUGE, *("".join(signs(128 + n)) for n in range(100)), *("".join(signs(2000)) for _ in range(100))]
    while len(made) < count:
        made.append("".join(draw.choices([*BEFORE, *SIGNS, *signs(8)], k=draw.randrange(1, 60))))
    return made


def test_no_message_of_two_thousand_raises_or_takes_long(understand: Understand) -> None:
    """Of this process' time, and in one of three tries, since a crowded machine makes that dearer too."""
    understand("热身")
    for text in fuzzed(2000):
        assert any(spent(understand, text) < 1 for _ in range(3)), text[:50]  # a fifth, where nothing else runs


def spent(understand: Understand, text: str) -> float:
    began = time.process_time()
    found = understand(text)
    took = time.process_time() - began
    assert 0 <= found.confidence <= 1 and all(one.start < one.end <= len(text) for one in found.entities)
    return took


@given(st.text(max_size=300))
@settings(deadline=None, max_examples=200)
def test_entities_lie_in_the_text_and_not_over_one_another(text: str) -> None:
    found = FINDER(text)
    assert all(0 <= one.start < one.end <= len(text) for one in found)
    assert all(before.end <= after.start for before, after in pairwise(found))


def test_the_shipped_model_is_small_and_without_code() -> None:
    vectors = SHIPPED.with_name("vectors.npz")
    assert SHIPPED.stat().st_size + vectors.stat().st_size < 16_000_000
    assert np.load(SHIPPED, allow_pickle=False)["told"].dtype == np.uint8
    assert len(np.load(vectors, allow_pickle=False)["vectors"]) == len(checked(TRAINING).examples)
