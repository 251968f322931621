"""The web application: the citizen's pages, the channels' routes, health and metrics."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Literal

import prometheus_client
from fastapi import APIRouter, FastAPI, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from pydantic import BaseModel
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot import loops, metrics
from bot.bells import Bells
from bot.certificate_routes import certificate_routes
from bot.channels.base import Channel
from bot.channels.webchat import UPLOADS
from bot.errors import CitizenError, StoreError
from bot.freshness import Freshness
from bot.inspection_routes import inspection_routes
from bot.materials.cleaning import LARGEST
from bot.paper_routes import paper_of, paper_routes
from bot.rounds import Round
from bot.settings import ARTICLES
from bot.signing_routes import signing_routes
from bot.store.queue import dead_letters
from bot.store.schema import HEAD
from bot.store.tables import inbox, outbox
from bot.texting import open_sms
from bot.turn import Resources
from bot.upload_routes import PAGES, upload_routes
from bot.visit_routes import visit_routes
from bot.witness import Witness

log = logging.getLogger(__name__)

_HERE = Path(__file__).parent
_LARGEST_BODY = 256 * 1024
_OF_STAFF = ("/desk/inspections/", "/desk/licences/import")  # pictures of what was found, and ledgers
_LARGEST_UPLOAD = 4 * LARGEST  # where we stop reading; what is refused is much smaller, and refused in words

# Everything comes from here; nothing may frame us; no page runs with a script of the version before.
_HEADERS = {
    b"cache-control": b"no-cache",
    b"content-security-policy": b"default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'",
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
}


class ChannelHealth(BaseModel):
    """As this process knows it. `off` is the desk's switch; `token_age` in seconds; `quota_left` is today's, where the
    platform tells.
    """

    off: bool
    heard_at: datetime | None
    said_at: datetime | None
    token_age: float | None
    quota_left: int | None


class Health(BaseModel):
    """`search` is "hybrid" (words and vectors), "words" (words alone) or "none" (no index yet)."""

    status: Literal["ok", "degraded"]
    database: str
    schema_version: str
    search: Literal["hybrid", "words", "none"]
    passages: int
    vectors: int
    index: str | None
    inbox_waiting: int
    dead_letters: int
    channels: dict[str, ChannelHealth]


def create(resources: Resources, channels: dict[str, Channel], round: Round, more: Sequence[APIRouter] = ()) -> FastAPI:
    """The application, with `more` routes beside the channels' own. Its lifespan runs the loops."""
    bells = Bells()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        tasks = [
            asyncio.create_task(loops.work(resources, channels, bells)),
            asyncio.create_task(loops.deliver(resources, channels, bells)),
            asyncio.create_task(loops.gather_misses(resources)),
            asyncio.create_task(loops.go_rounds(round, bells)),
        ]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # FastAPI's own pages of the API load their scripts from elsewhere, which _HEADERS forbids: see _pages.
    app = FastAPI(title="banshi", version="0.1.0", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.add_middleware(Guard)
    app.mount("/static", StaticFiles(directory=_HERE / "static"), "static")
    app.include_router(_pages(resources))
    app.include_router(_operations(resources))
    app.include_router(paper_routes(round))
    app.include_router(certificate_routes(resources))
    app.include_router(visit_routes(resources))
    app.include_router(inspection_routes(resources))
    reception = loops.reception(resources, bells, partial(paper_of, round))
    app.include_router(upload_routes(resources, reception))
    app.include_router(signing_routes(Witness(resources, round.clerk, open_sms(resources.settings))))
    for channel in channels.values():
        router = channel.router(reception)
        if router is not None:
            app.include_router(router)
    for router in more:
        app.include_router(router)

    @app.exception_handler(StoreError)
    async def refuse(request: Request, error: Exception) -> JSONResponse:
        log.error("%s %s: %s", request.method, request.url.path, error)
        detail = resources.replies("error.store")
        return JSONResponse({"detail": detail}, 503, {"Retry-After": "5"})

    @app.exception_handler(CitizenError)
    async def explain(request: Request, error: CitizenError) -> JSONResponse:
        status = 413 if error.reply in ("photo.too_large", "photo.too_many") else 422
        return JSONResponse({"detail": resources.replies(error.reply, **error.fields)}, status)

    return app


def _pages(resources: Resources) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    templates = Jinja2Templates(_HERE / "templates")

    @router.get("/", response_class=HTMLResponse)
    def chat(request: Request) -> Response:
        shown = {"hall": resources.settings.hall.name, "articles": _articles(resources)}
        return templates.TemplateResponse(request, "chat.html", shown)

    @router.get("/docs", response_class=HTMLResponse)
    def docs(request: Request) -> Response:
        return templates.TemplateResponse(request, "docs.html", {"api": request.app.openapi()})

    return router


def _articles(resources: Resources) -> list[tuple[str, str]]:
    """Title and text of every article of ours, for those who read without a script."""
    answers = resources.ear.library.live()
    if answers is None:
        return []
    return [(passage.title, passage.text) for passage in answers.search.store.articles().values()]


def _operations(resources: Resources) -> APIRouter:
    router = APIRouter(tags=["operations"])
    fresh = Freshness(resources.store, resources.settings.kb, ARTICLES)

    @router.get("/health", responses={503: {"description": "The database is away"}})
    def health() -> Health:
        """Whether banshi can take messages, and with what it answers."""
        return read_health(resources)

    @router.get("/metrics", response_class=Response)
    def numbers() -> Response:
        """Prometheus metrics."""
        found = read_health(resources)
        metrics.INBOX_WAITING.set(found.inbox_waiting)
        metrics.DEAD.set(found.dead_letters)
        said = prometheus_client.generate_latest() + fresh.text()
        return Response(said, media_type=prometheus_client.CONTENT_TYPE_LATEST)

    return router


def read_health(resources: Resources) -> Health:
    waiting, dead, switches = resources.store.read(
        lambda tables: (
            tables.inbox.waiting(),
            len(dead_letters(tables.connection, [inbox, outbox])) + len(tables.matters.given_up()),
            tables.desk.switches(),
        )
    )
    off = {name for name, switch in switches.items() if switch.off}
    answers = resources.ear.library.live()
    search = answers.search if answers else None
    return Health(
        status="ok" if search else "degraded",
        database=resources.store.kind,
        schema_version=HEAD,
        search=search.mode if search else "none",
        passages=search.passages_count if search else 0,
        vectors=search.vectors_count if search else 0,
        index=search.generation if search else None,
        inbox_waiting=waiting,
        dead_letters=dead,
        channels={name: _channel_health(name, name in off) for name in resources.settings.channels},
    )


def _channel_health(name: str, off: bool) -> ChannelHealth:
    heard, said, token, left = (
        metrics.of_channel(gauge, name)
        for gauge in (metrics.HEARD_AT, metrics.SAID_AT, metrics.TOKEN_AT, metrics.QUOTA_LEFT)
    )
    return ChannelHealth(
        off=off,
        heard_at=datetime.fromtimestamp(heard, UTC) if heard else None,
        said_at=datetime.fromtimestamp(said, UTC) if said else None,
        token_age=time.time() - token if token else None,
        quota_left=None if left is None else int(left),
    )


class Guard:
    """Refuses bodies that are too large, and says in every answer what a browser may load, where its page does not."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        large = scope["path"].startswith((UPLOADS, PAGES, *_OF_STAFF)) or scope["path"].endswith("/statement")
        most = _LARGEST_UPLOAD if large else _LARGEST_BODY
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > most:
                raise HTTPException(413, f"at most {most} bytes")
            return message

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = {name.lower() for name, _ in message["headers"]}
                ours = [one for one in _HEADERS.items() if one[0] not in own]
                message["headers"] = [*message["headers"], *ours]
            await send(message)

        await self._app(scope, counted, guarded)
