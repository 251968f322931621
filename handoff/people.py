"""The pages of people: what is kept of a citizen, its export and deletion, and what waits for a second person."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Form, Request, Response

from bot.reporting import Voice, reopen
from bot.store.case_tables import case_file
from bot.store.db import Tables
from bot.store.desk import Approval
from bot.store.tables import conversation
from handoff.accounts import Known
from handoff.pages import Frame, to
from handoff.waivers import waive

AT = "/desk/people"

Word = Annotated[str, Form()]


@dataclass(frozen=True)
class Rights:
    """What the law gives a citizen; see bot/privacy.py. Both write an audit row in their transaction."""

    export: Callable[[Tables, str, str, datetime], dict[str, Any]]
    erase: Callable[[Tables, str, str, datetime], dict[str, int]]


@dataclass(frozen=True)
class People:
    frame: Frame
    rights: Rights
    voice: Voice

    def routes(self) -> APIRouter:
        router, door = APIRouter(prefix="/desk", include_in_schema=False), self.frame.door
        Looking = Annotated[Known, Depends(door.to("supervisor"))]  # noqa: N806 - a type
        Doing = Annotated[Known, Depends(door.doing("supervisor"))]  # noqa: N806

        @router.get("/people")
        def people(request: Request, known: Looking, who: str = "") -> Response:
            id, waiting = self.frame.store.read(
                lambda tables: (_conversation(tables, who.strip()), tables.desk.open_approvals())
            )
            if id:
                self.frame.look(known, "view person", id)
            cases = self.frame.store.read(lambda tables: tables.cases.of_conversation(id)) if id else []
            shown = {"who": who, "id": id, "cases": cases, "approvals": waiting}
            return self.frame.page(request, known, "people.html", **shown)

        @router.post("/people/export")
        def export(known: Doing, id: Word, why: Word) -> Response:
            """Everything that is kept, as JSON."""
            if not why.strip():
                return to(AT, fault="why")
            return self._export(known, id, why.strip()[:200])

        @router.post("/people/erase")
        def erase(known: Doing, id: Word, why: Word) -> Response:
            """Asks for a second pair of eyes."""
            if not why.strip() or self.frame.store.read(lambda tables: _conversation(tables, id)) is None:
                return to(AT, fault="why")
            self.frame.store.write(lambda tables: self._ask(tables, known, id, why.strip()[:200]))
            return to(AT, done="asked")

        @router.post("/approvals/{id}/{decision}")
        def decide(id: int, decision: str, known: Doing) -> Response:
            agreed = decision == "agree"
            fault = self.frame.store.write(lambda tables: self._decide(tables, known, id, agreed))
            return to(AT, fault=fault) if fault else to(AT, done="agreed" if agreed else "refused")

        return router

    def _export(self, known: Known, id: str, why: str) -> Response:
        now = self.frame.store.now()

        def work(tables: Tables) -> dict[str, Any] | None:
            if _conversation(tables, id) is None:
                return None
            tables.audits.put(known.staff.name, "export at the desk", id, now, why=why)
            return self.rights.export(tables, id, known.staff.name, now)

        found = self.frame.store.write(work)
        if found is None:
            return to(AT, fault="gone")
        headers = {"Content-Disposition": 'attachment; filename="person.json"', "Cache-Control": "no-store"}
        text = json.dumps(found, ensure_ascii=False, indent=1, default=str)
        return Response(text, media_type="application/json", headers=headers)

    def _ask(self, tables: Tables, known: Known, id: str, why: str) -> None:
        now = self.frame.store.now()
        tables.desk.ask("erase", id, why, known.staff.name, now)
        tables.audits.put(known.staff.name, "ask to erase", id, now, why=why)

    def _decide(self, tables: Tables, known: Known, id: int, agreed: bool) -> str:
        """The name of a fault, "" where it is done. Four eyes: never by whoever asked."""
        asked, now = tables.desk.approval(id), self.frame.store.now()
        if asked is None or asked.state != "open":
            return "gone"
        if agreed and asked.asked_by == known.staff.name:
            return "four_eyes"
        tables.desk.decide(id, "done" if agreed else "refused", known.staff.name, now)
        tables.audits.put(
            known.staff.name, f"{'agree' if agreed else 'refuse'} to {asked.what}", asked.about, now, why=asked.why
        )
        return "" if not agreed or self._do(tables, asked, known, now) else "gone"

    def _do(self, tables: Tables, asked: Approval, known: Known, now: datetime) -> bool:
        if asked.what == "erase":
            self.rights.erase(tables, asked.about, known.staff.name, now)
            return True
        reference, _, item = asked.about.partition(" ")
        if asked.what == "waive":
            return waive(tables, self.voice, reference, item, known.staff.name, now)
        return reopen(tables, self.voice, reference, item, now)


def _conversation(tables: Tables, who: str) -> str | None:
    """The conversation that is meant by its own name, by a case's number or by a ticket's."""
    if not who:
        return None
    if who.isdecimal() and len(who) < 12:
        ticket = tables.tickets.find(int(who))
        return ticket.conversation_id if ticket else None
    case = sa.select(case_file.c.conversation_id).where(case_file.c.reference == who)
    known = sa.select(conversation.c.id).where(conversation.c.id == who)
    found = tables.connection.scalar(case) or tables.connection.scalar(known)
    return str(found) if found else None
