"""The page of figures, and the same as a spreadsheet."""

from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from typing import Annotated, Any

import xlsxwriter
from fastapi import APIRouter, Depends, Query, Request, Response

from bot.domain.rota import Rota
from handoff.accounts import Known
from handoff.figures import Figures, Times, figures
from handoff.pages import XLSX, Frame
from handoff.shares import Share

Days = Annotated[int, Query(ge=1, le=400)]
Cells = list[list[Any]]


@dataclass(frozen=True)
class Reports:
    frame: Frame
    rota: Rota

    def routes(self) -> APIRouter:
        router, door = APIRouter(prefix="/desk", include_in_schema=False), self.frame.door
        Looking = Annotated[Known, Depends(door.to("supervisor"))]  # noqa: N806 - a type

        @router.get("/reports")
        def reports(request: Request, known: Looking, days: Days = 7) -> Response:
            return self.frame.page(request, known, "reports.html", figures=self._read(days), days=days)

        @router.get("/reports.xlsx")
        def sheet(known: Looking, days: Days = 7) -> Response:
            self.frame.look(known, "export reports", "reports")
            words = self.frame.templates.env.get_template("words.html").module
            made = workbook(self._read(days), words.columns)  # type: ignore[attr-defined]
            return Response(
                made, media_type=XLSX, headers={"Content-Disposition": 'attachment; filename="banshi.xlsx"'}
            )

        return router

    def _read(self, days: int) -> Figures:
        """Whole days of the hall, today's as far as it has come."""
        now = self.frame.store.now()
        midnight = now.astimezone(self.rota.hours.zone).replace(hour=0, minute=0, second=0, microsecond=0)
        return self.frame.store.read(
            lambda tables: figures(tables, self.rota, midnight - timedelta(days=days - 1), now)
        )


def workbook(found: Figures, words: dict[str, str]) -> bytes:
    """One sheet a table. `words` are the headings."""
    made = BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True, "remove_timezone": True}) as book:
        bold = book.add_format({"bold": True})
        for name, rows in _sheets(found).items():
            sheet = book.add_worksheet(words[name])
            sheet.set_column(0, 8, 18)
            for n, row in enumerate(rows):
                cells = [words.get(cell, cell) if n == 0 or cell in words else cell for cell in row]
                sheet.write_row(n, 0, cells, bold if n == 0 else None)
    return made.getvalue()


def _sheets(found: Figures) -> dict[str, Cells]:
    return {
        "summary": [["figure", "part", "whole", "percent"], *_summary(found)],
        "outcomes": [["outcome", "count"], *map(list, found.outcomes)],
        "hours": [["hour", "part", "whole", "percent"], *(_row(str(n), one) for n, one in enumerate(found.by_hour))],
        "teams": [["team", "count"], *map(list, found.handoffs)],
        "times": [
            ["figure", "middle", "most", "count"],
            _time("first_word", found.first_word),
            _time("resolution", found.resolution),
        ],
        "items": [
            ["item", "decided", "days", "promised", "legal", "in_time"],
            *(
                [one.name, one.decided, round(one.days, 1), one.promised, one.legal, one.in_time.percent]
                for one in found.worked.items
            ),
        ],
    }


def _summary(found: Figures) -> Cells:
    visits = found.worked.visits
    served = next((count for what, count in found.outcomes if what == "answered"), 0)
    return [
        _row("served", Share(served, found.questions)),
        _row("handed", found.handed),
        _row("answered_in_time", found.in_time),
        _row("first_pass", found.worked.first_pass),
        _row("promises", found.worked.promises),
        _row("inspected_at_once", found.inspected.first_pass),
        _row("inspected_checked", found.inspected.checked),
        _row("inspected_remote", found.inspected.remote),
        [
            "inspected_days",
            "" if found.inspected.days is None else round(found.inspected.days, 1),
            found.inspected.count,
            "",
        ],
        *(_row(f"rated_{what}", one.good) for what, one in found.rated.items()),
        *(_row(f"rated_{what}_answered", one.answered) for what, one in found.rated.items()),
        ["visits_without", visits.without, visits.cases, ""],
        ["visits_needed", visits.needed, visits.cases, ""],
        ["waiting", found.waiting, "", ""],
    ]


def _row(name: str, one: Share) -> list[Any]:
    return [name, one.part, one.whole, "" if one.percent is None else one.percent]


def _time(name: str, one: Times) -> list[Any]:
    shown = ["" if value is None else round(value, 1) for value in (one.middle, one.most)]
    return [name, *shown, one.count]
