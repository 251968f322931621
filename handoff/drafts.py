"""The page of a draft: staff look at what a citizen has begun, and offer answers, which the citizen judges."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import parse_qs

from anyio import to_thread
from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from bot.errors import OperatorError
from handoff.accounts import Known
from handoff.pages import Frame


@dataclass(frozen=True)
class CaseHelp:
    """What the desk may do with a draft: look at it, and offer answers to the citizen; see bot/helping.py."""

    sheet: Callable[[str, str, datetime], Any]
    propose: Callable[[str, Mapping[str, str], str, datetime], dict[str, str]]


@dataclass(frozen=True)
class Drafts:
    frame: Frame
    help: CaseHelp

    def routes(self) -> APIRouter:
        router = APIRouter(prefix="/desk", include_in_schema=False)
        Helping = Annotated[Known, Depends(self.frame.door.to("agent", "reviewer"))]  # noqa: N806 - a type

        @router.get("/case/{reference}")
        def sheet(reference: str, request: Request, known: Helping) -> Response:
            return self._helped(request, known, reference, {})

        @router.post("/case/{reference}")
        async def fill(reference: str, request: Request, known: Helping) -> Response:
            """A draft that staff help to fill in; what they type is offered to the citizen."""
            body = parse_qs((await request.body()).decode("utf-8", "replace"))
            typed = {name: text[0] for name, text in body.items()}
            if not secrets.compare_digest(typed.pop("csrf", "").encode(), known.session.csrf.encode()):
                raise HTTPException(403, "not a form of this session")
            return await to_thread.run_sync(self._helped, request, known, reference, typed)

        return router

    def _helped(self, request: Request, known: Known, reference: str, typed: Mapping[str, str]) -> Response:
        """The page of a draft, after what was typed has been offered; away where it is handed in or dropped."""
        who, now = known.staff.name, self.frame.store.now()
        try:
            faults = self.help.propose(reference, typed, who, now) if typed else {}
            sheet = self.help.sheet(reference, who, now)
        except OperatorError:
            return RedirectResponse("/desk", 303)
        return self.frame.page(request, known, "case.html", sheet=sheet, faults=faults, sent=bool(typed) and not faults)
