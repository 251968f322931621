"""Desk accounts and their sessions. What a password is checked against never leaves this module but to be checked."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.domain.staff import Role, Staff
from bot.seal import Seal
from bot.store.desk_tables import session, staff
from bot.store.service_tables import sign_in


@dataclass(frozen=True)
class Account:
    """What signing in needs. `totp` is the secret, "" until one was confirmed; `step` the last code that was used."""

    staff: Staff
    password: str
    totp: str
    step: int
    fresh: bool
    failures: int
    locked_until: datetime | None


@dataclass(frozen=True)
class Session:
    """`complete`: password and code were both right, and nothing else is to be done first."""

    token_sha256: str
    staff: str
    csrf: str
    complete: bool
    created_at: datetime
    seen_at: datetime


class StaffTable:
    def __init__(self, connection: sa.Connection, seal: Seal) -> None:
        self._connection, self._seal = connection, seal

    def add(self, name: str, roles: Sequence[Role], teams: Sequence[str], password: str, now: datetime) -> bool:
        """A new account; False where there is one of that name."""
        if self.account(name) is not None:
            return False
        row = {"name": name, "roles": list(roles), "teams": list(teams), "password": password, "created_at": now}
        self._connection.execute(sa.insert(staff).values(**row, fresh=True, active=True, online=False))
        return True

    def all(self) -> list[Staff]:
        return self._select()

    def get(self, name: str) -> Staff | None:
        return next(iter(self._select(staff.c.name == name)), None)

    def online(self, *, hold: bool = False) -> list[Staff]:
        """Who takes chats. `hold`: nobody else gives any away until this transaction ends."""
        return self._select(staff.c.online, staff.c.active, hold=hold)

    def account(self, name: str) -> Account | None:
        row = self._connection.execute(sa.select(staff).where(staff.c.name == name)).first()
        if row is None:
            return None
        secret = self._seal.read(row.totp)
        return Account(_staff(row), row.password, secret, row.totp_step, row.fresh, row.failures, row.locked_until)

    def change(self, name: str, **values: Any) -> None:
        """Set columns; a `totp` secret is sealed."""
        if "totp" in values:
            values["totp"] = self._seal.write(values["totp"])
        self._connection.execute(sa.update(staff).where(staff.c.name == name).values(**values))

    def seen(self, name: str, now: datetime) -> None:
        self._connection.execute(sa.update(staff).where(staff.c.name == name).values(seen_at=now))

    def begin_session(self, token: str, name: str, csrf: str, complete: bool, now: datetime) -> None:
        row = {"token_sha256": _digest(token), "staff": name, "csrf": csrf, "complete": complete}
        self._connection.execute(sa.insert(session).values(**row, created_at=now, seen_at=now))

    def session(self, token: str) -> Session | None:
        row = self._connection.execute(sa.select(session).where(session.c.token_sha256 == _digest(token))).first()
        return None if row is None else Session(*row)

    def touch_session(self, one: Session, now: datetime) -> None:
        mine = session.c.token_sha256 == one.token_sha256
        self._connection.execute(sa.update(session).where(mine).values(seen_at=now))

    def complete_session(self, one: Session) -> None:
        mine = session.c.token_sha256 == one.token_sha256
        self._connection.execute(sa.update(session).where(mine).values(complete=True))

    def end_session(self, token: str) -> None:
        self._connection.execute(sa.delete(session).where(session.c.token_sha256 == _digest(token)))

    def end_sessions(self, name: str) -> None:
        self._connection.execute(sa.delete(session).where(session.c.staff == name))

    def forget_sessions(self, before: datetime) -> None:
        self._connection.execute(sa.delete(session).where(session.c.created_at < before))

    def expect(self, state: str, nonce: str, verifier: str, now: datetime, until: datetime) -> None:
        """Somebody went to sign in elsewhere, and is to come back with this state."""
        self._connection.execute(sa.delete(sign_in).where(sign_in.c.until < now))
        row = {"state_sha256": _digest(state), "nonce": nonce, "verifier": self._seal.write(verifier), "until": until}
        self._connection.execute(sa.insert(sign_in).values(**row))

    def came_back(self, state: str, now: datetime) -> tuple[str, str] | None:
        """Nonce and verifier of a state, once; None where it is not expected, not any more, or too late."""
        mine = sa.delete(sign_in).where(sign_in.c.state_sha256 == _digest(state), sign_in.c.until >= now)
        row = self._connection.execute(mine.returning(sign_in.c.nonce, sign_in.c.verifier)).first()
        return None if row is None else (row.nonce, self._seal.read(row.verifier))

    def _select(self, *where: sa.ColumnElement[bool], hold: bool = False) -> list[Staff]:
        statement = sa.select(staff).where(*where).order_by(staff.c.name)
        return [_staff(row) for row in self._connection.execute(statement.with_for_update() if hold else statement)]


def _staff(row: Any) -> Staff:
    return Staff(row.name, tuple(row.roles), tuple(row.teams), row.online, row.seen_at, row.given_at, row.active)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
