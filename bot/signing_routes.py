"""The page on which somebody signs: plain forms, and a script for the pen alone. The address and a code open it."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Cookie, Form, HTTPException, Request, Response
from fastapi import Path as InPath
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.templating import Jinja2Templates
from pydantic import TypeAdapter, ValidationError

from bot.channels.webchat import body_of
from bot.domain.masking import masked_value
from bot.domain.signing import Signing, Stroke
from bot.errors import CitizenError
from bot.materials.pages import TooLarge, pages
from bot.statements import decline, name_agent, speak, wants_statement
from bot.testimony import Where
from bot.witness import Witness

_TEMPLATES = Path(__file__).parent / "templates"
_COOKIE = "banshi_sign"
_STEPS = ("identity", "agent", "statement", "points", "draw")
_strokes = TypeAdapter(tuple[Stroke, ...])

Token = Annotated[str, InPath(pattern=r"^[A-Za-z0-9_-]{20,60}$")]
Browser = Annotated[str, Cookie(alias=_COOKIE)]
Word = Annotated[str, Form(max_length=200)]


def signing_routes(witness: Witness) -> APIRouter:
    router, page = APIRouter(prefix="/sign", include_in_schema=False), _Page(witness, Jinja2Templates(_TEMPLATES))

    @router.get("/{token}", response_class=HTMLResponse)
    def look(token: Token, request: Request, banshi_sign: Browser = "") -> Response:
        return page.shown(request, token, banshi_sign)

    @router.post("/{token}/code")
    def send(token: Token, request: Request, phone: Word = "", banshi_sign: Browser = "") -> Response:
        return page.after(request, token, banshi_sign, lambda now: witness.send_code(token, phone.strip(), now))

    @router.post("/{token}/identity")
    def prove(token: Token, request: Request, code: Word = "") -> Response:
        try:
            browser = witness.prove(token, code.strip(), page.now())
        except CitizenError as error:
            return page.shown(request, token, "", error)
        answer = RedirectResponse(f"/sign/{token}", 303)
        safe = request.url.scheme == "https" or witness.resources.settings.hall.url.startswith("https")
        answer.set_cookie(_COOKIE, browser, path=f"/sign/{token}", httponly=True, samesite="lax", secure=safe)
        return answer

    @router.post("/{token}/points/{place}")
    def confirm(token: Token, place: int, request: Request, banshi_sign: Browser = "") -> Response:
        return page.after(request, token, banshi_sign, lambda now: witness.confirm(token, banshi_sign, place, now))

    @router.post("/{token}/signature")
    def sign(
        token: Token, request: Request, strokes: Annotated[str, Form()] = "[]", banshi_sign: Browser = ""
    ) -> Response:
        where = Where(request.client.host if request.client else "", request.headers.get("User-Agent", "")[:300])
        return page.after(
            request,
            token,
            banshi_sign,
            lambda now: witness.sign(token, banshi_sign, _read(strokes), where, now),
        )

    _add_papers(router, page)
    _add_statements(router, page)
    return router


def _add_statements(router: APIRouter, page: "_Page") -> None:
    @router.post("/{token}/agent")
    def agent(
        token: Token, request: Request, own_id: Word, agent: Word, agent_id: Word, banshi_sign: Browser = ""
    ) -> Response:
        told = (own_id.strip(), agent.strip(), agent_id.strip())
        return page.after(
            request, token, banshi_sign, lambda now: name_agent(page.witness, token, banshi_sign, *told, now)
        )

    @router.post("/{token}/silent")
    def silent(token: Token, request: Request, banshi_sign: Browser = "") -> Response:
        return page.after(request, token, banshi_sign, lambda now: decline(page.witness, token, banshi_sign, now))

    @router.post("/{token}/statement", status_code=204)
    async def statement(token: Token, request: Request, banshi_sign: Browser = "") -> Response:
        """A short video: the body, so that nothing of it touches the disk in clear."""
        content = await body_of(request)
        await to_thread.run_sync(lambda: speak(page.witness, token, banshi_sign, content, page.now()))
        return Response(status_code=204)


def _add_papers(router: APIRouter, page: "_Page") -> None:
    @router.get("/{token}/paper.pdf")
    def paper(token: Token, banshi_sign: Browser = "") -> Response:
        return Response(page.paper(token, banshi_sign), media_type="application/pdf", headers=_PRIVATE)

    @router.get("/{token}/pages/{place}.png")
    def picture(token: Token, place: int, banshi_sign: Browser = "") -> Response:
        return Response(page.picture(token, banshi_sign, place), media_type="image/png", headers=_PRIVATE)


_PRIVATE = {"Cache-Control": "no-store"}


@dataclass(frozen=True)
class _Page:
    witness: Witness
    templates: Jinja2Templates

    def now(self) -> datetime:
        return self.witness.resources.store.now()

    def after(self, request: Request, token: str, browser: str, act: Callable[[datetime], None]) -> Response:
        """Do it, and show the page anew; or show why not."""
        try:
            act(self.now())
        except CitizenError as error:
            return self.shown(request, token, browser, error)
        return RedirectResponse(f"/sign/{token}", 303)

    def shown(self, request: Request, token: str, browser: str, trouble: CitizenError | None = None) -> Response:
        """The step that is next for this browser."""
        replies = self.witness.resources.replies
        given = {"hall": self.witness.resources.settings.hall.name, "token": token, "step": "gone"}
        try:
            one = self.witness.find(token, self.now())
            if self.witness.knows(one, browser):
                one = self.witness.opened(token, browser, self.now())
            known = self.witness.knows(one, browser)
            large = self.witness.resources.store.read(
                lambda tables: tables.conversations.load(one.conversation_id).eased
            )
        except CitizenError as error:
            given["trouble"] = replies((trouble or error).reply, **(trouble or error).fields)
            return self.templates.TemplateResponse(request, "sign.html", given, 404, _PRIVATE)
        step, steps = self._step(one, known), self._steps(one)
        shown = given | {
            "step": step,
            "number": steps.index(step) + 1 if step in steps else 0,
            "all": len(steps),
            "one": one,
            "large": large,
            "title": replies(f"sign.name_{one.document}"),
            "signer": masked_value("name", one.steps.signer),
            "phone": masked_value("phone", one.steps.phone),
            "here": one.next_point(),
            "sheets": one.steps.sheets,
            "trouble": replies(trouble.reply, **trouble.fields) if trouble else "",
        }
        return self.templates.TemplateResponse(request, "sign.html", shown, 422 if trouble else 200, _PRIVATE)

    def _step(self, one: Signing, known: bool) -> str:
        if one.state == "signed":
            return "done" if known else "used"
        if not known:
            return "identity"
        if one.lacks_agent:
            return "agent"
        if wants_statement(self.witness, one):
            return "statement"
        return "draw" if one.next_point() is None else "points"

    def _steps(self, one: Signing) -> list[str]:
        """Those that this signer takes."""
        video = self.witness.resources.settings.signing.video
        left = {"agent": one.document == "proxy", "statement": video}
        return [step for step in _STEPS if left.get(step, True)]

    def paper(self, token: str, browser: str) -> bytes:
        """What is signed; afterwards with the signature. 404 for whoever did not give the code."""
        try:
            one = self.witness.opened(token, browser, self.now())
        except CitizenError as error:
            raise HTTPException(404, self.witness.resources.replies(error.reply)) from error
        return self.witness.resources.files.read(one.steps.signed_file or one.steps.file)

    def picture(self, token: str, browser: str, place: int) -> bytes:
        """A page as a picture, for browsers that show no PDF."""
        try:
            sheet = pages(self.paper(token, browser))[place]
        except (IndexError, TooLarge) as error:
            raise HTTPException(404) from error
        sheet.thumbnail((1400, 1400))
        made = io.BytesIO()
        sheet.save(made, "PNG")
        return made.getvalue()


def _read(strokes: str) -> tuple[Stroke, ...]:
    try:
        return tuple(stroke for stroke in _strokes.validate_json(strokes) if stroke)
    except ValidationError as error:
        raise CitizenError("sign.too_little") from error
