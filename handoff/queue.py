"""What time brings about at the desk: who has left, who says nothing, who waits too long, who is done."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from bot.domain.staff import Staff
from bot.domain.ticket import Ticket
from bot.handover import Handover
from bot.store.db import Store, Tables


@dataclass(frozen=True)
class Due:
    """What one look has found. Each is looked at again in the transaction that acts on it."""

    away: list[Staff]
    left: list[Ticket]
    idle: list[Ticket]
    late: list[Ticket]
    waiting: bool


@dataclass(frozen=True)
class Queue:
    """A part of a round. Each thing is one short transaction, so that a kill loses none and does none twice."""

    store: Store
    handover: Handover

    def go(self, now: datetime) -> int:
        """How much there was to do."""
        write, due = self.store.write, self.store.read(partial(self._look, now))
        if due.away:
            write(partial(_sign_out, due.away))
        done = sum([write(partial(self._release, one.id, now)) for one in due.left])
        done += sum([write(partial(self._end, one.id, now)) for one in due.idle])
        if due.waiting or due.left:
            done += len(write(lambda tables: self.handover.drain(tables, now)))
        return done + sum([write(partial(self._escalate, one.id, now)) for one in due.late])

    def _look(self, now: datetime, tables: Tables) -> Due:
        held, waiting = tables.tickets.held(), tables.tickets.waiting(None)
        away = [one for one in tables.staff.online() if not self.handover.is_there(one, now)]
        people = {one.name: one for one in tables.staff.all()}
        left = [one for one in held if self._is_left(tables, one, people.get(one.agent), now)]
        idle = [one for one in held if self._is_idle(tables, one, now)]
        late = [one for one in (*waiting, *held) if self._is_late(one, now)]
        return Due(away, left, idle, late, bool(waiting))

    def _is_left(self, tables: Tables, one: Ticket, agent: Staff | None, now: datetime) -> bool:
        """Held by somebody who has said nothing for too long, or who has left while the citizen speaks."""
        if one.state != "held" or agent is None or one.held_at is None:  # agent: somebody outside of the desk
            return False
        unanswered = one.spoken_at is None or one.spoken_at < one.held_at
        there = bool(one.device) or self.handover.is_there(agent, now)  # who has it in a group needs no desk
        if unanswered:
            late = now - one.held_at > self.handover.rota.service.unanswered
            return late or not there
        return not there and _last_heard(tables, one) > (one.spoken_at or one.held_at)

    def _release(self, id: int, now: datetime, tables: Tables) -> bool:
        one = tables.tickets.get(id)
        if not self._is_left(tables, one, tables.staff.get(one.agent), now):
            return False
        tables.staff.change(one.agent, online=False)  # or the chat would come back at once
        return self.handover.put_back(tables, one, now, "human.put_back")

    def _is_idle(self, tables: Tables, one: Ticket, now: datetime) -> bool:
        """Nobody has said anything for a while, and the last word was not the citizen's."""
        if one.state != "held" or one.spoken_at is None or now - one.spoken_at <= self.handover.rota.service.idle:
            return False
        return _last_heard(tables, one) <= one.spoken_at

    def _end(self, id: int, now: datetime, tables: Tables) -> bool:
        one = tables.tickets.get(id)
        return self._is_idle(tables, one, now) and self.handover.close(tables, one, "idle", now)

    def _is_late(self, one: Ticket, now: datetime) -> bool:
        """Waiting for longer than anybody should, or past a service level; each is told of once."""
        if one.state == "closed" or one.escalated_at is not None:
            return False
        if one.state == "held":
            return one.done_due is not None and now > one.done_due
        rota = self.handover.rota
        return rota.between(rota.team(one.team).id, one.created_at, now) > rota.service.longest_wait

    def _escalate(self, id: int, now: datetime, tables: Tables) -> bool:
        """A supervisor sees it from now on. Who still waits is told, with the last hour by which somebody comes."""
        one = tables.tickets.get(id)
        if not self._is_late(one, now):
            return False
        waits = one.state == "waiting"
        tables.tickets.change(id, escalated_at=now, told_at=now if waits else one.told_at)
        tables.audits.put("banshi", "escalate", f"ticket {id}", now)
        if waits:
            self.handover.tell(tables, one, now, "human.still_waiting", when=self._by(one, now))
        return True

    def _by(self, one: Ticket, now: datetime) -> str:
        """The moment by which it has to be resolved; where that has passed, as much working time from now on."""
        rota, replies = self.handover.rota, self.handover.replies
        due = one.done_due
        if due is None or due < now:
            due = rota.after(rota.team(one.team).id, now, rota.service.resolution)
        local = due.astimezone(rota.hours.zone)
        weekday = replies("words.weekdays").split()[local.weekday()]
        return replies("words.when", month=str(local.month), day=str(local.day), weekday=weekday, time=f"{local:%H:%M}")


def _sign_out(away: list[Staff], tables: Tables) -> None:
    for one in away:
        tables.staff.change(one.name, online=False)


def _last_heard(tables: Tables, one: Ticket) -> datetime:
    """When the citizen wrote last."""
    return tables.inbox.last_at(one.conversation_id) or one.created_at
