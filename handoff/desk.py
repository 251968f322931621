"""What a member of staff does with a chat: come and go, take it, speak, note, pass on, end."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.domain.messages import OutboundMessage, writable
from bot.domain.staff import Staff
from bot.domain.ticket import Ticket
from bot.handover import Handover
from bot.store.db import Store, Tables

Why = Literal["gone", "not_yours", "full", "moved_once", "no_team", "empty", "too_long"]
LONGEST = 2000  # characters of one message


class Refused(Exception):
    """It cannot be done now; `why` names the words for it in the templates."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class Desk:
    """Each act is one transaction, in which it is looked at whether it may be done."""

    store: Store
    handover: Handover

    def come(self, staff: Staff, now: datetime) -> None:
        """Ready for chats: those who wait are given out at once."""

        def work(tables: Tables) -> None:
            tables.staff.change(staff.name, online=True, seen_at=now)
            self.handover.drain(tables, now)

        self.store.write(work)

    def leave(self, staff: Staff) -> None:
        """No new chats; those in hand stay until they are ended."""
        self.store.write(lambda tables: tables.staff.change(staff.name, online=False))

    def attend(self, staff: Staff, online: bool, now: datetime) -> None:
        if online:
            self.come(staff, now)
        else:
            self.leave(staff)

    def take(self, staff: Staff, id: int, now: datetime) -> None:
        """One that waits, out of its turn."""

        def work(tables: Tables) -> None:
            if why := self.handover.take(tables, id, staff, now):
                raise Refused(why)

        self.store.write(work)

    def say(self, staff: Staff, id: int, text: str, key: str, now: datetime) -> None:
        """The same `key` again says nothing twice."""
        text = writable(text).strip()
        if not text:
            raise Refused("empty")
        if len(text) > LONGEST:
            raise Refused("too_long")

        def work(tables: Tables) -> None:
            ticket = self._held(tables, staff, id)
            said = [OutboundMessage(text, by=staff.name)]
            tables.outbox.put(ticket.conversation_id, said, now, f"staff:{id}:{key}")
            tables.tickets.spoken(id, now)

        self.store.write(work)

    def write_note(self, staff: Staff, id: int, text: str, now: datetime) -> None:
        """For colleagues; the citizen never sees it."""
        text = writable(text).strip()[:LONGEST]
        if not text:
            raise Refused("empty")

        def work(tables: Tables) -> None:
            tables.desk.write_note(_alive(tables, id).conversation_id, staff.name, text, now)

        self.store.write(work)

    def pass_on(self, staff: Staff, id: int, team: str, now: datetime) -> None:
        """To another team, once: nobody is sent from one to the next."""
        rota = self.handover.rota
        if team not in rota.teams:
            raise Refused("no_team")

        def work(tables: Tables) -> None:
            ticket = self._held(tables, staff, id)
            if ticket.transfers:
                raise Refused("moved_once")
            tables.tickets.change(id, team=team, wanted="", transfers=ticket.transfers + 1)
            if not tables.conversations.pass_on(ticket.conversation_id, "human", "queued"):
                raise Refused("gone")
            tables.tickets.put_back(id)
            self.handover.tell(tables, ticket, now, "human.passed_on", agent=staff.name, team=rota.team(team).name)

        self.store.write(work)
        self.store.write(lambda tables: self.handover.drain(tables, now))

    def end(self, staff: Staff, id: int, now: datetime) -> None:
        """The bot goes on, and whoever waits is next."""

        def work(tables: Tables) -> None:
            if not self.handover.close(tables, self._held(tables, staff, id), "agent", now):
                raise Refused("gone")

        self.store.write(work)
        self.store.write(lambda tables: self.handover.drain(tables, now))

    def _held(self, tables: Tables, staff: Staff, id: int) -> Ticket:
        """A chat in the hands of this member of staff. Who owns it does not change before this transaction ends."""
        ticket = _alive(tables, id)
        owner = tables.conversations.load(ticket.conversation_id, hold=True).owner
        ticket = _alive(tables, id)
        if ticket.agent != staff.name or ticket.state != "held" or owner != "human":
            raise Refused("not_yours")
        return ticket


def _alive(tables: Tables, id: int) -> Ticket:
    found = tables.tickets.find(id)
    if found is None or found.state == "closed":
        raise Refused("gone")
    return found
