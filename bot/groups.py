"""Groups of staff are told who waits, who has whom, and what whoever they talk with says. A part of a round."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from bot.domain.group import TAKE, GroupKind, Topic
from bot.domain.knowledge import masked
from bot.domain.messages import InboundEvent, OutboundMessage
from bot.domain.ticket import Ticket
from bot.store.db import Tables
from bot.turn import Resources

_BEFORE = 3  # things that were said before, for whoever takes it in the group
_LONGEST = 3500  # characters of what is shown at a time; all of it stands at the desk


@dataclass(frozen=True)
class Groups:
    """`kinds` by the channel of each group. The ticket is the truth: what a group is told follows it, in order.

    A card names no citizen; their words come once somebody there has taken it, numbers of people masked.
    """

    resources: Resources
    kinds: Mapping[str, GroupKind]

    def go(self, now: datetime) -> int:
        return sum(self._tell(channel, kind, now) for channel, kind in self.kinds.items())

    def _tell(self, channel: str, kind: GroupKind, now: datetime) -> int:
        """What changed since the last time; how much it was."""
        found = self.resources.store.read(partial(self._changed, channel, kind))
        return sum(self.resources.store.write(partial(self._catch_up, one, kind, now)) for one in found)

    def _changed(self, channel: str, kind: GroupKind, tables: Tables) -> list[Topic]:
        alive = [*tables.tickets.waiting(None), *tables.tickets.held()]
        known = {one.conversation: one for one in tables.groups.open(channel)}
        found = [known.get(one.conversation_id) or Topic(one.conversation_id, channel, 0) for one in alive]
        ended = [one for one in known.values() if tables.tickets.of(one.conversation) is None]
        return [one for one in (*found, *ended) if self._news(tables, one, kind)[0] != one]

    def _catch_up(self, one: Topic, kind: GroupKind, now: datetime, tables: Tables) -> bool:
        """Looked at again in the transaction that queues it."""
        kept = tables.groups.topic(one.conversation, one.channel) or one
        new, said = self._news(tables, kept, kind)
        if new == kept:
            return False
        tables.groups.keep(new)
        tables.outbox.put(new.address, said, now, f"group:{new.ticket}:{new.told}:{new.heard_id}:{now.timestamp()}")
        return True

    def _news(self, tables: Tables, one: Topic, kind: GroupKind) -> tuple[Topic, list[OutboundMessage]]:
        """How the topic stands after what is to be said there now."""
        ticket = tables.tickets.of(one.conversation)
        if ticket is None:
            over = (
                [] if kind == "notice" or one.told == "closed" else [self._say("group.closed", number=str(one.ticket))]
            )
            return replace(one, told="closed"), over
        said = list[OutboundMessage]()
        if ticket.id != one.ticket:
            if ticket.state == "held":  # before the group had to hear of it
                return one, said
            said.append(self._card(ticket, kind))
            one = replace(one, ticket=ticket.id, told="waiting", heard_id=0)
        if kind == "notice":
            return one, said
        told = "waiting" if ticket.state == "waiting" else f"{ticket.agent}/{ticket.device}"
        if told != one.told:
            said.append(self._standing(ticket))
            one = replace(one, told=told)
        if ticket.state == "held" and ticket.device == one.channel:
            one, words = self._words(tables, one, ticket)
            said += words
        return one, said

    def _card(self, ticket: Ticket, kind: GroupKind) -> OutboundMessage:
        """Who waits, without who it is."""
        replies, settings = self.resources.replies, self.resources.settings
        told = {"number": str(ticket.id), "team": self.resources.rota.team(ticket.team).name}
        told |= {
            "reason": replies(f"group.reason_{ticket.reason}"),
            "link": f"{settings.hall.url}/desk/chats/{ticket.id}",
        }
        first = replies("group.first") if ticket.first else ""
        text = replies(f"group.card_{kind}", first=first, **told)
        return OutboundMessage(text, choices=(TAKE,) if kind == "topics" else ())

    def _standing(self, ticket: Ticket) -> OutboundMessage:
        if ticket.state == "waiting":
            return self._say("group.waits_again", number=str(ticket.id))
        agent = ticket.agent or self.resources.replies("words.staff")
        return self._say("group.taken_here" if ticket.device else "group.taken_at_desk", agent=agent)

    def _words(self, tables: Tables, one: Topic, ticket: Ticket) -> tuple[Topic, list[OutboundMessage]]:
        """What the citizen has said since; at first also what they said before."""
        events = tables.inbox.since(one.conversation, one.heard_id)
        if not events:
            return one, []
        if not one.heard_id:
            before = [heard for heard in events if heard.at <= ticket.created_at][-_BEFORE:]
            events = before + [heard for heard in events if heard.at > ticket.created_at]
        lines = "\n".join(self._line(heard.event) for heard in events)
        said = [self._say("group.citizen", text=lines[-_LONGEST:])] if lines else []
        return replace(one, heard_id=events[-1].id), said

    def _line(self, event: InboundEvent) -> str:
        return masked(event.text) if event.text else self.resources.replies("group.not_text")

    def _say(self, sentence: str, /, **fields: str) -> OutboundMessage:
        return OutboundMessage(self.resources.replies(sentence, **fields))
