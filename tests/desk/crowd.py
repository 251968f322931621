"""Citizens and agents by chance, through the real core and the real desk: who comes, speaks, leaves and crashes.

What must hold is looked at in one transaction, whoever else is at work.
"""

import itertools
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

import sqlalchemy as sa

from bot import loops
from bot.domain.hours import Hours
from bot.domain.messages import InboundEvent, OutboundMessage
from bot.domain.rota import Rota, Service, Shift, Team
from bot.domain.staff import Staff
from bot.handover import Handover
from bot.store.db import Store, Tables
from bot.store.tables import inbox, outbox
from bot.turn import Resources
from handoff.desk import Desk, Refused
from handoff.queue import Queue

AROUND_THE_CLOCK = (Shift("all", time(), timedelta(days=1)),)


def rota(hours: Hours, service: Service) -> Rota:
    """Three teams; what citizens say chooses one."""
    teams = {
        id: Team(id, f"{word}组", capacity, words=(word,), shifts=AROUND_THE_CLOCK)
        for id, word, capacity in (("a", "甲", 3), ("b", "乙", 2), ("c", "丙", 4))
    }
    return Rota(hours, teams, "a", service, first=("老人",))


def hire(store: Store, count: int, now: datetime) -> list[str]:
    """Agents of all teams; every second one stands in for another team."""
    names = [f"坐席{n:03}" for n in range(count)]

    def work(tables: Tables) -> None:
        for n, name in enumerate(names):
            teams = ["abc"[n % 3], "abc"[(n + 1) % 3]][: 1 + n % 2]
            tables.staff.add(name, ["agent"], teams, "", now)

    store.write(work)
    return names


@dataclass
class Crowd:
    """`clock` tells the time. `broken` collects what must not be."""

    resources: Resources
    seed: int
    clock: Callable[[], datetime]
    broken: list[str] = field(default_factory=list)
    spoken: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random, self.count = random.Random(self.seed), itertools.count(1)
        self.store = self.resources.store
        self.handover = Handover(self.resources.rota, self.resources.replies)
        self.desk, self.queue = Desk(self.store, self.handover), Queue(self.store, self.handover)

    # --- citizens ---

    def write(self, who: str, text: str) -> None:
        """A message with a number of its own, delivered twice."""
        text = f"{text} #{self.seed}-{next(self.count)}"
        event = InboundEvent("terminal", f"{who}{text}", who, "text", self.clock(), text=text)
        self.store.write(lambda tables: [tables.inbox.accept(event, self.clock()) for _ in range(2)])
        self.sent.append(text)

    def ask(self, who: str) -> None:
        """For a person; one in ten is to go first."""
        self.write(who, self.random.choice(["我是老人，要办甲", *["要办甲", "要办乙", "要办丙"] * 3]))
        event = InboundEvent("terminal", f"{who}{next(self.count)}", who, "text", self.clock(), text="人工")
        self.store.write(lambda tables: tables.inbox.accept(event, self.clock()))

    def answer(self, most: int = 64) -> int:
        """Turns, as a worker takes them. The bot is silent where a person owns the conversation."""
        claims = loops.claim_turns(self.resources, ["terminal"], self.clock(), most)
        for claimed in claims:
            loops.run_turn(self.resources, claimed, self.clock())
        return len(claims)

    # --- agents ---

    def act(self, name: str) -> None:
        staff = self.store.read(lambda tables: tables.staff.get(name))
        assert staff is not None
        what = self.random.random()
        if not staff.online:
            if what < 0.6:
                self.desk.come(staff, self.clock())
            return
        if what < 0.06:
            self.desk.leave(staff)
            return
        self.store.write(lambda tables: tables.staff.seen(name, self.clock()))
        for ticket in self.store.read(lambda tables: tables.tickets.held(name)):
            self.deal_with(staff, ticket.id)

    def deal_with(self, staff: Staff, id: int) -> None:
        """A word, which is sent twice with one key; then perhaps on to another team, or the end."""
        what, text = self.random.random(), f"答复 {staff.name} {id} {self.seed}-{next(self.count)}"
        try:
            if what < 0.6:
                self.desk.say(staff, id, text, text, self.clock())
                self.spoken.append(text)
                self.desk.say(staff, id, text, text, self.clock())
            elif what < 0.65:
                self.desk.pass_on(staff, id, self.random.choice("abc"), self.clock())
            elif what < 0.95:
                self.desk.end(staff, id, self.clock())
        except Refused:
            pass  # somebody else was quicker

    def crash(self, name: str) -> None:
        """The desk is gone from one moment to the next: it is not heard of any more."""
        long_ago = self.clock() - timedelta(hours=1)
        self.store.write(lambda tables: tables.staff.change(name, seen_at=long_ago))

    def pass_round(self) -> None:
        self.queue.go(self.clock())

    # --- what must hold ---

    def check(self, *, settled: bool) -> None:
        """Nobody has too many; `settled`, right after a round: nobody waits for whom there is room."""
        self.broken += self.store.read(lambda tables: self.faults(tables, settled))

    def faults(self, tables: Tables, settled: bool) -> list[str]:
        now, load, found = self.clock(), tables.tickets.loads(), list[str]()
        for name, count in load.items():
            staff = tables.staff.get(name)
            if staff and count > self.handover.capacity(staff):
                found.append(f"{name} has {count}")
        if not settled:
            return found
        duty = self.handover.on_duty(tables, now)
        room = [one for one in duty if load.get(one.name, 0) < self.handover.capacity(one)]
        for ticket in tables.tickets.waiting(None):
            if any(ticket.team in one.teams for one in room):
                found.append(f"ticket {ticket.id} waits though there is room")
        return found

    def overtaken(self, given: Sequence[Any], before: Sequence[Any]) -> None:
        """Of those who waited for one team with one priority, the first are given away."""
        taken = {one.id for one in given}
        for team, first in {(one.team, one.first) for one in given}:
            order = [one.id for one in before if (one.team, one.first) == (team, first)]
            count = len(taken & set(order))
            if set(order[:count]) != taken & set(order):
                self.broken.append(f"overtaken in {team}: {order[:count]} but {sorted(taken & set(order))}")

    def drain(self) -> None:
        def work(tables: Tables) -> tuple[Sequence[Any], Sequence[Any]]:
            before = tables.tickets.waiting(None)
            return self.handover.drain(tables, self.clock()), before

        self.overtaken(*self.store.write(work))


def lost_or_twice(store: Store, sent: Sequence[str], spoken: Sequence[str]) -> list[str]:
    """Every message of a citizen is answered for once, every word of staff is on its way once."""

    def look(tables: Tables) -> tuple[list[Any], list[str], list[str], int]:
        rows = tables.connection.execute(sa.select(inbox.c.id, inbox.c.conversation_id, inbox.c.status)).all()
        people = {row.conversation_id for row in rows}
        heard = [event.text for id in people for _, event in tables.inbox.of_conversation(id)]
        said: list[OutboundMessage] = [one.message for id in people for one in tables.outbox.after(id, 0, limit=None)]
        relayed = sa.select(inbox.c.id).where(inbox.c.outcome == "relayed")
        over = sa.select(sa.func.count()).select_from(outbox).where(outbox.c.inbox_id.in_(relayed))
        words = [one.text for one in said if one.by]
        return [row.status for row in rows], heard, words, int(tables.connection.scalar(over) or 0)

    statuses, heard, said, talked_over = store.read(look)
    found = [] if set(statuses) <= {"done"} else [f"not done: {sorted(set(statuses))}"]
    numbered = [text for text in heard if "#" in text]
    found += [] if sorted(numbered) == sorted(sent) else ["what citizens sent is not what is kept"]
    found += [] if sorted(said) == sorted(spoken) else ["what staff said is not what is queued"]
    return found + ([f"the bot spoke {talked_over} times while a person had the word"] if talked_over else [])
