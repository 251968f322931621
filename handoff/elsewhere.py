"""Signing in with an account of the office, by OpenID Connect: only who has an account here gets in."""

import logging
import secrets
from dataclasses import dataclass
from datetime import timedelta

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from bot.provider import NotSignedIn, Provider
from bot.store.db import Tables
from handoff.door import LOGIN
from handoff.pages import Frame, to

log = logging.getLogger(__name__)

_COOKIE, _AT = "desk_state", "/desk/login"
_WITHIN = timedelta(minutes=10)


@dataclass(frozen=True)
class Elsewhere:
    """`url` is where our pages are reached from outside, "" where they say it themselves."""

    frame: Frame
    provider: Provider
    url: str

    def routes(self) -> APIRouter:
        router = APIRouter(prefix="/desk", include_in_schema=False)

        @router.get("/login/elsewhere")
        def go(request: Request) -> Response:
            """What is asked is kept here; the browser keeps which one it asked."""
            try:
                asked = self.provider.ask(self._back(request))
            except NotSignedIn as error:
                log.warning("nobody can sign in elsewhere: %s", error)
                return to(LOGIN, elsewhere="refused")
            now = self.frame.store.now()
            self.frame.store.write(
                lambda tables: tables.staff.expect(asked.state, asked.nonce, asked.verifier, now, now + _WITHIN)
            )
            answer = RedirectResponse(asked.url, 303)
            secure = request.url.scheme == "https"
            answer.set_cookie(_COOKIE, asked.state, httponly=True, secure=secure, samesite="lax", max_age=600, path=_AT)
            return answer

        @router.get("/login/back")
        def back(request: Request, code: str = "", state: str = "") -> Response:
            own = request.cookies.get(_COOKIE, "")
            if not state or not code or not secrets.compare_digest(own.encode(), state.encode()):
                return to(LOGIN, elsewhere="refused")
            return self._let_in(request, code, state)

        return router

    def _let_in(self, request: Request, code: str, state: str) -> Response:
        now, accounts = self.frame.store.now(), self.frame.door.accounts
        expected = self.frame.store.write(lambda tables: tables.staff.came_back(state, now))
        if expected is None:
            return to(LOGIN, elsewhere="refused")
        try:
            name = self.provider.redeem(self._back(request), code, *expected, now)
        except NotSignedIn as error:
            return self._refused(str(error))
        token = accounts.let_in(name, now)
        if token is None:
            return self._refused("no account")
        # A page of ours in between: a cookie that is strictly ours would not go along with a way from elsewhere.
        answer = self.frame.templates.TemplateResponse(request, "arrived.html", {**self.frame.shared})
        answer.headers["Cache-Control"] = "no-store"
        answer.delete_cookie(_COOKIE, path=_AT)
        return self.frame.door.open(answer, token, request)

    def _back(self, request: Request) -> str:
        return f"{self.url or str(request.base_url).rstrip('/')}/desk/login/back"

    def _refused(self, why: str) -> Response:
        """Said without a reason; the reason is for those who look at what was done."""
        now = self.frame.store.now()

        def work(tables: Tables) -> None:
            tables.audits.put("banshi", "refuse sign in", "elsewhere", now, why=why[:200])

        self.frame.store.write(work)
        return to(LOGIN, elsewhere="refused")
