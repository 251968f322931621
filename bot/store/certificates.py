"""Certificates of a trade: the parts of their latest edition, and which of them must be looked at again."""

from datetime import date, datetime

import sqlalchemy as sa

from bot.domain.certificate import Certificate, Part
from bot.store.certificate_tables import certificate, certificate_part
from bot.store.engine import insert_into
from bot.store.licence_tables import licence


class Certificates:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def touch(self, case: str) -> None:
        """Something changed in a case that has a certificate, or may come to one."""
        row = insert_into(self._connection, certificate).values(case_reference=case, edition=0, due=True)
        self._connection.execute(row.on_conflict_do_update(index_elements=["case_reference"], set_={"due": True}))

    def load(self, case: str) -> Certificate | None:
        """None where none was made yet."""
        mine = (certificate.c.case_reference == case, certificate.c.edition > 0)
        row = self._connection.execute(sa.select(certificate).where(*mine)).first()
        if row is None:
            return None
        part = certificate_part.c
        of = sa.select(certificate_part).where(part.case_reference == case).order_by(part.position)
        return Certificate(case, row.edition, row.made_at, tuple(map(_part, self._connection.execute(of))))

    def stale(self, today: date, limit: int) -> list[str]:
        """Cases that were touched, or of which a part stands otherwise in the ledger, or has ended by the calendar."""
        part, day = certificate_part.c, today.isoformat()
        joined = certificate_part.outerjoin(licence, licence.c.id == part.licence_id)
        differs = sa.or_(
            sa.and_(licence.c.id.is_not(None), licence.c.expires_on.is_distinct_from(part.valid_until)),
            sa.and_(licence.c.state == "ended", part.state != "ended"),
            sa.and_(part.state == "valid", part.valid_until < day),
        )
        changed = sa.select(part.case_reference).select_from(joined).where(differs)
        touched = sa.select(certificate.c.case_reference).where(certificate.c.due == sa.true())
        return list(self._connection.scalars(sa.union(touched, changed).limit(limit)))

    def looked(self, case: str) -> None:
        mine = certificate.c.case_reference == case
        self._connection.execute(sa.update(certificate).where(mine).values(due=False))

    def make(self, case: str, parts: tuple[Part, ...], now: datetime) -> Certificate:
        """The next edition."""
        mine = certificate.c.case_reference == case
        values = {"edition": certificate.c.edition + 1, "due": False, "made_at": now}
        self._connection.execute(sa.update(certificate).where(mine).values(values))
        self._connection.execute(sa.delete(certificate_part).where(certificate_part.c.case_reference == case))
        rows = [_row(case, position, part) for position, part in enumerate(parts)]
        if rows:
            self._connection.execute(sa.insert(certificate_part), rows)
        found = self.load(case)
        assert found is not None  # it was touched before
        return found

    def delete(self, cases: list[str]) -> None:
        for table in (certificate, certificate_part):
            self._connection.execute(sa.delete(table).where(table.c.case_reference.in_(cases)))


def _part(row: sa.Row[tuple[object, ...]]) -> Part:
    until = date.fromisoformat(row.valid_until) if row.valid_until else None
    return Part(row.item, row.name, row.number, row.department, until, row.state, row.licence_id)


def _row(case: str, position: int, part: Part) -> dict[str, object]:
    return {
        "case_reference": case,
        "item": part.item,
        "position": position,
        "name": part.name,
        "number": part.number,
        "department": part.department,
        "valid_until": part.valid_until.isoformat() if part.valid_until else None,
        "state": part.state,
        "licence_id": part.licence,
    }
