"""What the law gives a citizen: a copy of everything that is kept of them, and its deletion."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter

from bot.domain.case import Kept
from bot.domain.messages import OutboundMessage
from bot.domain.photo import Report
from bot.filing import erase as erase_cases
from bot.filing import forget_links
from bot.inspections import walk_of
from bot.store.case_tables import case_file, counter, kept_file, memory
from bot.store.cases import GUESS
from bot.store.db import Tables
from bot.store.tables import answer, conversation, inbox, outbox

_messages = TypeAdapter(list[OutboundMessage])
_kept = TypeAdapter(list[Kept])
_reports = TypeAdapter(dict[str, Report])


def is_known(tables: Tables, conversation_id: str) -> bool:
    """Is anything kept of this conversation?"""
    places = (conversation.c.id, *(table.c.conversation_id for table in (inbox, outbox, case_file, memory, kept_file)))
    found = (sa.select(sa.literal(1)).where(place == conversation_id).limit(1) for place in places)
    return any(tables.connection.execute(one).first() is not None for one in found)


def export(tables: Tables, conversation_id: str, who: str, now: datetime) -> dict[str, Any]:
    """Everything of one conversation as JSON values; photos by the names of their files."""
    said = [line.message for line in tables.outbox.after(conversation_id, 0, limit=None)]
    cases = tables.cases.of_conversation(conversation_id)
    files = [kept for case in cases for kept in tables.kept.of_case(case.reference)]
    files += [kept for kept in tables.kept.of_conversation(conversation_id) if not kept.case]
    found = {
        "conversation": conversation_id,
        "heard": [
            {"at": at.isoformat(), "kind": event.kind, "text": event.text, "file": event.media}
            for at, event in tables.inbox.of_conversation(conversation_id)
        ],
        "said": _messages.dump_python(said, mode="json"),
        "remembered": tables.memories.of(conversation_id),
        "licences": [
            {"number": one.number, "kind": one.kind, "ends": one.expires_on.isoformat() if one.expires_on else None}
            for one in tables.licences.of_conversation(conversation_id)
        ],
        "appointments": [
            {"counter": one.slot.counter, "starts_at": one.starts_at.isoformat(), "state": one.state}
            for one in tables.appointments.of_conversation(conversation_id)
        ],
        "signatures": [
            {"case": one.case, "document": one.document, "state": one.state, "evidence": one.steps.evidence}
            for one in tables.signings.of_conversation(conversation_id)
        ],
        "ratings": [
            {"about": one.about, "mark": one.mark, "reason": one.reason}
            for one in tables.aftercare.of_conversation(conversation_id)
        ],
        "notes": [one.text for one in tables.desk.notes(conversation_id)],
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
            for case in cases
        ],
        "inspections": _inspected(tables, conversation_id),
        "files": _kept.dump_python(files, mode="json"),
        "read": _reports.dump_python(_read(tables, conversation_id, files), mode="json"),
    }
    counts = {name: len(rows) for name, rows in found.items() if isinstance(rows, list | dict)}
    tables.audits.put(who, "export", conversation_id, now, counts)
    return found


def _inspected(tables: Tables, conversation_id: str) -> list[dict[str, Any]]:
    return [
        {
            "case": one.case,
            "way": one.way,
            "state": one.state,
            "points": [
                {"name": walk_of(one).sought[point.id].name, "stands": point.stands, "finding": point.finding}
                for point in tables.inspections.points(one.id)
            ],
        }
        for one in tables.inspections.of_conversation(conversation_id)
    ]


def _read(tables: Tables, conversation_id: str, files: list[Kept]) -> dict[str, Report]:
    """What was read from photos, by file."""
    found = tables.photos.of_conversation(conversation_id)
    for case in {kept.case for kept in files if kept.case}:
        found |= tables.photos.of_case(case)
    return found


def _erase_inspections(tables: Tables, conversation_id: str) -> None:
    """Checks of one's own, and what was never handed over, with its photos."""
    mine = tables.inspections.of_conversation(conversation_id)
    gone = [one.id for one in mine if not any(event.what == "sent" for event in tables.inspections.events(one.id))]
    tables.kept.discard([shot.file for id in gone for shot in tables.inspections.shots(id)])
    tables.inspections.delete(gone)


def erase(tables: Tables, conversation_id: str, who: str, now: datetime) -> dict[str, int]:
    """Delete what is kept of one conversation, but for what was submitted: that is kept by law until its time is over.

    What is still being answered is left, which `waiting` counts, and goes when this is done again.
    """
    drafts = tables.cases.drafts(conversation_id)
    erase_cases(tables, drafts)
    _erase_inspections(tables, conversation_id)
    links = [one for one in tables.signings.of_conversation(conversation_id) if one.state != "signed"]
    forget_links(tables, links)
    tables.uploads.delete_of(conversation_id)
    loose = [kept.file for kept in tables.kept.of_conversation(conversation_id) if not kept.case]
    tables.kept.discard(loose)
    counts = {"drafts": len(drafts), "files": len(loose), "remembered": tables.memories.forget(conversation_id)}
    delete = tables.connection.execute
    for table in (inbox, outbox):
        done = sa.and_(table.c.conversation_id == conversation_id, table.c.finished_at.is_not(None))
        counts[table.name] = delete(sa.delete(table).where(done)).rowcount
    tables.tickets.delete_of(conversation_id)
    counts["licences"] = tables.licences.part(conversation_id, now)
    counts["appointments"] = tables.appointments.delete_of(conversation_id)
    tables.desk.forget_notes(conversation_id)
    tables.windows.forget(conversation_id)
    tables.sessions.forget(conversation_id)
    tables.consents.forget(conversation_id)
    tables.aftercare.forget(conversation_id)
    tables.groups.forget(conversation_id)
    tables.specialists.forget(conversation_id)
    tables.people.leave(conversation_id)
    counts["answers"] = delete(sa.delete(answer).where(answer.c.conversation_id == conversation_id)).rowcount
    delete(sa.delete(conversation).where(conversation.c.id == conversation_id))
    delete(
        sa.delete(counter).where(
            counter.c.name.startswith(GUESS), counter.c.name.endswith(f" {conversation_id}", autoescape=True)
        )
    )
    left = [sa.select(sa.func.count()).where(table.c.conversation_id == conversation_id) for table in (inbox, outbox)]
    counts["waiting"] = sum(int(tables.connection.scalar(one) or 0) for one in left)
    tables.audits.put(who, "erase", conversation_id, now, counts)
    return counts
