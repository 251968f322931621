"""Photos as lists show them: small, and each a click away from the original."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Response

from handoff.accounts import Known
from handoff.pages import Frame, picture, to


@dataclass(frozen=True)
class Thumbnails:
    frame: Frame

    def routes(self) -> APIRouter:
        router = APIRouter(prefix="/desk", include_in_schema=False)
        Helping = Annotated[Known, Depends(self.frame.door.to("agent", "reviewer"))]  # noqa: N806 - a type

        @router.get("/files/{file}/small")
        def small(file: str, known: Helping) -> Response:
            """The original where it came before small ones were kept."""
            kept, shown = self.frame.store.read(lambda tables: (tables.kept.find(file), tables.photos.small(file)))
            if kept is None:
                raise HTTPException(404, "no such file")
            self.frame.look(known, "view pictures", kept.case or kept.conversation_id)
            return picture(shown) if shown else to(f"/desk/files/{file}")

        return router
