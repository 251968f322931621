"""From handing in to the decision: numbers, matters, promises, deadlines, reports, people, status."""

import io
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pypdfium2
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.bundles import papers
from bot.bundles.model import Item
from bot.domain.case import Given
from bot.domain.progress import Matter, moved, stage
from bot.domain.promise import RUNGS, Promise, reminder
from bot.errors import OperatorError
from bot.filing import hand_in
from bot.handlers.status import GUESSES, GUESSES_OF_ALL
from bot.paperwork import dossier, kinds
from bot.settings import Promises
from bot.store.case_tables import registration
from nlu.codes import case_check
from tests.hall import BEGINS, BUNDLE, GOOD, HOURS, POOR, Hall, at, choices, clerk, photo, texts

Make = Callable[..., Hall]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A hall of its own, with what it is given."""
    return lambda **given: Hall(tmp_path, f"sqlite:///{tmp_path / 'banshi.db'}", **given)


@pytest.fixture
def hall(make: Make) -> Hall:
    return make()


@pytest.fixture
def either(tmp_path: Path, database_url: str) -> Hall:
    """On each engine."""
    return Hall(tmp_path, database_url)


def registered(hall: Hall) -> list[str]:
    """The keys of what departments are to be told, without the number of the case."""
    found = hall.read(lambda t: t.connection.scalars(sa.select(registration.c.key).order_by(registration.c.id)).all())
    return [key.partition("/")[2] for key in found]


# Numbers and cases


def test_a_number_is_given_once_with_its_check_digit_and_handing_in_again_names_it(either: Hall) -> None:
    first = either.submit("wang")
    number, check = first.reference.rsplit("-", 1)
    assert re.fullmatch(r"20261123-XD-00001", number) and case_check(number) == check
    for _ in range(3):
        assert first.reference in texts(either.say("wang", "提交"))
    assert registered(either) == ["base/submit", "sign/submit"], "once, and none for what must wait"
    assert either.submit("li").reference.startswith("20261123-XD-00002-")


def test_the_number_named_again_is_of_what_was_handed_in_last(hall: Hall) -> None:
    hall.say("wang", "开办小店", "一楼", "退出")
    hall.pass_time(minutes=5)
    later = hall.submit("wang")
    hall.pass_time(minutes=5)
    hall.say("wang", "接着填", "60", "跳过", "自己办", "老张面馆", "张国强", "13800138000")
    hall.say("wang", "到窗口交", "到窗口交", "到窗口交", "提交")
    first = hall.cases("wang")[-1]
    assert first.state == "submitted" and first.reference != later.reference
    assert first.reference in texts(hall.say("wang", "提交"))


def test_two_cases_of_one_citizen_never_mix(either: Hall) -> None:
    either.fill("wang", area="60")
    either.send("wang", photo(1))
    either.say("wang", "退出")
    either.fill("wang", area="400", floor="二楼")
    either.say("wang", "逐条看过，我同意承诺")
    either.send("wang", photo(2))
    small, large = reversed(either.cases("wang"))
    assert (small.values["area"], large.values["area"]) == ("60", "400")
    assert "paper.rules" not in small.values and small.values["paper.plan"] == "photo"
    both = [either.read(lambda t, case=case: t.kept.of_case(case.reference)) for case in (small, large)]
    assert [len(files) for files in both] == [1, 1] and both[0][0].file != both[1][0].file


def test_what_no_longer_applies_is_gone_when_it_is_handed_in_and_its_photo_with_it(either: Hall) -> None:
    either.fill("wang")
    case = either.cases("wang")[0]
    stale = {"lift": "有", "narrow": "窄的", "paper.door": "photo", "paper.proof": "promise"}
    settled = {"paper.plan": "photo", "paper.rules": "window", "paper.picture": "window"}
    case.answers |= {id: Given(value, "said", BEGINS) for id, value in (stale | settled).items()}
    for number, material in enumerate(("plan", "door")):
        either.say("wang", "退出")
        either.send("wang", photo(number))
        (loose,) = [
            one.file for one in either.read(lambda t: t.kept.of_conversation(either.id("wang"))) if not one.case
        ]
        either.store.write(lambda t, file=loose, of=material: t.kept.give([file], case.reference, of))
    either.store.write(lambda t: hand_in(t, case, BUNDLE, HOURS, BEGINS))
    kept = either.cases("wang")[0].values
    assert not set(stale) & set(kept) and set(settled) <= set(kept)
    assert papers.settled(BUNDLE, kept) == kept
    assert [one.material for one in either.read(lambda t: t.kept.of_case(case.reference))] == ["plan"]
    either.go()
    assert len(list((either.home / "files").glob("*/*"))) == 1, "the other content is gone too"
    assert set(either.promised(case)) == set()


# Matters and their days


def test_departments_work_side_by_side_and_one_word_tells_where_the_case_stands(either: Hall) -> None:
    case = either.submit("wang")
    assert {id: one.state for id, one in either.matters(case).items()} == {
        "base": "received",
        "food": "waiting",
        "sign": "received",
    }
    steps = [("base", "accepted", "accepted"), ("sign", "defective", "defective"), ("base", "granted", "defective")]
    for item, state, whole in steps:
        either.report(case, item, state, **({"defects": ["照片不清"]} if state == "defective" else {}))
        assert stage(either.matters(case).values()) == whole
    assert either.matters(case)["food"].state == "received", "it begins when what it waited for is granted"
    assert registered(either) == ["base/submit", "sign/submit", "food/submit"]
    for item, state in [("sign", "accepted"), ("sign", "refused"), ("food", "accepted"), ("food", "granted")]:
        either.report(case, item, state, reason="不合规")
    assert stage(either.matters(case).values()) == "granted"
    told = either.told("wang")
    assert sum("全部办完了" in text for text in told) == 1 and "招牌备案证" not in told[-1]


def test_what_waited_for_something_refused_never_begins(hall: Hall) -> None:
    case = hall.submit("wang")
    hall.report(case, "base", "refused", reason="不合规")
    hall.report(case, "sign", "refused", reason="不合规")
    assert {one.state for one in hall.matters(case).values()} == {"refused", "withdrawn"}
    assert stage(hall.matters(case).values()) == "refused"
    assert registered(hall) == ["base/submit", "sign/submit"], "nobody is told of what they never heard of"


def test_when_all_is_decided_a_notice_tells_where_and_with_what_to_collect(either: Hall) -> None:
    case = either.submit("wang")
    either.report(case, "base", "granted", number="92610328MAC0DEM24U")
    either.report(case, "sign", "granted", number="ZP1")
    assert "领证通知" not in [link.title for link in either.say("wang", "查进度")[-1].links]
    either.report(case, "food", "refused", reason="不合规")
    assert "领证通知" in [link.title for link in either.say("wang", "查进度")[-1].links]
    about = dossier(either.store, case.reference)
    assert "collection" in kinds(about)
    with pypdfium2.PdfDocument(io.BytesIO(clerk().pdf("collection", about, "https://x", either.now))) as paper:
        words = "".join(page.get_textpage().get_text_range() for page in paper)
    for word in ("92610328MAC0DEM24U", "招牌备案证", "综合窗口", "09:00-12:00", "本人身份证", case.reference):
        assert word in words
    assert "食品许可证" not in words, "it was not granted"
    assert "领证通知" not in [link.title for link in either.say("li", f"{case.reference} 8000")[-1].links], "his alone"


def matter(state: str = "received") -> Matter:
    return Matter("20261123-XD-00001-3", "food", "食品许可", "食品局", "证", 10, state, BEGINS)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("accepted", "defective", "mended", "due"),
    [
        # ten working days from Monday 23 November, none of them suspended
        (date(2026, 11, 23), None, None, date(2026, 12, 7)),
        # 26, 27, 30 November and 1 December belong to the citizen: four days more
        (date(2026, 11, 23), date(2026, 11, 25), date(2026, 12, 1), date(2026, 12, 11)),
        # mended on the same day, or over a weekend: nothing is lost
        (date(2026, 11, 23), date(2026, 11, 25), date(2026, 11, 25), date(2026, 12, 7)),
        (date(2026, 11, 23), date(2026, 11, 27), date(2026, 11, 29), date(2026, 12, 7)),
        # the National Day: from 28 September on only 29, 30 and Thursday 8, Friday 9, Saturday 10 (worked), 12 … count
        (date(2026, 9, 28), None, None, date(2026, 10, 16)),
        (date(2026, 9, 28), date(2026, 9, 30), date(2026, 10, 10), date(2026, 10, 21)),
    ],
)
def test_a_deadline_counts_working_days_and_not_those_that_wait_for_the_citizen(
    accepted: date, defective: date | None, mended: date | None, due: date
) -> None:
    one = moved(matter(), "accepted", accepted, BEGINS, HOURS.between)
    if defective and mended:
        one = moved(one, "defective", defective, BEGINS, HOURS.between)
        assert one.due_on(HOURS.after) is None, "no day runs while the citizen is waited for"
        one = moved(one, "accepted", mended, BEGINS, HOURS.between)
    assert one.due_on(HOURS.after) == due


def test_days_that_wait_twice_add_up_and_those_before_acceptance_do_not_count() -> None:
    one = moved(matter(), "defective", date(2026, 11, 23), BEGINS, HOURS.between)
    one = moved(one, "accepted", date(2026, 11, 27), BEGINS, HOURS.between)
    for first, last in [(date(2026, 11, 30), date(2026, 12, 2)), (date(2026, 12, 3), date(2026, 12, 4))]:
        one = moved(one, "defective", first, BEGINS, HOURS.between)
        one = moved(one, "received", last, BEGINS, HOURS.between)
        one = moved(one, "accepted", last, BEGINS, HOURS.between)
    assert (one.accepted_on, one.paused_days) == (date(2026, 11, 27), 3)
    assert one.due_on(HOURS.after) == HOURS.after(date(2026, 11, 27), 13)


@pytest.mark.parametrize(("hour", "day"), [(23, 23), (24, 24)], ids=["before midnight", "after midnight"])
def test_a_day_is_one_of_the_hall(hall: Hall, hour: int, day: int) -> None:
    case = hall.submit("wang")
    hall.now = at(date(2026, 11, 23), 0) + timedelta(hours=hour, minutes=30)  # 15:30 or 16:30 on the 23rd in UTC
    assert hall.report(case, "base", "accepted").accepted_on == date(2026, 11, day)


# Reports


def test_a_report_that_comes_twice_is_news_once(either: Hall) -> None:
    case = either.submit("wang")
    before = len(either.told("wang"))
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: either.report(case, "base", "accepted"), range(4)))
    either.now += timedelta(hours=1)
    either.report(case, "base", "accepted")
    assert len(either.told("wang")) == before + 1
    either.report(case, "base", "granted", number="1", valid_until="2031-11-23")
    either.report(case, "base", "granted", number="1", valid_until="2031-11-23")
    assert sum("食品许可" in text for text in either.told("wang")) == 1, "what begins is told once"
    assert registered(either).count("food/submit") == 1


def test_reports_out_of_order_change_nothing_but_the_last_word_counts(either: Hall) -> None:
    case = either.submit("wang")
    for item, state in [("food", "received"), ("food", "granted"), ("base", "defective"), ("none", "accepted")]:
        with pytest.raises(OperatorError):
            either.report(case, item, state)
    either.report(case, "base", "granted")  # on the spot, or its acceptance was lost on the way
    assert either.matters(case)["base"].accepted_on == date(2026, 11, 23)
    before = either.told("wang")
    for state in ("accepted", "refused", "defective"):
        with pytest.raises(OperatorError, match="cannot follow granted"):
            either.report(case, "base", state, defects=["x"])
    with pytest.raises(OperatorError, match="cannot follow granted"):
        either.report(case, "base", "granted", number="another")
    assert either.told("wang") == before


def test_all_defects_are_told_at_once_and_a_second_list_is_refused(hall: Hall) -> None:
    case = hall.submit("wang")
    hall.report(case, "sign", "defective", defects=["缺尺寸", "缺颜色"])
    assert "缺尺寸" in hall.told("wang")[-1] and "缺颜色" in hall.told("wang")[-1]
    with pytest.raises(OperatorError):
        hall.report(case, "sign", "defective", defects=["缺字号"])
    hall.send("wang")
    hall.say("wang", "招牌效果图")
    assert registered(hall)[-1].startswith("sign/supplement/picture-")


def test_a_report_for_a_withdrawn_case_is_refused_and_nobody_is_bothered(either: Hall) -> None:
    case = either.submit("wang", "", "以后补交", "到窗口交")
    either.say("wang", "撤回申请", "确定撤回")
    assert {one.state for one in either.matters(case).values()} == {"withdrawn"}
    assert registered(either) == ["base/submit", "sign/submit", "base/withdraw", "sign/withdraw"]
    assert either.promised(case)["rules"].state == "void"
    before = either.told("wang")
    with pytest.raises(OperatorError, match="cannot follow withdrawn"):
        either.report(case, "base", "granted")
    either.pass_time(days=40)
    assert either.told("wang") == before


# Promises


def test_each_reminder_comes_once_on_its_day_in_the_hours_of_the_hall(either: Hall) -> None:
    case = either.submit("wang", "", "以后补交", "到窗口交")  # due on Monday 7 December
    came: list[datetime] = []
    while either.now < at(date(2026, 12, 7), 23):
        before = len(either.told("wang"))
        either.pass_time(hours=1)
        came += [either.now] * (len(either.told("wang")) - before)
    assert came == [at(date(2026, 12, day), 9) for day in (2, 4, 7)]
    assert either.promised(case)["rules"].reminded == ("T-3", "T-1", "T0")


def test_a_clock_that_goes_back_or_leaps_repeats_no_reminder(hall: Hall) -> None:
    hall.submit("wang", "", "以后补交", "到窗口交")
    said = len(hall.told("wang"))
    for day in (6, 2, 7, 4, 2, 7):
        hall.restart()
        hall.now = at(date(2026, 12, day), 10)
        hall.go()
    assert len(hall.told("wang")) == said + 2, "T-1 on the 6th and T0 on the 7th; T-3 came too late to be of use"


PROMISE = Promise(1, "x", "rules", "制度目录", "deferral", (), BEGINS, due_on=date(2026, 12, 7))


@given(st.lists(st.dates(date(2026, 11, 24), date(2026, 12, 20)), max_size=40))
def test_whatever_the_clock_does_a_rung_is_said_once_and_none_behind_a_later_one(days: list[date]) -> None:
    promise = PROMISE
    for day in days:
        rung = reminder(promise, day, HOURS.after)
        if rung is not None:
            promise = replace(promise, reminded=(*promise.reminded, rung))
    order = [name for _, name in RUNGS]
    said = [order.index(rung) for rung in promise.reminded]
    assert said == sorted(set(said))


def test_a_promise_of_a_day_is_not_reminded_of_on_that_day(make: Make) -> None:
    hall = make(now=at(date(2026, 11, 24), 23, 30))
    case = hall.submit("wang", "到窗口交", "到窗口交", "以后补交")  # in five working days, on 1 December
    hall.store.write(lambda t: t.matters.settle(1, "void"))
    hall.store.write(
        lambda t: t.matters.promise(case.reference, "x", "x", "deferral", (), hall.now, date(2026, 11, 24))
    )
    before = hall.told("wang")
    hall.go()
    assert hall.told("wang") == before


@pytest.mark.parametrize("lapsed", ["withdrawn", "told"])
def test_the_day_after_what_was_told_beforehand_happens(make: Make, lapsed: str) -> None:
    hall = make(promises=Promises(lapsed=lapsed))  # type: ignore[arg-type]
    case = hall.submit("wang", "", "以后补交", "到窗口交")
    hall.now = at(date(2026, 12, 8), 8)
    hall.go()
    assert hall.promised(case)["rules"].state == "open", "nobody is woken; a photo before nine is still in time"
    hall.pass_time(hours=1)
    assert hall.promised(case)["rules"].state == "lapsed"
    states = {id: one.state for id, one in hall.matters(case).items()}
    assert states["food"] == ("withdrawn" if lapsed == "withdrawn" else "waiting")
    assert states["base"] == states["sign"] == "received", "only what needed the paper"
    news = hall.told("wang")[-1]
    assert "制度目录" in news and case.reference in news and ("撤回" in news) is (lapsed == "withdrawn")
    tickets = hall.read(lambda t: t.tickets.waiting())
    assert [one.reason for one in tickets] == (["lapsed"] if lapsed == "told" else [])
    assert [case.reference in one.text for one in hall.read(lambda t: t.desk.notes(hall.id("wang")))] == [True] * len(
        tickets
    )
    hall.pass_time(days=30)
    assert hall.told("wang")[-1] == news, "once"
    assert len(hall.read(lambda t: t.tickets.waiting())) == len(tickets)


def test_a_lapse_that_staff_decide_joins_the_ticket_that_is_alive(make: Make) -> None:
    hall = make(promises=Promises(lapsed="told"))
    hall.fill("wang")
    hall.send("wang")
    assert "由工作人员决定" in texts(hall.say("wang", "以后补交")), "told before"
    hall.say("wang", "以后补交", "提交")
    hall.say("wang", "人工")
    hall.now = at(date(2026, 12, 8), 10)
    hall.go()
    (ticket,) = hall.read(lambda t: t.tickets.waiting())
    assert ticket.reason == "asked" and len(hall.read(lambda t: t.desk.notes(hall.id("wang")))) == 2
    assert hall.read(lambda t: t.conversations.load(hall.id("wang"))).owner == "queued"


def test_a_lapse_takes_back_what_a_department_has_and_ends_its_other_promises(hall: Hall) -> None:
    case = hall.submit("wang", "", "以后补交", "以后补交")  # the picture is due on 30 November, the rules a week later
    hall.report(case, "sign", "accepted")
    hall.now = at(date(2026, 12, 1), 10)
    hall.go()
    assert hall.matters(case)["sign"].state == "withdrawn" and registered(hall)[-1] == "sign/withdraw"
    hall.report(case, "base", "refused", reason="不合规")
    said = hall.told("wang")
    hall.now = at(date(2026, 12, 4), 10)
    hall.go()
    assert hall.told("wang") == said and hall.promised(case)["rules"].state == "void", "nothing waits for it any more"


def test_a_photo_makes_good_at_once_and_is_told_once(either: Hall) -> None:
    case = either.submit("wang", "", "", "以后补交")
    assert "招牌效果图" in texts(either.say("wang", "补材料"))
    either.send("wang", photo(7))
    assert either.promised(case)["picture"].state == "kept"
    (told,) = [key for key in registered(either) if "supplement" in key]
    assert told.startswith("sign/supplement/picture-")
    before = either.told("wang")
    either.pass_time(days=20)
    assert either.told("wang") == before


# Standing


def test_who_may_promise_how_much_and_the_standing_is_never_shown(make: Make) -> None:
    hall = make(standings={POOR: "poor", GOOD: "good"}, promises=Promises(unknown="ordinary"))
    agree, later, bring = "逐条看过，我同意承诺", "以后补交", "到窗口交"
    words = {
        "poor": (POOR, [agree, "走普通程序", bring, later, bring, later, bring, agree]),
        "good": (GOOD, [agree, bring, later, later, agree]),
        "nobody": ("跳过", [agree, bring, later, later, bring, agree]),
    }
    said = []
    for who, (code, settled) in words.items():
        hall.fill(who, floor="二楼", area="400", code=code)
        said += [message for word in settled for message in hall.say(who, word)]
    values = {who: hall.cases(who)[0].values for who in ("poor", "good", "nobody")}
    late = {who: [id for id, value in one.items() if value == "defer"] for who, one in values.items()}
    assert late == {"poor": [], "good": ["paper.rules", "paper.picture"], "nobody": ["paper.rules"]}
    assert values["poor"]["way.fire"] == "ordinary" and values["good"]["way.fire"] == "promise"
    assert "paper.proof" not in values["poor"] and values["good"]["paper.proof"] == "promise"
    assert not re.search("good|poor|ordinary|信用(?!代码)|等级|评分|黑名单", texts(said))


def test_a_number_changed_at_the_end_does_not_get_round_the_gate(make: Make) -> None:
    hall = make(standings={POOR: "poor"})
    hall.fill("wang", floor="二楼", code=GOOD)
    hall.say("wang", "到窗口交", "以后补交", "以后补交", "逐条看过，我同意承诺", "改一项", "信用代码", POOR)
    said = texts(hall.say("wang", "提交"))
    case = hall.cases("wang")[0]
    assert case.state == "filling" and "要现在交齐" in said and "不能走承诺" in said
    assert not {"defer", "promise"} & set(case.values.values())
    hall.say("wang", "到窗口交", "到窗口交", "到窗口交", "提交")
    assert hall.cases("wang")[0].state == "submitted", "nobody is refused an ordinary application"


def test_what_is_of_high_risk_is_never_granted_on_a_promise() -> None:
    food = next(item for item in BUNDLE.items if item.id == "food")
    promise = {"points": ["属实"], "consequence": "撤销", "basis": "某法"}
    with pytest.raises(ValidationError, match="high risk"):
        Item.model_validate(food.model_dump() | {"commitment": promise})


def test_nothing_is_promised_but_in_so_many_words_and_what_was_shown(hall: Hall) -> None:
    hall.fill("wang", area="400")
    hall.say("wang", "同意", "好的", "办到哪了")
    hall.say("wang", "逐条看过，我同意承诺")
    assert "way.fire" not in hall.cases("wang")[0].values, "it was not what was shown last"
    hall.say("wang", "再说一遍", "逐条看过，我同意承诺")
    assert hall.cases("wang")[0].values["way.fire"] == "promise"


# People


def code_in(said: str) -> str:
    found = re.search(r"[2-9A-Z]{5}-[2-9A-Z]{5}", said)
    assert found
    return found[0]


def test_a_code_opens_its_own_case_once_and_never_anothers(either: Hall) -> None:
    for who in ("wang", "li"):
        either.fill(who)
    codes = {who: code_in(texts(either.say(who, "换手机接着办"))) for who in ("wang", "li")}
    own = {who: either.cases(who)[0].reference for who in ("wang", "li")}
    either.say("phone", f"接着办 {codes['wang'].lower()}")
    assert [case.reference for case in either.cases("phone")] == [own["wang"]]
    assert [case.reference for case in either.cases("li")] == [own["li"]]
    assert either.cases("wang") == [], "it went over whole"
    assert "没有正在填" in texts(either.say("wang", "接着填"))
    assert "没有对上" in texts(either.say("thief", codes["wang"]))
    either.say("phone", "到窗口交", "到窗口交", "到窗口交", "提交")
    assert either.cases("phone")[0].state == "submitted"
    either.pass_time(days=8)
    assert "没有对上" in texts(either.say("thief", codes["li"])), "it holds for a week"


def test_of_many_who_use_one_code_at_once_one_does(either: Hall) -> None:
    either.fill("wang")
    reference = either.cases("wang")[0].reference
    code = either.store.write(lambda t: t.invitations.make(reference, "resume", either.now))
    with ThreadPoolExecutor(8) as threads:
        used = list(threads.map(lambda _: either.store.write(lambda t: t.invitations.use(code, either.now)), range(8)))
    assert sorted(used) == [False] * 7 + [True]


def test_the_code_for_the_one_applied_for_can_be_had_anew_and_the_old_one_opens_nothing(either: Hall) -> None:
    either.fill("agent", by="替别人办")
    assert "没有在等本人确认" in texts(either.say("agent", "重发确认码"))
    first = code_in(texts(either.say("agent", "到窗口交", "到窗口交", "到窗口交", "提交")))
    second = code_in(texts(either.say("agent", "重发确认码")))
    assert "没有对上" in texts(either.say("owner", first))
    either.say("agent", "重发确认码", "重发确认码")
    assert "次数用完" in texts(either.say("agent", "重发确认码"))
    assert "没有对上" in texts(either.say("owner", second))
    either.pass_time(days=7, hours=1)
    lapsed = [text for text in either.told("agent") if "确认码过期了" in text]
    assert len(lapsed) == 1 and either.cases("agent")[0].reference in lapsed[0]
    either.pass_time(days=1)
    assert either.told("agent").count(lapsed[0]) == 1, "told once"
    third = code_in(texts(either.say("agent", "重发确认码")))
    either.say("owner", third, "是我要办")
    assert either.cases("agent")[0].state == "submitted"


def test_an_agents_application_waits_for_the_word_of_the_one_applied_for(either: Hall) -> None:
    either.fill("agent", by="替别人办")
    code = code_in(texts(either.say("agent", "到窗口交", "到窗口交", "到窗口交", "提交")))
    case = either.cases("agent")[0]
    assert case.state == "confirming" and registered(either) == []
    assert "本人" in texts(either.say("agent", code)), "not by the agent"
    either.say("owner", "是我要办")
    assert either.cases("agent")[0].state == "confirming", "only once it was seen"
    either.say("owner", code, "我的办件")
    assert choices(either.say("owner", code)) == ("是我要办", "不是我"), "a question between does not lose it"
    assert case.reference in texts(either.say("owner", "是我要办"))
    assert either.cases("agent")[0].state == "submitted"
    assert case.reference in either.told("agent")[-1]
    assert "没有对上" in texts(either.say("another", code))
    assert registered(either) == ["base/submit", "sign/submit"]


def test_what_the_one_applied_for_disowns_is_never_handed_in(hall: Hall) -> None:
    hall.fill("agent", by="替别人办")
    code = code_in(texts(hall.say("agent", "到窗口交", "到窗口交", "到窗口交", "提交")))
    hall.say("owner", code, "不是我")
    assert hall.cases("agent")[0].state == "dropped" and registered(hall) == []
    assert "没有对上" in texts(hall.say("owner", code))


# Status


def test_a_stranger_needs_the_telephone_and_gets_few_guesses(either: Hall) -> None:
    number = either.submit("wang").reference
    assert "后四位" in texts(either.say("li", number))
    for guess in range(GUESSES):
        assert "没有对上" in texts(either.say("li", f"{number} {guess:04}"))
    assert "太多" in texts(either.say("li", f"{number} 8000")), "even a right one"
    either.pass_time(days=1)
    said = either.say("li", f"{number} 8000")
    assert number in texts(said) and "营业执照：已收件" in texts(said)
    assert [link.title for message in said for link in message.links] == ["进度图", "收件回执"], "but not its files"
    assert "营业执照：已收件" in texts(either.say("wang", number)), "one's own needs none"


def test_many_strangers_together_get_few_guesses_too(hall: Hall) -> None:
    number = hall.submit("wang").reference
    for guess in range(GUESSES_OF_ALL):
        assert "没有对上" in texts(hall.say(f"s{guess}", f"{number} {guess:04}"))
    assert "太多" in texts(hall.say("another", f"{number} 8000"))


def test_a_draft_and_a_number_that_is_none_look_alike_to_strangers(hall: Hall) -> None:
    hall.fill("wang")
    draft = hall.cases("wang")[0].reference
    free = "20261123-XD-09999"
    said = {hall.say("li", f"{one} 8000")[0].text for one in (draft, f"{free}-{case_check(free)}")}
    assert len(said) == 1


def test_one_of_several_is_withdrawn_by_its_number(hall: Hall) -> None:
    one, other = hall.submit("wang"), hall.submit("wang")
    assert "哪一份" in texts(hall.say("wang", "撤回申请"))
    sure, keep = choices(hall.say("wang", f"撤回申请 {one.reference}"))
    assert one.reference in sure and keep == "不撤了"
    hall.say("wang", "不撤了", "确定撤回", sure)
    assert [stage(hall.matters(case).values()) for case in (one, other)] == ["received", "received"]
    hall.say("wang", f"撤回申请 {one.reference}", "1")
    assert [stage(hall.matters(case).values()) for case in (one, other)] == ["withdrawn", "received"]
