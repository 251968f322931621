"""Appointments as calendar files, for whoever has the link; made out when asked for, so that a change shows."""

from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, HTTPException, Response
from fastapi import Path as InPath

from bot.documents.invite import invite
from bot.errors import OperatorError
from bot.turn import Resources
from bot.visit_words import VisitWords

Token = Annotated[str, InPath(pattern=r"^[A-Za-z0-9_-]{20,400}$")]


def visit_routes(resources: Resources) -> APIRouter:
    router = APIRouter(tags=["papers"])
    missing: dict[int | str, dict[str, Any]] = {404: {"description": "No such appointment, or not the whole address"}}

    @router.get("/visits/{token}.ics", response_class=Response, responses=missing)
    async def visit(token: Token) -> Response:
        """An appointment as a calendar file. The address is what opens it: keep it to yourself."""
        content = await to_thread.run_sync(_made, resources, token)
        headers = {"Content-Disposition": 'attachment; filename="visit.ics"', "Cache-Control": "no-store"}
        return Response(content, media_type="text/calendar; charset=utf-8", headers=headers)

    return router


def _made(resources: Resources, token: str) -> bytes:
    zone, gone = resources.hours.zone, HTTPException(404, resources.replies("link.gone"))
    try:
        what, _, id = resources.files.seal.told(token).partition(" ")
    except OperatorError as error:
        raise gone from error
    if what != "visit" or not id.isdecimal():
        raise gone
    one = resources.store.read(lambda tables: tables.appointments.load(int(id), zone))
    if one is None or one.slot.counter not in resources.offices.counters:
        raise gone
    words = VisitWords(resources.replies, resources.offices, resources.hours)
    return invite(
        f"visit-{one.id}@banshi",
        resources.replies("visit.event", place=words.place(one.slot)),
        one.slot.starts_at,
        one.slot.ends_at,
        made_at=one.made_at,
        where=words.where(one.slot),
        text=words.details(one.slot),
        at=resources.offices.office_of(one.slot.counter).at,
        cancelled=one.state in ("cancelled", "lapsed"),
    )
