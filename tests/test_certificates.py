"""The certificate of a trade: made once its parts are decided, anew whenever one changes, checked by its code."""

import io
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from fastapi.testclient import TestClient

from bot import web
from bot.bundles.catalogue import Catalogue
from bot.bundles.model import Bundle, Combined
from bot.domain.case import Case
from bot.domain.licence import Entry
from bot.ledger.kinds import Kinds, load_licence_kinds
from bot.paperwork import dossier
from bot.reporting import Voice, reopen
from bot.rounds import Round
from bot.settings import ROOT
from tests.hall import BEGINS, BUNDLE, HOURS, REPLIES, Hall, clerk, texts

KINDS = load_licence_kinds(ROOT / "config/licences.yml")
FOOD = Kinds({"FD01": KINDS.of["FD01"].model_copy(update={"items": ("food",)})})
NUMBER = "JY26103280000267"


@pytest.fixture
def either(tmp_path: Path, database_url: str) -> Hall:
    """A hall that issues a certificate of the trade, on each engine."""
    hall = Hall(tmp_path, database_url)
    combined = Combined(trade="小店", items=("food", "sign", "fire"))
    bundle: Bundle = BUNDLE.model_copy(update={"combined": combined})
    hall.resources = replace(hall.resources, catalogue=Catalogue(bundle.questions, {bundle.id: bundle}), kinds=FOOD)
    hall.round = Round(hall.resources, clerk(), hall.round.ports)
    return hall


def granted(hall: Hall, until: str = "2031-11-22") -> Case:
    case = hall.submit("wang")
    hall.report(case, "base", "granted", number="92610328MAC0DEM24U")
    ledger(hall, date.fromisoformat(until))
    hall.report(case, "food", "granted", number=NUMBER, valid_until=until)
    hall.report(case, "sign", "granted", number="ZP1")
    hall.pass_time(minutes=2)
    return case


def ledger(hall: Hall, until: date) -> None:
    entry = Entry("FD01", NUMBER, "张国强", expires_on=until)
    hall.store.write(lambda t: t.licences.take([entry], hall.now))


def told(hall: Hall) -> list[str]:
    return [text for text in hall.told("wang") if "行业综合许可证" in text]


def words(hall: Hall, case: Case) -> str:
    made = clerk().pdf("certificate", dossier(hall.store, case.reference), "https://x", hall.now)
    with pypdfium2.PdfDocument(io.BytesIO(made)) as paper:
        return "".join(page.get_textpage().get_text_range() for page in paper)


def test_it_is_made_when_all_is_decided_told_once_and_shown_in_the_status(either: Hall) -> None:
    case = either.submit("wang")
    either.report(case, "base", "granted", number="92610328MAC0DEM24U")
    either.report(case, "sign", "granted", number="ZP1")
    either.pass_time(minutes=2)
    assert not told(either), "the food licence is not decided"
    either.report(case, "food", "granted", number=NUMBER, valid_until="2031-11-22")
    for _ in range(3):
        either.pass_time(minutes=2)
    (said,) = told(either)
    assert (
        f"ZH-{case.reference}" in said and "食品许可证：有效，到 2031年11月22日" in said and "招牌备案证：有效" in said
    )
    assert "营业执照" not in said.partition("到期日")[2], "the business licence hangs beside it"
    shown = either.say("wang", "查进度")
    assert "行业综合许可证" in [link.title for link in shown[-1].links]
    on_paper = words(either, case)
    for word in ("小店", "张国强", NUMBER, "食品局", "城管局", "2031-11-22", "见单项证", f"ZH-{case.reference}"):
        assert word in on_paper


def test_a_single_licence_is_no_certificate(either: Hall) -> None:
    case = either.submit("wang")
    either.report(case, "base", "granted")
    either.report(case, "sign", "refused", reason="不合规")
    either.report(case, "food", "granted", number=NUMBER, valid_until="2031-11-22")
    either.pass_time(minutes=2)
    assert not told(either) and either.read(lambda t: t.certificates.load(case.reference)) is None


def test_a_renewal_a_lapse_and_an_end_each_make_the_next_edition_and_are_told_by_day(either: Hall) -> None:
    case = granted(either, "2026-12-31")
    ledger(either, date(2027, 1, 31))
    either.pass_time(minutes=2)
    assert "第 2 版" in told(either)[-1] and "到 2027年1月31日" in told(either)[-1]
    either.now = BEGINS + timedelta(days=69, hours=14)  # 1 February, half an hour past midnight in the hall
    either.go()
    assert len(told(either)) == 2, "nobody is woken"
    either.pass_time(hours=10)
    assert "第 3 版" in told(either)[-1] and "食品许可证：已到期" in told(either)[-1]
    ledger(either, date(2032, 1, 31))
    either.pass_time(minutes=2)
    assert "第 4 版" in told(either)[-1] and "食品许可证：有效" in told(either)[-1]
    (licence,) = either.read(lambda t: t.licences.numbered(NUMBER))
    either.store.write(lambda t: t.licences.set(licence.id, "ended"))
    either.pass_time(minutes=2)
    assert "食品许可证：已注销" in told(either)[-1] and "已注销" in words(either, case)
    for _ in range(3):
        either.pass_time(days=1)
    assert len(told(either)) == 5


def test_a_decision_taken_back_leaves_it_and_without_any_part_it_is_void(either: Hall) -> None:
    case = granted(either)
    voice = Voice(REPLIES, HOURS, "某大厅")
    either.store.write(lambda t: reopen(t, voice, case.reference, "food", either.now))
    either.pass_time(minutes=2)
    assert "第 2 版" in told(either)[-1] and "食品许可证" not in told(either)[-1]
    either.store.write(lambda t: reopen(t, voice, case.reference, "sign", either.now))
    either.pass_time(minutes=2)
    assert "不再有效" in told(either)[-1]
    assert "行业综合许可证" not in [link.title for link in either.say("wang", "查进度")[-1].links]


def test_its_code_tells_whether_the_paper_in_hand_is_the_latest_and_nothing_of_the_person(either: Hall) -> None:
    case = granted(either, "2026-12-31")
    seal = either.files.seal

    def page(words: str) -> Any:
        return client.get(f"/certificates/{seal.token(words)}")

    site = web.create(either.resources, {}, either.round)
    with TestClient(site) as client:
        first = page(f"{case.reference} certificate 1")
        assert first.status_code == 200 and "最新的一版" in first.text and NUMBER in first.text
        assert "张国强" not in first.text and "13800138000" not in first.text
        ledger(either, date(2027, 1, 31))
        either.pass_time(minutes=2)
        old = page(f"{case.reference} certificate 1").text
        assert "不是最新的一版" in old and "2027-01-31" in old
        for strange in ("x certificate 1", f"{case.reference} progress", f"{case.reference} certificate x"):
            assert page(strange).status_code == 404
        assert client.get("/certificates/" + "A" * 40).status_code == 404


def test_a_case_that_is_erased_takes_its_certificate_along(either: Hall) -> None:
    case = granted(either)
    either.store.write(lambda t: t.certificates.delete([case.reference]))
    assert either.read(lambda t: t.certificates.load(case.reference)) is None
    assert "行业综合许可证" not in texts(either.say("wang", "查进度"))
