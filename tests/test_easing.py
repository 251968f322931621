"""For elders and whoever asks for it: few words, large type, one retake, a person at the first failure, and first."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient

from bot.domain.conversation import Conversation
from bot.domain.messages import OutboundMessage
from bot.errors import ConfigError
from bot.handlers.easing import in_lines
from bot.replies import Replies
from bot.web import create
from tests.hall import REPLIES, Hall, choices, texts
from tests.photos.scenes import scene
from tests.test_inspections import accepted, photo, with_walk


def eased(hall: Hall, who: str) -> bool:
    return bool(hall.read(lambda t: t.conversations.load(hall.id(who))).eased)


@pytest.mark.parametrize("said", ["大字版", "长辈模式", "我年纪大了", "我年纪大了，看不清字", "眼睛不好，字太小"])
def test_it_is_asked_for_in_ones_own_words_and_taken_back(hall: Hall, said: str) -> None:
    answer = hall.say("wang", said)
    assert eased(hall, "wang") and "找人" in texts(answer) and choices(answer) == ("人工",)
    assert all("\n" not in one.text for one in answer), "one line a bubble"
    hall.restart()
    assert "换回普通版" in texts(hall.say("wang", "普通版")) and not eased(hall, "wang")


@pytest.mark.parametrize(
    "said", ["年纪大了能不能让儿子代办？", "我妈年纪大了想开个小卖部怎么办", "老年证怎么办", "大字报"]
)
def test_what_only_sounds_like_it_changes_nothing(hall: Hall, said: str) -> None:
    hall.say("wang", said)
    assert not eased(hall, "wang")


def test_sentences_are_shorter_and_tell_the_same(hall: Hall) -> None:
    hall.fill("wang")
    whole = texts(hall.say("wang", "传文件"))
    hall.say("wang", "大字版")
    short = texts(hall.say("wang", "传文件"))
    assert len(short) < len(whole) and "30 分钟" in short
    for name in REPLIES.sentences:
        if name.startswith("short."):
            assert len(REPLIES(name, **_told(name))) < len(REPLIES(name.removeprefix("short."), **_told(name))), name


def _told(name: str) -> dict[str, str]:
    return dict.fromkeys(
        ("hall", "reply_by", "near", "name", "days", "due", "lapsed", "what", "document", "minutes", "done", "all"), ""
    )


def test_a_person_is_offered_after_one_photo_and_one_miss(hall: Hall) -> None:
    with_walk(hall)
    accepted(hall, "wang")
    hall.say("wang", "大字版", "拍照核查")
    for number in (1, 2):
        hall.send("wang", photo(number))
    hall.say("wang", "下一项")
    assert "太暗" in texts(hall.send("wang", scene("scene sinks1 dark")))
    assert "先收下" in texts(hall.send("wang", scene("scene sinks2 dark"))), "asked for again once"
    assert "马上找人" in texts(hall.say("li", "大字版", "99")), "the first message that leads to nothing"
    assert "马上找人" not in texts(hall.say("zhao", "99"))


def test_they_go_before_others_at_the_desk(hall: Hall) -> None:
    hall.say("zhao", "人工")
    hall.say("wang", "大字版", "人工")
    first, second = hall.read(lambda t: t.tickets.waiting(None))
    assert (first.conversation_id, second.conversation_id) == (hall.id("wang"), hall.id("zhao"))


def test_the_pages_are_in_large_type(hall: Hall) -> None:
    site = TestClient(create(hall.resources, {}, hall.round))
    hall.store.now = lambda: hall.now  # type: ignore[method-assign]
    usual = site.get(hall.say("wang", "传文件")[0].links[0].url).text
    assert 'class="large"' not in usual
    (said,) = [one for one in hall.say("wang", "大字版", "传文件") if one.links]
    assert '<html lang="zh-CN" class="large">' in site.get(said.links[0].url).text


def test_lists_and_what_is_cited_stay_whole(hall: Hall) -> None:
    said = [OutboundMessage("一\n二", ("好",)), OutboundMessage("列：\n1 一\n2 二"), OutboundMessage("a\nb\nc\nd\ne")]
    turn = SimpleNamespace(conversation=Conversation("c", eased=True), said=said)
    parts = in_lines(turn)  # type: ignore[arg-type]
    assert [one.text for one in parts] == ["一", "二", "列：\n1 一\n2 二", "a\nb\nc\nd\ne"]
    assert [one.choices for one in parts[:2]] == [(), ("好",)]


def test_a_short_sentence_that_stands_for_none_or_wants_more_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "replies.yml").write_text('commands: {}\nreplies: {a: "好{x}", short: {a: "{y}", b: 好}}\n', "utf-8")
    with pytest.raises(ConfigError) as fault:
        Replies.load(tmp_path / "replies.yml")
    assert "short.a: is not told y" in str(fault.value) and "short.b: there is no such" in str(fault.value)
