"""What the desk keeps beside the conversations: private notes, what waits for a second pair of eyes, switches."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from bot.seal import Seal
from bot.store.desk_tables import approval, note, switch

What = Literal["erase", "reopen", "waive"]
Decision = Literal["open", "done", "refused"]


@dataclass(frozen=True)
class Note:
    author: str
    text: str
    written_at: datetime


@dataclass(frozen=True)
class Approval:
    """Something that one has asked for, and another must agree to; `about` names it."""

    id: int
    what: What
    about: str
    why: str
    asked_by: str
    asked_at: datetime
    state: Decision
    decided_by: str
    decided_at: datetime | None


@dataclass(frozen=True)
class Switch:
    channel: str
    off: bool
    who: str
    why: str
    at: datetime


class DeskTable:
    def __init__(self, connection: sa.Connection, seal: Seal) -> None:
        self._connection, self._seal = connection, seal

    def write_note(self, conversation_id: str, author: str, text: str, now: datetime) -> None:
        row = {"conversation_id": conversation_id, "author": author, "text": self._seal.write(text)}
        self._connection.execute(sa.insert(note).values(**row, written_at=now))

    def notes(self, conversation_id: str) -> list[Note]:
        """Oldest first."""
        mine = sa.select(note).where(note.c.conversation_id == conversation_id).order_by(note.c.id)
        return [Note(row.author, self._seal.read(row.text), row.written_at) for row in self._connection.execute(mine)]

    def forget_notes(self, conversation_id: str) -> None:
        self._connection.execute(sa.delete(note).where(note.c.conversation_id == conversation_id))

    def ask(self, what: What, about: str, why: str, who: str, now: datetime) -> int:
        row = {"what": what, "about": self._seal.write(about), "why": why, "asked_by": who, "asked_at": now}
        return int(self._connection.execute(sa.insert(approval).values(**row).returning(approval.c.id)).scalar_one())

    def approval(self, id: int) -> Approval | None:
        return next(iter(self._approvals(approval.c.id == id)), None)

    def open_approvals(self) -> list[Approval]:
        return self._approvals(approval.c.state == "open")

    def decide(self, id: int, state: Decision, who: str, now: datetime) -> bool:
        """End one; False where somebody has."""
        mine = sa.and_(approval.c.id == id, approval.c.state == "open")
        values = {"state": state, "decided_by": who, "decided_at": now}
        return self._connection.execute(sa.update(approval).where(mine).values(**values)).rowcount == 1

    def turn(self, channel: str, off: bool, who: str, why: str, now: datetime) -> None:
        self._connection.execute(sa.delete(switch).where(switch.c.channel == channel))
        row = {"channel": channel, "off": off, "who": who, "why": why, "at": now}
        self._connection.execute(sa.insert(switch).values(**row))

    def switches(self) -> dict[str, Switch]:
        return {row.channel: Switch(*row) for row in self._connection.execute(sa.select(switch))}

    def is_off(self, channel: str) -> bool:
        found = sa.select(switch.c.off).where(switch.c.channel == channel)
        return bool(self._connection.scalar(found))

    def _approvals(self, *where: sa.ColumnElement[bool]) -> list[Approval]:
        rows = self._connection.execute(sa.select(approval).where(*where).order_by(approval.c.id))
        return [
            Approval(
                row.id,
                row.what,
                self._seal.read(row.about),
                row.why,
                row.asked_by,
                row.asked_at,
                row.state,
                row.decided_by,
                row.decided_at,
            )
            for row in rows
        ]
