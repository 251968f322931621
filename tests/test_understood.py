"""What is done to a question before it is searched for: slips mended, parts told apart, sums of days read."""

from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.calendar import load_hours
from bot.handlers.reckoned import reached
from bot.settings import ROOT
from knowledge.embedding import Embedder
from knowledge.parts import joined, leans, parts
from knowledge.repair import spoken_plainly
from knowledge.search import Search
from nlu.reckoning import reckoning

TODAY = date(2026, 11, 22)
HOURS = load_hours(ROOT / "config" / "calendar.yml", ZoneInfo("Asia/Shanghai"))


@pytest.fixture(scope="module")
def search(built_home: Path, embedder: Embedder) -> Search:
    return Search.open(built_home / "kb", embedder)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("食品经营许可正怎么板里", "食品经营许可证怎么办理"),
        ("道路运输许可症到期", "道路运输许可证到期"),
        ("营业执造丢了", "营业执照丢了"),
        ("公司住销", "公司注销"),
        ("容却受理", "容缺受理"),
        ("卫生许可怔续期", "卫生许可证续期"),
        ("嗯那个就是我想问一下食品证咋续", "食品证怎么续"),
        ("俺那个小铺子食品证么时候到期咧", "我那个小铺子食品证么时候到期"),
    ],
)
def test_slips_of_pen_and_tongue_are_mended(search: Search, typed: str, meant: str) -> None:
    assert search.repair(typed) == meant


def test_what_is_written_right_is_hardly_ever_touched(search: Search) -> None:
    """Among the ways of asking are some with slips on purpose; far fewer than one in twenty is changed."""
    asked = [way for one in search.store.articles().values() for way in one.questions]
    changed = [way for way in asked if search.repair(way) != spoken_plainly(way)]
    assert len(changed) < len(asked) / 20


@pytest.mark.parametrize("nothing", ["嗯", "那个", "？？", "", "😀", "\u200b"])
def test_a_message_of_fillers_alone_stays_as_it_is(nothing: str) -> None:
    assert spoken_plainly(nothing) == nothing


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("开个面馆要办啥证 多少钱 要多久", ["开个面馆要办什么证", "开个面馆多少钱", "开个面馆要多久"]),
        ("办烟证要多少钱，几天能拿到", ["办烟证要多少钱", "办烟证要几天能拿到"]),
        ("店不开了，证要不要注销", ["店不开了，证要不要注销"]),
        ("想开奶茶店，60平，卖现做的", ["想开奶茶店，60平，卖现做的"]),
    ],
)
def test_a_question_that_asks_several_kinds_of_thing_is_taken_apart(question: str, expected: list[str]) -> None:
    assert parts(question) == expected


@pytest.mark.parametrize(
    ("question", "does"),
    [("那要多久", True), ("它到期了呢", True), ("不办会怎样", True), ("烟草证有效期几年", False)],
)
def test_a_question_without_a_subject_leans_on_the_one_before(question: str, does: bool) -> None:
    assert leans(question) is does


def test_a_question_that_leans_is_read_with_the_subject_before() -> None:
    assert joined("那要多久", "食品经营许可证到期了怎么续") == "食品经营许可证到期了 要多久"


@pytest.mark.parametrize(
    ("asked", "on"),
    [
        ("今天受理的，15个工作日是哪天", date(2026, 12, 11)),
        ("11月20号受理 二十个工作日后是几号", date(2026, 12, 18)),
        ("2026年12月31日到期，提前30个工作日是哪天", date(2026, 11, 19)),
        ("从今天起30天是几号", date(2026, 12, 22)),
        ("明天交材料，三个月后是哪天", date(2027, 2, 23)),
        ("2026年9月30日起5个工作日最晚是哪天", date(2026, 10, 13)),
        ("2026年11月30日起三个月后是几号", date(2027, 2, 28)),
    ],
)
def test_sums_of_days_are_worked_out_with_the_calendar(asked: str, on: date) -> None:
    sum_ = reckoning(asked, TODAY)
    assert sum_ is not None and reached(sum_, HOURS) == on


@pytest.mark.parametrize(
    "asked",
    ["食品证15个工作日能下来吗", "证12月31日到期，什么时候能续", "受理后20个工作日是哪天", "2月30日起5天是几号", ""],
)
def test_what_names_no_day_or_asks_for_none_is_no_sum(asked: str) -> None:
    assert reckoning(asked, TODAY) is None
