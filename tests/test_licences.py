"""The ledger: kinds, windows and ladders by the day; tables of other offices, good and bad, taken in row by row."""

import json
import random
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.bundles.catalogue import load_catalogue
from bot.calendar import load_hours
from bot.domain.licence import Entry, Span, Terms, Window, ladder, last_day, months_after, window
from bot.errors import ConfigError
from bot.ledger.days import read_day
from bot.ledger.export import export
from bot.ledger.intake import Report, import_file
from bot.ledger.kinds import load_licence_kinds
from bot.seal import open_seal
from bot.settings import ROOT
from bot.store.db import Store
from bot.store.licence_tables import holder, licence
from bot.store.nudges import CHUNK
from tests.hall import BEGINS, GOOD, HOURS, ZONE
from tests.test_commands import banshi, refusal

CONFIG = ROOT / "config"
CATALOGUE = load_catalogue(CONFIG)
KINDS = load_licence_kinds(CONFIG / "licences.yml", CATALOGUE.bundles)
HEADING = ["证照种类", "证照编号", "持证人", "统一社会信用代码", "联系电话", "店名", "经营场所", "发证日期", "有效期至"]

# facts: for an end, the days 90, 30 and 15 working days and 30, 45 and 60 days before it
VECTORS = {
    "2025-11-28": ("2025-07-21", "2025-10-17", "2025-11-07", "2025-10-29", "2025-10-14", "2025-09-29"),
    "2026-03-15": ("2025-11-03", "2026-01-27", "2026-02-24", "2026-02-13", "2026-01-29", "2026-01-14"),
    "2026-10-20": ("2026-06-09", "2026-09-02", "2026-09-22", "2026-09-20", "2026-09-05", "2026-08-21"),
    "2026-12-31": ("2026-08-21", "2026-11-19", "2026-12-10", "2026-12-01", "2026-11-16", "2026-11-01"),
}
SPANS = ("90WD", "30WD", "15WD", "30D", "45D", "60D")


# Windows


@pytest.mark.parametrize("end", VECTORS)
def test_the_days_before_an_end(end: str) -> None:
    found = [Span.of(span).before(date.fromisoformat(end), HOURS).isoformat() for span in SPANS]
    assert found == list(VECTORS[end])


@settings(max_examples=200, deadline=None)
@given(st.dates(date(2024, 6, 1), date(2028, 12, 31)), st.integers(0, 120))
def test_working_days_are_counted_one_by_one(end: date, count: int) -> None:
    day, left = end, count
    while left:
        day -= timedelta(days=1)
        left -= HOURS.is_workday(day)
    assert Span(count, "WD").before(end, HOURS) == day


def test_a_day_worked_in_the_place_of_a_holiday_counts_and_the_holiday_does_not() -> None:
    saturday, feast = date(2026, 10, 10), date(2026, 10, 1)
    assert HOURS.is_workday(saturday) and saturday.weekday() == 5 and not HOURS.is_workday(feast)
    assert Span.of("1WD").before(date(2026, 10, 11), HOURS) == saturday
    assert Span.of("1WD").before(date(2026, 10, 8), HOURS) == date(2026, 9, 30), "an end behind the holidays"
    on_a_feast = KINDS.of["FD01"].window(date(2026, 10, 1), HOURS)
    assert on_a_feast == Window(Span.of("90WD").before(feast, HOURS), Span.of("15WD").before(feast, HOURS))


def test_months_and_leap_days() -> None:
    assert months_after(date(2026, 8, 31), -6) == date(2026, 2, 28)
    assert months_after(date(2024, 8, 31), -6) == date(2024, 2, 29)
    assert months_after(date(2026, 1, 31), -1) == date(2025, 12, 31)
    assert months_after(date(2026, 12, 5), 1) == date(2027, 1, 5)
    assert last_day(date(2021, 12, 1), 5) == date(2026, 11, 30)
    assert last_day(date(2024, 2, 29), 5) == date(2029, 2, 28), "there is no 29th in that year"
    assert last_day(date(2024, 2, 29), 4) == date(2028, 2, 28)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(KINDS.of)), st.dates(date(2026, 1, 1), date(2031, 12, 31)))
def test_a_ladder_climbs_and_never_speaks_seven_times_within_180_days(code: str, end: date) -> None:
    kind = KINDS.of[code]
    found, rungs = kind.window(end, HOURS), kind.ladder(end, HOURS)
    if found is None:
        assert kind.validity == "lasting" and not rungs
        return
    days = [rung.on for rung in rungs]
    assert days == sorted(days) and len({rung.name for rung in rungs}) == len(rungs) >= 3
    assert all(sum(first <= day < first + timedelta(days=180) for day in days) <= 6 for first in days)
    by_name = {rung.name: rung.on for rung in rungs}
    assert by_name["prepare"] < by_name["open"] == found.earliest <= found.latest <= end < by_name["expired"]
    assert all(by_name[name] <= found.latest for name in ("hurry", "hurry_again", "last_days") if name in by_name)


def test_a_year_that_is_not_announced_is_provisional_until_it_is(tmp_path: Path) -> None:
    end = date(2027, 3, 31)
    before = KINDS.of["FD01"].window(end, HOURS)
    assert before is not None and before.provisional
    assert not KINDS.of["TB01"].window(end, HOURS).provisional, "days need no calendar"  # type: ignore[union-attr]
    text = (CONFIG / "calendar.yml").read_text("utf-8")
    year = '{off: ["01-01..01-03", "02-05..02-18"], work: ["02-20"]}'
    (tmp_path / "calendar.yml").write_text(text.replace("years: {}", f"years: {{2027: {year}}}"), "utf-8")
    known = load_hours(tmp_path / "calendar.yml", ZONE)
    after = KINDS.of["FD01"].window(end, known)
    assert after is not None and not after.provisional
    assert after.earliest < before.earliest, "more days off, so it begins earlier"
    assert known.is_workday(date(2027, 2, 20)) and not known.is_workday(date(2027, 2, 18))


def test_a_date_as_printed_is_never_computed_and_a_duty_comes_back_every_year() -> None:
    assert KINDS.of["TB01"].years is None and KINDS.of["FD01"].years == 5
    annual = KINDS.of["QY01"]
    assert annual.window(date(2027, 6, 30), HOURS) == Window(date(2027, 1, 1), date(2027, 6, 30))
    assert annual.closes_after(date(2026, 7, 1)) == date(2027, 6, 30)
    assert annual.closes_after(date(2026, 6, 30)) == date(2026, 6, 30)


def test_the_sixty_kinds_stand_with_their_windows() -> None:
    assert len(KINDS.of) == 60
    shown = {code: (kind.earliest, kind.latest) for code, kind in KINDS.of.items()}
    assert shown["YP02"] == (Span(90, "WD"), Span(30, "WD")) and KINDS.of["YP02"].late == "refused"
    assert shown["FD02"][1] == Span(30, "WD") and shown["AQ01"][1] == Span(3, "M") and shown["NY01"][1] == Span(90, "D")
    assert KINDS.named("食品证") == KINDS.named("fd01") == KINDS.named(" 食品经营许可证 ") == "FD01"
    assert window(Terms(Span(30, "D")), date(2026, 12, 31), HOURS).earliest == date(2026, 10, 2), "sixty days before"
    assert ladder(Window(date(2026, 12, 1), date(2026, 12, 31)), date(2026, 12, 31), HOURS)[-1].on == date(2027, 1, 1)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('validity: "5"', 'validity: "five"', "validity"),
        ("latest: 15WD", "latest: 15 days", "is not like 90WD"),
        ("bundle: food-licence-renewal", "bundle: nothing", "no bundle 'nothing'"),
        ("renewal_changed: 都没变", "renewal_chnged: 都没变", "asks for no 'renewal_chnged'"),
        ("agreed: [food_renewal]", "agreed: [food_reward]", "no promise 'food_reward'"),
        ("also: [食品经营许可, 食品证]", "also: [小餐饮]", "小餐饮 is FD01 too"),
        ("{number}", "{name}", "the ledger knows"),
    ],
)
def test_faults_are_told_with_their_line(tmp_path: Path, old: str, new: str, fault: str) -> None:
    text = (CONFIG / "licences.yml").read_text("utf-8")
    begin, rest = text.split("kinds:\n")
    assert old in rest
    path = tmp_path / "licences.yml"
    path.write_text(begin + "kinds:\n" + rest.replace(old, new, 1), "utf-8")
    with pytest.raises(ConfigError, match=fault) as told:
        load_licence_kinds(path, CATALOGUE.bundles)
    assert str(told.value).startswith(f"{path}:")


# Dates as they are written


@pytest.mark.parametrize(
    "written",
    [
        "2026-12-31",
        "2026/12/31",
        "2026.12.31",
        "20261231",
        "2026年12月31日",
        "2026年12月31号",
        "２０２６－１２－３１",
        "二〇二六年十二月三十一日",
        "二零二六年十二月卅一日",
        "2026-12-31 00:00:00",
        "2021年12月31日至2026年12月31日",
        "46387",
        46387.0,
        date(2026, 12, 31),
        datetime(2026, 12, 31, 8),  # noqa: DTZ001 - as a workbook gives it
    ],
)
def test_a_date_in_many_forms_is_the_same(written: Any) -> None:
    assert read_day(written) == date(2026, 12, 31)


@pytest.mark.parametrize(
    "written",
    ["长期", "", "12月31日", "26.12.31", "31/12/2026", "2026年2月30日", "2026-13-01", "9" * 30, 12.0, True, "1/2/26"],
)
def test_what_is_no_date_or_could_be_two_is_refused(written: Any) -> None:
    with pytest.raises((ValueError, OverflowError)):
        read_day(written)


def test_a_bare_number_is_no_date_where_it_is_counted_otherwise() -> None:
    with pytest.raises(ValueError):
        read_day(46387, serials=False)


# Ledgers


@pytest.fixture
def store(tmp_path: Path, database_url: str) -> Iterator[Store]:
    made = Store(database_url, seal=open_seal(tmp_path / "home"), pool=4)
    yield made
    made.close()


Take = Callable[[Path], Report]


@pytest.fixture
def take(store: Store) -> Take:
    return lambda path: import_file(store, KINDS, path, "tester", BEGINS)


def csv(path: Path, *rows: str, heading: str = ",".join(HEADING), encoding: str = "gbk") -> Path:
    path.write_bytes("\r\n".join([heading, *rows]).encode(encoding))
    return path


def row(number: str = "JY16103280000001", kind: str = "食品经营许可证", end: str = "2026-12-31", **more: str) -> str:
    told = {
        "holder": "张国强",
        "code": GOOD,
        "phone": "13800138000",
        "shop": "味之鲜",
        "place": "南大街12号",
        "from": "",
    } | more
    return ",".join([kind, number, *list(told.values())[:5], told["from"], end])


def test_a_gbk_ledger_is_taken_in_once_and_a_change_is_a_change(take: Take, store: Store, tmp_path: Path) -> None:
    path = csv(tmp_path / "l.csv", row(), row("JY16103280000002", shop="二店"))
    assert take(path) == Report(added=2)
    assert take(path) == Report(same=2)
    assert take(csv(path, row(), row("JY16103280000002", shop="二店", end="2031-12-31"))) == Report(changed=1, same=1)
    held = store.read(lambda tables: tables.licences.listed())
    assert {one.holder for one in held} == {held[0].holder}, "one holder with two shops"
    assert [one.shop for one in held] == ["味之鲜", "二店"] and held[1].expires_on == date(2031, 12, 31)


def test_what_tells_of_a_person_lies_sealed(take: Take, store: Store, tmp_path: Path) -> None:
    take(csv(tmp_path / "l.csv", row()))
    kept = store.read(lambda t: [*t.connection.execute(holder.select()), *t.connection.execute(licence.select())])
    written = repr([tuple(one) for one in kept])
    assert not [plain for plain in ("张国强", "13800138000", GOOD, "味之鲜", "南大街") if plain in written]
    assert store.read(lambda t: t.licences.with_phone("13800138000"))[0].name == "张国强"
    assert store.read(lambda t: t.licences.with_phone("13800138001")) == []


def test_each_bad_row_is_refused_with_its_number_and_reason(take: Take, tmp_path: Path) -> None:
    bad = {
        "kind: not one of": row("N1", kind="火箭许可证"),
        "number: missing": row(" "),
        "number: a long number": row("1.61033E+15"),
        "holder: missing": row("N2", holder="", shop=""),
        "code: no sound": row("N3", code="91350100M000100Y44"),
        "phone: no telephone": row("N4", phone="12"),
        "expires_on: not a date": row("N5", end="长期"),
        "expires_on: missing, and for this kind": row("N6", kind="烟草证", end="", **{"from": "2024-01-01"}),
        "expires_on: before": row("N7", end="2020-01-01", **{"from": "2024-01-01"}),
        "holder: a formula": row("N8", holder="=HYPERLINK(1)"),
        "shop: a formula that failed": row("N9", shop="#REF!"),
        "number: stands in row 2": row(),
        "address: longer": row("N10", place="长" * 300),
    }
    found = take(csv(tmp_path / "l.csv", row(), *bad.values()))
    assert found.added == 1 and [number for number, _ in found.refused] == list(range(3, 3 + len(bad)))
    for (_, reason), begins in zip(found.refused, bad, strict=True):
        assert reason.startswith(begins)


def test_an_end_is_computed_only_where_the_rules_give_the_years(take: Take, store: Store, tmp_path: Path) -> None:
    rows = [row("A", end="", **{"from": "2022-03-01"}), row("B", kind="预包装食品备案", end="")]
    assert take(csv(tmp_path / "l.csv", *rows)).added == 2
    five, lasting = store.read(lambda tables: tables.licences.listed())
    assert five.expires_on == date(2027, 2, 28) and lasting.expires_on is None


def workbook(path: Path, fill: Callable[[Any, Any], None], **options: Any) -> Path:
    with xlsxwriter.Workbook(path, options) as book:
        fill(book, book.add_worksheet())
    return path


def test_merged_cells_real_dates_and_formulas_of_a_workbook(take: Take, store: Store, tmp_path: Path) -> None:
    def fill(book: Any, sheet: Any) -> None:
        dated = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.merge_range(0, 0, 0, 8, "证照到期提醒台账")
        sheet.write_row(1, 0, HEADING)
        sheet.merge_range(2, 2, 3, 2, "张国强")
        for place, number in enumerate(("A", "B")):
            sheet.write_string(2 + place, 0, "食品经营许可证")
            sheet.write_string(2 + place, 1, number)
            sheet.write_number(2 + place, 4, 13800138000)
            sheet.write_string(2 + place, 5, f"{number}店")
        sheet.write_datetime(2, 8, date(2026, 12, 31), dated)
        sheet.write_number(3, 8, 46387)
        sheet.write_row(4, 0, ["食品经营许可证", "", "李四"])
        sheet.write_formula(4, 1, '="C"&1', value="C1")
        sheet.write_formula(4, 8, "=DATE(2027,1,1)", dated, value=46388)
        sheet.write_row(5, 0, ["食品经营许可证", 1610328000000123456, "王五"])
        sheet.write_row(6, 0, ["食品经营许可证", "D", "王五", "", "", "", "", "", "=BROKEN("])

    found = take(workbook(tmp_path / "l.xlsx", fill, strings_to_formulas=False))
    assert found.added == 3 and [number for number, _ in found.refused] == [6, 7]
    assert "lost digits" in found.refused[0][1] and "expires_on" in found.refused[1][1]
    held = {one.number: one for one in store.read(lambda tables: tables.licences.listed())}
    assert held["A"].expires_on == held["B"].expires_on == date(2026, 12, 31) and held["A"].holder == held["B"].holder
    assert held["C1"].expires_on == date(2027, 1, 1)


def test_days_since_1904_are_not_taken_for_days_since_1900(take: Take, tmp_path: Path) -> None:
    def fill(_: Any, sheet: Any) -> None:
        sheet.write_row(0, 0, HEADING)
        sheet.write_row(1, 0, ["食品经营许可证", "A", "张国强", "", "", "", "", "", 44925])

    path = workbook(tmp_path / "l.xlsx", fill)
    old = tmp_path / "old.xlsx"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(old, "w") as copy:
        for name in source.namelist():
            content = source.read(name)
            copy.writestr(name, content.replace(b"<workbookPr ", b'<workbookPr date1904="1" '))
    assert take(old).refused[0][1].startswith("expires_on")
    assert take(path).added == 1


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("l.csv", b"a,b,c\n1,2,3\n", "no heading"),
        ("l.csv", b"\xff\xfe\x00\xff" * 9, "neither UTF-8 nor GBK"),
        ("l.csv", b"", "no heading"),
        ("l.xlsx", b"PK\x03\x04 broken", "no workbook"),
        ("l.doc", b"", "is .xlsx or .csv"),
    ],
)
def test_a_file_that_is_no_ledger(take: Take, tmp_path: Path, name: str, content: bytes, what: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigError, match=what):
        take(tmp_path / name)


def test_what_is_written_out_can_be_taken_in_again(take: Take, store: Store, tmp_path: Path) -> None:
    take(csv(tmp_path / "l.csv", row(), row("B", end="2031-12-31"), row("C", kind="预包装食品备案", end="")))
    assert export(store, KINDS, tmp_path / "all.xlsx", "tester", BEGINS) == 3
    assert take(tmp_path / "all.xlsx") == Report(same=3)
    soon = (date(2026, 11, 1), date(2027, 5, 1))
    assert export(store, KINDS, tmp_path / "soon.xlsx", "tester", BEGINS, soon) == 1
    assert store.read(lambda tables: [one.what for one in tables.audits.of("ledger")]) == ["export ledger"] * 2


def test_a_ledger_does_not_set_back_what_our_own_case_gave(store: Store) -> None:
    mine = Entry("FD01", "JY1", "张国强", phone="13800138000", expires_on=date(2031, 12, 31))
    old = replace(mine, expires_on=date(2026, 12, 31))
    taken = [(old, "import"), (mine, "case 1"), (old, "import"), (replace(mine, expires_on=date(2032, 1, 1)), "import")]
    outcomes = [store.write(lambda t, e=e, s=s: t.licences.take([e], BEGINS, source=s))[0] for e, s in taken]
    assert outcomes == ["added", "changed", "older than what is known of this licence", "changed"]


def test_a_hundred_thousand_rows(tmp_path: Path) -> None:
    """On the engine that is shipped. What is random is the order, the ends and the holders."""
    chance = random.Random(7)
    rows = [
        row(
            f"JY{n:014}",
            code="",
            holder=f"店主{chance.randrange(60_000)}",
            phone=f"138{n % 50_000:08}",
            end=f"{2026 + n % 5}-12-{n % 28 + 1:02}",
        )
        for n in range(100_000)
    ]
    rows[777] = row("JY1", end="某日")
    path = csv(tmp_path / "l.csv", *rows)
    made = Store(f"sqlite:///{tmp_path / 'big.db'}", seal=open_seal(tmp_path), pool=2)
    try:
        first, again = (import_file(made, KINDS, path, "tester", BEGINS) for _ in range(2))
        assert (first.added, again.same) == (99_999, 99_999) and not again.added and not again.changed
        assert [number for number, _ in first.refused] == [779] == [number for number, _ in again.refused]
        assert made.read(lambda tables: tables.nudges.chunk_after(0)) == CHUNK
    finally:
        made.close()


# The commands


def test_the_commands_and_their_documents(tmp_path: Path) -> None:
    home = ("--home", str(tmp_path / "home"))
    shown = json.loads(banshi("licences", "window", "食品经营许可证", "--expires", "2026-12-31", "--json").stdout)
    assert (shown["earliest"], shown["latest"], shown["late_policy"]) == ("2026-08-21", "2026-12-10", "pause")
    assert shown["rungs"][1] == {"name": "open", "on": "2026-08-21"} and shown["provisional"] is False
    path = csv(tmp_path / "l.csv", row(), row("B", phone="", code="", holder="李四"), row("C", kind="火箭许可证"))
    first = json.loads(banshi("licences", "import", str(path), "--json", *home).stdout)
    assert first == {
        "added": 2,
        "changed": 0,
        "same": 0,
        "refused": [{"row": 4, "reason": "kind: not one of config/licences.yml"}],
    }
    day = ("--today", "2026-11-21", "--json", *home)
    dry, run, again = (json.loads(banshi("nudges", "run", *more, *day).stdout) for more in (["--dry-run"], [], []))
    assert dry == run == {"due": 2, "queued": 2, "already": 0, "no_channel": 1, "by_rung": {"hurry": 2}}
    assert again == {"due": 2, "queued": 0, "already": 2, "no_channel": 0, "by_rung": {}}
    told = json.loads(
        banshi("licences", "coverage", "--from", "2026-11-21", "--to", "2026-11-21", "--json", *home).stdout
    )
    assert told["nudges"] == {"due": 2, "reached": 0, "merged": 0, "rate": 0.0} and told["unreached"]["waiting"] == 2
    assert "食品经营许可证（2 张）" in banshi("licences", "notice", "2026-12", *home).stdout
    assert len(banshi("licences", "code", "B", *home).stdout.strip()) == 11


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["licences", "window", "火箭许可证", "--expires", "2026-12-31"], "no kind"),
        (["licences", "window", "YP03", "--expires", "2026-12-31"], "has no end"),
        (["licences", "window", "FD01", "--expires", "soon"], "is not a date"),
        (["licences", "import", "nowhere.csv"], "nowhere.csv: No such file"),
        (["licences", "import", "pyproject.toml"], "a ledger is .xlsx or .csv"),
        (["licences", "code", "nothing"], "no licence nothing"),
        (["licences", "export", "ledger.csv"], "is written as .xlsx"),
        (["licences", "notice", "soon"], "is not a date"),
    ],
)
def test_what_is_wrong_is_one_clear_line(tmp_path: Path, words: list[str], line: str) -> None:
    more = [] if words[1] == "window" else ["--home", str(tmp_path)]
    assert line in " ".join(refusal(banshi(*words, *more)).split())
