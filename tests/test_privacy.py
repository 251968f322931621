"""What people confide: sealed where it lies, shown to whom it belongs, given back and deleted when they ask for it."""

import json
import logging
import stat
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.testclient import TestClient

from bot import privacy, timers
from bot.domain.messages import InboundEvent
from bot.errors import CitizenError, ConfigError, OperatorError
from bot.materials.cleaning import clean
from bot.materials.files import Files
from bot.paper_routes import paper_routes
from bot.seal import Seal, open_seal
from bot.settings import Keeping
from bot.store.case_tables import audit, counter, invitation
from bot.store.db import Store, Tables
from tests.hall import Hall, photo, texts
from tests.test_commands import banshi, refusal

NAME, PHONE, SHOP = "张国强", "13800138000", "老王面馆"


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    made = Hall(tmp_path, f"sqlite:///{tmp_path / 'banshi.db'}")
    yield made
    made.store.close()


@pytest.fixture
def either(tmp_path: Path, database_url: str) -> Hall:
    return Hall(tmp_path, database_url)


def raw(home: Path) -> bytes:
    """Every byte of the database, its log, and the files."""
    paths = [*home.glob("banshi.db*"), *(home / "files").rglob("*")]
    return b"".join(path.read_bytes() for path in paths if path.is_file())


# Sealing


def _ask(tables: Tables, hall: Hall, question: str) -> None:
    """A question that nothing answers, on which the next one may lean."""
    kept = {"outcome": "not_found", "passage_id": None, "confidence": 0.0, "region": "", "question": question}
    tables.answers.keep(1, hall.id("wang"), hall.now, **kept)
    tables.misses.open(question, hall.now)
    conversation = tables.conversations.load(hall.id("wang"))
    conversation.topic, conversation.topic_at = question, hall.now
    tables.conversations.save(conversation)


def test_a_whole_conversation_lies_sealed(tmp_path: Path) -> None:
    hall = Hall(tmp_path, f"sqlite:///{tmp_path / 'banshi.db'}")
    case = hall.submit("wang", "", "到窗口交", "以后补交")
    hall.say("wang", "记住")
    assert hall.cases("wang")[0].values["operator"] == NAME
    hall.store.write(lambda t: _ask(t, hall, f"{NAME}能开{SHOP}吗"))
    found = raw(tmp_path)
    for plain in (NAME, PHONE, SHOP):
        for written in (plain.encode(), json.dumps(plain).strip('"').encode()):
            assert written not in found
    assert b"JFIF" not in found and photo(0)[:64] not in found
    hall.restart()
    exported = hall.store.write(lambda t: privacy.export(t, hall.id("wang"), "clerk", hall.now))
    assert any(line["text"] == NAME for line in exported["heard"]) and case.reference in str(exported["said"])
    assert SHOP in hall.read(lambda t: t.answers.ungrouped())[0].question
    assert SHOP in hall.read(lambda t: t.misses.all())[0].title


def test_another_key_opens_nothing(hall: Hall) -> None:
    case = hall.submit("wang")
    (kept, *_) = hall.read(lambda t: t.kept.of_case(case.reference))
    (hall.home / "key").write_bytes((hall.home / "key").read_bytes()[::-1].lstrip(b"="))
    other = Seal(bytes(range(32)))
    with pytest.raises(OperatorError, match="another key"):
        Files(hall.home / "files", other).read(kept.file)
    store = Store(hall.url, seal=other)
    with pytest.raises(OperatorError, match="another key"):
        store.read(lambda t: t.cases.load(case.reference))
    store.close()


def test_a_key_that_is_gone_is_not_made_anew_over_what_it_sealed(tmp_path: Path) -> None:
    seal = open_seal(tmp_path)
    Files(tmp_path / "files", seal).keep(b"x")
    key = (tmp_path / "key").read_text("ascii")
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    (tmp_path / "key").unlink()
    with pytest.raises(ConfigError, match="missing"):
        open_seal(tmp_path)
    open_seal(tmp_path, key)
    for wrong in ("short", "c2hvcnQ="):
        with pytest.raises(ConfigError):
            open_seal(tmp_path, wrong)


def test_programs_that_begin_together_have_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        seals = list(threads.map(lambda _: open_seal(tmp_path), range(8)))
    sealed = seals[0].write(NAME)
    assert {seal.read(sealed) for seal in seals} == {NAME}
    assert [path.name for path in tmp_path.iterdir()] == ["key"], "and nothing stands beside it"


def test_what_is_damaged_is_one_clear_fault(tmp_path: Path) -> None:
    seal = open_seal(tmp_path)
    sealed = seal.write(NAME)
    for damaged in (sealed[:-8], sealed[:20], "sealed:", "sealed:%%%", sealed[:-5] + "A" * 5):
        with pytest.raises(OperatorError):
            seal.read(damaged)
    for word in ("", "a", "x" * 20, sealed, "%00" * 10, seal.token("x")[:-1]):
        with pytest.raises(OperatorError):
            seal.told(word)
    with pytest.raises(OperatorError, match="without its key"):
        Seal().read(sealed)


@pytest.mark.parametrize("name", ["../../../etc/passwd", "", "A" * 32, "0" * 31, "0" * 32 + "/..", "0" * 32])
def test_no_file_is_read_by_a_name_that_we_did_not_give(tmp_path: Path, name: str) -> None:
    with pytest.raises(OperatorError):
        Files(tmp_path, Seal()).read(name)


def test_a_picture_that_breaks_its_reader_is_unreadable_and_no_fault(tmp_path: Path) -> None:
    bomb = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (60000).to_bytes(4, "big") * 2 + b"\x08\x02\0\0\0"
    for content in (
        photo()[:200],
        bomb,
        bomb + b"\0" * 100,
        b"%PDF-1.7 nothing",
        b"RIFF\0\0\0\0WEBPVP8 ",
        b"\xff\xd8\xff" * 99,
    ):
        with pytest.raises(CitizenError):
            clean(content)
    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(lambda _: clean(SMALL_PDF)[0].picture.pages == 1, range(16)))


SMALL_PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
)


# Links


@pytest.fixture
def client(hall: Hall) -> TestClient:
    application = FastAPI()
    application.include_router(paper_routes(hall.round))
    return TestClient(application)


def token(hall: Hall, what: str) -> str:
    return hall.files.seal.token(what)


def test_a_link_opens_its_own_paper_and_nothing_else(hall: Hall, client: TestClient) -> None:
    one, other = hall.submit("wang"), hall.submit("li")
    mine = token(hall, f"{one.reference} receipt")
    reply = client.get(f"/papers/{mine}")
    assert reply.status_code == 200 and reply.content.startswith(b"%PDF")
    assert one.reference in reply.headers["content-disposition"] and reply.headers["cache-control"] == "no-store"
    wrong = [mine[:place] + ("A" if mine[place] != "A" else "B") + mine[place + 1 :] for place in range(len(mine))]
    assert {client.get(f"/papers/{word}").status_code for word in wrong} == {404}
    kinds = ("go", "deferral", "defects", "", "receipt x", "../key")
    others = [token(hall, f"{other.reference} {kind}") for kind in kinds]
    strange = Seal(bytes(32)).token(f"{one.reference} receipt")
    for word in (*others, strange, token(hall, "20261123-XD-09999-1 receipt"), mine[:-4], "x" * 400):
        assert client.get(f"/papers/{word}").status_code == 404


def test_the_code_of_a_plan_goes_on_with_its_own_draft(hall: Hall, client: TestClient) -> None:
    hall.fill("wang")
    hall.fill("li")
    draft = hall.cases("wang")[0].reference
    for _ in range(3):
        assert "接着办您没填完的申请" in client.get(f"/go/{token(hall, f'{draft} go')}").text
    assert hall.read(lambda t: t.connection.scalar(sa.select(sa.func.count()).select_from(invitation))) == 0, (
        "only looked"
    )
    page = client.post(f"/go/{token(hall, f'{draft} go')}").text
    code = next(word for word in page.replace("<", " ").replace(">", " ").split() if len(word) == 11 and word[5] == "-")
    hall.say("phone", code)
    assert [case.reference for case in hall.cases("phone")] == [draft]
    assert client.get(f"/go/{token(hall, f'{draft} plan')}").status_code == 404, "another kind of link"
    hall.say("phone", "到窗口交", "到窗口交", "到窗口交", "提交")
    for ask in (client.get, client.post):
        assert ask(f"/go/{token(hall, f'{draft} go')}").status_code == 404, "it is no draft any more"


# By age


@pytest.mark.parametrize(("drafts", "loose"), [(30, 7), (3, 1)], ids=["as shipped", "another choice"])
def test_drafts_and_loose_photos_go_by_age_and_nothing_else_does(tmp_path: Path, drafts: int, loose: int) -> None:
    hall = Hall(tmp_path, f"sqlite:///{tmp_path / 'banshi.db'}")
    assert hall.resources.settings.keeping == Keeping(), "thirty days and seven, if nobody says otherwise"
    keeping = {"keeping": Keeping(drafts=drafts, loose=loose)}
    object.__setattr__(hall.resources, "settings", hall.resources.settings.model_copy(update=keeping))
    submitted = hall.submit("li")
    hall.fill("wang")
    hall.send("wang", photo(1))  # of the draft
    hall.fill("agent", by="替别人办")
    hall.say("agent", "到窗口交", "到窗口交", "到窗口交", "提交")
    hall.send("nobody", photo(2))
    count = len(stored(hall))
    hall.pass_time(days=loose, hours=-1)
    assert len(stored(hall)) == count
    hall.pass_time(hours=2)
    assert len(stored(hall)) == count - 1, "the loose one; the draft's stays with it"
    hall.pass_time(days=drafts - loose, hours=-3)
    assert len(hall.cases("wang")) == len(hall.cases("agent")) == 1
    hall.pass_time(hours=4)
    assert hall.cases("wang") == hall.cases("agent") == []
    assert len(stored(hall)) == count - 2
    assert "没有正在填" in texts(hall.say("wang", "接着填"))
    hall.pass_time(days=365)
    assert hall.cases("li")[0].reference == submitted.reference and len(stored(hall)) == count - 2


def stored(hall: Hall) -> list[Path]:
    return list((hall.home / "files").glob("*/*"))


def test_a_draft_that_is_gone_on_with_does_not_grow_old(hall: Hall) -> None:
    hall.say("wang", "开办小店", "一楼")
    for _ in range(5):
        hall.pass_time(days=20)
        hall.say("wang", "返回", "一楼")
    assert len(hall.cases("wang")) == 1


def test_codes_and_counts_of_guesses_do_not_pile_up(hall: Hall) -> None:
    number = hall.submit("wang").reference
    hall.fill("wang")
    hall.say("wang", "换手机接着办")
    hall.say("li", f"{number} 0000")
    names = sa.select(sa.func.count()).select_from(counter)
    before = hall.read(lambda t: t.connection.scalar(names))
    hall.pass_time(days=8)
    assert hall.read(lambda t: t.connection.scalar(names)) == before - 2
    assert hall.read(lambda t: t.connection.scalar(sa.select(sa.func.count()).select_from(invitation))) == 0


def test_sweeping_that_is_cut_short_is_done_again(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        hall.send("wang", photo(number))
    timers.run(hall.resources, hall.now + timedelta(days=8))
    real: Callable[[Files, str], None] = Files.delete
    done: list[str] = []

    def delete(files: Files, id: str) -> None:
        if len(done) == 1:
            raise OperatorError("the disk is away")
        done.append(id)
        real(files, id)

    with monkeypatch.context() as patched:
        patched.setattr(Files, "delete", delete)
        with pytest.raises(OperatorError):
            timers.sweep(hall.resources)
    assert len(stored(hall)) == 2
    assert timers.sweep(hall.resources) == 3 and stored(hall) == []
    assert timers.sweep(hall.resources) == 0


# A citizen's rights


def test_an_export_has_all_of_ones_own_and_nothing_of_others(either: Hall) -> None:
    either.fill("li")
    either.send("li", photo(8))
    mine = either.submit("wang", "", "以后补交", "到窗口交")
    either.say("wang", "记住")
    either.fill("wang")
    either.send("wang", photo(2))
    code = texts(either.say("wang", "换手机接着办")).split("：")[-1].split("\n")[0]
    either.say("phone", code)
    found = either.store.write(lambda t: privacy.export(t, either.id("wang"), "clerk", either.now))
    assert [case["number"] for case in found["cases"]] == [mine.reference]
    assert found["cases"][0]["answers"]["phone"]["value"] == PHONE and found["remembered"]["shop"] == SHOP
    assert len(found["files"]) == 1 and any(line["text"] == NAME for line in found["heard"])
    elsewhere = either.store.write(lambda t: privacy.export(t, either.id("phone"), "clerk", either.now))
    assert len(elsewhere["files"]) == len(elsewhere["cases"]) == 1, "what was carried over, with its photo"


def test_erasing_leaves_what_the_law_keeps_and_an_audit_row_without_content(either: Hall) -> None:
    submitted = either.submit("wang", "", "以后补交", "到窗口交")
    either.say("wang", "记住")
    either.fill("wang")
    either.send("wang", photo(2))
    either.say("wang", "退出")
    either.send("wang", photo(3))
    other = either.submit("li")
    either.say("wang", f"{other.reference} 0000")
    deliver(either)
    counts = either.store.write(lambda t: privacy.erase(t, either.id("wang"), "clerk", either.now))
    assert counts["drafts"] == counts["files"] == counts["remembered"] == 1
    assert counts["inbox"] > 10 and counts["outbox"] > 10 and counts["waiting"] == 0
    timers.sweep(either.resources)
    assert [case.reference for case in either.cases("wang")] == [submitted.reference]
    assert len(stored(either)) == 2, "one of the case of each"
    assert either.read(lambda t: t.memories.of(either.id("wang"))) == {}
    names = either.read(lambda t: t.connection.scalars(sa.select(counter.c.name)).all())
    assert not [name for name in names if either.id("wang") in name]
    (row,) = either.read(lambda t: t.audits.of(either.id("wang")))
    assert (row.who, row.what, row.counts) == ("clerk", "erase", counts)
    columns = either.read(lambda t: t.connection.execute(sa.select(audit)).all())
    assert NAME not in str(columns) and "wang" not in str(columns) and submitted.reference not in str(columns)
    assert either.cases("li")[0].reference == other.reference
    either.say("wang", "开办小店")
    assert len(either.cases("wang")) == 2, "the conversation may begin again"


def deliver(hall: Hall) -> None:
    """As a channel would."""
    for _ in range(1000):
        claims = hall.store.write(lambda t: t.outbox.claim(hall.now, timedelta(minutes=1), ["terminal"], 50))
        if not claims:
            return
        hall.store.write(lambda t, claims=claims: [t.outbox.sent(one, hall.now) for one in claims])


def test_what_is_being_answered_while_it_is_erased_goes_the_next_time(hall: Hall) -> None:
    hall.say("wang", "开办小店", "一楼")
    deliver(hall)
    event = InboundEvent("terminal", "late", "wang", "text", hall.now, text="60")
    hall.store.write(lambda t: t.inbox.accept(event, hall.now))
    (claimed,) = hall.store.write(lambda t: t.inbox.claim(hall.now, timedelta(minutes=1), ["terminal"]))
    first = hall.store.write(lambda t: privacy.erase(t, hall.id("wang"), "clerk", hall.now))
    assert first["waiting"] == 1 and first["drafts"] == 1
    hall.store.write(lambda t: t.inbox.finish(claimed, hall.now, "answered", None))
    assert hall.read(lambda t: privacy.is_known(t, hall.id("wang"))), "so that it can be asked for again"
    second = hall.store.write(lambda t: privacy.erase(t, hall.id("wang"), "clerk", hall.now))
    assert second["inbox"] == 1 and second["waiting"] == 0
    assert not hall.read(lambda t: privacy.is_known(t, hall.id("wang")))


def test_forget_me_in_chat_deletes_at_once_and_asks_before(hall: Hall) -> None:
    hall.submit("wang")
    hall.say("wang", "记住")
    hall.fill("wang")
    hall.say("wang", "忘掉我", "先留着", "确定忘掉")
    assert len(hall.cases("wang")) == 2, "only where it was offered last"
    hall.say("wang", "忘掉我", "确定忘掉")
    assert [case.state for case in hall.cases("wang")] == ["submitted"]
    assert hall.read(lambda t: t.memories.of(hall.id("wang"))) == {}


def test_no_log_has_what_a_citizen_typed(hall: Hall, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        case = hall.submit("wang", "", "以后补交", "到窗口交")
        hall.go()
        hall.say("wang", "撤回申请", "确定撤回")
        hall.pass_time(days=40)
        with pytest.raises(OperatorError):
            hall.report(case, "base", "granted")
    ours = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith(("bot", "handoff")))
    assert not [plain for plain in (NAME, PHONE, SHOP) if plain in ours]


# The commands


def test_the_commands_give_and_delete_what_is_kept(hall: Hall, tmp_path: Path) -> None:
    hall.submit("wang", "", "以后补交", "到窗口交")
    hall.fill("wang")
    deliver(hall)
    hall.store.close()
    home, citizen = ("--home", str(hall.home)), hall.id("wang")
    whole = json.loads(banshi("privacy", "export", citizen, *home).stdout)
    assert len(whole["cases"]) == 2 and whole["cases"][1]["answers"]["operator"]["value"] == NAME
    into = tmp_path / "mine.zip"
    assert banshi("privacy", "export", citizen, "--into", str(into), *home).returncode == 0
    assert stat.S_IMODE(into.stat().st_mode) == 0o600
    with zipfile.ZipFile(into) as archive:
        (name,) = [name for name in archive.namelist() if name.startswith("files/")]
        assert archive.read(name) == photo() and json.loads(archive.read("data.json"))["cases"] == whole["cases"]
    told = banshi("privacy", "erase", citizen, *home)
    assert told.returncode == 0 and NAME not in told.stdout + told.stderr
    assert "somebody" in refusal(banshi("privacy", "erase", "terminal:main:somebody", *home))
    assert not into.with_name("mine.zip.part").exists()
    hall.open()
    assert [case.state for case in hall.cases("wang")] == ["submitted"]
    assert [row.what for row in hall.read(lambda t: t.audits.of(citizen))] == ["export", "export", "erase"]
    found = b"".join(path.read_bytes() for path in hall.home.glob("banshi.db*"))
    assert PHONE.encode() not in found, "what was deleted is not left in the file"


def test_registrations_that_were_given_up_are_shown_and_tried_again(hall: Hall) -> None:
    hall.submit("wang")
    lease = timedelta(minutes=5)
    one = hall.store.write(lambda t: t.matters.claim(hall.now, lease))
    hall.store.write(lambda t: t.matters.give_up(one, hall.now, "POST /applications: 404"))
    hall.store.close()
    home = ("--home", str(hall.home))
    (row,) = json.loads(banshi("failed", "--json", *home).stdout)
    assert (row["table"], row["id"], row["channel"]) == ("registration", one.id, "登记局")
    assert row["error"].endswith("base/submit: POST /applications: 404")
    assert "登记局" in banshi("failed", *home).stdout
    assert banshi("requeue", str(one.id), "--queue", "registration", *home).returncode == 0
    assert "not a dead letter" in refusal(banshi("requeue", str(one.id), "--queue", "registration", *home))
    assert "registration" in refusal(banshi("requeue", "1", "--queue", "nonsense", *home))
    assert json.loads(banshi("failed", "--json", *home).stdout) == []
