"""What was read is kept, in one transaction with how far it was read: a kill loses nothing and repeats nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.channels import counted
from bot.channels.base import Reception
from bot.channels.wecom.callback import NAME, TYPED, Happened
from bot.domain.messages import OutboundMessage, writable
from bot.store.db import Tables

_ENDED_HOLDS, _POOL_HOLDS = timedelta(seconds=20), timedelta(hours=48)
_FROM_POOL, _PASSED_ON, _ENDED, _AGAIN = 1, 2, 3, 4  # what changed in a session
_TOO_MUCH = frozenset({4, 5, 6})  # why a message did not arrive: too late, session ended, too many
_OURS = "b"  # with which the numbers of our own messages begin


@dataclass(frozen=True)
class Read:
    """A part of an account's list: from where, up to where, and what stands in it."""

    account: str
    was: str
    to: str
    things: Sequence[Happened]


def key_of(outbox_key: str, place: int) -> str:
    """The number of a message, which says which of ours it is: "outbox:12" becomes "b12-0"."""
    return f"{_OURS}{outbox_key.rpartition(':')[2]}-{place}"


def keep(read: Read, reception: Reception, now: datetime, tables: Tables) -> bool:
    """False, and nothing kept, where another worker has read on."""
    if not tables.sessions.move(read.account, read.was, read.to, now):
        return False
    for one in read.things:
        _keep(one, reception, now, tables)
    return True


def _keep(one: Happened, reception: Reception, now: datetime, tables: Tables) -> None:
    if one.event is not None:
        _said(one, reception, now, tables)
    elif one.what == "session_status_change":
        _changed(one, reception, now, tables)
    elif one.what == "servicer_text":
        _overheard(one, reception, now, tables)
    elif one.what == "user_recall_msg":
        media = tables.inbox.recall(NAME, str(one.told.get("recall_msgid", "")), now)
        kept = tables.kept.find(media) if media else None
        if kept is not None and not kept.case:
            tables.kept.discard([media])
    elif one.what == "msg_send_fail":
        _bounced(one, now, tables)
    elif one.what == "reject_customer_msg_switch_change":
        tables.windows.spent(one.conversation)


def _said(one: Happened, reception: Reception, now: datetime, tables: Tables) -> None:
    """A citizen's own message: it opens a session that had ended, and lets us speak."""
    assert one.event is not None
    session = tables.sessions.load(one.conversation)
    if session.state not in (0, 1) and not session.is_served:
        tables.sessions.set(one.conversation, now, state=0, servicer="", code="", refused_until=now)
    if session.is_served:  # what waits goes on waiting: nothing may be said now
        tables.windows.granted(one.conversation, TYPED, now)
        tables.inbox.accept(one.event, now)
    else:
        counted.keep(one.event, TYPED, reception.replies, tables)


def _changed(one: Happened, reception: Reception, now: datetime, tables: Tables) -> None:
    """Their staff took the citizen, passed them on, or are done."""
    change, code = int(one.told.get("change_type", 0)), str(one.told.get("msg_code", ""))
    if change == _ENDED:
        tables.sessions.set(one.conversation, now, state=4, servicer="", code=code, code_until=one.at + _ENDED_HOLDS)
        give_back(one.conversation, reception, now, tables)
    elif change in (_FROM_POOL, _PASSED_ON, _AGAIN):
        servicer = str(one.told.get("new_servicer_userid", ""))
        taken(one.conversation, 3, servicer, code, now, tables)


def taken(conversation: str, state: int, servicer: str, code: str, now: datetime, tables: Tables) -> None:
    """Their staff have the citizen, or will: the bot is silent, and our desk gives the chat to nobody else."""
    tables.sessions.set(conversation, now, state=state, servicer=servicer, code=code, code_until=now + _POOL_HOLDS)
    found = tables.conversations.load(conversation, hold=True)
    found.owner = "human"
    tables.conversations.save(found)
    ticket = tables.tickets.of(conversation)
    if ticket is not None and ticket.state == "waiting":
        tables.tickets.hand(ticket.id, "", now)


def give_back(conversation: str, reception: Reception, now: datetime, tables: Tables) -> None:
    """The bot goes on, and says so."""
    ticket = tables.tickets.of(conversation)
    if ticket is not None:
        reception.handover.close(tables, ticket, "agent", now)
    else:
        tables.conversations.pass_on(conversation, "human", "bot")


def _overheard(one: Happened, reception: Reception, now: datetime, tables: Tables) -> None:
    """What their staff said stands in the conversation, for whoever reads it."""
    text = writable(str(one.told.get("content", "")))
    said = OutboundMessage(text, by=reception.replies("words.staff"))
    tables.outbox.heard(one.conversation, said, now, f"kf:{one.key}")
    ticket = tables.tickets.of(one.conversation)
    if ticket is not None:
        tables.tickets.spoken(ticket.id, now)


def _bounced(one: Happened, now: datetime, tables: Tables) -> None:
    """The platform had taken a message of ours, and could not bring it: it is said later, where that may help."""
    number, why = str(one.told.get("fail_msgid", "")).removeprefix(_OURS).partition("-")[0], one.told.get("fail_type")
    if not number.isdecimal():
        return
    message = tables.outbox.bounced(int(number), one.conversation, now, f"fail_type {why}")
    if why in _TOO_MUCH:
        tables.windows.spent(one.conversation)
    if message is not None and why in _TOO_MUCH:
        tables.windows.park(one.conversation, message.text, "\n\n")
