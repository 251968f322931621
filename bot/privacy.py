"""What the law gives a citizen: a copy of everything that is kept of them, and its deletion."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter

from bot.domain.case import Kept
from bot.domain.messages import OutboundMessage
from bot.filing import erase as erase_cases
from bot.store.db import Tables
from bot.store.tables import answer, conversation, inbox, outbox

_messages = TypeAdapter(list[OutboundMessage])
_kept = TypeAdapter(list[Kept])


def export(tables: Tables, conversation_id: str, who: str, now: datetime) -> dict[str, Any]:
    """Everything of one conversation as JSON values; photos by the names of their files."""
    said = [line.message for line in tables.outbox.after(conversation_id, 0, limit=None)]
    found = {
        "conversation": conversation_id,
        "heard": [
            {"at": at.isoformat(), "kind": event.kind, "text": event.text, "file": event.media}
            for at, event in tables.inbox.of_conversation(conversation_id)
        ],
        "said": _messages.dump_python(said, mode="json"),
        "remembered": tables.memories.of(conversation_id),
        "cases": [
            {
                "number": case.reference,
                "bundle": case.bundle.get("name"),
                "state": case.state,
                "answers": {id: {"value": given.value, "by": given.by} for id, given in case.answers.items()},
                "matters": [
                    {"name": one.name, "state": one.state, "number": one.number}
                    for one in tables.matters.of(case.reference)
                ],
                "promises": [
                    {"name": one.name, "kind": one.kind, "state": one.state}
                    for one in tables.matters.promises(case.reference)
                ],
            }
            for case in tables.cases.of_conversation(conversation_id)
        ],
        "files": _kept.dump_python(tables.kept.of_conversation(conversation_id), mode="json"),
    }
    counts = {name: len(rows) for name, rows in found.items() if isinstance(rows, list | dict)}
    tables.audits.put(who, "export", conversation_id, now, counts)
    return found


def erase(tables: Tables, conversation_id: str, who: str, now: datetime) -> dict[str, int]:
    """Delete what is kept of one conversation, but for what was submitted: that is kept by law until its time is over.

    What is still being answered is left, and goes when this is done again.
    """
    drafts = tables.cases.drafts(conversation_id)
    erase_cases(tables, drafts)
    loose = [kept.file for kept in tables.kept.of_conversation(conversation_id) if not kept.case]
    tables.kept.discard(loose)
    counts = {"drafts": len(drafts), "files": len(loose), "remembered": tables.memories.forget(conversation_id)}
    for table in (inbox, outbox):
        done = sa.and_(table.c.conversation_id == conversation_id, table.c.finished_at.is_not(None))
        counts[table.name] = tables.connection.execute(sa.delete(table).where(done)).rowcount
    mine = answer.c.conversation_id == conversation_id
    counts["answers"] = tables.connection.execute(sa.delete(answer).where(mine)).rowcount
    tables.connection.execute(sa.delete(conversation).where(conversation.c.id == conversation_id))
    tables.audits.put(who, "erase", conversation_id, now, counts)
    return counts
