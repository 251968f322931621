"""Handing in: a case becomes matters of departments, promises with their days, and registrations to be sent."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.bundles import papers
from bot.bundles.model import Bundle, Item, Material
from bot.bundles.papers import BY_HAND, PROMISED, SENT
from bot.bundles.plan import plan
from bot.domain.case import Case, Given
from bot.domain.hours import Hours
from bot.domain.progress import ENDED, Matter
from bot.domain.signing import SIGNED, STATEMENT, TO_SIGN, Signing
from bot.store.db import Tables


def hand_in(tables: Tables, case: Case, bundle: Bundle, hours: Hours, now: datetime) -> list[Matter]:
    """Submit a case that is complete. Its number stays; what no longer applies is gone from its answers."""
    left = papers.settled(bundle, case.values)
    case.answers = {id: given for id, given in case.answers.items() if id in left}
    case.state, case.submitted_at = "submitted", now
    tables.cases.save(case, now)
    _let_go(tables, case)
    matters = _matters(case, bundle, now)
    tables.matters.put(matters)
    for one in matters:
        if one.state == "received":
            tables.matters.register(one, "submit", now)
    today = now.astimezone(hours.zone).date()
    for material in papers.deferred(bundle, case.values):
        due = hours.after(today, material.defer_days)
        tables.matters.promise(case.reference, material.id, material.name, "deferral", (), now, due)
    for part in papers.promised(bundle, case.values):
        points = part.commitment.points if part.commitment else ()
        tables.matters.promise(case.reference, part.id, part.name, "commitment", points, now)
    return matters


def outstanding(tables: Tables, case: Case, bundle: Bundle) -> list[Material]:
    """The papers that must still come: what was to follow or to be brought, and all of a matter that has defects."""
    matters = tables.matters.of(case.reference)
    defective = {one.item for one in matters if one.state == "defective"}
    going = {one.item for one in matters if one.state not in ENDED}
    parts = [part for part in papers.asked(bundle, case.values) if isinstance(part, Material)]
    return [part for part in parts if _must_come(part, case.values.get(papers.key(part), ""), going, defective)]


def _must_come(part: Material, settled: str, going: set[str], defective: set[str]) -> bool:
    if settled in (SENT, PROMISED, BY_HAND):
        return bool(defective & set(part.items))
    return bool(going & set(part.items))


def supplement(tables: Tables, case: Case, material: Material, files: list[str], now: datetime) -> int:
    """A paper that was to follow has come: its promise is kept, departments are told; how many are still to come."""
    bundle = Bundle.model_validate(case.bundle)
    tables.kept.give(files, case.reference, material.id)
    case.answers[papers.key(material)] = Given(SENT, "said", now)
    tables.cases.save(case, now)
    for promise in tables.matters.promises(case.reference):
        if promise.subject == material.id and promise.state == "open":
            tables.matters.settle(promise.id, "kept")
    for one in tables.matters.of(case.reference):
        if one.item in material.items and one.state not in ("waiting", *ENDED):
            tables.matters.register(one, "supplement", now, f"{material.id}-{files[-1]}")
    return sum(
        case.values.get(papers.key(part)) not in (SENT, PROMISED, BY_HAND) for part in outstanding(tables, case, bundle)
    )


def withdraw(tables: Tables, case: Case, now: datetime) -> None:
    """Take an application back: its matters end, the departments are told, its promises bind nobody."""
    case.state = "withdrawn"
    tables.cases.save(case, now)
    for one in tables.matters.of(case.reference):
        if one.state not in ENDED:
            end(tables, one, now)
    for promise in tables.matters.promises(case.reference):
        if promise.state == "open":
            tables.matters.settle(promise.id, "void")


def end(tables: Tables, one: Matter, now: datetime) -> None:
    """Withdraw one matter. Its department is told, if it knew of it."""
    if one.state != "waiting":
        tables.matters.register(one, "withdraw", now)
    tables.matters.save(replace(one, state="withdrawn", changed_at=now))
    tables.inspections.stop(one.case, one.item, now)


def erase(tables: Tables, references: list[str]) -> None:
    """Delete cases whole. What was sent for them is nobody's any more."""
    files = [kept.file for reference in references for kept in tables.kept.of_case(reference)]
    tables.kept.discard(files)
    tables.matters.delete(references)
    tables.certificates.delete(references)
    tables.inspections.delete([one.id for reference in references for one in tables.inspections.of_case(reference)])
    tables.invitations.delete(references)
    tables.signings.delete_of(references)
    tables.cases.delete(references)


def forget_links(tables: Tables, links: Sequence[Signing]) -> None:
    """Delete links that were not signed, and the papers and videos that were made for them."""
    tables.kept.discard([file for one in links for file in (one.steps.file, one.steps.statement) if file])
    tables.signings.delete([one.id for one in links])


def _let_go(tables: Tables, case: Case) -> None:
    """Photos of a paper that is settled otherwise, or asked for no longer, are nobody's."""
    sent = {id.removeprefix("paper.") for id, value in case.values.items() if value == SENT}
    left = [
        kept.file
        for kept in tables.kept.of_case(case.reference)
        if kept.material and kept.material not in sent and not kept.material.startswith((TO_SIGN, SIGNED, STATEMENT))
    ]
    tables.kept.discard(left)


def _matters(case: Case, bundle: Bundle, now: datetime) -> list[Matter]:
    items = plan(bundle, case.values).items
    ids = {item.id for item in items}
    return [_matter(case, item, tuple(id for id in item.after if id in ids), now) for item in items]


def _matter(case: Case, item: Item, after: tuple[str, ...], now: datetime) -> Matter:
    return Matter(
        case.reference,
        item.id,
        item.name,
        item.department,
        item.result,
        item.days.promised,
        "waiting" if after else "received",
        now,
        after,
    )
