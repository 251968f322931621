"""Links to sign with, and the signatures that were given. What stands in them is sealed."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from pydantic import TypeAdapter

from bot.domain.signing import Signable, Signing, Steps
from bot.evidence import new_key
from bot.seal import Seal
from bot.store.signing_tables import signing, signing_key

_steps = TypeAdapter(Steps)


class Signings:
    def __init__(self, connection: sa.Connection, seal: Seal) -> None:
        self._connection, self._seal = connection, seal

    def ask(
        self, case: str, conversation_id: str, document: Signable, steps: Steps, now: datetime, holds: timedelta
    ) -> str:
        """A token for a link; only its digest is kept. Earlier links for the same paper open nothing any more."""
        same = sa.and_(signing.c.case_reference == case, signing.c.document == document, signing.c.state == "open")
        self._connection.execute(sa.update(signing).where(same).values(state="void"))
        token = secrets.token_urlsafe(24)
        row = {"case_reference": case, "conversation_id": conversation_id, "document": document, "made_at": now}
        known = {"token_sha256": _digest(token), "until": now + holds, "steps": self._written(steps)}
        self._connection.execute(sa.insert(signing).values(**row, **known))
        return token

    def find(self, token: str, *, hold: bool = False) -> Signing | None:
        """`hold`: nobody else changes it until this transaction ends."""
        if hold:
            mine = sa.select(signing.c.id).where(signing.c.token_sha256 == _digest(token))
            self._connection.execute(mine.with_for_update())
        return next(iter(self._select(signing.c.token_sha256 == _digest(token))), None)

    def save(self, one: Signing) -> None:
        values = {"state": one.state, "until": one.until, "steps": self._written(one.steps)}
        self._connection.execute(sa.update(signing).where(signing.c.id == one.id).values(**values))

    def load(self, id: int) -> Signing | None:
        return next(iter(self._select(signing.c.id == id)), None)

    def of_case(self, case: str) -> list[Signing]:
        """The latest first."""
        return self._select(signing.c.case_reference == case)

    def of_conversation(self, conversation_id: str) -> list[Signing]:
        return self._select(signing.c.conversation_id == conversation_id)

    def unsigned(self, before: datetime) -> list[Signing]:
        """Those that nobody can sign any more."""
        return self._select(signing.c.state != "signed", signing.c.until < before)

    def delete(self, ids: Sequence[int]) -> None:
        self._connection.execute(sa.delete(signing).where(signing.c.id.in_(ids)))

    def delete_of(self, cases: Sequence[str]) -> None:
        self._connection.execute(sa.delete(signing).where(signing.c.case_reference.in_(cases)))

    def key(self, now: datetime) -> tuple[str, str]:
        """The hall's own key to attest with, public and private; made when it is first wanted."""
        row = self._connection.execute(sa.select(signing_key).order_by(signing_key.c.id.desc())).first()
        if row is not None:
            return row.public, self._seal.read(row.private)
        public, private = new_key()
        made = {"id": 1, "public": public, "private": self._seal.write(private), "made_at": now}
        self._connection.execute(sa.insert(signing_key).values(**made))
        return public, private

    def keys(self) -> list[str]:
        """What everybody may know of the keys that were ever attested with."""
        return list(self._connection.scalars(sa.select(signing_key.c.public)))

    def _written(self, steps: Steps) -> str:
        return self._seal.write(_steps.dump_json(steps).decode())

    def _select(self, *where: sa.ColumnElement[bool]) -> list[Signing]:
        statement = sa.select(signing).where(*where).order_by(signing.c.id.desc())
        return [
            Signing(
                row.id,
                row.case_reference,
                row.conversation_id,
                row.document,
                row.state,
                row.made_at,
                row.until,
                _steps.validate_json(self._seal.read(row.steps)),
            )
            for row in self._connection.execute(statement)
        ]


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
