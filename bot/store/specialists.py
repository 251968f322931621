"""Who looks after a case, or a citizen, by name."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from bot.domain.progress import ENDED
from bot.store.case_tables import case_file, matter
from bot.store.engine import insert_into
from bot.store.service_tables import specialist

_CASE = "case:"
_OF_CASE = _CASE + case_file.c.reference == specialist.c.about


def of_case(reference: str) -> str:
    """What a case is called here; a citizen is called by their conversation."""
    return _CASE + reference


class Specialists:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def name(self, about: str, staff: str, by: str, now: datetime) -> None:
        """In the place of whoever it was; nobody any more where `staff` is empty."""
        self._connection.execute(sa.delete(specialist).where(specialist.c.about == about))
        if staff:
            row = {"about": about, "staff": staff, "named_by": by, "named_at": now}
            self._connection.execute(insert_into(self._connection, specialist).values(**row))

    def of(self, about: str) -> str:
        """ "" of nobody."""
        return str(self._connection.scalar(sa.select(specialist.c.staff).where(specialist.c.about == about)) or "")

    def for_citizens(self, conversations: Collection[str]) -> dict[str, str]:
        """By conversation: who was named for the citizen, or else for the last of their cases that still goes on."""
        own = sa.select(specialist.c.about, specialist.c.staff).where(specialist.c.about.in_(list(conversations)))
        both = case_file.join(specialist, _OF_CASE)
        mine = sa.and_(case_file.c.conversation_id.in_(list(conversations)), _goes_on())
        cases = sa.select(case_file.c.conversation_id, specialist.c.staff).select_from(both).where(mine)
        found = {row[0]: str(row[1]) for row in self._connection.execute(cases.order_by(case_file.c.id))}
        return found | {row[0]: str(row[1]) for row in self._connection.execute(own)}

    def loads(self) -> dict[str, int]:
        """How many citizens, and cases that still go on, each member of staff looks after."""
        over = sa.select(case_file.c.id).where(_OF_CASE, ~_goes_on()).exists()
        count = sa.select(specialist.c.staff, sa.func.count()).where(~over).group_by(specialist.c.staff)
        return {row[0]: int(row[1]) for row in self._connection.execute(count)}

    def forget(self, conversation_id: str) -> None:
        self._connection.execute(sa.delete(specialist).where(specialist.c.about == conversation_id))


def _goes_on() -> sa.ColumnElement[bool]:
    """Of a case: it is being filled in, or something of it is still to be decided."""
    open_ = sa.select(matter.c.item).where(
        matter.c.case_reference == case_file.c.reference, matter.c.state.not_in(ENDED)
    )
    return sa.or_(case_file.c.state.in_(["filling", "confirming"]), open_.exists())
