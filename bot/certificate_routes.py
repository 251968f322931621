"""The page behind the code on a certificate of a trade: is the paper in hand the latest, and what of it still holds?"""

from pathlib import Path

from anyio import to_thread
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates

from bot.dossier import Dossier, dossier
from bot.errors import OperatorError, StoreError
from bot.paper_routes import Token
from bot.turn import Resources

_TEMPLATES = Path(__file__).parent / "templates"


def certificate_routes(resources: Resources) -> APIRouter:
    router, pages = APIRouter(), Jinja2Templates(_TEMPLATES)

    @router.get("/certificates/{token}", response_class=HTMLResponse, include_in_schema=False)
    async def certificate(token: Token, request: Request) -> Response:
        """What a certificate lists today, for whoever holds the paper in hand: nothing that does not stand on it."""
        about, edition = await to_thread.run_sync(_found, resources, token)
        shown = {"hall": resources.settings.hall.name, "about": about, "edition": edition}
        return pages.TemplateResponse(request, "certificate.html", shown, status_code=200 if about else 404)

    return router


def _found(resources: Resources, token: str) -> tuple[Dossier | None, int]:
    """The case of a certificate, and the edition that the token was printed on."""
    try:
        reference, what, edition = resources.files.seal.told(token).split(" ")
        about = dossier(resources.store, reference)
    except StoreError:
        raise
    except (OperatorError, ValueError):
        return None, 0
    if what != "certificate" or about.certificate is None or not edition.isdecimal():
        return None, 0
    return about, int(edition)
