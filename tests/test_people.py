"""One person in two channels: one list of cases, once a code has shown it, and nothing of it before."""

from pathlib import Path

import pytest

from bot.privacy import erase, export
from bot.store.invitations import CODE
from tests.hall import Hall, texts


@pytest.fixture
def hall(tmp_path: Path, database_url: str) -> Hall:
    """On each engine."""
    return Hall(tmp_path, database_url)


def code(hall: Hall, who: str) -> str:
    found = CODE.search(texts(hall.say(who, "换渠道看办件")))
    assert found is not None
    return found[0]


def test_one_list_in_both_once_a_code_has_shown_it(hall: Hall) -> None:
    case = hall.submit("w")
    assert case.reference not in texts(hall.say("x", "我的办件"))
    given = code(hall, "w")
    assert case.reference not in texts(hall.say("x", "我的办件")), "a code that was given shows nothing yet"
    assert case.reference in texts(hall.say("x", f"码是 {given}"))
    assert "在另一个渠道也看得到了" in hall.told("w")[-1]
    own = hall.say("x", case.reference)
    assert any("zip" in link.url or len(one.links) == 4 for one in own for link in one.links), "as its own"
    drinks = hall.submit("x")
    assert all(one.reference in texts(hall.say("w", "我的办件")) for one in (case, drinks))


def test_a_code_is_for_once_and_for_elsewhere(hall: Hall) -> None:
    case = hall.submit("w")
    given = code(hall, "w")
    assert "另一个渠道里发" in texts(hall.say("w", given)), "not here"
    hall.say("x", given)
    for stranger, said in (("y", given), ("z", "ABCDE-FGHJK")):
        assert case.reference not in texts(hall.say(stranger, said))
        assert case.reference not in texts(hall.say(stranger, "我的办件"))
    late = code(hall, "w")
    hall.pass_time(days=8)
    assert case.reference not in texts(hall.say("v", late))


def test_either_side_may_part(hall: Hall) -> None:
    case = hall.submit("w")
    hall.say("x", code(hall, "w"))
    assert "分开了" in texts(hall.say("w", "取消关联"))
    assert case.reference not in texts(hall.say("x", "我的办件")) and case.reference in texts(hall.say("w", "我的办件"))
    assert "没有关联" in texts(hall.say("w", "取消关联"))


def test_a_draft_is_gone_on_with_in_the_other_channel_and_only_there(hall: Hall) -> None:
    hall.say("w", "开办小店", "一楼")
    hall.say("x", code(hall, "w"))
    assert "面积" in texts(hall.say("x", "接着填"))
    assert hall.say("x", "60") and hall.cases("x")[0].values["area"] == "60"
    assert hall.read(lambda t: t.conversations.load(hall.id("w")).case) is None


def test_three_channels_are_one_person_and_who_is_forgotten_leaves(hall: Hall) -> None:
    case = hall.submit("w")
    hall.say("x", code(hall, "w"))
    hall.say("y", code(hall, "x"))
    for who in ("w", "x", "y"):
        assert case.reference in texts(hall.say(who, "我的办件"))
    known = hall.store.write(lambda t: export(t, hall.id("y"), "admin", hall.now))
    assert case.reference in str(known)
    hall.store.write(lambda t: erase(t, hall.id("y"), "admin", hall.now))
    assert case.reference not in texts(hall.say("y", "我的办件"))
    assert case.reference in texts(hall.say("x", "我的办件"))
