"""Codes that open one case in another conversation: to go on with it there, or to confirm that it is one's own. Others
say that a licence, another conversation or a desk is one's own: then the 'case' is the holder, the conversation or
the member of staff.
"""

import hashlib
import re
import secrets
from datetime import datetime, timedelta
from typing import Literal

import sqlalchemy as sa

from bot.store.case_tables import invitation

Purpose = Literal["resume", "confirm", "holder", "person", "device"]
CODES_HOLD = timedelta(days=7)
SIGNS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # none that is taken for another
_LENGTH = 10
CODE = re.compile(f"(?<![A-Z0-9])[{SIGNS}]{{5}}-[{SIGNS}]{{5}}(?![A-Z0-9])")


class Invitations:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def make(self, case: str, what: Purpose, now: datetime) -> str:
        """A new code; only its digest is kept."""
        code = "".join(secrets.choice(SIGNS) for _ in range(_LENGTH))
        row = {"code_sha256": _digest(code), "case_reference": case, "what": what, "created_at": now}
        self._connection.execute(sa.insert(invitation).values(**row))
        return f"{code[:5]}-{code[5:]}"

    def open(self, code: str, what: Purpose, since: datetime) -> str | None:
        """The case that a code opens: not used yet, and made since then."""
        mine = (invitation.c.code_sha256 == _digest(code), invitation.c.what == what, invitation.c.used_at.is_(None))
        statement = sa.select(invitation.c.case_reference).where(*mine, invitation.c.created_at >= since)
        return self._connection.scalar(statement)

    def use(self, code: str, now: datetime) -> bool:
        """False where somebody else has used it."""
        mine = sa.and_(invitation.c.code_sha256 == _digest(code), invitation.c.used_at.is_(None))
        return self._connection.execute(sa.update(invitation).where(mine).values(used_at=now)).rowcount == 1

    def revoke(self, case: str, what: Purpose) -> None:
        """Codes of this kind that were given for a case open nothing any more."""
        mine = (invitation.c.case_reference == case, invitation.c.what == what, invitation.c.used_at.is_(None))
        self._connection.execute(sa.delete(invitation).where(*mine))

    def lapsed(self, what: Purpose, before: datetime) -> list[str]:
        """The cases whose codes of this kind nobody used in time."""
        old = (invitation.c.created_at < before, invitation.c.what == what, invitation.c.used_at.is_(None))
        return list(self._connection.scalars(sa.select(invitation.c.case_reference).where(*old)))

    def forget(self, before: datetime) -> None:
        """Those that open nothing any more."""
        self._connection.execute(sa.delete(invitation).where(invitation.c.created_at < before))

    def delete(self, cases: list[str]) -> None:
        self._connection.execute(sa.delete(invitation).where(invitation.c.case_reference.in_(cases)))


def _digest(code: str) -> str:
    return hashlib.sha256("".join(sign for sign in code.upper() if sign in SIGNS).encode()).hexdigest()
