"""What must hold for any text and any moment, not only for the ones that somebody thought of."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.calendar import is_workday, load_hours
from bot.channels import terminal, webchat
from bot.domain.messages import writable
from bot.errors import ConfigError
from bot.settings import ROOT
from nlu.text import fold, has_words

ANY_TEXT = st.text(st.characters(codec=None), max_size=200)  # lone surrogates and controls included
NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
HOURS = load_hours(ROOT / "config/calendar.yml", ZoneInfo("Asia/Shanghai"))


@given(ANY_TEXT)
def test_any_text_can_be_kept(text: str) -> None:
    kept = writable(text)
    assert kept.encode("utf-8").decode("utf-8") == kept
    assert "\x00" not in kept and writable(kept) == kept


@given(ANY_TEXT)
def test_what_people_write_is_kept_as_they_wrote_it(text: str) -> None:
    printable = "".join(character for character in text if character.isprintable())
    assert writable(printable) == printable


@given(ANY_TEXT)
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert has_words(text) is bool(fold(text))


@given(ANY_TEXT)
def test_any_message_of_the_web_chat_becomes_an_event(text: str) -> None:
    event = webchat.understood(webchat.ChatEvent(text=text), "visitor", "one", NOW)
    assert event.conversation_id == "webchat:main:visitor"


@given(ANY_TEXT)
def test_any_line_is_an_event_or_is_refused_by_name(line: str) -> None:
    try:
        terminal.understood(line, "citizen", "one", NOW)
    except ConfigError as refusal:
        assert str(refusal)


@given(st.datetimes(datetime(2024, 1, 1), datetime(2030, 12, 31)))  # noqa: DTZ001 - made aware below
@settings(max_examples=200)
def test_the_next_opening_is_open_and_not_in_the_past(moment: datetime) -> None:
    now = moment.replace(tzinfo=UTC)
    opens = HOURS.next_open(now).astimezone(HOURS.zone)
    assert opens >= now
    assert any(begins <= opens.time() < ends for begins, ends in HOURS.on(opens.date()))
    assert opens - now < timedelta(days=12), "no holiday is longer"


@pytest.mark.parametrize(
    ("day", "works"),
    [(date(2026, 2, 14), True), (date(2026, 2, 16), False), (date(2026, 10, 5), False), (date(2026, 10, 10), True)],
)
def test_worked_saturdays_and_holidays_are_known(day: date, works: bool) -> None:
    assert is_workday(day) is works


def test_a_dated_exception_opens_or_closes_a_day(tmp_path: Path) -> None:
    file = tmp_path / "calendar.yml"
    file.write_text('hours: ["09:00-12:00"]\nexceptions:\n  2026-11-23: []\n  2026-11-22: ["10:00-11:00"]\n', "utf-8")
    hours = load_hours(file, ZoneInfo("Asia/Shanghai"))
    sunday = datetime(2026, 11, 22, 3, 30, tzinfo=UTC)  # half past eleven in the hall
    assert hours.next_open(sunday - timedelta(hours=3)).hour == 10
    assert hours.next_open(sunday).date() == date(2026, 11, 24), "Monday is shut"
