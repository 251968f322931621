"""A named specialist: told to the citizen, preferred by the queue while on shift and with room, load shown."""

import pytest
from fastapi.testclient import TestClient

from bot.store.specialists import of_case
from tests.hall import Hall
from tests.test_desk import People, sign_in
from tests.test_inspections import client as client  # a desk over the hall


@pytest.fixture
def people(hall: Hall) -> People:
    found = People(hall)
    found.hire("李敏", "enterprise")
    found.hire("周婷", "inspection")
    return found


def name(hall: Hall, people: People, about: str, who: str, staff: str) -> None:
    agent = people.who(staff)
    hall.store.write(lambda tables: people.handover.name(tables, about, hall.id(who), agent, "主管", hall.now))


def test_whoever_is_named_gets_the_citizen_first_though_of_another_team(hall: Hall, people: People) -> None:
    name(hall, people, hall.id("王"), "王", "周婷")
    assert "政务专员周婷（勘验组）" in hall.told("王")[-1]
    people.come("李敏")
    people.come("周婷")
    hall.say("王", "人工")
    people.stay("李敏", "周婷")
    assert people.ticket("王").agent == "周婷" and people.ticket("王").team == "enterprise"
    hall.say("李", "人工")
    people.stay("李敏", "周婷")
    assert people.ticket("李").agent == "李敏"  # whoever has no specialist goes to the team


def test_who_is_away_or_full_is_not_waited_for(hall: Hall, people: People) -> None:
    name(hall, people, hall.id("王"), "王", "周婷")
    people.come("李敏")
    hall.say("王", "人工")
    people.stay("李敏")
    assert people.ticket("王").agent == "李敏"
    people.come("周婷")
    for who in ("甲", "乙", "丙", "丁"):
        name(hall, people, hall.id(who), who, "周婷")
        hall.say(who, "人工")
        people.stay("李敏", "周婷")
        assert people.ticket(who).agent == "周婷"
    name(hall, people, hall.id("戊"), "戊", "周婷")
    hall.say("戊", "人工")
    people.stay("李敏", "周婷")
    assert people.ticket("戊").agent == "李敏"  # four is all that an inspector may have


def test_of_a_case_as_long_as_it_goes_on_and_the_load_says_how_many(hall: Hall, people: People) -> None:
    case = hall.submit("王")
    name(hall, people, of_case(case.reference), "王", "周婷")
    name(hall, people, hall.id("李"), "李", "周婷")

    def named() -> dict[str, str]:
        return hall.read(lambda tables: tables.specialists.for_citizens([hall.id("王"), hall.id("赵")]))

    assert named() == {hall.id("王"): "周婷"} and hall.read(lambda t: t.specialists.loads()) == {"周婷": 2}
    name(hall, people, hall.id("王"), "王", "李敏")  # of the citizen goes before of a case
    assert named() == {hall.id("王"): "李敏"}
    hall.store.write(lambda tables: tables.specialists.name(hall.id("王"), "", "主管", hall.now))
    for item in ("base", "sign", "food"):
        hall.report(case, item, "refused", reason="不符合") if item != "food" else None
    assert named() == {} and hall.read(lambda t: t.specialists.loads()) == {"周婷": 1}


def test_at_the_desk_one_is_named_with_the_load_in_view(hall: Hall, people: People, client: TestClient) -> None:
    case = hall.submit("王")
    csrf = sign_in(hall, client, "何伟", "reviewer")
    page = client.get(f"/desk/cases/{case.reference}").text
    assert "周婷（跟进 0 件）" in page and "何伟（" not in page
    told = {"csrf": csrf, "staff": "周婷"}
    for _ in range(2):
        assert (
            client.post(f"/desk/cases/{case.reference}/specialist", data=told)
            .headers["location"]
            .endswith("done=saved")
        )
    assert len([text for text in hall.told("王") if "政务专员周婷" in text]) == 1
    assert "周婷（跟进 1 件）" in client.get(f"/desk/cases/{case.reference}").text
    strange = client.post(f"/desk/cases/{case.reference}/specialist", data={"csrf": csrf, "staff": "何伟"})
    assert "fault=gone" in strange.headers["location"]
    hall.say("王", "人工")
    id = people.ticket("王").id
    csrf = sign_in(hall, client, "李敏二", "agent", teams=("enterprise",))
    client.post(f"/desk/chats/{id}/specialist", data={"csrf": csrf, "staff": "李敏"})
    page = client.get(f"/desk/chats/{id}").text
    assert '<option value="李敏" selected>' in page
    audited = hall.read(lambda tables: [one.what for one in tables.audits.of(of_case(case.reference))])
    assert audited == ["name specialist"]
