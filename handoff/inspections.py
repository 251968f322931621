"""The pages of inspections: what was shown beside what it must be like, verdicts point by point, and the conclusion."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal

from anyio import to_thread
from fastapi import APIRouter, Depends, HTTPException, Request, Response
from starlette.datastructures import FormData, UploadFile

from bot.bundles.model import Bundle
from bot.domain.case import Kept
from bot.domain.inspection import Inspection, State, slot, unjudged
from bot.domain.messages import Link
from bot.errors import CitizenError, OperatorError
from bot.inspections import Inspector, Ruling, walk_of
from bot.store.db import Tables
from handoff.accounts import Known
from handoff.pages import Frame, day_of, picture, to
from handoff.sheets import facts, sheet_of

AT = "/desk/inspections"
# What is looked for in the list, by its name there.
SHOWN: dict[str, tuple[State, ...]] = {
    "waiting": ("waiting",),
    "shooting": ("shooting", "paused"),
    "passed": ("passed",),
    "waived": ("waived",),
    "stopped": ("stopped",),
}
_TYPES = {"jpeg": "image/jpeg", "png": "image/png", "pdf": "application/pdf", "mp4": "video/mp4"}
_AT_ONCE, _DAYS, _LONGEST = 100, 5, 300

Verdicts = Literal["pass", "fail"]


@dataclass(frozen=True)
class Pictures:
    """`content` is what a kept file holds, `keep` takes a new one in for a conversation, `link` is where it is seen."""

    content: Callable[[str], bytes]
    keep: Callable[[str, bytes], Kept]
    link: Callable[[str], Link]


@dataclass(frozen=True)
class Row:
    """An inspection in the list: of what, how far it is, and the day by which it must be judged, or put right."""

    one: Inspection
    kind: str
    item: str
    shown: int
    judged: int
    points: int
    due: date | None
    visit: datetime | None


@dataclass(frozen=True)
class Inspections:
    frame: Frame
    inspector: Inspector
    pictures: Pictures

    def routes(self) -> APIRouter:
        router, door = APIRouter(prefix="/desk", include_in_schema=False), self.frame.door
        Looking = Annotated[Known, Depends(door.to("inspector"))]  # noqa: N806 - a type

        @router.get("/inspections")
        def inspections(request: Request, known: Looking, state: str = "waiting") -> Response:
            state = state if state in SHOWN else "waiting"
            rows = self.frame.store.read(lambda tables: self._rows(tables, SHOWN[state]))
            return self.frame.page(request, known, "inspections.html", rows=rows, state=state, states=list(SHOWN))

        @router.get("/inspections/{id}")
        def inspection(id: int, request: Request, known: Looking) -> Response:
            shown = self.frame.store.read(lambda tables: self._one(tables, id))
            if shown is None:
                return to(AT, fault="gone")
            self.frame.look(known, "view inspection", shown["one"].case)
            return self.frame.page(request, known, "inspection.html", **shown)

        @router.get("/inspections/{id}/{file}")
        def file(id: int, file: str, known: Looking) -> Response:
            kept = self.frame.store.read(lambda tables: self._file(tables, id, file))
            if kept is None or kept.kind not in _TYPES:
                raise HTTPException(404, "no such file")
            self.frame.look(known, "view file", kept.case)
            headers = {"Cache-Control": "no-store", "Content-Disposition": "inline"}
            return Response(self.pictures.content(file), media_type=_TYPES[kept.kind], headers=headers)

        @router.post("/inspections/{id}")
        async def judge(id: int, request: Request, known: Looking) -> Response:
            """Every verdict that was changed; and the conclusion, where that is the button."""
            form = await request.form(max_files=60, max_fields=400)
            if not secrets.compare_digest(str(form.get("csrf", "")).encode(), known.session.csrf.encode()):
                raise HTTPException(403, "not a form of this session")
            pictures = {name: await one.read() for name, one in form.items() if isinstance(one, UploadFile)}
            return await to_thread.run_sync(self._judged, known, id, form, pictures)

        self._lists(router)
        return router

    def _lists(self, router: APIRouter) -> None:
        Looking = Annotated[Known, Depends(self.frame.door.to("inspector"))]  # noqa: N806 - a type

        @router.get("/inspections/{id}/{file}/small")
        def small(id: int, file: str, known: Looking) -> Response:
            """As the page shows it; the original where it came before these were kept."""
            kept, shown = self.frame.store.read(
                lambda tables: (self._file(tables, id, file), tables.photos.small(file))
            )
            if kept is None:
                raise HTTPException(404, "no such file")
            self.frame.look(known, "view pictures", kept.case)
            return picture(shown) if shown else to(f"{AT}/{id}/{file}")

    def _rows(self, tables: Tables, states: Sequence[State]) -> list[Row]:
        return [self._row(tables, one) for one in tables.inspections.for_staff(states, _AT_ONCE)]

    def _row(self, tables: Tables, one: Inspection) -> Row:
        points, hours = tables.inspections.points(one.id), self.inspector.hours
        item = next((matter.name for matter in tables.matters.of(one.case) if matter.item == one.item), "")
        sent = one.sent_at.astimezone(hours.zone).date() if one.sent_at else None
        due = min((point.due_on for point in unjudged(points) if point.due_on), default=None)
        if sent and one.state == "waiting":
            due = hours.after(sent, walk_of(one).days)
        shown = sum(point.stands in ("shown", "absent") for point in points)
        live = tables.appointments.live(one.conversation, self.frame.store.now(), hours.zone)
        visits = [visit.starts_at for visit in live if visit.state == "booked" and one.way != "photo"]
        judged = len(points) - len(unjudged(points))
        return Row(one, walk_of(one).name, item, shown, judged, len(points), due, min(visits, default=None))

    def _one(self, tables: Tables, id: int) -> dict[str, Any] | None:
        one = tables.inspections.load(id)
        case = tables.cases.load(one.case) if one and one.case else None
        if one is None or case is None:
            return None
        bundle, walk, hours = Bundle.model_validate(case.bundle), walk_of(one), self.inspector.hours
        shots, reports = tables.inspections.shots(id), tables.photos.of_case(one.case)
        sheets = [sheet_of(point, walk.sought[point.id], shots, reports) for point in tables.inspections.points(id)]
        staff = [who for who in tables.staff.all() if who.active and who.may("inspector")]
        today = self.frame.store.now().astimezone(hours.zone).date()
        return {
            "one": one,
            "row": self._row(tables, one),
            "walk": walk,
            "sheets": sheets,
            "left": len(unjudged([sheet.point for sheet in sheets])),
            "facts": facts(case, bundle),
            "beside": [kept for kept in tables.kept.of_case(one.case) if kept.material in walk.beside],
            "staff": [who.name for who in staff],
            "due": hours.after(today, _DAYS),
            "history": tables.inspections.events(id),
        }

    def _file(self, tables: Tables, id: int, file: str) -> Kept | None:
        """Only what was shown of this inspection, found by its inspectors, or stands beside it."""
        one, kept = tables.inspections.load(id), tables.kept.find(file)
        if one is None or kept is None or not kept.case or kept.case != one.case:
            return None
        mine = kept.material.startswith(slot(id, "")) or kept.material in walk_of(one).beside
        return kept if mine else None

    def _judged(self, known: Known, id: int, form: FormData, pictures: Mapping[str, bytes]) -> Response:
        path, store, now = f"{AT}/{id}", self.frame.store, self.frame.store.now()
        one = store.read(lambda tables: tables.inspections.load(id))
        if one is None or one.state != "waiting":
            return to(path, fault="gone")
        told = [ruling for point in walk_of(one).sought if (ruling := _ruling(point, form))]
        try:
            files = {
                r.point: self._kept(one, pictures[f"photo-{r.point}"]) for r in told if pictures.get(f"photo-{r.point}")
            }
        except CitizenError:
            return to(path, fault="picture")
        refused = store.write(lambda tables: self._rule(tables, one, told, files, known.staff.name, now))
        if refused or form.get("act") != "conclude":
            return to(path, fault="ruling") if refused else to(path, done="saved")
        second = str(form.get("second", ""))
        links = {name: self.pictures.link(name) for name in self._findings(id)}
        try:
            store.write(lambda tables: self._conclude(tables, id, known.staff.name, second, links, now))
        except OperatorError:
            return to(path, fault="conclusion")
        return to(path, done="concluded")

    def _kept(self, one: Inspection, content: bytes) -> str:
        return self.pictures.keep(one.conversation, content).file

    def _rule(
        self,
        tables: Tables,
        one: Inspection,
        told: Sequence[Ruling],
        files: Mapping[str, str],
        who: str,
        now: datetime,
    ) -> int:
        """How many verdicts could not be taken; the others are saved. What did not change is left alone."""
        refused = 0
        points = {point.id: point for point in tables.inspections.points(one.id)}
        for ruling in told:
            known, file = points[ruling.point], files.get(ruling.point, "")
            same = (known.verdict, known.finding, known.due_on) == (ruling.verdict, ruling.finding, ruling.due_on)
            if same and not file:
                continue
            file = file or known.finding_file
            whole = Ruling(ruling.point, ruling.verdict, ruling.finding, ruling.due_on, file, ruling.seen)
            try:
                self.inspector.judge(tables, one.id, whole, who, now)
            except OperatorError:
                refused += 1
                continue
            tables.kept.give([file] if file else [], one.case, slot(one.id, "finding"))
        return refused

    def _findings(self, id: int) -> list[str]:
        points = self.frame.store.read(lambda tables: tables.inspections.points(id))
        return [point.finding_file for point in points if point.finding_file]

    def _conclude(
        self, tables: Tables, id: int, who: str, second: str, links: Mapping[str, Link], now: datetime
    ) -> str:
        """With somebody else who may inspect: the law asks for two."""
        found = tables.staff.get(second)
        may = found is not None and found.active and found.may("inspector")
        return self.inspector.conclude(tables, id, who, second if may else "", links, now)


def _ruling(point: str, form: FormData) -> Ruling | None:
    """What was chosen of a point; None where nothing was."""
    verdict, finding = str(form.get(f"verdict-{point}", "")), str(form.get(f"finding-{point}", "")).strip()[:_LONGEST]
    seen = tuple(str(form.get(f"seen-{point}", "")).split())
    if verdict == "fail":
        return Ruling(point, "fail", finding, day_of(str(form.get(f"due-{point}", ""))), seen=seen)
    return Ruling(point, "pass", seen=seen) if verdict == "pass" else None
