"""Who owns a conversation: the bot, nobody yet, or a person. Chats are given to who is free, oldest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Literal

from bot.afterwards import asking
from bot.domain.conversation import Conversation, Owner
from bot.domain.messages import OutboundMessage
from bot.domain.rota import Rota
from bot.domain.staff import Staff
from bot.domain.ticket import Ended, Reason, Ticket
from bot.replies import Replies
from bot.store.db import Tables

Refusal = Literal["", "gone", "full", "not_yours"]

_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_LATELY = 6  # messages that tell which team it is for


@dataclass(frozen=True)
class Handover:
    """Every change of hands. Whoever gives chats away holds the rows of all who are online, so that two who do so at
    once give none twice and nobody too many; conversations are locked before tickets, here and everywhere.
    """

    rota: Rota
    replies: Replies

    def on_duty(self, tables: Tables, now: datetime, *, hold: bool = False) -> list[Staff]:
        """Who can be given a chat: online, heard of lately, and on shift."""
        online = [one for one in tables.staff.online(hold=hold) if one.teams and self.is_there(one, now)]
        shifts = {one.teams[0] for one in online}
        on = {team for team in shifts if self.rota.is_on(team, now)}
        return [one for one in online if one.teams[0] in on]

    def drain(self, tables: Tables, now: datetime) -> list[Ticket]:
        """Give those who wait to whom they fit and who has room, the oldest first; what was given away."""
        agents = self.on_duty(tables, now, hold=True)
        if not agents:
            return []
        load, given = tables.tickets.loads(), list[Ticket]()
        free = [one for one in agents if load.get(one.name, 0) < self.capacity(one)]
        waiting = tables.tickets.waiting(None) if free else []
        named = tables.specialists.for_citizens([one.conversation_id for one in waiting]) if waiting else {}
        for ticket in waiting:
            agent = self._for(ticket, free, load, named.get(ticket.conversation_id, ""))
            if agent is None or not self.give(tables, ticket, agent, now):
                continue
            given.append(ticket)
            load[agent.name] = load.get(agent.name, 0) + 1
            free = [one for one in free if load.get(one.name, 0) < self.capacity(one)]
            if not free:
                break
        return given

    def take(self, tables: Tables, id: int, agent: Staff, now: datetime, device: str = "") -> Refusal:
        """One that waits, out of its turn; why not, where it cannot be. Nobody has more than they can; a supervisor may
        take it from another.
        """
        tables.staff.online(hold=True)
        ticket = tables.tickets.find(id)
        if ticket is None or ticket.state == "closed":
            return "gone"
        if not agent.teams or tables.tickets.loads().get(agent.name, 0) >= self.capacity(agent):
            return "full"
        if ticket.state == "held" and ticket.agent != agent.name:
            if not agent.may("supervisor") or not self.put_back(tables, ticket, now, "human.put_back"):
                return "not_yours"
            ticket = tables.tickets.get(id)
        return "" if self.give(tables, ticket, agent, now, device) else "gone"

    def give(self, tables: Tables, ticket: Ticket, agent: Staff, now: datetime, device: str = "") -> bool:
        """To this member of staff, whom the citizen sees come; False where it waits no longer."""
        if not tables.conversations.pass_on(ticket.conversation_id, "queued", "human"):
            return False
        if not tables.tickets.hand(ticket.id, agent.name, now, device):
            return False
        tables.staff.change(agent.name, given_at=now)
        self.tell(tables, ticket, now, "human.joined", agent=agent.name, team=self.rota.team(agent.teams[0]).name)
        return True

    def open(
        self, tables: Tables, conversation: Conversation, inbox_id: int, reason: Reason, bundle: str, now: datetime
    ) -> Ticket:
        """The ticket that is alive, or a new one for the team that it is for: by the bundle, and what was said."""
        alive, rota = tables.tickets.of(conversation.id), self.rota
        if alive is not None:
            return alive
        texts = [event.text for _, event in tables.inbox.of_conversation(conversation.id)]
        team = rota.team_for(reason, bundle, "\n".join(texts[-_LATELY:])).id
        return tables.tickets.open(
            conversation.id,
            inbox_id,
            reason,
            now,
            rota.next_on(team, now),
            team=team,
            first=conversation.eased or rota.goes_first("\n".join(texts)),
            wanted=tables.tickets.last_agent(conversation.id, now - rota.service.sticky),
            answer_due=rota.after(team, now, rota.service.first_word),
            done_due=rota.after(team, now, rota.service.resolution),
        )

    def put_back(self, tables: Tables, ticket: Ticket, now: datetime, sentence: str) -> bool:
        """Somebody else is to have it: it waits again at its old place, and the citizen is told."""
        if not tables.conversations.pass_on(ticket.conversation_id, "human", "queued"):
            return False
        if not tables.tickets.put_back(ticket.id):
            return False
        self.tell(tables, ticket, now, sentence, agent=ticket.agent)
        return True

    def close(self, tables: Tables, ticket: Ticket, ended: Ended, now: datetime) -> bool:
        """The bot goes on, and says so; False where it has ended already."""
        owner: Owner = "human" if ticket.state == "held" else "queued"
        if not tables.conversations.pass_on(ticket.conversation_id, owner, "bot"):
            return False
        tables.tickets.close(ticket.id, ended, now)
        name = ticket.agent or self.replies("words.staff")
        self._say(tables, ticket, now, self.ended(tables, ticket, ended, now, name), f"human.ended_{ended}:{name}")
        return True

    def ended(self, tables: Tables, ticket: Ticket, ended: Ended, now: datetime, name: str) -> OutboundMessage:
        """That a person has gone; with the question how it was, where they have said anything."""
        text, about = self.replies(f"human.ended_{ended}", agent=name), f"ticket:{ticket.id}"
        if ticket.answered_at is None:
            return OutboundMessage(text)
        return asking(tables, self.replies, text, about, ticket.conversation_id, now)

    def name(
        self, tables: Tables, about: str, conversation_id: str, agent: Staff | None, by: str, now: datetime
    ) -> None:
        """From now on this member of staff looks after the case, or the citizen, who is told; nobody any more: None."""
        tables.specialists.name(about, agent.name if agent else "", by, now)
        if agent is not None:
            text = self.replies("human.specialist", agent=agent.name, team=self.rota.team(agent.teams[0]).name)
            key = f"specialist:{about}:{agent.name}:{now.timestamp()}"
            tables.outbox.put(conversation_id, [OutboundMessage(text)], now, key)

    def tell(self, tables: Tables, ticket: Ticket, now: datetime, sentence: str, **fields: str) -> None:
        said = OutboundMessage(self.replies(sentence, **fields))
        self._say(tables, ticket, now, said, f"{sentence}:{fields.get('agent', '')}")

    def _say(self, tables: Tables, ticket: Ticket, now: datetime, said: OutboundMessage, key: str) -> None:
        tables.outbox.put(ticket.conversation_id, [said], now, f"ticket:{ticket.id}:{key}:{now.timestamp()}")

    def minutes(self, tables: Tables, ticket: Ticket, now: datetime) -> int | None:
        """An honest guess of when somebody comes: by who is there, and how long chats took; None where nobody is."""
        agents = [one for one in self.on_duty(tables, now) if self.rota.team(ticket.team).id in one.teams]
        if not agents:
            return None
        load = tables.tickets.loads()
        places = sum(self.capacity(one) for one in agents)
        free = sum(max(0, self.capacity(one) - load.get(one.name, 0)) for one in agents)
        before = max(0, tables.tickets.ahead(ticket) + 1 - free)
        talk = tables.tickets.talk([ticket.team]) or self.rota.service.talk
        return 1 + ceil(before * talk / timedelta(minutes=1) / places)

    def capacity(self, agent: Staff) -> int:
        return self.rota.team(agent.teams[0]).capacity

    def is_there(self, agent: Staff, now: datetime) -> bool:
        """Has their desk been heard of lately?"""
        return agent.seen_at is not None and now - agent.seen_at <= self.rota.service.away

    def _for(self, ticket: Ticket, free: Sequence[Staff], load: dict[str, int], named: str) -> Staff | None:
        """Who looks after them by name, of whatever team; who had them before; then one of the team itself, then who
        stands in; of these who has least to do.
        """
        team = self.rota.team(ticket.team).id

        def order(one: Staff) -> tuple[object, ...]:
            share = load.get(one.name, 0) / self.capacity(one)
            return (
                one.name != named,
                one.name != ticket.wanted,
                one.teams[0] != team,
                share,
                one.given_at or _LONG_AGO,
                one.name,
            )

        return min((one for one in free if team in one.teams or one.name == named), key=order, default=None)
