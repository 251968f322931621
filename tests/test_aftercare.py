"""What comes after: deliveries, how citizens say that they were served, and how often nobody had to come."""

import io
from datetime import timedelta

import openpyxl
import pytest
import sqlalchemy as sa

from bot.domain.case import Case
from bot.errors import OperatorError
from bot.privacy import erase, export
from bot.reporting import Voice, deliver
from bot.seal import is_sealed
from bot.store.db import Tables
from bot.store.service_tables import rating
from handoff.figures import Figures, figures
from handoff.reports import workbook
from tests.hall import HOURS, REPLIES, ROTA, Hall, choices, texts
from tests.test_desk import People

VOICE = Voice(REPLIES, HOURS, "某大厅")
ASKED = "这次服务您满意吗"


@pytest.fixture
def people(hall: Hall) -> People:
    found = People(hall)
    found.hire("李敏", "enterprise")
    return found


def served(hall: Hall, people: People, who: str, word: str = "您好") -> int:
    """Somebody asks for a person, who says a word and ends it."""
    people.come("李敏")
    hall.say(who, "人工")
    id = int(people.ticket(who).id)
    if word:
        people.desk.say(people.who("李敏"), id, word, "k", hall.now)
    people.desk.end(people.who("李敏"), id, hall.now)
    return id


def finished(hall: Hall, who: str, *settled: str) -> Case:
    """A case of which everything is granted."""
    case = hall.submit(who, *settled)
    for item in ("base", "food", "sign"):
        hall.report(case, item, "accepted")
        hall.report(case, item, "granted")
    return case


def deliver_(hall: Hall, case: Case, way: str, note: str = "") -> None:
    hall.store.write(lambda tables: deliver(tables, VOICE, case.reference, way, note, "何伟", hall.now))  # type: ignore[arg-type]


def found(hall: Hall) -> Figures:
    until = hall.now + timedelta(minutes=1)
    return hall.read(lambda tables: figures(tables, ROTA, until - timedelta(days=7), until))


def offered(hall: Hall, who: str) -> tuple[str, ...]:
    return hall.read(lambda tables: tables.outbox.last_choices(hall.id(who), hall.now - timedelta(days=1)))


# --- how was it? ---


def test_whoever_talked_with_a_person_is_asked_once_and_may_say_so(hall: Hall, people: People) -> None:
    id = served(hall, people, "王")
    assert ASKED in hall.told("王")[-1] and "李敏已结束对话" in hall.told("王")[-1]
    assert offered(hall, "王") == ("满意", "一般", "不满意")
    why = hall.say("王", "不满意")
    assert "哪里没做好" in texts(why) and "等太久" in choices(why)
    assert "转给负责的人" in texts(hall.say("王", "原因：说了三遍还没听懂"))
    (one,) = hall.read(lambda tables: tables.aftercare.of_conversation(hall.id("王")))
    assert (one.about, one.mark, one.reason) == (f"ticket:{id}", "poor", "说了三遍还没听懂")
    assert is_sealed(hall.read(lambda tables: tables.connection.scalar(sa.select(rating.c.reason))))
    assert hall.read(lambda tables: tables.aftercare.ask(f"ticket:{id}", hall.id("王"), hall.now)) is False
    assert "谢谢" in texts(hall.say("王", "满意"))  # after all
    assert [one.mark for one in hall.read(lambda tables: tables.aftercare.of_conversation(hall.id("王")))] == ["good"]


def test_nobody_is_asked_who_was_told_nothing_and_nobody_must_answer(hall: Hall, people: People) -> None:
    served(hall, people, "王", word="")
    assert ASKED not in hall.told("王")[-1] and offered(hall, "王") == ()
    served(hall, people, "李")
    assert "楼层" in texts(hall.say("李", "开办小店"))  # it stands in nobody's way
    assert "一楼" in offered(hall, "李")
    assert "评价" in texts(hall.say("王", "满意"))  # of nothing
    assert "没有要评价的" in texts(hall.say("王", "等太久"))


def test_a_number_is_a_mark_and_every_end_asks(hall: Hall, people: People) -> None:
    served(hall, people, "王")
    assert "谢谢" in texts(hall.say("王", "1"))
    hall.say("李", "人工")
    people.desk.say(people.who("李敏"), people.ticket("李").id, "在的", "k", hall.now)
    assert ASKED in texts(hall.say("李", "结束人工"))
    hall._give("赵", "agent", "我是窗口的小陈")
    assert ASKED in texts(hall._give("赵", "agent", "结束服务"))
    hall.say("周", "人工")
    people.desk.say(people.who("李敏"), people.ticket("周").id, "在的", "k", hall.now)
    people.stay("李敏", minutes=31)
    assert ASKED in hall.told("周")[-1]


def test_a_mark_counts_for_a_week(hall: Hall, people: People) -> None:
    served(hall, people, "王")
    hall.now += timedelta(days=8)
    hall.say("王", "满意")
    assert hall.read(lambda tables: tables.aftercare.of_conversation(hall.id("王")))[0].mark == ""


# --- delivered ---


def test_what_was_granted_is_delivered_once_and_the_citizen_is_asked(hall: Hall) -> None:
    case = hall.submit("王")
    hall.report(case, "base", "accepted")
    hall.report(case, "base", "granted")
    with pytest.raises(OperatorError):
        deliver_(hall, case, "post")  # the rest is not decided
    for item in ("food", "sign"):
        hall.report(case, item, "accepted")
        hall.report(case, item, "granted")
    deliver_(hall, case, "post", "SF1234")
    said = hall.told("王")[-1]
    assert "已经寄出" in said and "SF1234" in said and ASKED in said and case.reference in said
    with pytest.raises(OperatorError):
        deliver_(hall, case, "window")
    kept = hall.read(lambda tables: tables.aftercare.delivery(case.reference))
    assert (kept.way, kept.note, kept.who) == ("post", "SF1234", "何伟")
    hall.say("王", "一般")
    assert [one.about for one in hall.read(lambda tables: tables.aftercare.of_conversation(hall.id("王")))] == [
        f"case:{case.reference}"
    ]


def test_nothing_is_delivered_of_what_was_refused(hall: Hall) -> None:
    case = hall.submit("王")
    hall.report(case, "base", "refused", reason="不符合")
    hall.report(case, "sign", "refused", reason="不符合")
    with pytest.raises(OperatorError):
        deliver_(hall, case, "window")


# --- figures ---


def test_visits_saved_and_marks_stand_with_what_they_are_shares_of(hall: Hall, people: People) -> None:
    assert found(hall).worked.visits.saved is None
    sent = finished(hall, "王", "", "", "")  # three items, nothing brought: three visits without us, none with us
    deliver_(hall, sent, "electronic")
    finished(hall, "李")  # papers brought, and nobody has noted how it was given out
    fetched = finished(hall, "赵", "", "", "")
    deliver_(hall, fetched, "window")
    hall.submit("周")  # not finished
    for who in ("王", "赵"):
        hall.say(who, "满意" if who == "王" else "不满意")
    served(hall, people, "钱")
    figured = found(hall)
    visits = figured.worked.visits
    assert (visits.without, visits.needed, visits.cases) == (9, 2, 3)
    assert visits.saved == pytest.approx(7 / 3)
    case, ticket = figured.rated["case"], figured.rated["ticket"]
    assert (case.good.part, case.good.whole, case.poor) == (1, 2, 1)
    assert (case.answered.part, case.answered.whole) == (2, 2)
    assert (ticket.good.percent, ticket.answered.part, ticket.answered.whole) == (None, 0, 1)
    assert {one.name: one.decided for one in figured.worked.items} == {"营业执照": 3, "食品许可": 3, "招牌备案": 3}
    assert (figured.worked.first_pass.part, figured.worked.first_pass.whole) == (9, 9)
    sheet = openpyxl.load_workbook(io.BytesIO(workbook(figured, {name: name for name in NAMES})))["summary"]
    rows = {row[0]: row[1:] for row in sheet.iter_rows(values_only=True)}
    assert rows["visits_without"][:2] == (9, 3) and rows["visits_needed"][:2] == (2, 3)
    assert rows["rated_case"] == (1, 2, 50) and rows["rated_ticket_answered"][:2] == (0, 1)


NAMES = ("summary", "outcomes", "hours", "teams", "times", "items")


def test_only_these_days_count(hall: Hall) -> None:
    deliver_(hall, finished(hall, "王"), "window")
    hall.now += timedelta(days=9)
    figured = found(hall)
    assert figured.worked.visits.cases == 0 and figured.rated["case"].answered.whole == 0
    assert figured.worked.items == ()


# --- whose it is ---


def test_what_was_said_is_shown_to_whose_it_is_and_forgotten(hall: Hall, people: People) -> None:
    served(hall, people, "王")
    hall.say("王", "不满意", "态度不好")

    def shown(tables: Tables) -> list[dict[str, str]]:
        return export(tables, hall.id("王"), "高管理", hall.now)["ratings"]

    assert hall.store.write(shown)[0] | {"about": ""} == {"about": "", "mark": "poor", "reason": "态度不好"}
    hall.store.write(lambda tables: erase(tables, hall.id("王"), "高管理", hall.now))
    assert hall.store.write(shown) == []
    assert found(hall).rated["ticket"].poor == 1  # a mark without words, of nobody
