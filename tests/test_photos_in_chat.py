"""Photos in a conversation: acknowledged at once, judged in their order, confirmed, and gone when they must be."""

import base64
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot import loops, privacy, timers
from bot.bundles.catalogue import Catalogue
from bot.domain.messages import InboundEvent
from bot.materials.eye import Eye
from bot.materials.kinds import load_kinds
from bot.materials.worker import Workers
from bot.settings import ROOT
from bot.store.photo_tables import photo as photo_table
from bot.store.photo_tables import photo_mark, thumbnail
from bot.store.tables import inbox
from tests.hall import BUNDLE, Hall, choices, texts
from tests.photos.make import made

FRONT, BACK = made("id_card_front name=张国强"), made("id_card_back")
FAR, LICENCE = made("id_card_front far name=张国强"), made("business_license name=李四")


def _photographed(id: str, **more: Any) -> Any:
    return next(part for part in BUNDLE.materials if part.id == id).model_copy(update=more)


WITH_PHOTOS = BUNDLE.model_copy(
    update={
        "materials": (
            _photographed("plan", photo=("id_card_front", "id_card_back"), pages=2, sensitive="identity"),
            _photographed("rules", defer_days=0),
        )
    }
)


@pytest.fixture(scope="module")
def eye() -> Iterator[Eye]:
    found = Eye(load_kinds(ROOT / "config/photos.yml"), Workers())
    yield found
    found.close()


@pytest.fixture
def hall(tmp_path: Path, eye: Eye) -> Iterator[Hall]:
    found = Hall(tmp_path, f"sqlite:///{tmp_path / 'banshi.db'}")
    catalogue = Catalogue(WITH_PHOTOS.questions, {WITH_PHOTOS.id: WITH_PHOTOS})
    found.resources = replace(found.resources, eye=eye, catalogue=catalogue)
    found.round = replace(found.round, resources=found.resources)
    yield found
    found.store.close()


def consented(hall: Hall, who: str) -> None:
    hall.fill(who)
    hall.say(who, "同意收集")


def test_it_is_said_at_once_that_a_photo_came_and_then_what_it_says(hall: Hall) -> None:
    consented(hall, "wang")
    said = hall.send("wang", FRONT)
    assert said[0].text == "收到，正在核验…" and said[1].text.startswith("可以了，这是身份证人像面。读到：姓名 张*强")
    assert "还差身份证国徽面" in said[2].text and "国强" not in texts(said)
    said = hall.send("wang", BACK)
    assert "可以了，这是身份证国徽面" in texts(said) and "制度目录" in texts(said)
    assert hall.cases("wang")[0].values["paper.plan"] == "photo"


def test_what_is_sensitive_is_not_read_before_the_citizen_agrees_to_it(hall: Hall, eye: Eye) -> None:
    hall.fill("wang")
    said = hall.send("wang", FRONT)
    assert "核验" not in texts(said) and "同意" in texts(said)
    found = hall.read(lambda t: t.photos.of_case(t.conversations.load(hall.id("wang")).case))
    assert found == {}
    hall.say("wang", "同意收集")
    later = hall.read(lambda t: t.outbox.after(hall.id("wang"), 0, limit=None))
    assert [one.message.text[:7] for one in later[-3:]] == ["收到，正在核验", "可以了，这是身", "还差身份证国徽"]


def test_after_two_that_will_not_do_a_person_is_offered_and_the_last_one_may_be_used(hall: Hall) -> None:
    consented(hall, "wang")
    said = hall.send("wang", FAR)
    assert "拍得太远" in texts(said) and choices(said) == ("到窗口交",)
    said = hall.send("wang", LICENCE)
    assert "看起来是营业执照" in texts(said) and choices(said) == ("就用这张", "到窗口交", "人工")
    case = hall.cases("wang")[0].reference
    assert len(hall.read(lambda t: t.kept.of_case(case))) == 1, "the one before is gone"
    said = hall.say("wang", "就用这张")
    assert "工作人员会看" in texts(said)
    (kept,) = hall.read(lambda t: t.kept.of_case(case))
    assert kept.material == "plan" and hall.read(lambda t: t.photos.find(kept.file)).report.verdict == "human"


def test_what_contradicts_the_form_is_settled_by_the_citizen(hall: Hall) -> None:
    consented(hall, "wang")
    said = hall.send("wang", made("id_card_front name=李小红"))
    assert "您填的是“张*强”" in texts(said) and choices(said) == ("照片上的", "我填的")
    assert hall.cases("wang")[0].values["operator"] == "张国强"
    hall.say("wang", "照片上的")
    given = hall.cases("wang")[0].answers["operator"]
    assert (given.value, given.by) == ("李小红", "photo")
    said = hall.say("wang", "上一步")
    assert "核验" not in texts(said)


def test_a_licence_answers_what_is_asked_once_the_citizen_says_that_it_is_right(hall: Hall) -> None:
    hall.say("wang", "开办小店", "一楼", "60")
    said = hall.send("wang", LICENCE)
    assert "这样填，对吗" in texts(said)
    asked = hall.cases("wang")[0]
    assert "uscc" not in asked.values and "read.uscc" in asked.values
    said = hall.say("wang", "经营者姓名不对")
    case = hall.cases("wang")[0]
    assert case.answers["uscc"].by == "photo" and "operator" not in case.values
    assert not [id for id in case.values if id.startswith("read.")]
    assert "谁来办" in texts(said)


def test_while_the_reader_is_busy_others_are_answered_and_ones_own_words_wait(hall: Hall, eye: Eye) -> None:
    consented(hall, "wang")
    assert eye.workers is not None

    def accept(who: str, kind: Any, text: str = "", media: str = "") -> int:
        event = InboundEvent("terminal", f"b{who}{kind}", who, kind, hall.now, text=text, media=media)
        return hall.store.write(lambda tables: tables.inbox.accept(event, hall.now))[0]

    photo, behind = accept("wang", "photo", media=hall.files.set_aside(FRONT)), accept("wang", "text", "再说一遍")
    other = accept("li", "text", "开办小店")

    def run() -> None:
        while claims := loops.claim_turns(hall.resources, ["terminal"], hall.now, 4):
            for claimed in claims:
                loops.run_turn(hall.resources, claimed, hall.now)

    def outcome(id: int) -> str | None:
        return hall.read(lambda t: t.inbox.result(id).outcome)

    with eye.workers.reader._lock:
        run()
        assert outcome(other) == "started" and outcome(photo) is None and outcome(behind) is None
        said = [one.text for one in hall.read(lambda t: t.outbox.of_turn(photo))]
        assert said == ["收到，正在核验…"]
    for _ in range(3):
        hall.now = hall.now.replace(second=hall.now.second + 1)
        run()
    assert outcome(photo) == "step" and outcome(behind) == "step"
    said = [one.text[:6] for one in hall.read(lambda t: t.outbox.of_turn(photo))]
    assert said == ["收到，正在核", "可以了，这是", "还差身份证国"], "said once, in its order"
    tries = hall.read(lambda t: t.connection.scalar(sa.select(inbox.c.tries).where(inbox.c.id == photo)))
    assert tries <= 2, "waiting is no attempt"


def test_the_same_photo_of_somebody_else_goes_to_staff_and_nobody_is_accused(hall: Hall) -> None:
    for who in ("wang", "li"):
        consented(hall, who)
    assert "可以了" in texts(hall.send("wang", FRONT))
    said = texts(hall.send("li", FRONT))
    assert "工作人员会看" in said and "可以了" not in said
    for word in ("相同", "重复", "盗", "假", "别人"):
        assert word not in said
    file = hall.read(lambda t: t.kept.of_conversation(hall.id("li")))[0].file
    report = hall.read(lambda t: t.photos.find(file)).report
    assert report.reasons[0] == "same_photo" and report.fields["name"].value == "张国强"


def test_ones_own_papers_may_serve_again(hall: Hall) -> None:
    consented(hall, "wang")
    hall.send("wang", FRONT)
    hall.say("wang", "取消办理", "确定不办")
    consented(hall, "wang")
    assert "可以了" in texts(hall.send("wang", FRONT))


def test_nothing_that_was_read_stands_in_clear_or_in_a_log_and_erasing_leaves_nothing(
    hall: Hall, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    consented(hall, "wang")
    hall.send("wang", FRONT)
    hall.send("wang", made("id_card_front name=李小红 glare"))
    case = hall.cases("wang")[0].reference
    reports = hall.read(lambda t: t.photos.of_case(case))
    number = next(one.fields["id"].value for one in reports.values() if "id" in one.fields)
    address = next(one.fields["address"].value for one in reports.values() if "address" in one.fields)
    file = next(iter(reports))
    shown = hall.read(lambda t: t.photos.small(file))
    assert shown[:2] == b"\xff\xd8" and len(shown) < 40_000
    kept = [path for path in hall.home.rglob("*") if path.is_file()]
    lying = b"".join(path.read_bytes() for path in kept)
    logged = caplog.text + "".join(capfd.readouterr())
    for plain in (number, address, "张国强", "李小红"):
        assert plain.encode() not in lying and plain not in logged
        assert plain.encode("unicode_escape") not in lying
    assert base64.b64encode(shown)[:40] not in lying
    assert b"JFIF" not in lying and b"\xff\xd8\xff" not in lying and "核验" not in logged
    exported = hall.store.write(lambda t: privacy.export(t, hall.id("wang"), "clerk", hall.now))
    assert number in str(exported["read"])

    hall.store.write(lambda t: privacy.erase(t, hall.id("wang"), "clerk", hall.now))
    timers.sweep(hall.resources)
    for table in (photo_table, photo_mark, thumbnail):
        assert hall.read(lambda t, table=table: t.connection.execute(sa.select(table)).all()) == []
    assert not [path for path in (hall.home / "files").rglob("*") if path.is_file()]


@pytest.mark.parametrize(("born", "kept"), [("2013-05-01", False), ("2010-06-01", True), ("2008-11-23", True)])
def test_whoever_is_not_of_age_by_their_identity_card_is_refused_kindly(hall: Hall, born: str, kept: bool) -> None:
    consented(hall, "wang")
    said = texts(hall.send("wang", made(f"id_card_front name=张小明 born={born}")))
    assert len(hall.cases("wang")) == kept, "of a child nothing stays"
    held = [one for one in hall.read(lambda t: t.kept.of_conversation(hall.id("wang"))) if one.case or not kept]
    if born == "2008-11-23":  # eighteen today
        assert "可以了，这是身份证人像面" in said and len(held) == 1
        return
    assert ("监护人用自己的手机" in said) != kept and ("请了工作人员" in said) == kept and not held
    assert "认错了" in said and "小明" not in said
    tickets = [one.reason for one in hall.read(lambda t: t.tickets.waiting())]
    assert tickets == (["minor"] if kept else [])


def test_photos_that_came_before_a_form_are_offered_where_they_are_wanted(hall: Hall) -> None:
    assert "我先留 7 天" in texts(hall.send("wang", FRONT))
    hall.send("wang", BACK)
    hall.fill("wang")
    assert "用之前的照片" not in choices(hall.say("wang", "再说一遍")), "not before the citizen agrees to it"
    said = hall.say("wang", "同意收集")
    assert "发过 2 张照片还没用上" in texts(said) and "用之前的照片" in choices(said)
    hall.say("wang", "用之前的照片")
    case = hall.cases("wang")[0]
    assert case.values["paper.plan"] == "photo"
    held = hall.read(lambda t: t.kept.of_case(case.reference))
    assert [one.material for one in held] == ["plan", "plan"] and len(
        hall.read(lambda t: t.photos.of_case(case.reference))
    ) == 2
    assert "用之前的照片" not in choices(hall.say("wang", "再说一遍")), "they are used"


def test_a_photo_that_was_no_such_paper_is_not_offered_for_it_again(hall: Hall) -> None:
    consented(hall, "wang")
    hall.send("wang", LICENCE)
    said = hall.say("wang", "再说一遍")
    assert "用之前的照片" not in choices(said)
    hall.say("wang", "到窗口交")
    assert "用之前的照片" not in choices(hall.say("wang", "再说一遍")), "nor for another"
