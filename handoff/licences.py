"""The page of licences: who is to be called or visited, what is to be checked, what ends soon, and who was reached."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Form, Request, Response, UploadFile

from bot.domain.licence import Report, months_after
from bot.domain.masking import masked_value
from bot.errors import ConfigError, OperatorError
from bot.ledger import tasks as work
from bot.ledger.coverage import coverage
from bot.ledger.export import export
from bot.ledger.wording import Wording
from bot.store.db import Tables
from handoff.accounts import Known
from handoff.pages import XLSX, Frame, day_of, to

AT = "/desk/licences"
_SHOWN = 100  # rows of a list
_YEAR = timedelta(days=365)
_LARGEST = 20 * 1024 * 1024  # bytes of a ledger; 100,000 rows are a tenth of that

Word = Annotated[str, Form()]
Take = Callable[[Path, str, datetime], Report]


@dataclass(frozen=True)
class Licences:
    """`take` takes a ledger in; ConfigError where the file is none."""

    frame: Frame
    wording: Wording
    take: Take

    def routes(self) -> APIRouter:
        router, door = APIRouter(prefix="/desk", include_in_schema=False), self.frame.door
        Looking = Annotated[Known, Depends(door.to("licences"))]  # noqa: N806 - a type
        Doing = Annotated[Known, Depends(door.doing("licences"))]  # noqa: N806

        @router.get("/licences")
        def licences(request: Request, known: Looking, after: int = 0) -> Response:
            return self._page(request, known, after)

        @router.get("/licences.xlsx")
        def sheet(known: Looking) -> Response:
            """What ends within half a year, as a ledger that can be taken in again."""
            return self._sheet(known)

        @router.post("/licences/tasks/{id}/{way}")
        def settle(
            id: int,
            way: Literal["phone", "visit"],
            known: Doing,
            result: Annotated[Literal["reached", "failed"], Form()] = "reached",
            why: Word = "",
        ) -> Response:
            who, note = known.staff.name, why.strip()[:200]
            return self._tried(lambda tables: work.settle(tables, id, way, result, note, who, self._now))

        @router.post("/licences/{id}/confirm")
        def confirm(id: int, known: Doing, ends: Word = "", over: Word = "") -> Response:
            """Until when it really holds; or that it is given up."""
            return self._confirmed(known, id, None if over else day_of(ends), bool(over))

        @router.post("/licences/code")
        def code(request: Request, known: Doing, number: Word) -> Response:
            """A code for whoever holds a licence, to be typed in the chat. Their papers were looked at."""
            return self._code(request, known, number.strip())

        @router.post("/licences/import")
        def take(request: Request, known: Doing, file: UploadFile) -> Response:
            """A ledger: each row is right, or refused with its number and the reason."""
            return self._report(request, known, self._taken(known, file))

        return router

    def _page(self, request: Request, known: Known, after: int = 0, **more: Any) -> Response:
        today, now, who = self._today, self._now, known.staff.name
        first = months_after(today.replace(day=1), 1)
        last = months_after(first, 1) - timedelta(days=1)

        def read(tables: Tables) -> dict[str, Any]:
            return {
                "found": coverage(tables, today - _YEAR, today, today),
                "notice": work.public_notice(tables, self.wording, first, last, f"{first:%Y-%m}"),
            }

        def look(tables: Tables) -> dict[str, Any]:
            return {
                "tasks": work.tasks(tables, self.wording, who, now, _SHOWN),
                "check": work.to_check(tables, who, now, _SHOWN),
                "ending": work.ending(tables, self.wording, today, who, now, after, _SHOWN),
            }

        store = self.frame.store
        shown = store.read(read) | store.write(look)  # every look at somebody leaves its row in the audit
        kinds = {code: kind.name for code, kind in self.wording.kinds.of.items()}
        more = {"masked": masked_value, "kinds": kinds, "after": after, "most": _SHOWN, **more}
        return self.frame.page(request, known, "licences.html", **shown, **more)

    def _confirmed(self, known: Known, id: int, ends: date | None, over: bool) -> Response:
        if ends is None and not over:
            return to(AT, fault="ends")
        return self._tried(lambda tables: work.confirm(tables, id, ends, known.staff.name, self._now))

    def _code(self, request: Request, known: Known, number: str) -> Response:
        try:
            made = self.frame.store.write(lambda tables: work.code_for(tables, number, known.staff.name, self._now))
        except OperatorError:
            return to(AT, fault="number")
        return self._page(request, known, code=made)

    def _report(self, request: Request, known: Known, report: Report | None) -> Response:
        return to(AT, fault="ledger") if report is None else self._page(request, known, report=report)

    def _sheet(self, known: Known) -> Response:
        today, store = self._today, self.frame.store
        with TemporaryDirectory() as folder:
            file = Path(folder) / "ledger.xlsx"
            ending = (today, months_after(today, 6))
            export(store, self.wording.kinds, file, known.staff.name, self._now, ending)
            made = file.read_bytes()
        headers = {"Content-Disposition": 'attachment; filename="licences.xlsx"', "Cache-Control": "no-store"}
        return Response(made, media_type=XLSX, headers=headers)

    def _taken(self, known: Known, file: UploadFile) -> Report | None:
        """None where the file is no ledger at all."""
        suffix, content = Path(file.filename or "").suffix.lower(), file.file.read(_LARGEST + 1)
        if suffix not in (".xlsx", ".csv") or len(content) > _LARGEST:
            return None
        with TemporaryDirectory() as folder:
            copy = Path(folder) / f"ledger{suffix}"
            copy.write_bytes(content)
            try:
                return self.take(copy, known.staff.name, self._now)
            except ConfigError:
                return None

    def _tried(self, act: Callable[[Tables], None]) -> Response:
        try:
            self.frame.store.write(act)
        except OperatorError:
            return to(AT, fault="gone")
        return to(AT, done="saved")

    @property
    def _now(self) -> datetime:
        return self.frame.store.now()

    @property
    def _today(self) -> date:
        return self._now.astimezone(self.wording.hours.zone).date()
