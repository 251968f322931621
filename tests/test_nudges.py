"""Nudges: each rung once, at a decent hour, never twice a day; the next way where one fails; what holders answer."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

import anyio
import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from bot import loops
from bot.channels.base import Capabilities
from bot.domain.case import Given
from bot.domain.licence import Entry
from bot.domain.messages import OutboundMessage
from bot.errors import OperatorError, Undeliverable
from bot.filing import withdraw
from bot.ledger import tasks
from bot.ledger.cases import handed_in
from bot.ledger.coverage import coverage
from bot.ledger.scan import Ladders, run
from bot.ledger.wording import Wording
from bot.nudging import open_nudger
from bot.reporting import Report, Voice, report
from bot.rounds import Round
from bot.seal import open_seal
from bot.settings import ROOT
from bot.store.db import Store
from bot.store.licence_tables import holder, licence, notice, nudge, reach, rung
from tests.hall import BEGINS, HOURS, REPLIES, ZONE, Hall, at, choices, clerk, texts
from tests.peers.gateway import TOKEN, Gateway
from tests.test_licences import CATALOGUE, KINDS

MONDAY = BEGINS.astimezone(ZONE).date()
END = date(2026, 12, 31)  # ends of food licences: the rung "hurry" holds on that Monday


class Channel:
    """Takes what is sent, or refuses whom it is told to."""

    capabilities = Capabilities(max_text=2000)

    def __init__(self) -> None:
        self.sent: list[tuple[str, OutboundMessage]] = []
        self.refuses: set[str] = set()

    async def send(self, conversation_id: str, message: OutboundMessage, key: str) -> None:
        if conversation_id in self.refuses:
            raise Undeliverable("blocked")
        self.sent.append((conversation_id, message))


@dataclass
class Office:
    """A hall with a ledger and, in `channel`, whoever is told."""

    hall: Hall
    sms: str = ""
    channel: Channel = field(default_factory=Channel)

    def __post_init__(self) -> None:
        known = self.hall.resources.settings
        rules = known.nudges.model_copy(update={"sms_url": self.sms})
        settings = known.model_copy(update={"nudges": rules, "sms_token": SecretStr(TOKEN)})
        self.hall.resources = replace(self.hall.resources, settings=settings, kinds=KINDS, catalogue=CATALOGUE)
        self.nudger = open_nudger(self.hall.resources)
        more = (self.nudger.go,)
        self.hall.round = Round(self.hall.resources, clerk(), self.hall.round.ports, more)

    def keep(self, *entries: Entry, who: str = "") -> None:
        def work(tables: Any) -> None:
            tables.licences.take(entries, self.hall.now)
            for entry in entries if who else ():
                for one in tables.licences.numbered(entry.number):
                    tables.licences.bind(one.holder, self.hall.id(who), self.hall.now)

        self.hall.store.write(work)

    def go(self) -> None:
        """Rounds, turns and deliveries, until there is nothing left to do."""
        resources, channels = self.hall.resources, {"terminal": self.channel}
        for _ in range(30 + LICENCES // 50):
            done = self.hall.round.go(self.hall.now)
            for claimed in loops.claim_turns(resources, ["terminal"], self.hall.now, 50):
                loops.run_turn(resources, claimed, self.hall.now)
                done += 1
            while sent := anyio.run(loops.deliver_once, resources, channels, self.hall.now):
                done += sent
            if not done:
                return
        raise AssertionError("it never comes to rest")

    def pass_to(self, day: date, hour: int = 10) -> None:
        self.hall.now = at(day, hour)
        self.go()

    def rows(self, table: sa.Table) -> list[Any]:
        return list(self.hall.read(lambda t: t.connection.execute(sa.select(table).order_by(*table.primary_key)).all()))

    def ways(self) -> list[tuple[str, str, str]]:
        return [(one.way, one.state, one.why) for one in self.rows(reach)]

    def heard(self, who: str) -> list[str]:
        return [message.text for to, message in self.channel.sent if to == self.hall.id(who)]


def food(number: str = "JY1", end: date = END, name: str = "张国强", phone: str = "13800138000", **more: Any) -> Entry:
    return Entry("FD01", number, name, phone=phone, expires_on=end, **{"shop": "味之鲜", **more})


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(Hall(tmp_path, f"sqlite:///{tmp_path / 'banshi.db'}"))


@pytest.fixture
def either(tmp_path: Path, database_url: str) -> Office:
    """On each engine."""
    return Office(Hall(tmp_path, database_url))


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with Gateway().serving() as peer:
        yield peer


@pytest.fixture
def texting(tmp_path: Path, database_url: str, gateway: Gateway) -> Office:
    return Office(Hall(tmp_path, database_url), gateway.url)


# The look at the ledger


def test_what_stands_is_queued_once_and_a_dry_run_queues_nothing(either: Office) -> None:
    either.keep(
        food(), food("JY2", date(2026, 12, 20)), food("JY3", date(2029, 1, 1)), food("JY4", phone="", name="李四")
    )
    ladders, store = Ladders(KINDS, HOURS), either.hall.store
    dry = run(store, ladders, MONDAY, dry=True)
    assert not either.rows(nudge)
    first, again = run(store, ladders, MONDAY), run(store, ladders, MONDAY)
    assert dry == first and (first.due, first.queued, first.already, first.no_channel) == (3, 3, 0, 1)
    assert first.by_rung == {"hurry": 2, "hurry_again": 1}
    assert (again.due, again.queued, again.already, again.by_rung) == (3, 0, 3, {})


def test_several_workers_look_at_the_same_time_and_each_rung_is_queued_once(either: Office) -> None:
    either.keep(*(food(f"JY{n}", END + timedelta(days=n % 200), f"店主{n}", "") for n in range(400)))
    stores = [either.hall.store] * 4
    threads = [threading.Thread(target=run, args=(store, Ladders(KINDS, HOURS), MONDAY)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = either.rows(nudge)
    assert len({one.licence_id for one in rows}) == len(rows) > 100


def test_the_shared_look_is_done_once_a_day_again_after_an_import_and_never_by_a_clock_set_back(either: Office) -> None:
    either.keep(food())
    assert either.nudger.look(MONDAY) == 1 and either.nudger.look(MONDAY) == 0
    either.keep(food("JY2", date(2026, 12, 20), "李四", ""))
    assert either.nudger.look(MONDAY) == 1
    assert either.nudger.look(MONDAY + timedelta(days=4)) == 2, "both have moved on"
    assert either.nudger.look(MONDAY) == 0, "set back"


@pytest.mark.parametrize("hour", [10, 23])
def test_a_clock_that_was_ahead_leaves_nothing_out_and_tells_nothing_twice(either: Office, hour: int) -> None:
    """Forty days ahead for a moment: by day somebody is told early, once; at night nobody is."""
    either.keep(food(name="王五", phone="13700137000"), food("JY2", END + timedelta(days=40), "李四", ""))
    either.go()
    ahead = MONDAY + timedelta(days=40)
    either.pass_to(ahead, hour)
    early = [one for one in either.rows(nudge) if one.queued_on == ahead.isoformat()]
    assert len(early) == 2 and {one.state for one in early} == {"told" if hour == 10 else "due"}
    told = {(one.licence_id, one.rung) for one in early if one.state == "told"}
    days = [MONDAY + timedelta(days=n) for n in range(82)]
    for day in days:
        either.pass_to(day, 14)
    found = {(one.licence_id, one.rung): one for one in either.rows(nudge)}
    assert len(found) == len(either.rows(nudge)) and all(one.state == "told" for one in found.values())
    for one in either.rows(licence):
        ladder = KINDS.of[one.kind].ladder(date.fromisoformat(one.expires_on), HOURS)
        for step in ladder:
            if step.on > MONDAY and (one.id, step.name) not in told:
                assert found[one.id, step.name].queued_on == max(step.on, days[1]).isoformat(), step


def test_rungs_move_when_the_calendar_is_known(either: Office) -> None:
    either.keep(food(end=date(2027, 3, 31)))
    store = either.hall.store
    assert Ladders(KINDS, HOURS).refresh(store, MONDAY) == 1
    before = {one.name: one.begins for one in either.rows(rung)}
    spring = {date(2027, 2, 5) + timedelta(days=n) for n in range(14)}
    known = replace(HOURS, is_workday=lambda day: day not in spring and HOURS.is_workday(day), announced=lambda _: True)
    assert Ladders(KINDS, known).refresh(store, MONDAY) == 0
    after = {one.name: one.begins for one in either.rows(rung)}
    assert after["open"] < before["open"] and after["prepare"] == before["prepare"]


def test_a_yearly_duty_comes_back_next_year(either: Office) -> None:
    either.keep(Entry("QY01", "N1", "某公司", phone="13800138000", expires_on=date(2026, 6, 30)))
    either.hall.now = at(date(2026, 7, 1), 10)
    ladders = Ladders(KINDS, HOURS)
    assert run(either.hall.store, ladders, date(2026, 7, 1)).by_rung == {"expired": 1}
    assert run(either.hall.store, ladders, date(2027, 1, 4)).by_rung == {"open": 1}
    (one,) = either.rows(licence)
    assert one.expires_on == "2027-06-30"


# Who is told, and how


def test_a_word_in_time_with_all_that_belongs_in_it(either: Office) -> None:
    either.keep(food(), who="wang")
    either.go()
    told = either.heard("wang")
    assert "味之鲜" in told[0] and "2026年12月31日" in told[0] and "2026年12月10日" in told[0] and "材料" in told[0]
    (one,) = either.rows(notice)
    assert f"提醒 {one.code}" in told[1] and "验证码" in told[1]
    assert either.ways() == [("chat", "reached", "")]
    either.go()
    assert len(either.rows(nudge)) == 1 and len(either.heard("wang")) == len(told)
    assert either.hall.read(lambda t: tasks.genuine(t, one.code.lower(), MONDAY))[0]["day"] == MONDAY.isoformat()


def test_nobody_is_woken(either: Office) -> None:
    either.keep(food(), who="wang")
    for hour in (21, 23):
        either.pass_to(MONDAY, hour)
    either.pass_to(MONDAY + timedelta(days=1), 7)
    assert not either.heard("wang")
    either.pass_to(MONDAY + timedelta(days=1), 8)
    assert either.heard("wang")


def test_a_turn_that_comes_too_late_in_the_evening_waits_for_the_morning(office: Office) -> None:
    office.keep(food(), who="wang")
    office.hall.now = at(MONDAY, 20, 59)
    office.hall.round.go(office.hall.now)
    office.pass_to(MONDAY, 22)
    assert not office.heard("wang")
    office.pass_to(MONDAY + timedelta(days=1), 8)
    assert office.heard("wang") and len(office.rows(notice)) == 1


def test_several_licences_are_one_message_and_nobody_hears_twice_in_a_day(either: Office) -> None:
    either.keep(*(food(f"JY{n}", END + timedelta(days=n)) for n in range(3)), who="wang")
    either.keep(food("HY", name="某公司"), who="wang")  # another holder, talked with in the same place
    either.go()
    assert len(either.rows(notice)) == 1 and "4 张证" in either.heard("wang")[0]
    either.keep(food("JY9", date(2026, 12, 20)), who="wang")
    either.pass_to(MONDAY, 15)
    assert len(either.rows(notice)) == 1
    either.pass_to(MONDAY + timedelta(days=1))
    assert len(either.rows(notice)) == 2


def test_more_than_six_licences_take_two_days(office: Office) -> None:
    office.keep(*(food(f"JY{n}") for n in range(8)), who="wang")
    office.go()
    office.pass_to(MONDAY + timedelta(days=1))
    assert [len([one for one in office.rows(nudge) if one.notice_id == id]) for id in (1, 2)] == [6, 2]


def test_nobody_is_interrupted(office: Office) -> None:
    office.hall.say("wang", "开办小店")
    office.keep(food(), who="wang")
    office.go()
    assert not office.rows(notice)
    office.hall.now += timedelta(minutes=31)
    office.go()
    assert office.rows(notice)


def test_a_later_rung_takes_an_untold_one_along(office: Office) -> None:
    office.keep(food(), who="wang")
    office.nudger.look(MONDAY)
    office.pass_to(date(2026, 11, 26))
    assert [(one.rung, one.state) for one in office.rows(nudge)] == [("hurry", "merged"), ("hurry_again", "told")]
    assert "只剩 10 个工作日" in office.heard("wang")[0]


def test_the_next_way_where_a_chat_does_not_take_it(texting: Office, gateway: Gateway) -> None:
    texting.channel.refuses = {texting.hall.id("wang")}
    texting.keep(food(), who="wang")
    texting.go()
    assert texting.ways() == [("chat", "failed", "undeliverable"), ("sms", "reached", "")]
    (text,) = gateway.took.values()
    assert text["phone"] == "13800138000" and "2026年12月10日" in text["text"]
    assert "味之鲜" not in text["text"] and "张国强" not in text["text"]


def test_a_text_is_tried_again_where_it_was_not_taken_and_never_where_it_may_have_been(
    texting: Office, gateway: Gateway
) -> None:
    texting.keep(food(), food("JY2", name="李四", phone="13900139000"))
    gateway.cues = [503, 0]
    texting.go()
    assert texting.ways() == [("sms", "queued", ""), ("phone", "open", ""), ("sms", "failed", "unknown")]
    texting.hall.now += timedelta(minutes=10)
    texting.go()
    assert [state for way, state, _ in texting.ways() if way == "sms"] == ["reached", "failed"]
    assert gateway.asked.count("notice:1") == 2 and gateway.asked.count("notice:2") == 1


def test_a_pressing_word_that_nobody_answers_goes_on_to_a_text_a_call_and_a_visit(
    texting: Office, gateway: Gateway
) -> None:
    texting.keep(food(end=date(2026, 12, 11)), who="wang")
    for days in (0, 1, 3, 6):
        texting.pass_to(MONDAY + timedelta(days=days))
        if days == 1:
            assert texting.ways() == [("chat", "reached", "")], "two days have not passed"
    assert texting.ways() == [("chat", "reached", ""), ("phone", "open", ""), ("sms", "reached", "")]
    hall, wording = texting.hall, Wording(REPLIES, KINDS, HOURS, "某大厅")
    (task,) = hall.store.write(lambda t: tasks.tasks(t, wording, "li", hall.now))
    assert (task["way"], task["phone"], task["holder"]) == ("phone", "13800138000", "张国强")
    hall.store.write(lambda t: tasks.settle(t, task["notice"], "phone", "failed", "nobody there", "li", hall.now))
    hall.store.write(lambda t: tasks.settle(t, task["notice"], "visit", "reached", "", "li", hall.now))
    with pytest.raises(OperatorError):
        hall.store.write(lambda t: tasks.settle(t, task["notice"], "visit", "reached", "", "li", hall.now))
    assert [one.what for one in hall.read(lambda t: t.audits.of(f"notice {task['notice']}"))] == [
        "nudge phone failed",
        "nudge visit reached",
    ]


def test_who_answered_is_not_called(texting: Office, gateway: Gateway) -> None:
    texting.keep(food(end=date(2026, 12, 20)), who="wang")
    texting.go()
    texting.hall.say("wang", "已经办了", "2031年12月20日")
    for days in (3, 6, 20, 40):
        texting.pass_to(MONDAY + timedelta(days=days))
    assert texting.ways() == [("chat", "reached", "")] and len(texting.rows(nudge)) == 1 and not gateway.took


def test_a_call_is_not_made_for_a_licence_that_goes_on(office: Office) -> None:
    office.keep(food())
    office.go()
    assert office.ways() == [("phone", "open", "")]
    office.keep(food(end=date(2031, 12, 31)))
    office.go()
    assert office.ways() == [("phone", "skipped", "")]


def test_one_call_at_a_time_for_whoever_cannot_be_reached_otherwise(office: Office) -> None:
    office.keep(food())
    for day in (MONDAY, date(2026, 11, 26), date(2026, 12, 7), date(2027, 1, 1)):
        office.pass_to(day)
    assert office.ways() == [("phone", "open", "")] and office.rows(notice)[0].rung == "expired"
    assert len(office.rows(nudge)) == 4 and {one.notice_id for one in office.rows(nudge)} == {1}


def test_what_failed_everywhere_is_due_again_when_somebody_finds_a_way(office: Office) -> None:
    office.keep(food(phone=""))
    office.go()
    office.hall.store.write(lambda t: tasks.settle(t, 1, "visit", "failed", "moved", "li", office.hall.now))
    office.pass_to(MONDAY + timedelta(days=1))
    assert len(office.rows(notice)) == 1
    office.hall.store.write(lambda t: t.licences.bind(1, office.hall.id("wang"), office.hall.now))
    office.pass_to(MONDAY + timedelta(days=2))
    assert office.ways() == [("visit", "failed", "moved"), ("chat", "reached", "")]


# What holders answer


def test_the_wrong_person_never_hears_of_it_again_and_staff_are_told(either: Office) -> None:
    either.keep(food(), who="wang")
    either.go()
    assert "对不起" in texts(either.hall.say("wang", "发错人了"))
    heard = len(either.heard("wang"))
    for day in (date(2026, 11, 26), date(2026, 12, 7), date(2027, 1, 1)):
        either.pass_to(day)
    either.hall.say("wang", "我的证照")
    assert [text for text in either.heard("wang")[heard:] if "到期提醒" in text] == []
    assert ("phone", "open", "wrong person") in either.ways()
    assert not either.hall.store.write(lambda t: t.licences.bind(1, either.hall.id("wang"), either.hall.now))
    assert either.hall.store.write(lambda t: t.licences.bind(1, either.hall.id("li"), either.hall.now))


def test_no_more_words_where_they_are_not_wanted(either: Office) -> None:
    either.keep(food(), who="wang")
    either.hall.say("wang", "退订提醒")
    either.hall.now += timedelta(hours=1)
    either.go()
    assert not either.ways() and either.rows(notice)[0].state == "declined"
    either.hall.say("wang", "恢复提醒")
    either.pass_to(date(2026, 11, 26))
    assert either.ways() == [("chat", "reached", "")]


def test_a_later_day_is_kept(office: Office) -> None:
    office.keep(food(), who="wang")
    office.go()
    office.hall.say("wang", "条件没变，我要续")
    office.hall.say("wang", "2026年12月1日（周二） 提醒我")
    for day in (date(2026, 11, 26), date(2026, 11, 30)):
        office.pass_to(day)
        assert len(office.rows(notice)) == 1
    office.pass_to(date(2026, 12, 1))
    assert len(office.rows(notice)) == 2


def test_one_confirmation_hands_the_renewal_in_and_what_comes_of_it_is_the_next_licence(either: Office) -> None:
    either.keep(food(), who="wang")
    either.go()
    asked = either.hall.say("wang", "条件没变，我要续")
    assert "少用 38 天" in texts(asked) and "撤销延续" in texts(asked)
    assert not either.hall.cases("wang"), "nothing is begun before the word"
    either.hall.say("wang", "都没变，现在续")
    (case,) = either.hall.cases("wang")
    assert case.state == "submitted" and case.answers["food_licence_no"] == Given("JY1", "ledger", either.hall.now)
    assert case.answers["renewal_changed"].by == "said" and case.values["way.food_renewal"] == "promise"
    assert either.rows(licence)[0].state == "renewing"
    for day in (date(2026, 11, 26), date(2026, 12, 7)):
        either.pass_to(day)
    assert len(either.rows(notice)) == 1, "it is on its way"
    told = {"case": case.reference, "item": "food_renewal", "number": "JY1", "valid_until": "2031-12-08"}
    _report(either, told | {"state": "granted"})
    (one,) = either.rows(licence)
    assert (one.state, one.expires_on) == ("active", "2031-12-08")
    assert "2031年12月8日" in texts(either.hall.say("wang", "我的证照"))


def _report(office: Office, told: dict[str, str]) -> None:
    voice = Voice(REPLIES, HOURS, "某大厅", KINDS)
    office.hall.store.write(lambda t: report(t, voice, Report.model_validate(told), office.hall.now))


def test_in_the_last_days_the_pause_is_told_and_behind_the_end_nothing_can_be_renewed(office: Office) -> None:
    office.keep(food(end=date(2026, 12, 4)), who="wang")
    office.go()
    assert "就要停业" in office.heard("wang")[0]
    assert "停业等批" in texts(office.hall.say("wang", "条件没变，我要续"))
    office.pass_to(date(2026, 12, 5))
    assert "按新办" in office.heard("wang")[-2] and "条件没变，我要续" not in office.channel.sent[-1][1].choices


def test_a_renewal_that_comes_to_nothing_is_told_of_again(office: Office) -> None:
    office.keep(food(), who="wang")
    office.go()
    office.hall.say("wang", "条件没变，我要续", "都没变，现在续")
    (case,) = office.hall.cases("wang")
    office.hall.store.write(lambda t: withdraw(t, case, office.hall.now))
    office.pass_to(date(2026, 11, 26))
    assert office.rows(licence)[0].state == "active" and len(office.rows(notice)) == 2


def test_a_strangers_application_silences_nobody(office: Office) -> None:
    office.keep(food(), who="wang")
    office.go()
    office.hall.say("wang", "条件没变，我要续", "都没变，现在续")
    (case,) = office.hall.cases("wang")
    office.hall.store.write(lambda t: t.licences.set(1, "active"))
    office.hall.store.write(lambda t: handed_in(t, KINDS, replace(case, conversation_id="terminal:main:li")))
    assert office.rows(licence)[0].state == "active"


def test_which_of_several_is_asked_and_what_is_too_early_is_told(office: Office) -> None:
    office.keep(food(), food("JY2", date(2027, 1, 5)), who="wang")
    office.go()
    asked = office.hall.say("wang", "条件没变，我要续")
    assert [label[-4:-1] for label in choices(asked)] == ["JY1", "JY2"] or len(choices(asked)) == 2
    assert "味之鲜" in texts(office.hall.say("wang", "2"))
    assert "少用 43 天" in texts(office.hall.say("wang", "条件没变，我要续"))
    office.keep(food("JY3", date(2027, 5, 24), "李四", ""), who="li")
    office.pass_to(MONDAY + timedelta(days=2))
    assert "2027年1月" in texts(office.hall.say("li", "条件没变，我要续")) and office.rows(notice)[-1].rung == "prepare"


def test_one_that_cannot_be_told_keeps_no_other_waiting(office: Office) -> None:
    office.keep(food(), food("JY2", name="李四", phone="13900139000"))
    damaged = sa.update(holder).where(holder.c.id == 1).values(name="sealed:AAAA")
    office.hall.store.write(lambda t: t.connection.execute(damaged))
    office.go()
    assert [one.holder_id for one in office.rows(notice)] == [2]


def test_old_words_and_words_of_others_do_nothing(office: Office) -> None:
    office.keep(food(), who="wang")
    office.go()
    office.hall.say("wang", "已经办了")
    assert "已经处理过" in texts(office.hall.say("wang", "条件没变，我要续"))
    before = office.rows(licence)
    office.hall.say("li", "已经办了", "条件没变，我要续", "发错人了")
    assert office.rows(licence) == before


def test_a_code_matches_a_conversation_once(texting: Office, gateway: Gateway) -> None:
    texting.keep(food(), food("JY2", name="某公司"))
    hall = texting.hall
    answers = {
        who: texts(hall.say(who, f"绑定{phone}")) for who, phone in (("wang", "13800138000"), ("li", "13900139000"))
    }
    assert answers["wang"] == answers["li"], "whether it is known is told to nobody"
    texting.nudger.go(hall.now)
    (text,) = [text for key, text in gateway.took.items() if key.startswith("outbox")]
    code = text["text"].split("绑定码 ")[1][:11]
    assert "JY1" in texts(hall.say("wang", code)) and "JY2" in texts(hall.say("wang", "我的证照"))
    assert "JY1" not in texts(hall.say("li", code))
    for _ in range(3):
        said = texts(hall.say("li", "绑定13900139000"))
    assert "太多" in said
    given = hall.store.write(lambda t: tasks.code_for(t, "JY1", "desk", hall.now))
    assert "对上了" in texts(hall.say("zhao", given))


# Years


LICENCES = int(os.environ.get("BANSHI_SIMULATE_LICENCES", "60"))
YEARS = 5


class Killed(BaseException):
    """As SIGKILL: nothing catches it, nothing is tidied up."""


class Mortal:
    """A store whose process now and then dies at a write: before it, or right behind."""

    def __init__(self, store: Store, chance: random.Random, share: float) -> None:
        self.store, self.chance, self.share = store, chance, share

    def write(self, work: Any) -> Any:
        self.live()
        done = self.store.write(work)
        self.live()
        return done

    def live(self) -> None:
        if self.chance.random() < self.share:
            raise Killed

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)


class Scheduler:
    """One of two: killed at times, and begun anew."""

    def __init__(self, office: Office, chance: random.Random) -> None:
        store = Mortal(office.hall.store, chance, min(0.003, 5 / LICENCES))
        self.resources, self.killed = replace(office.hall.resources, store=store), 0  # type: ignore[arg-type]
        self.nudger = open_nudger(self.resources)

    def go(self, now: datetime) -> None:
        try:
            self.nudger.go(now)
        except Killed:
            self.killed += 1
            self.nudger = open_nudger(self.resources)


class Ends:
    """Five years of a ledger, day by day or so, and what must be true of each rung of each licence."""

    def __init__(self, office: Office, licences: int, seed: int) -> None:
        self.office, self.chance = office, random.Random(seed)
        self.schedulers = [Scheduler(office, self.chance) for _ in range(2)]
        self.looked: list[date] = []
        self.silent: dict[str, date] = {}  # from when on its holder wants to hear nothing, by number
        self.begun: dict[str, date] = {}
        self.count = licences

    def entry(self, number: int, first: date) -> Entry:
        code = ("FD01", "YP02", "TB01", "AQ01", "FD06", "HY01")[number % 6]
        end = first + timedelta(days=self.chance.randrange(5 * 365))
        phone = f"138{number // 2:08}"  # every second one is somebody's who has another
        return Entry(code, f"N{number}", f"店主{number // 2}", phone=phone, shop="店", expires_on=end)

    def live(self, first: date, years: int) -> None:
        self.office.hall.now = at(first, 12)
        entries = [self.entry(number, first) for number in range(self.count)]
        late = set(range(0, self.count, 10))  # come with a later import
        self.keep([one for number, one in enumerate(entries) if number not in late], first)
        day, at_once = first, max(1, self.count // 200)
        while day < first + timedelta(days=365 * years):
            if self.chance.random() < 0.04:
                some = [entries[late.pop()] for _ in range(min(at_once, len(late)))]
                again = [one for one in self.chance.sample(entries, at_once) if one.number in self.begun]
                self.keep([*some, *again], day)  # a ledger that comes again changes nothing
            self.pass_(day)
            day += timedelta(days=self.chance.choice((1, 1, 1, 1, 2, 3, 9)))  # nobody was there meanwhile
            if self.chance.random() < 0.005:
                day += timedelta(days=40)
            if self.chance.random() < 0.02:
                self.pass_(day - timedelta(days=40))  # a clock that is wrong for a moment

    def keep(self, entries: list[Entry], day: date) -> None:
        self.office.keep(*entries)
        for one in entries:
            self.begun.setdefault(one.number, day)
        talked = [one for one in entries if int(one.number[1:]) % max(4, self.count // 15) < 2]

        def bind(tables: Any) -> None:
            for one in talked:
                for held in tables.licences.numbered(one.number):
                    tables.licences.bind(held.holder, f"terminal:main:{one.holder}", self.office.hall.now)

        self.office.hall.store.write(bind)

    def pass_(self, day: date) -> None:
        hours = sorted(self.chance.sample(range(24), 2))
        for hour in hours:
            self.office.hall.now = at(day, hour, self.chance.randrange(60))
            for scheduler in self.schedulers:
                scheduler.go(self.office.hall.now)
        self.office.hall.now = at(day, 12)
        self.office.go()
        if not self.looked or day > self.looked[-1]:
            self.looked.append(day)
        if self.chance.random() < 0.05:
            self.done(day)

    def done(self, day: date) -> None:
        """Somebody who was told says that it is done."""
        told = [one for one in self.office.rows(licence) if one.state == "active" and one.expires_on < day.isoformat()]
        for one in told[:2]:
            self.office.hall.store.write(lambda t, one=one: t.licences.set(one.id, "done"))
            self.silent[one.number] = day

    def verify(self) -> tuple[int, int]:
        """How many rungs were queued, and how many stood on no day on which anybody looked."""
        rows, held = self.office.rows(nudge), self.office.rows(licence)
        said = {one.id: one for one in self.office.rows(notice)}
        queued = {(row.licence_id, row.rung): row for row in rows}
        assert len(queued) == len(rows), "once"
        assert len(held) == len(self.begun)
        missed = sum(self.verify_one(one, queued) for one in held)
        assert all(row.notice_id in said for row in rows if row.state in ("told", "merged"))
        assert all(row.queued_on >= self.looked[-1].isoformat() for row in rows if row.state == "due"), "nobody waits"
        last = {(row.licence_id, row.notice_id): row.id for row in rows if row.state == "told"}
        merged = [row for row in rows if row.state == "merged"]
        assert all(row.id < last[row.licence_id, row.notice_id] for row in merged), "into a later one of the same"
        days = [(one.holder_id, one.day) for one in said.values()]
        assert any(not HOURS.is_workday(date.fromisoformat(day)) for _, day in days), "holidays are days like others"
        assert len(days) == len(set(days))
        for at_ in (one.created_at.astimezone(ZONE) for one in said.values()):
            assert time(8) <= at_.time() < time(21)
        return len(rows), missed

    def verify_one(self, one: Any, queued: dict[tuple[int, str], Any]) -> int:
        end = date.fromisoformat(one.expires_on)
        rungs = KINDS.of[one.kind].ladder(end, HOURS)
        until = [rung.on for rung in rungs[1:]] + [end + timedelta(days=60)]
        last, missed = self.silent.get(one.number, date.max), 0
        for step, next_ in zip(rungs, until, strict=True):
            first = max(step.on, self.begun[one.number])
            stood = self.looked[bisect_left(self.looked, first) : bisect_left(self.looked, next_)]
            stood = [day for day in stood if day <= last]
            row = queued.get((one.id, step.name))
            if row is None:
                assert not stood, (one.number, step, "skipped")
                missed += 1
            else:
                told = date.fromisoformat(row.queued_on)
                assert step.on <= told < next_ and told <= last, "neither early, nor late, nor after it was done"
        return missed


def test_years_in_which_every_rung_is_told_once_and_none_early_late_or_at_night(either: Office) -> None:
    """BANSHI_SIMULATE_LICENCES=100000 plays so many licences; without it there are few. See docs/benchmarks.md."""
    ends, began = Ends(either, LICENCES, seed=11), perf_counter()
    ends.live(date(2024, 3, 1), YEARS)
    lived = perf_counter() - began
    rungs, missed = ends.verify()
    killed = sum(one.killed for one in ends.schedulers)
    assert rungs > 3 * LICENCES and missed and killed > 3
    told = len(ends.office.rows(notice))
    print(
        f"{LICENCES} licences, {rungs} rungs, {told} messages, {len(ends.looked)} days, {killed} kills, {lived:.0f} s"
    )


@pytest.mark.kill
def test_killed_again_and_again_every_rung_is_queued_once(tmp_path: Path, database_url: str) -> None:
    """Two looks at a time, real processes, each killed somewhere on its way; then one that comes to its end."""
    store = Store(database_url, seal=open_seal(tmp_path), pool=2)
    entries = [food(f"JY{n}", MONDAY + timedelta(days=n % 150), f"店主{n}", "") for n in range(20_000)]
    for start in range(0, len(entries), 2000):
        store.write(lambda t, start=start: t.licences.take(entries[start : start + 2000], BEGINS))
    command = [
        sys.executable,
        "-m",
        "bot",
        "nudges",
        "run",
        "--today",
        MONDAY.isoformat(),
        "--json",
        "--home",
        str(tmp_path),
    ]
    env, chance, counts = {**os.environ, "BANSHI_DATABASE_URL": database_url}, random.Random(3), list[int]()

    def rows() -> list[Any]:
        return list(store.read(lambda t: t.connection.execute(sa.select(nudge)).all()))

    while len(counts) < 6 and max(counts, default=0) < len(entries):
        running = [subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL) for _ in range(2)]
        while not rows() and running[0].poll() is None:
            sleep(0.02)
        sleep(chance.uniform(0, 0.15))
        for process in running:
            process.send_signal(signal.SIGKILL)
            process.wait()
        counts.append(len(rows()))
    assert 0 < counts[0] < len(entries), f"killed on the way: {counts}"
    ended = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, check=True, timeout=600)
    told = json.loads(ended.stdout)
    assert told["due"] == told["queued"] + told["already"] == len(entries) and told["already"] >= counts[-1]
    found = rows()
    store.close()
    assert len(found) == len({(one.licence_id, one.term, one.rung) for one in found}) == len(entries)


# The report


def test_the_report_has_its_denominators(either: Office) -> None:
    either.keep(food(), who="wang")
    either.keep(food("JY2", date(2026, 12, 20), "李四", ""))
    either.keep(food("JY3", name="王五", phone="13700137000"), who="zhao")
    either.go()
    either.hall.say("wang", "条件没变，我要续", "都没变，现在续")
    found = either.hall.read(lambda t: coverage(t, MONDAY, MONDAY, date(2027, 2, 1)))
    assert found["nudges"] == {"due": 3, "reached": 2, "merged": 0, "rate": 0.6667}
    assert found["by_rung"]["hurry"] == {"due": 2, "reached": 2, "rate": 1.0}
    assert found["by_rung"]["hurry_again"] == {"due": 1, "reached": 0, "rate": 0.0}
    assert found["unreached"] == {"waiting": 0, "on_the_way": 1, "failed": 0, "declined": 0}
    assert found["by_channel"] == {"chat": {"reached": 2}, "visit": {"open": 1}}
    licences = found["licences"]
    assert (licences["due"], licences["reached"], licences["converted"], licences["lapsed"]) == (3, 2, 1, 2)


def test_what_holders_said_is_looked_at_by_staff(office: Office) -> None:
    office.keep(food(), who="wang")
    office.go()
    office.hall.say("wang", "已经办了", "2031年12月31日")
    store, now = office.hall.store, office.hall.now
    (one,) = store.write(lambda t: tasks.to_check(t, "li", now))
    assert (one["number"], one["state"], one["claimed"]) == ("JY1", "done", "2031-12-31")
    store.write(lambda t: tasks.confirm(t, one["licence"], date(2031, 12, 31), "li", now))
    assert office.rows(licence)[0].expires_on == "2031-12-31" and office.rows(licence)[0].state == "active"


def test_what_one_has_is_listed_with_what_else_is_to_be_done(office: Office) -> None:
    office.keep(Entry("HY01", "W", "张国强", phone="13800138000", expires_on=date(2029, 12, 31)), who="wang")
    office.keep(Entry("FD03", "YB", "张国强", phone="13800138000"), who="wang")
    said = texts(office.hall.say("wang", "我的证照"))
    assert "2029年12月31日" in said and "每两年复核一次" in said and "长期有效" in said and "暂定" not in said


def test_the_list_of_the_month(office: Office) -> None:
    office.keep(food(), food("JY2", date(2027, 5, 20)), food("JY3", date(2027, 5, 25)), food("JY4", date(2026, 11, 1)))
    wording = Wording(REPLIES, KINDS, HOURS, "某大厅")
    rows = office.hall.store.write(lambda t: tasks.ending(t, wording, MONDAY, "li", office.hall.now))
    assert [one["number"] for one in rows] == ["JY1", "JY2"]
    assert (rows[0]["holder"], rows[0]["latest"], rows[0]["in_chat"]) == ("张国强", "2026-12-10", False)
    assert [one.what for one in office.hall.read(lambda t: t.audits.of("ledger"))] == ["licences ending"]


def test_a_notice_for_everybody_names_nobody(office: Office) -> None:
    office.keep(food(), food("JY2"), Entry("HY01", "W", "张国强", phone="13800138000", expires_on=END))
    wording = Wording(REPLIES, KINDS, HOURS, "某大厅")
    text = office.hall.read(lambda t: tasks.public_notice(t, wording, date(2026, 12, 1), END, "2026年12月"))
    assert "食品经营许可证（2 张）" in text and "公共场所卫生许可证（1 张）" in text
    assert "张国强" not in text and "JY" not in text and "138" not in text
