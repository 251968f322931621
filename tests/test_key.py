"""Another key: everything that was sealed opens with the new one alone, wherever it was cut short."""

import base64
import contextlib
import os
import re
import secrets
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.cli.serve import only_server
from bot.domain.appointment import Wanted
from bot.domain.licence import Entry
from bot.domain.signing import Steps
from bot.errors import OperatorError
from bot.materials.files import Files
from bot.rekeying import rekey
from bot.seal import FORMER, Seal, change_key, is_sealed, open_seal, retire
from bot.settings import ROOT
from bot.store.case_tables import metadata
from bot.store.db import Store, Tables
from tests.hall import Hall, photo
from tests.test_appointments import DIARY, slot
from tests.test_commands import banshi, refusal
from tests.test_privacy import raw

NAME, PHONE = "张国强", "13800138000"
MINE = Entry("FD01", "JY1", NAME, phone=PHONE, expires_on=date(2031, 12, 31))
CODED = Entry("FD01", "JY2", "老李", code="91350100M000100Y43", shop="老李面馆", phone="13911112222")


def furnished(home: Path, url: str) -> Hall:
    """Something in every room that is sealed, and every mark that is made with the key."""
    hall = Hall(home, url)
    hall.submit("wang", "", "到窗口交", "以后补交")
    hall.say("wang", "记住")
    hall.fill("li")
    hall.send("li", photo(5))

    def more(tables: Tables) -> None:
        tables.licences.take([MINE, CODED], hall.now, source="import")
        tables.licences.release(1, hall.id("wang"), hall.now)
        caller = Wanted(slot(), {}, "phone", "", name=NAME, phone=PHONE)
        assert DIARY.book(tables, caller, "clerk", hall.now) is not None
        tables.signings.key(hall.now)
        tables.misses.open(f"{NAME}能开店吗", hall.now)

    hall.store.write(more)
    return hall


@pytest.fixture
def hall(tmp_path: Path, database_url: str) -> Iterator[Hall]:
    """On each engine."""
    made = furnished(tmp_path, database_url)
    yield made
    made.store.close()


def sealed(store: Store) -> list[str]:
    """Every sealed word of every column of every table."""

    def look(tables: Tables) -> list[str]:
        rows = (row for table in metadata.sorted_tables for row in tables.connection.execute(sa.select(table)))
        return [value for row in rows for value in row if is_sealed(value)]

    return store.read(look)


def opens(seal: Seal, word: str) -> bool:
    try:
        seal.read(word)
    except OperatorError:
        return False
    return True


def changed(hall: Hall, former: Seal) -> None:
    """The hall's seals with a new key: everything opens with it, and nothing with the former one."""
    now = open_seal(hall.home)
    words, files = sealed(hall.store), Files(hall.home / "files", now)
    assert len(words) > 30 and files.all()
    assert all(opens(now, word) for word in words) and not any(opens(former, word) for word in words)
    for id in files.all():
        assert files.read(id)
        with pytest.raises(OperatorError):
            Files(files.folder, former).read(id)


def turned(hall: Hall) -> Seal:
    """The hall with another key and the one before, and its programs opened anew; the former seal."""
    former = open_seal(hall.home)
    change_key(hall.home)
    hall.restart()
    return former


def test_everything_opens_with_the_new_key_alone(hall: Hall) -> None:
    former = turned(hall)
    assert hall.cases("wang")[0].values["operator"] == NAME, "meanwhile both are read"
    counts = rekey(hall.store, hall.files, lambda *_: None)
    assert counts["case_file"] == 2 and counts["files"] == len(hall.files.all()) and counts["marks"] >= 5
    assert counts["thumbnail"] == 2, "what lists show of a photo, too"
    assert rekey(hall.store, hall.files, lambda *_: None) == {}, "done once"
    retire(hall.home)
    hall.restart()
    changed(hall, former)
    assert hall.cases("wang")[0].values["operator"] == NAME
    assert {"shop": "老王面馆"}.items() <= hall.read(lambda t: t.memories.of(hall.id("wang"))).items()
    hall.say("li", "到窗口交", "到窗口交", "提交")
    assert hall.cases("li")[0].state == "submitted"


def test_rows_that_are_found_by_marks_are_found_again(hall: Hall) -> None:
    turned(hall)
    rekey(hall.store, hall.files, lambda *_: None)
    retire(hall.home)
    hall.restart()
    taken = hall.store.write(lambda tables: tables.licences.take([MINE, CODED], hall.now, source="import"))
    assert taken == ["same", "same"]
    assert hall.store.write(lambda tables: tables.licences.bind(1, hall.id("wang"), hall.now)) is False
    caller = Wanted(slot(), {}, "phone", "", name=NAME, phone=PHONE)
    with pytest.raises(Exception, match="visit"):
        hall.store.write(lambda tables: DIARY.book(tables, caller, "clerk", hall.now))
    person = hall.read(lambda tables: tables.appointments.person(PHONE))
    assert len(hall.read(lambda tables: tables.appointments.live(person, hall.now))) == 1


@pytest.mark.parametrize("after", [0, 1, 4, 9])
def test_cut_short_it_goes_on(hall: Hall, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    former, count = turned(hall), 0
    write = Store.write

    def dying(store: Store, work: object) -> object:
        nonlocal count
        count += 1
        if count > after:
            raise KeyboardInterrupt
        return write(store, work)  # type: ignore[arg-type]

    monkeypatch.setattr(Store, "write", dying)
    with pytest.raises(KeyboardInterrupt):
        rekey(hall.store, hall.files, lambda *_: None)
    monkeypatch.undo()
    change_key(hall.home)  # as the command does when it is run again
    hall.restart()
    assert hall.cases("wang")[0].values["operator"] == NAME
    rekey(hall.store, hall.files, lambda *_: None)
    retire(hall.home)
    hall.restart()
    changed(hall, former)


REKEY = """
import sys
from pathlib import Path
from bot.materials.files import Files
from bot.rekeying import rekey
from bot.seal import change_key, open_seal
from bot.store.db import Store

home = Path(sys.argv[1])
change_key(home)
seal = open_seal(home)
store = Store(f"sqlite:///{home / 'banshi.db'}", seal=seal)

def tell(name, count):
    print(name, flush=True)
    sys.stdin.readline()

rekey(store, Files(home / "files", seal), tell)
print("done", flush=True)
"""


def test_killed_again_and_again_it_ends_whole(tmp_path: Path) -> None:
    """A real process, killed behind other tables each time; whoever reads meanwhile reads everything."""
    hall = furnished(tmp_path, f"sqlite:///{tmp_path / 'banshi.db'}")
    hall.store.close()
    former = open_seal(tmp_path)
    for tables in (1, 7, 16, 30, None):
        command = [sys.executable, "-c", REKEY, str(tmp_path)]
        with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdin and process.stdout
            for count, _ in enumerate(process.stdout, 1):
                if count == tables:
                    process.kill()
                    break
                with contextlib.suppress(BrokenPipeError):
                    process.stdin.write("\n")
                    process.stdin.flush()
        hall.open()
        assert hall.cases("wang")[0].values["operator"] == NAME
        assert all(hall.files.read(id) for id in hall.files.all())
        hall.store.close()
    retire(tmp_path)
    hall.open()
    changed(hall, former)
    hall.store.close()


def test_cut_short_between_the_keys_none_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = open_seal(tmp_path)
    word, written = first.write(NAME), (tmp_path / "key").read_text()

    def dying() -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("bot.seal._fresh", dying)
    with pytest.raises(KeyboardInterrupt):
        change_key(tmp_path)
    monkeypatch.undo()
    assert (tmp_path / "key").read_text() == written == (tmp_path / FORMER).read_text()
    assert open_seal(tmp_path).read(word) == NAME
    change_key(tmp_path)
    assert (tmp_path / "key").read_text() != written and open_seal(tmp_path).read(word) == NAME
    assert all(stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600 for name in ("key", FORMER))


def test_what_opens_with_neither_key_keeps_the_former_one(hall: Hall) -> None:
    turned(hall)
    (file, *_) = hall.files.all()
    (hall.files.folder / file[:2] / file).write_bytes(os.urandom(400))
    with pytest.raises(OperatorError):
        rekey(hall.store, hall.files, lambda *_: None)
    assert (hall.home / FORMER).exists()


def test_links_that_wait_for_a_signature_are_asked_for_again(hall: Hall) -> None:
    case = hall.cases("wang")[0].reference
    steps = Steps(NAME, PHONE, False, "x")
    token = hall.store.write(
        lambda t: t.signings.ask(case, hall.id("wang"), "deferral", steps, hall.now, timedelta(hours=1))
    )
    turned(hall)
    rekey(hall.store, hall.files, lambda *_: None)
    found = hall.read(lambda tables: tables.signings.find(token))
    assert found is not None and found.state == "void" and found.steps.signer == NAME


def test_the_command_changes_the_key_of_a_home(tmp_path: Path) -> None:
    hall = furnished(tmp_path, f"sqlite:///{tmp_path / 'banshi.db'}")
    hall.store.close()
    former, written = open_seal(tmp_path), (tmp_path / "key").read_text()
    with only_server(tmp_path):
        assert "running" in refusal(banshi("key", "rotate", "--home", str(tmp_path)), 1)
    told = banshi("key", "rotate", "--home", str(tmp_path))
    assert told.returncode == 0, told.stderr
    assert re.search(r"sealed anew: \d\d", told.stderr) and not (tmp_path / FORMER).exists()
    hall.open()
    changed(hall, former)
    for word in (NAME, PHONE, written):
        assert word.encode() not in raw(tmp_path)
    hall.store.close()
    refused = banshi("privacy", "export", hall.id("wang"), "--home", str(tmp_path), BANSHI_KEY=written)
    assert refused.returncode == 1 and NAME not in refused.stdout and "another key" in refused.stderr


def test_the_command_changes_the_key_of_the_environment(tmp_path: Path) -> None:
    one, two = (base64.b64encode(secrets.token_bytes(32)).decode() for _ in range(2))
    store = Store(f"sqlite:///{tmp_path / 'banshi.db'}", seal=open_seal(tmp_path, one))
    hall_files = Files(tmp_path / "files", open_seal(tmp_path, one))
    file = hall_files.keep(b"something")
    store.write(lambda tables: tables.signings.key(store.now()))
    store.close()
    assert "BANSHI_KEY_FORMER" in refusal(banshi("key", "rotate", "--home", str(tmp_path), BANSHI_KEY=two))
    told = banshi("key", "rotate", "--home", str(tmp_path), BANSHI_KEY=two, BANSHI_KEY_FORMER=one)
    assert told.returncode == 0 and "take BANSHI_KEY_FORMER away" in told.stderr
    assert Files(hall_files.folder, open_seal(tmp_path, two)).read(file) == b"something"
    with pytest.raises(OperatorError):
        hall_files.read(file)
