"""Videos in which signers say that they sign: a person looks whether it is them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, get_args

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response

from bot.domain.signing import Sameness, Signing
from bot.store.db import Tables
from handoff.accounts import Known
from handoff.pages import Frame, to

AT = "/desk/statements"

Word = Annotated[str, Form()]


@dataclass(frozen=True)
class Statements:
    """`content` is what a kept file holds."""

    frame: Frame
    content: Callable[[str], bytes]

    def routes(self) -> APIRouter:
        router = APIRouter(prefix="/desk", include_in_schema=False)
        Looking = Annotated[Known, Depends(self.frame.door.to("reviewer"))]  # noqa: N806 - a type
        Doing = Annotated[Known, Depends(self.frame.door.doing("reviewer"))]  # noqa: N806

        @router.get("/statements/{id}")
        def statement(id: int, request: Request, known: Looking) -> Response:
            one = self._find(id)
            self.frame.look(known, "view statement", one.case)
            return self.frame.page(request, known, "statement.html", one=one)

        @router.get("/statements/{id}/video")
        def video(id: int, known: Looking) -> Response:
            one = self._find(id)
            self.frame.look(known, "view statement", one.case)
            headers = {"Cache-Control": "no-store", "Content-Disposition": "inline"}
            return Response(self.content(one.steps.statement), media_type="video/mp4", headers=headers)

        @router.post("/statements/{id}")
        def judge(id: int, known: Doing, verdict: Word) -> Response:
            one, now = self._find(id), self.frame.store.now()
            if verdict not in get_args(Sameness) or not verdict:
                return to(f"{AT}/{id}", fault="decision")
            self.frame.store.write(lambda tables: _judge(tables, one.id, verdict, known.staff.name, now))  # type: ignore[arg-type]
            return to(f"{AT}/{id}", done="saved")

        return router

    def _find(self, id: int) -> Signing:
        one = self.frame.store.read(lambda tables: tables.signings.load(id))
        if one is None or one.state != "signed" or not one.steps.statement:
            raise HTTPException(404, "no such statement")
        return one


def _judge(tables: Tables, id: int, verdict: Sameness, who: str, now: datetime) -> None:
    """Beside the evidence, which stays as it was attested."""
    one = tables.signings.load(id)
    if one is not None:
        one.steps.verdict, one.steps.judged_by = verdict, who
        tables.signings.save(one)
        tables.audits.put(who, f"statement {verdict}", one.case, now)
