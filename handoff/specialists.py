"""Naming somebody who looks after a case, or a citizen; and how much each of them has."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Response

from bot.domain.staff import Staff
from bot.handover import Handover
from bot.store.db import Tables
from bot.store.specialists import of_case
from handoff.accounts import Known
from handoff.pages import Frame, to

Word = Annotated[str, Form()]


@dataclass(frozen=True)
class Choice:
    """Who it is now, and who it may be: with how many each looks after, those with the fewest first."""

    now: str
    people: Sequence[tuple[Staff, int]]


def choice(tables: Tables, about: str) -> Choice:
    loads = tables.specialists.loads()
    people = [
        (one, loads.get(one.name, 0)) for one in tables.staff.all() if one.active and one.teams and one.may("agent")
    ]
    return Choice(tables.specialists.of(about), sorted(people, key=lambda pair: (pair[1], pair[0].name)))


@dataclass(frozen=True)
class Naming:
    """The citizen is told; it is audited."""

    frame: Frame
    handover: Handover

    def routes(self) -> APIRouter:
        router, door = APIRouter(prefix="/desk", include_in_schema=False), self.frame.door
        Serving = Annotated[Known, Depends(door.doing("agent"))]  # noqa: N806 - a type
        Deciding = Annotated[Known, Depends(door.doing("reviewer"))]  # noqa: N806

        @router.post("/chats/{id}/specialist")
        def of_citizen(id: int, known: Serving, staff: Word = "") -> Response:
            ticket = self.frame.store.read(lambda tables: tables.tickets.find(id))
            if ticket is None:
                return to("/desk/chats", fault="gone")
            about = ticket.conversation_id
            return self._named(known, about, about, staff, f"/desk/chats/{id}")

        @router.post("/cases/{reference}/specialist")
        def of_a_case(reference: str, known: Deciding, staff: Word = "") -> Response:
            case = self.frame.store.read(lambda tables: tables.cases.load(reference))
            if case is None:
                return to("/desk/cases", fault="no_case")
            return self._named(known, of_case(reference), case.conversation_id, staff, f"/desk/cases/{reference}")

        return router

    def _named(self, known: Known, about: str, conversation: str, staff: str, path: str) -> Response:
        now: datetime = self.frame.store.now()

        def work(tables: Tables) -> bool:
            found = tables.staff.get(staff) if staff else None
            if staff and (found is None or not found.active or not found.teams or not found.may("agent")):
                return False
            if staff != tables.specialists.of(about):
                self.handover.name(tables, about, conversation, found, known.staff.name, now)
                tables.audits.put(known.staff.name, "name specialist", about, now, why=staff)
            return True

        return to(path, done="saved") if self.frame.store.write(work) else to(path, fault="gone")
