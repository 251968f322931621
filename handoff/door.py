"""The door of the desk: who comes in, where they may go, and that it is they who ask."""

import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Form, HTTPException, Request, Response

from bot.domain.staff import Role
from bot.store.db import Store
from handoff.accounts import Accounts, Known

COOKIE = "desk"
LOGIN, SETUP = "/desk/login", "/desk/setup"

Enter = Callable[..., Known]


class Door:
    """`to(role)` and `doing(role)` are what a route depends on; the second is for whatever changes something."""

    def __init__(self, store: Store, accounts: Accounts) -> None:
        self._store, self.accounts = store, accounts

    def known(self, request: Request) -> Known | None:
        return self.accounts.known(request.cookies.get(COOKIE, ""), self._store.now())

    def to(self, *roles: Role) -> Enter:
        """Anybody who has one of the roles; without a role anybody who is signed in."""

        def enter(request: Request) -> Known:
            known = self.known(request)
            if known is None:
                if request.method == "GET":
                    raise HTTPException(303, "sign in", {"Location": LOGIN})
                raise HTTPException(401, "sign in")
            if not known.complete:
                raise HTTPException(303, "set up", {"Location": SETUP})
            if roles and not any(known.staff.may(role) for role in roles):
                raise HTTPException(403, "not for your roles")
            return known

        return enter

    def doing(self, *roles: Role) -> Enter:
        """The same, and the form must be one that we gave to this session."""
        enter = self.to(*roles)

        def act(known: Annotated[Known, Depends(enter)], csrf: Annotated[str, Form()] = "") -> Known:
            if not secrets.compare_digest(csrf.encode(), known.session.csrf.encode()):
                raise HTTPException(403, "not a form of this session")
            return known

        return act

    def open(self, response: Response, token: str, request: Request) -> Response:
        response.set_cookie(
            COOKIE,
            token,
            httponly=True,
            secure=request.url.scheme == "https",
            samesite="strict",
            max_age=int(timedelta(hours=12).total_seconds()),
            path="/desk",
        )
        return response

    def shut(self, response: Response) -> Response:
        response.delete_cookie(COOKIE, path="/desk")
        return response
