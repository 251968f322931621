"""Appointments: what is open when, whose seat is whose, holds, lines, reminders, and what the desk may do."""

import json
import random
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import typer
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar
from typer.testing import CliRunner

from bot import loops
from bot.attending import Attendant
from bot.bench.slots import measure
from bot.channels import connect_all
from bot.cli import slots as slots_command
from bot.desk import open_desk
from bot.diary import Diary
from bot.domain.appointment import Appointment, Slot, Wanted, reachable, reminder, slots
from bot.domain.messages import InboundEvent
from bot.errors import CitizenError, ConfigError, OperatorError
from bot.offices import Offices, load_offices
from bot.privacy import erase, export
from bot.settings import ROOT, load_settings
from bot.store.db import Store, Tables
from bot.visit_routes import visit_routes
from bot.web import create
from tests.hall import BEGINS, HOURS, ZONE, Hall
from tests.test_desk import sign_in

OFFICES = load_offices(ROOT / "config/offices.yml")
DIARY = Diary(OFFICES, HOURS)
DAY = date(2026, 11, 25)  # a Wednesday
NOW = BEGINS


def at(hour: int, minute: int = 0, day: date = DAY) -> datetime:
    return datetime.combine(day, time(hour, minute), ZONE)


def slot(hour: int = 15, minute: int = 0, counter: str = "window-general", day: date = DAY) -> Slot:
    return next(one for one in OFFICES.slots(counter, day, HOURS) if one.starts_at == at(hour, minute, day))


def wanted(who: str, one: Slot | None = None) -> Wanted:
    id = f"terminal:main:{who}"
    return Wanted(one or slot(), {}, "online", id, id)


def hold(store: Store, who: str, one: Slot | None = None, now: datetime = NOW, **more: int) -> Appointment | None:
    found: Appointment | None = store.write(lambda tables: DIARY.hold(tables, replace(wanted(who, one), **more), now))
    return found


def book(store: Store, who: str, one: Slot | None = None, now: datetime = NOW) -> Appointment:
    def work(tables: Tables) -> Appointment:
        held = DIARY.hold(tables, wanted(who, one), now)
        assert held is not None and DIARY.confirm(tables, held, now)
        return held

    return store.write(work)


def free(store: Store, one: Slot | None = None, way: str = "online", now: datetime = NOW) -> int:
    one = one or slot()
    return store.read(lambda tables: DIARY.free(tables, [one], way, now).get(one, 0))  # type: ignore[arg-type]


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    made = Hall(tmp_path, f"sqlite:///{tmp_path / 'banshi.db'}")
    made.resources = replace(made.resources, offices=OFFICES)
    yield made
    made.store.close()


@pytest.mark.parametrize(
    "day, hours",
    [
        (date(2026, 11, 24), "0900-1200 1330-1700"),
        (date(2026, 11, 25), "0900-1200 1330-1900"),  # late on Wednesdays: it joins the afternoon
        (date(2026, 11, 28), "0900-1200"),  # a Saturday of its own
        (date(2026, 11, 29), ""),
        (date(2026, 10, 3), ""),  # a Saturday within a holiday
        (date(2026, 10, 10), "0900-1200 1330-1700"),  # a Saturday that is worked
        (date(2026, 10, 1), ""),
    ],
)
def test_an_office_is_open_late_and_on_weekends_but_not_in_holidays(day: date, hours: str) -> None:
    spans = OFFICES.offices["hall"].on(day, HOURS)
    assert " ".join(f"{opens:%H%M}-{closes:%H%M}" for opens, closes in spans) == hours


def test_no_time_lies_in_the_lunch_break_nor_over_the_end() -> None:
    times = [f"{one.starts_at:%H:%M}" for one in OFFICES.slots("inspect-food", date(2026, 11, 24), HOURS)]
    assert times == ["09:00", "10:00", "11:00", "13:30", "14:30", "15:30"]


def test_a_day_of_its_own_and_hours_of_its_own() -> None:
    assert not OFFICES.slots("lawyer", DAY, HOURS)
    assert len(OFFICES.slots("lawyer", date(2026, 11, 26), HOURS)) == 6


@given(st.lists(st.integers(0, 24 * 60 - 1), max_size=8, unique=True).map(sorted), st.integers(5, 120))
def test_times_never_overlap_and_never_leave_the_hours(points: list[int], minutes: int) -> None:
    apart = list(zip(points[::2], points[1::2], strict=False))
    hours = [(time(a // 60, a % 60), time(b // 60, b % 60)) for a, b in apart]
    found = slots("x", DAY, hours, minutes, ZONE)
    assert len(found) == sum((b - a) // minutes for a, b in apart)
    assert all(one.ends_at <= two.starts_at for one, two in pairwise(found))
    assert all(any(a <= one.starts_at.time() and one.ends_at.time() <= b for a, b in hours) for one in found)


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40))
def test_all_ways_share_one_pool_and_none_exceeds_its_quota(seats: int, online: int, phone: int) -> None:
    web, desk = reachable("online", seats, online), reachable("phone", seats, phone)
    assert len(web) == min(online, seats) and len(desk) == min(phone, seats)
    assert set(web) | set(desk) <= set(range(seats))
    assert len(set(reachable("walkin", seats, seats)) | set(web)) == seats


def test_two_hundred_at_once_for_a_time_of_five_seats(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'banshi.db'}")
    wide = OFFICES.counters["window-general"].model_copy(update={"quota": {"online": 5}})
    five = replace(OFFICES, counters={**OFFICES.counters, "window-general": wide})
    diary, one = Diary(five, HOURS), slot()
    got: list[str] = []
    offered: list[int] = []

    def race(number: int) -> None:
        who = f"terminal:main:{number}"

        def work(tables: Tables) -> tuple[bool, int]:
            held = diary.hold(tables, Wanted(one, {}, "online", who, who), NOW)
            if held is None:
                others = diary.others(tables, one, "online", NOW, 4)
                assert one not in others
                return False, len(others)
            return diary.confirm(tables, held, NOW), 0

        won, others = store.write(work)
        (got.append(who) if won else offered.append(others))

    threads = [threading.Thread(target=race, args=(number,)) for number in range(200)]
    random.Random(8).shuffle(threads)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == len(set(got)) == 5
    assert len(offered) == 195 and set(offered) == {4}
    booked = store.read(lambda tables: diary.of_day(tables, DAY))
    assert sorted(one.conversation for one in booked) == sorted(got)
    store.close()


def test_a_crowd_of_several_processes_gets_the_seats_that_there_are(tmp_path: Path) -> None:
    (row,) = measure(load_settings(tmp_path), 60, 2)
    assert (row["won"], row["persons"], row["booked"], row["taken"], row["without others"]) == (5, 5, 5, 5, 0)


def test_a_seat_goes_to_one_only_whatever_the_order(store: Store) -> None:
    """On both engines: the web has three of the five seats, the desk the same five from the other end."""
    assert [hold(store, who) is not None for who in "abcd"] == [True, True, True, False]
    calls = [replace(wanted(f"p{n}"), way="phone", phone=f"1380013800{n}") for n in range(3)]
    by_phone = [store.write(lambda tables, one=one: DIARY.book(tables, one, "clerk", NOW)) for one in calls]
    assert [one is not None for one in by_phone] == [True, True, False]
    assert free(store, way="walkin") == 0


def test_a_hold_that_expires_returns_and_cannot_be_confirmed(store: Store) -> None:
    held = [hold(store, who) for who in "abc"]
    assert free(store) == 0 and hold(store, "d") is None
    later = NOW + timedelta(minutes=11)
    assert free(store, now=later) == 3
    taken = hold(store, "d", now=later)
    assert taken is not None
    assert not store.write(lambda tables: DIARY.confirm(tables, held[0], later))  # type: ignore[arg-type]
    assert store.write(lambda tables: DIARY.confirm(tables, taken, later))
    assert not store.write(lambda tables: DIARY.confirm(tables, taken, later))


def test_nobody_is_at_two_places_at_a_time(store: Store) -> None:
    book(store, "a")
    for other in (slot(), slot(15, counter="window-market"), slot(14, 30, "inspect-food")):
        with pytest.raises(CitizenError, match="twice"):
            hold(store, "a", other)


def test_a_change_frees_the_earlier_time_only_once_it_is_confirmed(store: Store) -> None:
    first = book(store, "a")
    moved = hold(store, "a", slot(16), replaces=first.id)
    assert moved is not None and free(store) == 2 and free(store, slot(16)) == 2
    assert store.write(lambda tables: DIARY.confirm(tables, moved, NOW))
    assert free(store) == 3 and free(store, slot(16)) == 2


def test_a_joint_visit_takes_a_seat_of_every_department_or_none(store: Store) -> None:
    joint, food, fire = (slot(9, 0, counter) for counter in ("inspect-joint", "inspect-food", "inspect-fire"))
    assert hold(store, "a", joint) is not None
    assert (free(store, food), free(store, fire), free(store, joint)) == (1, 0, 0)
    assert hold(store, "b", joint) is None
    assert free(store, food) == 1, "nothing of a visit that could not be had is kept"


def test_times_too_near_or_too_far_are_not_offered() -> None:
    now = at(10, 45)
    times = DIARY.slots("window-general", now)
    assert times[0].starts_at == at(11, 30)
    assert HOURS.between(DAY, times[-1].starts_at.date()) <= OFFICES.rules.ahead


def test_who_often_does_not_come_books_at_the_desk_for_a_while(store: Store) -> None:
    for hour in (9, 10, 11):
        one = book(store, "a", slot(hour))
        soon, late = at(hour, 5), at(hour, 15)
        assert not store.write(lambda tables, id=one.id, now=soon: DIARY.missed(tables, id, "clerk", now))
        assert store.write(lambda tables, id=one.id, now=late: DIARY.missed(tables, id, "clerk", now))
    until = store.read(lambda tables: DIARY.barred_until(tables, "terminal:main:a", at(12)))
    assert until == DAY + timedelta(days=30)
    much_later = at(12) + timedelta(days=31)
    assert store.read(lambda tables: DIARY.barred_until(tables, "terminal:main:a", much_later)) is None
    assert store.read(lambda tables: DIARY.barred_until(tables, "terminal:main:b", at(12))) is None


def test_the_desk_books_for_a_caller_and_marks_who_came(hall: Hall) -> None:
    caller = Wanted(slot(), {}, "phone", "", name="张国强", phone="13800138000")
    made = hall.store.write(lambda tables: DIARY.book(tables, caller, "clerk", NOW))
    assert made is not None and (made.state, made.name, made.phone) == ("booked", "张国强", "13800138000")
    assert [one.id for one in hall.read(lambda tables: DIARY.of_day(tables, DAY, "window-general"))] == [made.id]
    assert hall.store.write(lambda tables: DIARY.arrived(tables, made.id, "clerk", at(14, 55)))
    assert not hall.store.write(lambda tables: DIARY.cancel(tables, made.id, "clerk", at(15)))
    with pytest.raises(CitizenError, match="twice"):
        again = replace(caller, slot=slot(16))
        hall.store.write(lambda tables: DIARY.book(tables, again, "clerk", NOW))
        hall.store.write(lambda tables: DIARY.book(tables, again, "clerk", NOW))
    with pytest.raises(OperatorError):
        odd = replace(caller, slot=Slot(at(12, 10), at(12, 40), "window-general"))
        hall.store.write(lambda tables: DIARY.book(tables, odd, "clerk", NOW))
    stored = b"".join(path.read_bytes() for path in hall.home.glob("banshi.db*"))
    assert "张国强".encode() not in stored and b"13800138000" not in stored


def test_time_lets_go_what_nobody_confirmed_and_says_so_once(hall: Hall) -> None:
    hold(hall.store, "a")
    attendant = Attendant(hall.resources)
    assert attendant.go(NOW) == 0
    later = NOW + timedelta(minutes=11)
    assert (attendant.go(later), attendant.go(later)) == (1, 0)
    assert len(hall.told("a")) == 1 and "放开" in hall.told("a")[0]


def test_who_waits_is_offered_a_time_in_their_order_and_by_day(hall: Hall) -> None:
    every = OFFICES.slots("lawyer", date(2026, 11, 26), HOURS)
    booked = [book(hall.store, f"b{n}", one) for n, one in enumerate(every)]
    first, last = at(0, day=date(2026, 11, 26)), at(0, day=date(2026, 11, 27))
    for who in ("a", "b"):
        hall.store.write(lambda tables, who=who: tables.lines.join(hall.id(who), "lawyer", first, last, NOW))
    attendant = Attendant(hall.resources)
    assert attendant.go(NOW) == 0
    hall.store.write(lambda tables: tables.appointments.end(booked[2].id, "cancelled", NOW))
    night = at(22, day=date(2026, 11, 23))
    assert attendant.go(night) == 0, "nobody is woken"
    morning = at(9, day=date(2026, 11, 24))
    assert attendant.go(morning) == 1
    assert "等到了" in hall.told("a")[0] and not hall.told("b")
    assert attendant.go(morning + timedelta(minutes=31)) == 2, "it was not confirmed: the next one has it"
    assert "等到了" in hall.told("b")[0] and "放开" in hall.told("a")[1]


def test_reminders_the_day_before_from_opening_on_and_two_hours_before_once_each(hall: Hall) -> None:
    book(hall.store, "a", slot(15))
    book(hall.store, "b", slot(9))
    attendant = Attendant(hall.resources)
    eve = DAY - timedelta(days=1)
    assert attendant.go(at(8, 30, eve)) == 0
    assert (attendant.go(at(9, 0, eve)), attendant.go(at(9, 1, eve))) == (2, 0)
    assert attendant.go(at(7, 30)) == 0
    assert attendant.go(at(8, 0)) == 1, "two hours before nine somebody may sleep"
    assert (attendant.go(at(12, 59)), attendant.go(at(13, 0)), attendant.go(at(14))) == (0, 1, 0)
    assert ["明天" in hall.told("a")[0], "今天" in hall.told("a")[1], len(hall.told("a"))] == [True, True, 2]
    assert "身份证" in hall.told("a")[0]


def test_no_reminder_is_older_than_the_appointment(hall: Hall) -> None:
    book(hall.store, "a", slot(15), now=at(13, 30))
    assert Attendant(hall.resources).go(at(14)) == 0


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 60 * 24 * 14), st.integers(1, 60 * 24 * 14), st.integers(5, 240))
def test_each_reminder_goes_out_once_at_most_in_any_rhythm(made: int, ahead: int, step: int) -> None:
    begun = datetime(2026, 11, 16, tzinfo=UTC) + timedelta(minutes=made)
    starts = (begun + timedelta(minutes=ahead)).astimezone(ZONE)
    one = Appointment(1, Slot(starts, starts, "x"), "booked", "online", "c", "", "", "", begun)
    now, told = begun, Counter[str]()
    while now < starts + timedelta(hours=1):
        if rung := reminder(one, now, time(9), time(8)):
            told[rung] += 1
            assert now < starts
            assert rung == "hours" or now.astimezone(ZONE).date() == starts.date() - timedelta(days=1)
            one = replace(one, reminded=(*one.reminded, rung))
        now += timedelta(minutes=step)
    assert set(told.values()) <= {1}


def test_a_calendar_file_for_whoever_has_the_link_and_for_nobody_else(hall: Hall) -> None:
    made = book(hall.store, "a")
    application = FastAPI()
    application.include_router(visit_routes(hall.resources))
    client, token = TestClient(application), hall.files.seal.token(f"visit {made.id}")
    event = Calendar.from_ical(client.get(f"/visits/{token}.ics").text).walk("VEVENT")[0]
    assert (event.decoded("dtstart"), event.decoded("dtend")) == (at(15), at(15, 30))
    assert str(event["status"]) == "CONFIRMED" and len(event.walk("VALARM")) == 2
    hall.store.write(lambda tables: tables.appointments.end(made.id, "cancelled", NOW))
    assert "STATUS:CANCELLED" in client.get(f"/visits/{token}.ics").text
    other = hall.files.seal.token("20261121-CY-00001-7 receipt")
    wrong = [token[:-2], other, hall.files.seal.token("visit 99"), "x" * 40]
    assert {client.get(f"/visits/{word}.ics").status_code for word in wrong} == {404}


def test_what_is_kept_is_told_and_forgotten_with_its_seat(store: Store) -> None:
    book(store, "a")
    told = store.write(lambda tables: export(tables, "terminal:main:a", "clerk", NOW))
    assert [one["state"] for one in told["appointments"]] == ["booked"]
    store.write(lambda tables: erase(tables, "terminal:main:a", "clerk", NOW))
    assert free(store) == 3 and not store.read(lambda tables: tables.appointments.of_conversation("terminal:main:a"))


def test_the_nearest_office_that_does_it() -> None:
    here = (34.6521, 107.1611)
    assert OFFICES.nearest(here)[0][0] == "town"
    assert OFFICES.nearest(here, "open-pharmacy")[0][0] != "town"
    assert [OFFICES.called(text) for text in ("我在恒隆大厦", "城关镇这边", "月球")] == ["station", "town", None]
    assert OFFICES.offices["hall"].away((34.64, 107.14)) == pytest.approx(0.915, abs=0.01)


@pytest.mark.parametrize(
    "text, bundle, counter",
    [
        ("周三下午三点去窗口交材料", "", "window-general"),
        ("约个窗口", "open-company", "window-market"),
        ("去城关镇办", "", "window-town"),
        ("约视频窗口", "", "video"),
        ("约现场核查", "", "inspect-food"),
        ("约消防踏勘", "", "inspect-fire"),
        ("约现场踏勘", "open-restaurant", "inspect-joint"),
        ("约律师", "", "lawyer"),
        ("想见领导", "", "leader"),
        ("约专家", "", "expert"),
        ("找人帮办", "", "help"),
    ],
)
def test_the_counter_is_found_by_what_is_said_and_by_the_case(text: str, bundle: str, counter: str) -> None:
    assert OFFICES.counter_for(text, bundle) == counter


def test_every_fault_of_the_file_is_named_with_its_line(tmp_path: Path) -> None:
    text = (ROOT / "config/offices.yml").read_text("utf-8")
    for right, wrong in (
        ("members: [inspect-food, inspect-fire]", "members: [inspect-food, nobody]"),
        ('quota: {online: "3", phone: "4", walkin: "5"}', 'quota: {online: "9"}'),
        ('hours: ["08:30-12:00", "14:00-17:30"]', 'hours: ["12:00-08:30"]'),
        ("    office: station\n", "    office: moon\n"),
        ("bundles: [open-restaurant, open-hotel]", "bundles: [open-nothing]"),
    ):
        assert right in text
        text = text.replace(right, wrong, 1)
    (tmp_path / "offices.yml").write_text(text, "utf-8")
    with pytest.raises(ConfigError) as caught:
        load_offices(tmp_path / "offices.yml", ["open-restaurant", "open-company"])
    told = str(caught.value)
    for part in ("nobody", "more than the 5", "ends before it begins", "no office 'moon'", "open-nothing"):
        line = next(one for one in told.splitlines() if part in one)
        assert line.split(":")[1].isdecimal()


def test_without_the_file_there_is_nothing_to_book(tmp_path: Path) -> None:
    assert load_offices(tmp_path / "offices.yml") == Offices()


def test_the_command_tells_free_times_and_names_a_counter_that_is_none(tmp_path: Path) -> None:
    alone, run = typer.Typer(), CliRunner()
    slots_command.add_to(alone)
    day = HOURS.after(datetime.now(ZONE).date(), 5)
    found = run.invoke(alone, ["window-general", "--on", day.isoformat(), "--json", "--home", str(tmp_path)])
    assert found.exit_code == 0, found.output
    times = json.loads(found.output)
    assert len(times) == len(OFFICES.slots("window-general", day, HOURS)) > 0
    assert all(one["free"] == 3 and one["start"].endswith("+08:00") for one in times)
    assert isinstance(run.invoke(alone, ["moon", "--home", str(tmp_path)]).exception, ConfigError)


def test_the_page_of_a_day_shows_who_comes_masked_and_books_for_callers(hall: Hall) -> None:
    parts = create(hall.resources, connect_all({}), hall.round, [open_desk(hall.resources, ["terminal"])])
    client = TestClient(parts, follow_redirects=False)
    csrf = sign_in(hall, client, "李敏", "agent")
    day = HOURS.after(hall.store.now().astimezone(ZONE).date(), 3)
    begins = OFFICES.slots("window-general", day, HOURS)[2].starts_at.isoformat()
    form = {"csrf": csrf, "counter": "window-general", "slot": begins, "name": "张国强", "phone": "138 0013 8000"}
    assert "done=booked" in client.post("/desk/appointments/book", data=form).headers["location"]
    assert "fault=twice" in client.post("/desk/appointments/book", data=form).headers["location"]
    for wrong in ({"phone": "1"}, {"slot": "soon"}, {"counter": "moon"}):
        assert "fault=caller" in client.post("/desk/appointments/book", data={**form, **wrong}).headers["location"]
    page = client.get(f"/desk/appointments?day={day}&counter=window-general").text
    assert "张*强" in page and "138****8000" in page and "张国强" not in page
    mine = book(hall.store, "a", OFFICES.slots("window-general", day, HOURS)[0], now=hall.store.now())
    for id in (mine.id, mine.id - 1):
        done = client.post(f"/desk/appointments/{id}/cancel", data={"csrf": csrf, "day": day.isoformat()})
        assert "done=marked" in done.headers["location"]
        assert "fault=gone" in client.post(f"/desk/appointments/{id}/missed", data={"csrf": csrf}).headers["location"]
    assert len(hall.told("a")) == 1 and "已取消" in hall.told("a")[0]
    audited = [one.what for one in hall.read(lambda tables: tables.audits.last())]
    assert {"view appointments", "book appointment", "cancel appointment"} <= set(audited)


def test_a_place_that_is_sent_is_answered_with_the_offices_around_it(hall: Hall) -> None:
    event = InboundEvent("terminal", "place", "a", "location", NOW, location=(34.6521, 107.1611))
    id, _ = hall.store.write(lambda tables: tables.inbox.accept(event, NOW))
    for claimed in loops.claim_turns(hall.resources, ["terminal"], NOW, 4):
        loops.run_turn(hall.resources, claimed, NOW)
    said = hall.read(lambda tables: tables.outbox.of_turn(id))
    assert said[0].text.splitlines()[1].startswith("1. 城关镇便民服务中心（约 0.0 公里）")
    assert "今天 08:30-12:00、14:00-17:30" in said[0].text
