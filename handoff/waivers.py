"""Inspections that need not be: one asks with a reason, another agrees, and both are known."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Response

from bot.domain.progress import Matter
from bot.errors import OperatorError
from bot.inspections import Inspector
from bot.reporting import Voice
from bot.store.db import Tables
from handoff.accounts import Known
from handoff.pages import Frame, to

Word = Annotated[str, Form()]
_LONGEST = 200


class Unseen(OperatorError):
    """What must be seen before it is granted was not."""


@dataclass(frozen=True)
class Waivers:
    frame: Frame
    voice: Voice

    def routes(self) -> APIRouter:
        router = APIRouter(prefix="/desk", include_in_schema=False)
        Doing = Annotated[Known, Depends(self.frame.door.doing("reviewer"))]  # noqa: N806 - a type

        @router.post("/cases/{reference}/{item}/waive")
        def waive(reference: str, item: str, known: Doing, why: Word) -> Response:
            """Asks for a second pair of eyes."""
            now, path = self.frame.store.now(), f"/desk/cases/{reference}"
            asked = self.frame.store.write(lambda tables: self._ask(tables, known, reference, item, why.strip(), now))
            return to(path, done="asked") if asked else to(path, fault="decision")

        return router

    def _ask(self, tables: Tables, known: Known, reference: str, item: str, why: str, now: datetime) -> bool:
        case, about = tables.cases.load(reference), f"{reference} {item}"
        wanted = any(one.item == item and one.state == "accepted" for one in tables.matters.of(reference))
        asked = any(one.what == "waive" and one.about == about for one in tables.desk.open_approvals())
        if case is None or not wanted or asked or not why or inspector(self.voice).is_clear(tables, case, item):
            return False
        tables.desk.ask("waive", about, why[:_LONGEST], known.staff.name, now)
        tables.audits.put(
            known.staff.name, f"ask to waive the inspection of {item}", reference, now, why=why[:_LONGEST]
        )
        return True


def waive(tables: Tables, voice: Voice, reference: str, item: str, who: str, now: datetime) -> bool:
    """Done once another has agreed. False where there is nothing to be waived any more."""
    case = tables.cases.load(reference, hold=True)
    matter = next((one for one in tables.matters.of(reference) if one.item == item), None)
    return case is not None and matter is not None and inspector(voice).waive(tables, case, matter, who, now)


def is_clear(tables: Tables, voice: Voice, matter: Matter) -> bool:
    """Has been seen what must be seen before it is granted, or was that waived?"""
    case = tables.cases.load(matter.case)
    return case is not None and inspector(voice).is_clear(tables, case, matter.item)


def inspector(voice: Voice) -> Inspector:
    return Inspector(voice.replies, voice.hours, voice.walks)
