"""Papers of a case, for whoever has the link: made out when asked for, so that they always tell how things stand."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, get_args

from anyio import to_thread
from fastapi import APIRouter, HTTPException, Request, Response
from fastapi import Path as InPath
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates

from bot.channels.base import Paper
from bot.domain.signing import SIGNED
from bot.errors import OperatorError, StoreError
from bot.paperwork import Dossier, Kind, dossier, kinds
from bot.rounds import Round
from bot.store.invitations import CODES_HOLD

_TEMPLATES = Path(__file__).parent / "templates"

Token = Annotated[str, InPath(pattern=r"^[A-Za-z0-9_-]{20,400}$")]


def paper_routes(round: Round) -> APIRouter:
    router, pages = APIRouter(tags=["papers"]), Jinja2Templates(_TEMPLATES)
    missing: dict[int | str, dict[str, Any]] = {404: {"description": "No such paper, or not the whole address"}}

    @router.get("/papers/{token}", response_class=Response, responses=missing)
    async def paper(token: Token, request: Request) -> Response:
        """A paper as PDF; how far a case is as a PNG. The address is what opens it: keep it to yourself."""
        content, media, name = await to_thread.run_sync(_made, round, token, str(request.base_url).rstrip("/"))
        headers = {"Content-Disposition": f'inline; filename="{name}"', "Cache-Control": "no-store"}
        return Response(content, media_type=media, headers=headers)

    @router.get("/go/{token}", response_class=HTMLResponse, include_in_schema=False)
    async def go(token: str, request: Request) -> Response:
        """The page that a plan's QR code leads to. Looking at it gives no code away."""
        draft = await to_thread.run_sync(_draft, round, token)
        shown = {"hall": round.resources.settings.hall.name, "open": draft is not None, "code": None}
        return pages.TemplateResponse(request, "go.html", shown, status_code=200 if draft else 404)

    @router.post("/go/{token}", response_class=HTMLResponse, include_in_schema=False)
    async def go_on(token: str, request: Request) -> Response:
        """A code: the draft is gone on with here, or by it in any channel."""
        code = await to_thread.run_sync(_code, round, token)
        hall = round.resources.settings.hall.name
        shown = {"hall": hall, "open": code is not None, "code": code, "days": CODES_HOLD.days}
        return pages.TemplateResponse(request, "go.html", shown, status_code=200 if code else 404)

    return router


def paper_of(round: Round, url: str) -> Paper | None:
    """The paper behind a link of ours; None where it is no such link, or opens nothing any more."""
    before, found, token = url.rpartition("/papers/")
    if not found or before != round.resources.settings.hall.url:
        return None
    try:
        content, _, name = _made(round, token, before)
    except HTTPException:
        return None
    return Paper(name, content)


def _draft(round: Round, token: str) -> str | None:
    """The number of the draft that a token leads to; None where there is none."""
    resources = round.resources
    try:
        reference, _, what = resources.files.seal.told(token).partition(" ")
    except OperatorError:
        return None
    case = resources.store.read(lambda tables: tables.cases.load(reference)) if what == "go" else None
    return reference if case is not None and case.state == "filling" else None


def _code(round: Round, token: str) -> str | None:
    """A fresh code that goes on with the draft of a token; None where there is none."""
    store, reference = round.resources.store, _draft(round, token)
    if reference is None:
        return None
    return store.write(lambda tables: tables.invitations.make(reference, "resume", store.now()))


def _made(round: Round, token: str, base: str) -> tuple[bytes, str, str]:
    resources, now = round.resources, round.resources.store.now()
    try:
        reference, _, kind = resources.files.seal.told(token).partition(" ")
        about = dossier(resources.store, reference)
    except StoreError:
        raise
    except OperatorError as error:
        raise HTTPException(404, resources.replies("link.gone")) from error
    if signed := [one.file for one in about.files if kind.startswith("signed_") and one.material == _signed(kind)]:
        return resources.files.read(signed[-1]), "application/pdf", f"{reference}-{kind}.pdf"
    if kind not in get_args(Kind) or kind not in kinds(about):
        raise HTTPException(404, resources.replies("link.gone"))
    way, what = _leads_to(about, kind)
    link = f"{resources.settings.hall.url or base}/{way}/{resources.files.seal.token(f'{reference} {what}')}"
    content, media, ending = _rendered(round, kind, about, link, now)
    return content, media, f"{reference}-{kind}.{ending}"


def _leads_to(about: Dossier, kind: Kind) -> tuple[str, str]:
    """What the code on a paper opens: a way, and what its token says beside the case."""
    if kind == "certificate" and about.certificate:
        return "certificates", f"certificate {about.certificate.edition}"
    return ("go", "go") if kind == "plan" else ("papers", "progress")


def _signed(kind: str) -> str:
    return SIGNED + kind.removeprefix("signed_")


def _rendered(round: Round, kind: Kind, about: Dossier, link: str, now: datetime) -> tuple[bytes, str, str]:
    clerk, files = round.clerk, round.resources.files
    if kind == "progress":
        return clerk.picture(kind, about, link, now), "image/png", "png"
    if kind == "zip":
        return clerk.packed(about, files, now), "application/zip", "zip"
    made = clerk.bound(about, files, now) if kind == "forms" else clerk.pdf(kind, about, link, now)
    return made, "application/pdf", "pdf"
