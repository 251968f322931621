"""Pictures of inspections for citizens: what a good one shows, and what an inspector found, by a link of its own."""

from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, HTTPException, Response
from fastapi import Path as InPath

from bot.domain.inspection import is_slot
from bot.domain.messages import Link
from bot.errors import OperatorError
from bot.sketches import svg
from bot.turn import Resources

_FINDING = "finding"
_TYPES = {"jpeg": "image/jpeg", "png": "image/png"}

Token = Annotated[str, InPath(pattern=r"^[A-Za-z0-9_-]{20,400}$")]
PointId = Annotated[str, InPath(pattern=r"^[a-z][a-z_]{0,40}$")]


def inspection_routes(resources: Resources) -> APIRouter:
    router = APIRouter(tags=["inspections"])
    missing: dict[int | str, dict[str, Any]] = {404: {"description": "No such picture, or not the whole address"}}

    @router.get("/sketches/{point}.svg", response_class=Response, responses=missing)
    def sketch(point: PointId) -> Response:
        """What a good picture of a point shows."""
        found = resources.walks.point(point)
        if found is None:
            raise HTTPException(404, resources.replies("link.gone"))
        return Response(svg(found.name, found.sketch), media_type="image/svg+xml")

    @router.get("/findings/{token}", response_class=Response, responses=missing)
    async def finding(token: Token) -> Response:
        """A picture of what an inspector found. The address is what opens it: keep it to yourself."""
        content, media = await to_thread.run_sync(_picture, resources, token)
        return Response(content, media_type=media, headers={"Cache-Control": "no-store"})

    return router


def finding_link(resources: Resources, file: str) -> Link:
    token = resources.files.seal.token(f"{_FINDING} {file}")
    return Link(resources.replies("inspection.finding"), f"{resources.settings.hall.url}/findings/{token}")


def _picture(resources: Resources, token: str) -> tuple[bytes, str]:
    gone = HTTPException(404, resources.replies("link.gone"))
    try:
        what, _, file = resources.files.seal.told(token).partition(" ")
    except OperatorError as error:
        raise gone from error
    kept = resources.store.read(lambda tables: tables.kept.find(file)) if what == _FINDING else None
    if kept is None or not is_slot(kept.material) or kept.kind not in _TYPES:
        raise gone
    return resources.files.read(file), _TYPES[kept.kind]
