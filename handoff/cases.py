"""The pages of cases: what was answered and sent, what departments decide, and what staff fill in for citizens."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, get_args

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from pydantic import ValidationError

from bot.bundles.model import Bundle
from bot.domain.aftercare import Delivered
from bot.domain.certificate import NUMBER as CERTIFICATE
from bot.domain.progress import ENDED, STEPS, Matter
from bot.domain.promise import Promise
from bot.domain.signing import SIGNED
from bot.errors import OperatorError
from bot.materials.kinds import Kinds
from bot.reporting import Report, Reported, Voice, deliver, report
from bot.store.case_tables import case_file, matter
from bot.store.db import Tables
from bot.store.specialists import of_case
from handoff.accounts import Known
from handoff.looks import look
from handoff.pages import Frame, to
from handoff.specialists import choice
from handoff.waivers import Unseen, is_clear

AT = "/desk/cases"
_TYPES = {"jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp", "pdf": "application/pdf"}
_AT_ONCE = 100
_NOTE = 60  # characters beside a delivery, such as the number of a parcel

Word = Annotated[str, Form()]


@dataclass(frozen=True)
class Row:
    """A case in the list: its matters, and the first day by which one of them must be decided."""

    reference: str
    bundle: str
    submitted_at: datetime
    matters: tuple[Matter, ...]
    due: date | None


@dataclass(frozen=True)
class Cases:
    """`content` is what a kept file holds; `kinds` are the documents that photos may show."""

    frame: Frame
    voice: Voice
    content: Callable[[str], bytes]
    kinds: Kinds

    def routes(self) -> APIRouter:
        router = APIRouter(prefix="/desk", include_in_schema=False)
        self._views(router)
        self._decisions(router)
        return router

    def _views(self, router: APIRouter) -> None:
        Looking = Annotated[Known, Depends(self.frame.door.to("reviewer"))]  # noqa: N806 - a type
        Helping = Annotated[Known, Depends(self.frame.door.to("agent", "reviewer"))]  # noqa: N806

        @router.get("/cases")
        def cases(request: Request, known: Looking, state: str = "", number: str = "") -> Response:
            if wanted := number.strip().removeprefix(CERTIFICATE):
                return to(f"{AT}/{wanted}")
            rows = self.frame.store.read(lambda tables: self._rows(tables, state))
            return self.frame.page(request, known, "cases.html", rows=rows, state=state)

        @router.get("/cases/{reference}")
        def case(reference: str, request: Request, known: Looking) -> Response:
            shown = self.frame.store.read(lambda tables: self._case(tables, reference))
            if shown is None:
                return to(AT, fault="no_case")
            self.frame.look(known, "view case", reference)
            return self.frame.page(request, known, "dossier.html", **shown)

        @router.get("/files/{file}")
        def file(file: str, known: Helping) -> Response:
            kept = self.frame.store.read(lambda tables: tables.kept.find(file))
            if kept is None or kept.kind not in _TYPES:
                raise HTTPException(404, "no such file")
            self.frame.look(known, "view file", kept.case or kept.conversation_id)
            headers = {"Cache-Control": "no-store", "Content-Disposition": "inline"}
            return Response(self.content(file), media_type=_TYPES[kept.kind], headers=headers)

    def _decisions(self, router: APIRouter) -> None:
        Doing = Annotated[Known, Depends(self.frame.door.doing("reviewer"))]  # noqa: N806 - a type

        @router.post("/cases/{reference}/{item}/decide")
        def decide(
            reference: str,
            item: str,
            known: Doing,
            state: Word,
            defects: Word = "",
            reason: Word = "",
            number: Word = "",
            valid_until: Word = "",
        ) -> Response:
            told = {"case": reference, "item": item, "state": state, "reason": reason, "number": number}
            lines = [line.strip() for line in defects.splitlines() if line.strip()] if state == "defective" else []
            return self._decided(known, {**told, "defects": lines, "valid_until": valid_until or None})

        @router.post("/cases/{reference}/{item}/reopen")
        def reopen(reference: str, item: str, known: Doing, why: Word) -> Response:
            """Asks for a second pair of eyes."""
            return self._asked(known, reference, item, why)

        @router.post("/cases/{reference}/deliver")
        def delivered(reference: str, known: Doing, way: Annotated[Delivered, Form()], note: Word = "") -> Response:
            """What came of it was given to the citizen."""
            return self._delivered(known, reference, way, note.strip()[:_NOTE])

    def _rows(self, tables: Tables, state: str) -> list[Row]:
        """The latest, or those of which one matter stands so."""
        wanted = sa.select(matter.c.case_reference).where(matter.c.state == state)
        of_state = case_file.c.reference.in_(wanted) if state else sa.true()
        columns = (case_file.c.reference, case_file.c.submitted_at)
        found = sa.select(*columns).where(case_file.c.submitted_at.is_not(None), of_state)
        rows = tables.connection.execute(found.order_by(case_file.c.submitted_at.desc()).limit(_AT_ONCE)).all()
        return [self._row(tables, row.reference, row.submitted_at) for row in rows]

    def _row(self, tables: Tables, reference: str, submitted_at: datetime) -> Row:
        case, matters = tables.cases.load(reference), tuple(tables.matters.of(reference))
        days = [day for one in matters if (day := one.due_on(self.voice.hours.after))]
        name = str(case.bundle.get("name", "")) if case else ""
        return Row(reference, name, submitted_at, matters, min(days, default=None))

    def _case(self, tables: Tables, reference: str) -> dict[str, Any] | None:
        case = tables.cases.load(reference)
        if case is None or case.submitted_at is None:
            return None
        bundle, after = Bundle.model_validate(case.bundle), self.voice.hours.after
        asked = [(id, one) for id, one in bundle.questions.items() if id in case.answers]
        answers = [(one.name, case.answers[id], one.unit) for id, one in asked if case.answers[id].by != "skipped"]
        files = tables.kept.of_case(reference)
        materials = [(part, [one for one in files if one.material == part.id]) for part in bundle.materials]
        today = self.frame.store.now().astimezone(self.voice.hours.zone).date()
        return {
            "case": case,
            "bundle": bundle,
            "answers": answers,
            "materials": [(part, sent) for part, sent in materials if sent],
            "signings": tables.signings.of_case(reference),
            "signed": [one for one in files if one.material.startswith(SIGNED)],
            "looks": {file: look(one, self.kinds) for file, one in tables.photos.of_case(reference).items()},
            "matters": [(one, one.due_on(after), _next(one)) for one in tables.matters.of(reference)],
            "promises": [(one, self._left(one, today)) for one in tables.matters.promises(reference)],
            "specialist": choice(tables, of_case(reference)),
            "delivery": tables.aftercare.delivery(reference),
            "ended": all(one.state in ENDED for one in tables.matters.of(reference)),
            "certificate": tables.certificates.load(reference),
            "waiting": {one.about for one in tables.desk.open_approvals() if one.what != "erase"},
            "unseen": {one.item for one in tables.matters.of(reference) if not is_clear(tables, self.voice, one)},
            "inspections": {one.item: one for one in reversed(tables.inspections.of_case(reference))},
            "history": tables.audits.of(reference),
            "names": {item.id: item.name for item in bundle.items},
        }

    def _left(self, promise: Promise, today: date) -> int | None:
        """Working days until it is due, below zero where it is past; None where it has no day."""
        if promise.due_on is None or promise.state != "open":
            return None
        hours = self.voice.hours
        late = promise.due_on < today
        days = hours.between(promise.due_on, today) if late else hours.between(today, promise.due_on)
        return -days if late else days

    def _decided(self, known: Known, written: dict[str, Any]) -> Response:
        path, now = f"{AT}/{written['case']}", self.frame.store.now()
        try:
            told = Report.model_validate(written)
        except ValidationError:
            return to(path, fault="report")

        def work(tables: Tables) -> None:
            mine = [one for one in tables.matters.of(told.case) if one.item == told.item and told.state == "granted"]
            if not all(is_clear(tables, self.voice, one) for one in mine):
                raise Unseen(told.item)
            report(tables, self.voice, told, now)
            what = f"decide {told.item} {told.state}"
            tables.audits.put(known.staff.name, what, told.case, now, {"defects": len(told.defects)}, told.reason)

        return self._tried(work, path, "decision", "decided")

    def _delivered(self, known: Known, reference: str, way: Delivered, note: str) -> Response:
        path, now = f"{AT}/{reference}", self.frame.store.now()

        def work(tables: Tables) -> None:
            deliver(tables, self.voice, reference, way, note, known.staff.name, now)
            tables.audits.put(known.staff.name, f"deliver {way}", reference, now)

        return self._tried(work, path, "delivery", "delivered")

    def _tried(self, work: Callable[[Tables], None], path: str, fault: str, done: str) -> Response:
        try:
            self.frame.store.write(work)
        except OperatorError as error:
            return to(path, fault="unseen" if isinstance(error, Unseen) else fault)
        return to(path, done=done)

    def _asked(self, known: Known, reference: str, item: str, why: str) -> Response:
        path, now = f"{AT}/{reference}", self.frame.store.now()

        def work(tables: Tables) -> bool:
            ended = {one.item for one in tables.matters.of(reference) if one.state in ("granted", "refused")}
            if item not in ended or not why.strip():
                return False
            tables.desk.ask("reopen", f"{reference} {item}", why.strip()[:200], known.staff.name, now)
            tables.audits.put(known.staff.name, f"ask to reopen {item}", reference, now, why=why.strip()[:200])
            return True

        return to(path, done="asked") if self.frame.store.write(work) else to(path, fault="decision")


def _next(one: Matter) -> list[Reported]:
    """What may be decided of a matter now."""
    return [] if one.state in ENDED else [state for state in get_args(Reported) if state in STEPS[one.state]]
