"""Which notices by template somebody agreed to, once or for good, and that they took it back."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from bot.store.channel_tables import consent
from bot.store.engine import insert_into


class Consents:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def give(self, conversation_id: str, template: str, standing: bool, now: datetime) -> None:
        """For good; or once more than before."""
        insert = insert_into(self._connection, consent).values(
            conversation_id=conversation_id, template=template, standing=standing, left=1, given_at=now
        )
        more = {"left": sa.literal(1) if standing else consent.c.left + 1, "standing": standing, "given_at": now}
        keys = ["conversation_id", "template"]
        self._connection.execute(insert.on_conflict_do_update(index_elements=keys, set_={**more, "refused_at": None}))

    def refuse(self, conversation_id: str, template: str, now: datetime) -> None:
        """Nothing more by this one until it is agreed to anew."""
        insert = insert_into(self._connection, consent).values(
            conversation_id=conversation_id, template=template, standing=False, left=0, refused_at=now
        )
        keys = ["conversation_id", "template"]
        self._connection.execute(insert.on_conflict_do_update(index_elements=keys, set_={"left": 0, "refused_at": now}))

    def given(self, conversation_id: str) -> bool:
        """Does anything stand that they agreed to?"""
        mine = sa.and_(consent.c.conversation_id == conversation_id, consent.c.left > 0)
        return self._connection.execute(sa.select(consent.c.template).where(mine).limit(1)).first() is not None

    def take(self, conversation_id: str, templates: Sequence[str]) -> str:
        """The first of these that may be sent now; what was agreed to once is used up. "" where there is none."""
        for template in templates:
            mine = (consent.c.conversation_id == conversation_id, consent.c.template == template, consent.c.left > 0)
            left = sa.case((consent.c.standing, consent.c.left), else_=consent.c.left - 1)
            used = sa.update(consent).where(*mine).values(left=left).returning(consent.c.template)
            if self._connection.execute(used).first() is not None:
                return template
        return ""

    def give_back(self, conversation_id: str, template: str) -> None:
        """What was used was not sent."""
        mine = (consent.c.conversation_id == conversation_id, consent.c.template == template)
        once = sa.update(consent).where(*mine, ~consent.c.standing, consent.c.refused_at.is_(None))
        self._connection.execute(once.values(left=consent.c.left + 1))

    def forget(self, conversation_id: str) -> None:
        self._connection.execute(sa.delete(consent).where(consent.c.conversation_id == conversation_id))
