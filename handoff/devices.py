"""The page on which staff become known in a group: a code for an account of theirs, and the way out again."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from bot.store.db import Tables
from handoff.accounts import Known
from handoff.pages import Frame, to

AT = "/desk/devices"


@dataclass(frozen=True)
class Devices:
    frame: Frame

    def routes(self) -> APIRouter:
        router, door = APIRouter(prefix="/desk", include_in_schema=False), self.frame.door
        Looking = Annotated[Known, Depends(door.to("agent"))]  # noqa: N806 - a type
        Doing = Annotated[Known, Depends(door.doing("agent"))]  # noqa: N806

        @router.get("/devices")
        def devices(request: Request, known: Looking) -> Response:
            return self._page(request, known)

        @router.post("/devices")
        def code(request: Request, known: Doing) -> Response:
            """A new code, which is on this page and nowhere else."""
            now, name = self.frame.store.now(), known.staff.name
            made = self.frame.store.write(lambda tables: tables.invitations.make(name, "device", now))
            return self._page(request, known, made)

        @router.post("/devices/part")
        def part(known: Doing) -> Response:
            now, name = self.frame.store.now(), known.staff.name

            def work(tables: Tables) -> None:
                tables.groups.part(name)
                tables.audits.put(name, "part devices", name, now)

            self.frame.store.write(work)
            return to(AT, done="saved")

        return router

    def _page(self, request: Request, known: Known, code: str = "") -> Response:
        bound = self.frame.store.read(lambda tables: tables.groups.devices(known.staff.name))
        return self.frame.page(request, known, "devices.html", bound=bound, code=code)
