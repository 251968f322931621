"""The web desk. A view is a query."""

import secrets
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse
from fastapi.templating import Jinja2Templates

from bot.store.db import Store
from handoff.desk import waiting

_HERE = Path(__file__).parent
_COOKIE = "desk"


def router(store: Store, key: str, hall: str, zone: ZoneInfo) -> APIRouter:
    """The desk's pages. `/desk?key=…` opens the door once; a cookie holds it open."""
    routes = APIRouter(prefix="/desk", include_in_schema=False)
    templates = Jinja2Templates(_HERE / "templates")

    @routes.get("", response_class=HTMLResponse)
    def queue(request: Request) -> Response:
        given = request.query_params.get("key")
        if given is not None and secrets.compare_digest(given.encode(), key.encode()):
            door = RedirectResponse("/desk", 303)
            door.set_cookie(_COOKIE, key, httponly=True, samesite="strict", max_age=12 * 3600, path="/desk")
            return door
        if not secrets.compare_digest(request.cookies.get(_COOKIE, "").encode(), key.encode()):
            return templates.TemplateResponse(request, "closed.html", {"hall": hall}, status_code=401)
        now = store.now()
        shown = {"hall": hall, "zone": zone, "now": now, "waiting": waiting(store, now)}
        return templates.TemplateResponse(request, "queue.html", shown)

    @routes.get("/static/{name}")
    def static(name: Literal["desk.css", "desk.js"]) -> Response:
        """How the desk looks; nothing here is secret."""
        return FileResponse(_HERE / "static" / name)

    return routes
