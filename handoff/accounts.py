"""Accounts of staff: first passwords, signing in with a second factor, sessions that the server keeps."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from bot.domain.staff import Role, Staff
from bot.store.db import Store, Tables
from bot.store.staff import Account, Session

ISSUER = "banshi"
SHORTEST = 10  # characters of a password
_FAILURES = 5
_LOCKED = timedelta(minutes=15)
_LASTS, _IDLE = timedelta(hours=12), timedelta(hours=1)
_STEP = 30  # seconds that a code holds; one before and one after are taken too
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True)
class Known:
    """Somebody who is signed in; `complete`: with everything that signing in asks for."""

    staff: Staff
    session: Session

    @property
    def complete(self) -> bool:
        return self.session.complete


class Accounts:
    """Passwords are argon2id; nobody gets in without a code of six digits, but where the demonstration says so."""

    def __init__(self, store: Store, *, demo: bool = False) -> None:
        self._store, self.demo = store, demo
        self._hasher = PasswordHasher()

    def add(
        self, name: str, roles: Sequence[Role], teams: Sequence[str], now: datetime, password: str = ""
    ) -> str | None:
        """A new account: its first password, which is shown once. None where there is one of that name."""
        password = password or first_password()
        made = self._hasher.hash(password)
        added = self._store.write(lambda tables: tables.staff.add(name, roles, teams, made, now))
        return password if added else None

    def reset(self, name: str) -> str:
        """A new first password and a new second factor; whoever is signed in is signed out."""
        password = first_password()
        values = {"password": self._hasher.hash(password), "totp": "", "fresh": True, "failures": 0}

        def work(tables: Tables) -> None:
            tables.staff.change(name, locked_until=None, **values)
            tables.staff.end_sessions(name)

        self._store.write(work)
        return password

    def sign_in(self, name: str, password: str, code: str, now: datetime) -> str | None:
        """The token of a new session; None where anything is wrong, or the account is locked, which is not told."""
        account = self._store.read(lambda tables: tables.staff.account(name))
        right = self._is_right(account.password if account else self._nobody, password)
        if account is None or not account.staff.active:
            return None
        step = self._step(account, code, now)
        if not right or step is None or (account.locked_until and account.locked_until > now):
            self._store.write(lambda tables: self._fail(tables, name, now))
            return None
        token, complete = secrets.token_urlsafe(32), self.demo or not account.fresh

        def work(tables: Tables) -> bool:
            current = tables.staff.account(name)
            if current is None or (step and current.step >= step):  # two with one code: the second comes too late
                return False
            tables.staff.change(name, failures=0, locked_until=None, totp_step=step)
            tables.staff.forget_sessions(now - _LASTS)
            tables.staff.begin_session(token, name, secrets.token_urlsafe(24), complete, now)
            tables.audits.put(name, "sign in", name, now)
            return True

        return token if self._store.write(work) else None

    def let_in(self, name: str, now: datetime) -> str | None:
        """The token of a session of somebody whom others vouch for; None where there is no such account."""
        token = secrets.token_urlsafe(32)

        def work(tables: Tables) -> bool:
            account = tables.staff.account(name)
            if account is None or not account.staff.active:
                return False
            tables.staff.forget_sessions(now - _LASTS)
            tables.staff.begin_session(token, name, secrets.token_urlsafe(24), True, now)
            tables.audits.put(name, "sign in elsewhere", name, now)
            return True

        return token if self._store.write(work) else None

    def known(self, token: str, now: datetime) -> Known | None:
        """Whose token it is, if the session still holds."""
        if not token:
            return None
        found = self._store.read(lambda tables: tables.staff.session(token))
        if found is None or now - found.created_at > _LASTS or now - found.seen_at > _IDLE:
            return None
        staff = self._store.read(lambda tables: tables.staff.get(found.staff))
        if staff is None or not staff.active:
            return None
        if now - found.seen_at > timedelta(seconds=30):
            self._store.write(lambda tables: tables.staff.touch_session(found, now))
        return Known(staff, found)

    def set_up(self, known: Known, password: str, secret: str, code: str, now: datetime) -> bool:
        """A password of their own and the second factor, which is used from now on; False where the code is wrong."""
        step = _matching(secret, code, now)
        if step is None or len(password) < SHORTEST:
            return False
        values = {"password": self._hasher.hash(password), "totp": secret, "totp_step": step, "fresh": False}

        def work(tables: Tables) -> None:
            tables.staff.change(known.staff.name, **values)
            tables.staff.complete_session(known.session)
            tables.audits.put(known.staff.name, "set up", known.staff.name, now)

        self._store.write(work)
        return True

    def sign_out(self, known: Known, token: str) -> None:
        def work(tables: Tables) -> None:
            tables.staff.end_session(token)
            tables.staff.change(known.staff.name, online=False)

        self._store.write(work)

    def _step(self, account: Account, code: str, now: datetime) -> int | None:
        """The step of a good code; 0 where none is asked for yet, None where it is wrong or was used."""
        if self.demo or not account.totp:
            return 0
        step = _matching(account.totp, code, now)
        return step if step is not None and step > account.step else None

    def _fail(self, tables: Tables, name: str, now: datetime) -> None:
        account = tables.staff.account(name)
        if account is None or (account.locked_until and account.locked_until > now):
            return
        failures = account.failures + 1
        if failures >= _FAILURES:
            tables.staff.change(name, failures=0, locked_until=now + _LOCKED)
            tables.audits.put("banshi", "lock", name, now)
        else:
            tables.staff.change(name, failures=failures)

    def _is_right(self, made: str, password: str) -> bool:
        try:
            return self._hasher.verify(made, password)
        except (Argon2Error, InvalidHashError):
            return False

    @cached_property
    def _nobody(self) -> str:
        """A password that nobody has: a name that nobody has takes as long as one that somebody has."""
        return self._hasher.hash(secrets.token_urlsafe(16))


def first_password() -> str:
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


def new_secret() -> str:
    return pyotp.random_base32()


def address(secret: str, name: str) -> str:
    """What the QR code for an authenticator says."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER)


def _matching(secret: str, code: str, now: datetime) -> int | None:
    step, made = int(now.timestamp()) // _STEP, pyotp.TOTP(secret)
    written = code.strip().replace(" ", "").encode()
    near = (step, step - 1, step + 1)
    return next((one for one in near if secrets.compare_digest(made.at(one * _STEP).encode(), written)), None)
