"""Statutes: their articles, dates, numbers and versions."""

from datetime import date
from pathlib import Path

import pytest

from knowledge.errors import SourceFault
from knowledge.laws import is_law, law_passages, superseded
from knowledge.numerals import article_label, chinese, number
from knowledge.passages import Passage
from knowledge.places import covers, place_named, place_of_title
from knowledge.sources import read_folder

LAWS = Path(__file__).parent / "data" / "laws"


def law(name: str) -> list[Passage]:
    return law_passages((LAWS / f"{name}.md").read_text(encoding="utf-8"), name)


@pytest.mark.parametrize(
    ("name", "title", "articles", "valid_from", "authority", "region", "issued"),
    [
        ("行政许可法(2019-04-23)", "行政许可法", 83, date(2019, 4, 23), "law", "", None),
        (
            "食品安全法实施条例(2019-10-11)",
            "食品安全法实施条例",
            86,
            date(2019, 12, 1),
            "regulation",
            "",
            "国务院令第721号",
        ),
        (
            "烟草专卖法实施条例(2021-11-10)",
            "烟草专卖法实施条例",
            66,
            date(2021, 11, 10),
            "regulation",
            "",
            "国务院令第223号",
        ),
        (
            "烟草专卖法实施条例(2023-07-20)",
            "烟草专卖法实施条例",
            66,
            date(2023, 7, 20),
            "regulation",
            "",
            "国务院令第223号",
        ),
        ("道路运输条例(2019-03-02)", "道路运输条例", 83, date(2019, 3, 2), "regulation", "", "国务院令第406号"),
        ("道路运输条例(2022-03-29)", "道路运输条例", 83, date(2022, 3, 29), "regulation", "", "国务院令第406号"),
        ("道路运输条例(2023-07-20)", "道路运输条例", 82, date(2023, 7, 20), "regulation", "", "国务院令第406号"),
        ("公司法(2018-10-26)", "公司法", 218, date(2018, 10, 26), "law", "", None),
        ("公司法(2023-12-29)", "公司法", 266, date(2024, 7, 1), "law", "", None),
        (
            "北京市优化营商环境条例(2020-03-27)",
            "北京市优化营商环境条例",
            83,
            date(2020, 4, 28),
            "local",
            "110000",
            None,
        ),
        (
            "北京市优化营商环境条例(2024-11-29)",
            "北京市优化营商环境条例",
            94,
            date(2024, 11, 29),
            "local",
            "110000",
            None,
        ),
    ],
)
def test_a_statute_is_read_whole(
    name: str, title: str, articles: int, valid_from: date, authority: str, region: str, issued: str | None
) -> None:
    passages = law(name)
    assert len(passages) == articles
    assert [number(one.article[1:-1]) for one in passages if one.article] == list(range(1, articles + 1))
    assert len({one.id for one in passages}) == articles
    for one in passages:
        assert (one.title, one.valid_from, one.authority, one.region, one.number, one.kind) == (
            title, valid_from, authority, region, issued, "law",
        )  # fmt: skip
        assert one.text and not one.text.startswith("第")


def test_an_article_keeps_its_paragraphs_items_and_section() -> None:
    fifty = next(one for one in law("行政许可法(2019-04-23)") if one.article == "第五十条")
    assert fifty.section == "第四章 行政许可的实施程序 第五节 变更与延续"
    assert fifty.text.count("\n") == 1 and fifty.text.endswith("逾期未作决定的，视为准予延续。")
    nine = next(one for one in law("烟草专卖法实施条例(2023-07-20)") if one.article == "第九条")
    assert [line[:3] for line in nine.text.split("\n")] == ["取得烟", "（一）", "（二）", "（三）", "（四）"]


def test_a_heading_broken_over_two_lines_stays_out_of_the_articles() -> None:
    passages = law("烟草专卖法实施条例(2023-07-20)")
    assert passages[34].text.endswith("办理运输手续。")
    assert passages[35].section == "第七章 卷烟纸、滤嘴棒、烟用丝束、烟草专用机械的生产和销售"


def in_force(title: str, on: date) -> set[tuple[str, date | None, date | None]]:
    passages = superseded(one for name in LAWS.glob(f"{title}*.md") for one in law(name.stem))
    return {
        (one.title, one.valid_from, one.valid_until)
        for one in passages
        if (one.valid_from or on) <= on and (one.valid_until is None or on < one.valid_until)
    }


@pytest.mark.parametrize(
    ("title", "on", "begins"),
    [
        ("公司法", date(2024, 6, 30), date(2018, 10, 26)),
        ("公司法", date(2024, 7, 1), date(2024, 7, 1)),
        ("道路运输条例", date(2020, 1, 1), date(2019, 3, 2)),
        ("道路运输条例", date(2022, 3, 28), date(2019, 3, 2)),
        ("道路运输条例", date(2022, 3, 29), date(2022, 3, 29)),
        ("道路运输条例", date(2023, 7, 20), date(2023, 7, 20)),
        ("北京市优化营商环境条例", date(2024, 11, 28), date(2020, 4, 28)),
        ("北京市优化营商环境条例", date(2024, 11, 29), date(2024, 11, 29)),
        ("烟草专卖法实施条例", date(2023, 7, 19), date(2021, 11, 10)),
        ("烟草专卖法实施条例", date(2026, 1, 1), date(2023, 7, 20)),
    ],
)
def test_one_version_holds_on_a_day(title: str, on: date, begins: date) -> None:
    assert [found[1] for found in in_force(title, on)] == [begins]


INSERTED = """某市食品摊贩管理办法

（2020年3月1日某市人民政府令第12号公布　根据2021年5月6日某市人民政府令第18号修正）

第一章　总　　则

第一条　为了规范食品摊贩，制定本办法。

第十二条规定的事项，适用前款。

第二条　本办法适用于本市。

第二条之一　夜市摊贩适用第三条。

第三条　本办法自2020年6月1日起施行。
"""


def test_inserted_articles_and_lines_that_only_speak_of_one() -> None:
    passages = law_passages(INSERTED, "办法")
    assert [one.article for one in passages] == ["第一条", "第二条", "第二条之一", "第三条"]
    assert "第十二条规定的事项" in passages[0].text
    assert passages[0].section == "第一章 总则"
    assert (passages[0].title, passages[0].number) == ("某市食品摊贩管理办法", "某市人民政府令第18号")
    assert passages[0].valid_from == date(2021, 5, 6)


def test_a_notice_is_no_law() -> None:
    assert not is_law("关于延续许可的通知\n第一条 只有一条。\n其余见附件。")


@pytest.mark.parametrize(
    ("text", "value"), [("五十", 50), ("一百零二", 102), ("十", 10), ("两百一十", 210), ("35", 35), ("百分", None)]
)
def test_numerals(text: str, value: int | None) -> None:
    assert number(text) == value


def test_numerals_come_back() -> None:
    assert all(number(chinese(value)) == value for value in range(1, 1500))
    assert article_label(12, 1) == "第十二条之一"


def test_places() -> None:
    assert place_of_title("北京市优化营商环境条例") == "110000"
    assert place_named("在深圳开店要办什么") == "440300"
    assert place_named("广东省深圳市的规定") == "440300"
    assert place_named("南京西路开一家重庆火锅") == ""
    with pytest.raises(ValueError, match="not six digits"):
        covers("", "Beijing")
    assert covers("110000", "110105") and covers("", "110105") and not covers("110105", "110000")


def test_every_file_of_the_folder_is_a_law() -> None:
    found = list(read_folder(LAWS))
    assert len(found) == 11 and not any(isinstance(one, SourceFault) for one in found)
