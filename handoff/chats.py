"""The pages of the queue and of chats."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import StreamingResponse

from bot.domain.rota import Rota
from bot.domain.ticket import Ticket
from bot.store.db import Tables
from handoff.accounts import Known
from handoff.desk import Desk
from handoff.news import News
from handoff.pages import Frame, to, tried
from handoff.specialists import Choice, choice
from handoff.story import Story, story

AT = "/desk/chats"
_MOST_LINES = 300
_SEEN_EVERY = timedelta(seconds=20)

Text = Annotated[str, Form()]


@dataclass(frozen=True)
class Found:
    """An article that may be of use."""

    title: str
    text: str


@dataclass(frozen=True)
class Chats:
    """`search` looks articles up; `candidate` keeps a question and its answer for those who write articles."""

    frame: Frame
    desk: Desk
    rota: Rota
    news: News
    search: Callable[[str], list[Found]]
    candidate: Callable[[str, str, str, datetime], None]

    def routes(self) -> APIRouter:
        router = APIRouter(prefix="/desk", include_in_schema=False)
        self._views(router)
        self._acts(router)
        return router

    def _views(self, router: APIRouter) -> None:
        Looking = Annotated[Known, Depends(self.frame.door.to("agent"))]  # noqa: N806 - a type

        @router.get("/chats")
        def queue(request: Request, known: Looking) -> Response:
            return self.show(request, known, None)

        @router.get("/chats/{id}")
        def chat(id: int, request: Request, known: Looking, q: str = "") -> Response:
            return self.show(request, known, id, q)

        @router.get("/stream")
        async def stream(known: Looking) -> Response:
            headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
            return StreamingResponse(
                self.news.listen(known.staff.name), media_type="text/event-stream", headers=headers
            )

    def _acts(self, router: APIRouter) -> None:
        Doing = Annotated[Known, Depends(self.frame.door.doing("agent"))]  # noqa: N806 - a type

        @router.post("/presence")
        def presence(known: Doing, online: Text) -> Response:
            return tried(lambda: self.desk.attend(known.staff, online == "yes", self.now()), AT)

        @router.post("/chats/{id}/take")
        def take(id: int, known: Doing) -> Response:
            return tried(lambda: self.desk.take(known.staff, id, self.now()), f"{AT}/{id}")

        @router.post("/chats/{id}/say")
        def say(id: int, known: Doing, text: Text, key: Text) -> Response:
            return tried(lambda: self.desk.say(known.staff, id, text, key, self.now()), f"{AT}/{id}")

        @router.post("/chats/{id}/note")
        def note(id: int, known: Doing, text: Text) -> Response:
            return tried(lambda: self.desk.write_note(known.staff, id, text, self.now()), f"{AT}/{id}", "note")

        @router.post("/chats/{id}/pass")
        def pass_on(id: int, known: Doing, team: Text) -> Response:
            return tried(lambda: self.desk.pass_on(known.staff, id, team, self.now()), AT, "passed")

        @router.post("/chats/{id}/end")
        def end(id: int, known: Doing) -> Response:
            return tried(lambda: self.desk.end(known.staff, id, self.now()), AT, "ended")

        @router.post("/chats/{id}/candidate")
        def candidate(id: int, known: Doing, question: Text, answer: Text) -> Response:
            keep = self.candidate
            return tried(lambda: keep(question, answer, known.staff.name, self.now()), f"{AT}/{id}", "candidate")

    def now(self) -> datetime:
        return self.frame.store.now()

    def show(self, request: Request, known: Known, id: int | None, q: str = "") -> Response:
        """The three panes: who waits and who is mine, one conversation, what is known of it."""
        now, name = self.now(), known.staff.name
        if known.staff.seen_at is None or now - known.staff.seen_at > _SEEN_EVERY:
            self.frame.store.write(lambda tables: tables.staff.seen(name, now))
        shown, told = self.frame.store.read(lambda tables: (self._queue(tables, known), self._story(tables, id)))
        if id is not None and told is None:
            return to(AT, fault="gone")
        if told is not None:
            self.frame.look(known, "view chat", told.ticket.conversation_id)
            renewed = "x-look" in request.headers  # then only what was said and who waits is put into the page
            about = told.ticket.conversation_id
            named = Choice("", ()) if renewed else self.frame.store.read(lambda tables: choice(tables, about))
            shown["specialist"] = named
            shown |= self._beside(known, told, q, search=not renewed)
        return self.frame.page(request, known, "chats.html", **shown, story=told, q=q, key=secrets.token_hex(8))

    def _queue(self, tables: Tables, known: Known) -> dict[str, Any]:
        mine, waiting = tables.tickets.held(known.staff.name), tables.tickets.waiting()
        own = [one for one in waiting if self.rota.team(one.team).id in known.staff.teams]
        supervises = known.staff.may("supervisor")
        others = [one for one in tables.tickets.held() if one.agent != known.staff.name] if supervises else []
        listed = waiting if supervises else own
        heard = tables.inbox.last_of([one.conversation_id for one in mine])
        new = {one.id: _is_unread(one, heard.get(one.conversation_id)) for one in mine}
        staff = tables.staff.get(known.staff.name)
        load = tables.tickets.loads()
        return {
            "mine": mine,
            "waiting": listed,
            "others": others,
            "unread": new,
            "online": bool(staff and staff.online),
            "colleagues": [(one, load.get(one.name, 0)) for one in tables.staff.online()],
            "looked_after": tables.specialists.loads(),
            "teams": self.rota.teams,
        }

    def _story(self, tables: Tables, id: int | None) -> Story | None:
        ticket = None if id is None else tables.tickets.find(id)
        return None if ticket is None else story(tables, ticket)

    def _beside(self, known: Known, told: Story, q: str, *, search: bool) -> dict[str, Any]:
        """Articles that fit what was asked last, and answers that are ready, filled in."""
        wanted = q.strip() or (told.open_questions[-1] if told.open_questions else told.last_words)
        staff, teams = known.staff, self.rota.teams
        team = teams[staff.teams[0]].name if staff.teams and staff.teams[0] in teams else ""
        reference = told.facts.reference if told.facts else ""
        fields = {"agent": staff.name, "team": team, "hall": self.frame.shared["hall"], "case": reference}
        canned = {title: text.format(**fields) for title, text in self.rota.canned.items()}
        return {
            "found": self.search(wanted) if wanted and search else [],
            "wanted": wanted,
            "canned": canned,
            "lines": told.lines[-_MOST_LINES:],
            "is_mine": told.ticket.agent == staff.name and told.ticket.state == "held",
        }


def _is_unread(one: Ticket, last: datetime | None) -> bool:
    """Has the citizen written since the last word of staff?"""
    since = one.spoken_at or one.held_at or one.created_at
    return last is not None and last > since
