"""Photos as they come: sealed at once, cleaned in their turn, never seen before that, and lost at no point."""

import itertools
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot import looking, loops, privacy, timers
from bot.domain.case import Kept
from bot.domain.messages import InboundEvent
from bot.errors import CitizenError, OperatorError, StoreError
from bot.intake import receive
from bot.materials import files
from bot.materials.cleaning import LARGEST
from bot.materials.eye import Eye
from bot.materials.files import Files, raw
from bot.rekeying import rekey
from bot.seal import change_key
from bot.store.inbox import Inbox
from bot.store.kept import KeptFiles
from bot.store.photos import Photos
from tests.hall import Hall, choices, photo

MANY = 20


@pytest.fixture
def hall(tmp_path: Path, database_url: str) -> Hall:
    """On each engine."""
    made = Hall(tmp_path, database_url)
    made.store.now = lambda: made.now  # type: ignore[method-assign]
    return made


def arrived(hall: Hall, who: str = "wang", content: bytes = b"") -> Kept:
    return receive(hall.store, hall.files, hall.id(who), content or photo())


def named(hall: Hall, kept: Kept, who: str = "wang") -> int:
    event = InboundEvent("terminal", f"of-{kept.file}", who, "photo", hall.now, media=kept.file)
    return hall.store.write(lambda tables: tables.inbox.accept(event, hall.now))[0]


def run(hall: Hall) -> None:
    while claims := loops.claim_turns(hall.resources, ["terminal"], hall.now, 4):
        for claimed in claims:
            loops.run_turn(hall.resources, claimed, hall.now)


def said(hall: Hall, id: int) -> list[str]:
    return [one.text for one in hall.read(lambda tables: tables.outbox.of_turn(id))]


def outcome(hall: Hall, id: int) -> str | None:
    return hall.read(lambda tables: tables.inbox.result(id).outcome)


def parts_left(hall: Hall) -> list[Path]:
    return list(hall.files.folder.rglob("*.part"))


def test_as_it_came_it_lies_sealed_and_under_its_name_there_is_nothing(hall: Hall) -> None:
    kept = arrived(hall)
    assert kept.kind == "jpeg" and hall.files.all() == [raw(kept.file)]
    assert photo()[:64] not in (hall.files.folder / kept.file[:2] / raw(kept.file)).read_bytes()
    with pytest.raises(OperatorError):
        hall.files.read(kept.file)
    known = hall.read(lambda tables: tables.kept.find(kept.file))
    assert known is not None and known.kind == "", "which no page shows"
    id = named(hall, kept)
    run(hall)
    assert outcome(hall, id) == "saved" and hall.files.all() == [kept.file]
    cleaned, known = hall.files.read(kept.file), hall.read(lambda tables: tables.kept.find(kept.file))
    assert known is not None and (known.kind, known.size) == ("jpeg", len(cleaned))
    assert known.sha256 == kept.sha256


def test_what_is_not_cleaned_is_offered_for_no_paper(hall: Hall) -> None:
    hall.fill("wang")
    kept = arrived(hall)
    assert "用之前的照片" not in choices(hall.say("wang", "再说一遍"))
    hall.store.write(lambda tables: tables.kept.cleaned(kept.file, "jpeg", 9))
    assert "用之前的照片" in choices(hall.say("wang", "再说一遍"))


def test_of_twenty_at_once_each_hears_that_it_came_and_none_waits_in_a_worker(hall: Hall) -> None:
    sent = {f"c{n}": arrived(hall, f"c{n}", photo(n)) for n in range(MANY)}
    ids = {who: named(hall, kept, who) for who, kept in sent.items()}
    with hall.resources.eye._one:  # the cleaner is at work on another
        run(hall)
        assert {who: said(hall, id) for who, id in ids.items()} == {who: ["收到，正在核验…"] for who in ids}
        assert hall.say("li", "开办小店"), "others are answered meanwhile"
    for _ in range(2):
        hall.now += timedelta(seconds=1)
        run(hall)
    for who, id in ids.items():
        assert outcome(hall, id) == "saved" and len(said(hall, id)) >= 2
        assert said(hall, id).count("收到，正在核验…") == 1
        assert [one.file for one in hall.read(lambda t, who=who: t.kept.of_conversation(hall.id(who)))] == [
            sent[who].file
        ]
    assert hall.files.all() == sorted(one.file for one in sent.values())


def killed(hall: Hall, of: Any, step: str, call: int, doing: Callable[[], object]) -> None:
    """A process of its own does it, and sends itself SIGKILL in place of that call; then the hall opens again."""
    hall.store.close()
    child = os.fork()
    if not child:
        hall.open()
        made, calls = getattr(of, step), itertools.count(1)

        def counted(*given: Any, **named: Any) -> Any:
            if next(calls) == call:
                os.kill(os.getpid(), signal.SIGKILL)
            return made(*given, **named)

        setattr(of, step, counted)
        try:
            doing()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    hall.open()
    hall.store.now = lambda: hall.now  # type: ignore[method-assign]
    assert os.WIFSIGNALED(status), "it came to that step"


@pytest.mark.parametrize(
    ("of", "step", "call"),
    [
        (looking, "_cleaned", 1),
        (Files, "read", 1),
        (Files, "keep", 1),
        (files, "on_disk", 1),
        (files, "on_disk", 2),
        (looking, "small", 1),
        (KeptFiles, "cleaned", 1),
        (Photos, "put", 1),
        (Files, "delete", 1),
        (looking, "cleaned_of", 1),
        (Inbox, "finish", 1),
    ],
)
def test_killed_at_any_step_it_is_answered_once_and_nothing_lies_about(
    hall: Hall, of: Any, step: str, call: int
) -> None:
    kept = arrived(hall)
    id = named(hall, kept)
    killed(hall, of, step, call, lambda: run(hall))
    hall.now += timedelta(seconds=hall.resources.settings.work.lease + 1)
    run(hall)
    assert outcome(hall, id) == "saved" and len([one for one in said(hall, id) if "照片收到了" in one]) == 1
    assert hall.files.all() == [kept.file] and hall.files.read(kept.file).startswith(b"\xff\xd8")
    assert not parts_left(hall)
    assert hall.read(lambda tables: tables.photos.find(kept.file)) is not None


def test_killed_while_it_comes_nothing_lies_there_that_no_row_knows(hall: Hall) -> None:
    killed(hall, files, "on_disk", 1, lambda: arrived(hall))
    assert hall.files.all() == [] and len(parts_left(hall)) == 1
    timers.run(hall.resources, hall.now + timedelta(days=hall.resources.settings.keeping.loose + 1))
    assert timers.sweep(hall.resources) == 1
    assert not parts_left(hall), "it goes with the row that stood before it"


def test_what_cannot_be_kept_is_not_acknowledged_and_leaves_no_row(hall: Hall) -> None:
    hall.files.folder.write_text("in the way")
    with pytest.raises(StoreError):
        arrived(hall)
    assert hall.read(lambda tables: tables.kept.of_conversation(hall.id("wang"))) == []
    for content, reply in ((b"", "empty"), (b"GIF89a", "unreadable"), (photo() + bytes(LARGEST), "too_large")):
        with pytest.raises(CitizenError, match=reply):
            receive(hall.store, hall.files, hall.id("wang"), content)


def test_what_cannot_be_cleaned_is_refused_in_the_chat_and_goes(hall: Hall) -> None:
    """Also where the first telling of it was cut short: the file waits until it is told."""
    id = named(hall, arrived(hall, content=photo()[:200]))
    killed(hall, Inbox, "finish", 1, lambda: run(hall))
    assert timers.sweep(hall.resources) == 0
    hall.now += timedelta(seconds=hall.resources.settings.work.lease + 1)
    run(hall)
    assert outcome(hall, id) == "clarify" and "打不开" in said(hall, id)[0]
    assert timers.sweep(hall.resources) == 1 and hall.files.all() == []


@pytest.mark.parametrize("swept", [True, False])
def test_what_is_erased_while_it_is_cleaned_does_not_come_back(hall: Hall, swept: bool) -> None:
    def erased(content: bytes, *, wait: bool = True) -> Any:
        made = Eye().clean(content, wait=wait)
        hall.store.write(lambda tables: privacy.erase(tables, hall.id("wang"), "test", hall.now))
        if swept:
            timers.sweep(hall.resources)
        return made

    kept = arrived(hall)
    named(hall, kept)
    eye = Eye()
    object.__setattr__(eye, "clean", erased)
    hall.resources = replace(hall.resources, eye=eye)
    run(hall)
    timers.sweep(hall.resources)
    assert hall.files.all() == [] and not parts_left(hall)
    assert hall.read(lambda tables: tables.photos.find(kept.file)) is None


def test_erase_the_days_and_another_key_reach_it_too(hall: Hall) -> None:
    first = arrived(hall)
    hall.store.write(lambda tables: privacy.erase(tables, hall.id("wang"), "test", hall.now))
    assert timers.sweep(hall.resources) == 1 and hall.files.all() == []
    second = arrived(hall, content=photo(1))
    former = hall.files.seal
    change_key(hall.home)
    hall.restart()
    assert rekey(hall.store, hall.files, lambda *_: None)["files"] == 1
    assert hall.files.read(raw(second.file)) == photo(1) and first.file != second.file
    with pytest.raises(OperatorError):
        Files(hall.files.folder, former).read(raw(second.file))
    timers.run(hall.resources, hall.now + timedelta(days=hall.resources.settings.keeping.loose + 1))
    assert timers.sweep(hall.resources) == 1 and hall.files.all() == []
