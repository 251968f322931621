"""The pages of accounts, of the channels' switches, and of what was done by whom; and the way in."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, get_args

import segno
from fastapi import APIRouter, Depends, Form, Request, Response

from bot.domain.rota import Rota
from bot.domain.staff import ROLES, Role
from bot.store.db import Tables
from handoff.accounts import SHORTEST, Known, address, new_secret
from handoff.door import COOKIE, LOGIN, SETUP
from handoff.pages import Frame, to, ways

AT = "/desk/accounts"

Word = Annotated[str, Form()]
_LONGEST_NAME = 40


@dataclass(frozen=True)
class Entrance:
    """Signing in and out, and what is set up at the first time."""

    frame: Frame

    def routes(self) -> APIRouter:
        router = APIRouter(prefix="/desk", include_in_schema=False)
        self._in_and_out(router)
        self._first_time(router)
        return router

    def _in_and_out(self, router: APIRouter) -> None:
        door, store, templates = self.frame.door, self.frame.store, self.frame.templates
        Inside = Annotated[Known, Depends(door.to())]  # noqa: N806 - a type
        Doing = Annotated[Known, Depends(door.doing())]  # noqa: N806

        @router.get("")
        def begin(known: Inside) -> Response:
            open_ = ways(known.staff)
            return to(open_[0][0] if open_ else f"{SETUP}/none")

        @router.get("/setup/none")
        def none(request: Request, known: Inside) -> Response:
            return self.frame.page(request, known, "none.html")

        @router.get("/login")
        def login(request: Request) -> Response:
            refused = request.query_params.get("elsewhere") == "refused"
            shown = {**self.frame.shared, "wrong": False, "refused": refused}
            return templates.TemplateResponse(request, "login.html", shown, headers={"Cache-Control": "no-store"})

        @router.post("/login")
        def sign_in(request: Request, name: Word, password: Word, code: Word = "") -> Response:
            token = door.accounts.sign_in(name.strip(), password, code, store.now())
            if token is None:
                shown = {**self.frame.shared, "wrong": True}
                return templates.TemplateResponse(request, "login.html", shown, 401)
            return door.open(to("/desk"), token, request)

        @router.post("/logout")
        def sign_out(request: Request, known: Doing) -> Response:
            door.accounts.sign_out(known, request.cookies.get(COOKIE, ""))
            return door.shut(to(LOGIN))

    def _first_time(self, router: APIRouter) -> None:
        door, accounts = self.frame.door, self.frame.door.accounts

        @router.get("/setup")
        def setup(request: Request) -> Response:
            known = door.known(request)
            return to(LOGIN) if known is None else self._setup(request, known, new_secret())

        @router.post("/setup")
        def finish(
            request: Request, password: Word, secret: Word, code: Word, again: Word, csrf: Word = ""
        ) -> Response:
            known = door.known(request)
            if (
                known is None
                or known.complete
                or not secrets.compare_digest(csrf.encode(), known.session.csrf.encode())
            ):
                return to(LOGIN)
            if password == again and accounts.set_up(known, password, secret, code, self.frame.store.now()):
                return to("/desk")
            return self._setup(request, known, secret, wrong=True)

    def _setup(self, request: Request, known: Known, secret: str, *, wrong: bool = False) -> Response:
        """The secret as a picture for an authenticator, and as letters."""
        picture = segno.make(address(secret, known.staff.name), error="m").svg_data_uri(scale=4)
        shown = {"secret": secret, "picture": picture, "wrong": wrong, "shortest": SHORTEST}
        frame = {**self.frame.shared, "csrf": known.session.csrf, "me": known.staff}
        answer = self.frame.templates.TemplateResponse(request, "setup.html", {**frame, **shown})
        answer.headers["Cache-Control"] = "no-store"
        return answer


@dataclass(frozen=True)
class Admin:
    frame: Frame
    rota: Rota
    channels: Sequence[str]

    def routes(self) -> APIRouter:
        router = APIRouter(prefix="/desk", include_in_schema=False)
        self._accounts(router)
        self._others(router)
        return router

    def _accounts(self, router: APIRouter) -> None:
        accounts, store = self.frame.door.accounts, self.frame.store
        Looking = Annotated[Known, Depends(self.frame.door.to("admin"))]  # noqa: N806 - a type
        Doing = Annotated[Known, Depends(self.frame.door.doing("admin"))]  # noqa: N806

        @router.get("/accounts")
        def overview(request: Request, known: Looking) -> Response:
            return self._page(request, known)

        @router.post("/accounts")
        def add(
            request: Request,
            known: Doing,
            name: Word,
            roles: Annotated[list[str], Form()],
            team: Word = "",
            teams: Annotated[list[str], Form()] = [],  # noqa: B006 - FastAPI copies it
        ) -> Response:
            """A new account; its first password is on this page and nowhere else."""
            chosen: list[Role] = [role for role in ROLES if role in roles]
            own = [one for one in dict.fromkeys([team, *teams]) if one in self.rota.teams]
            name = name.strip()
            if not chosen or not name or len(name) > _LONGEST_NAME:
                return to(AT, fault="account")
            password = accounts.add(name, chosen, own, store.now())
            if password is None:
                return to(AT, fault="account")
            self._audit(known, "add account", name)
            return self._page(request, known, name, password)

        @router.post("/accounts/{name}/reset")
        def reset(name: str, request: Request, known: Doing) -> Response:
            if store.read(lambda tables: tables.staff.get(name)) is None:
                return to(AT, fault="gone")
            password = accounts.reset(name)
            self._audit(known, "reset account", name)
            return self._page(request, known, name, password)

    def _others(self, router: APIRouter) -> None:
        store = self.frame.store
        Doing = Annotated[Known, Depends(self.frame.door.doing("admin"))]  # noqa: N806 - a type
        Auditing = Annotated[Known, Depends(self.frame.door.to("supervisor", "admin"))]  # noqa: N806

        @router.post("/accounts/{name}/active")
        def active(name: str, known: Doing, on: Word) -> Response:
            if name == known.staff.name:
                return to(AT, fault="own_account")

            def work(tables: Tables) -> None:
                tables.staff.change(name, active=on == "yes", online=False)
                tables.staff.end_sessions(name)

            store.write(work)
            self._audit(known, "open account" if on == "yes" else "close account", name)
            return to(AT, done="saved")

        @router.post("/switches/{channel}")
        def turn(channel: str, known: Doing, off: Word, why: Word) -> Response:
            if channel not in self.channels or not why.strip():
                return to(AT, fault="why")
            now, who = store.now(), known.staff.name
            store.write(lambda tables: tables.desk.turn(channel, off == "yes", who, why.strip()[:200], now))
            self._audit(known, "switch off" if off == "yes" else "switch on", channel, why.strip()[:200])
            return to(AT, done="saved")

        @router.get("/audit")
        def audit(request: Request, known: Auditing, about: str = "") -> Response:
            rows = store.read(
                lambda tables: tables.audits.of(about.strip())[::-1] if about.strip() else tables.audits.last()
            )
            return self.frame.page(request, known, "audit.html", rows=rows, about=about)

    def _page(self, request: Request, known: Known, name: str = "", password: str = "") -> Response:
        staff, switches = self.frame.store.read(lambda tables: (tables.staff.all(), tables.desk.switches()))
        shown = {"staff": staff, "roles": get_args(Role), "teams": self.rota.teams, "channels": self.channels}
        return self.frame.page(
            request, known, "accounts.html", **shown, switches=switches, new_name=name, new_password=password
        )

    def _audit(self, known: Known, what: str, about: str, why: str = "") -> None:
        now = self.frame.store.now()
        self.frame.store.write(lambda tables: tables.audits.put(known.staff.name, what, about, now, why=why))
