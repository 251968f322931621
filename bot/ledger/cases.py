"""Our own cases and the ledger: what they give enters it, and what is applied for again is not told of meanwhile."""

from datetime import datetime

from bot.domain.case import Case
from bot.domain.licence import Entry
from bot.domain.progress import Matter
from bot.ledger.kinds import Kinds
from bot.store.db import Tables


def granted(tables: Tables, kinds: Kinds, case: Case, matter: Matter, now: datetime) -> None:
    """A licence that one of our own cases gave: into the ledger, and talked of where the case was."""
    code = kinds.granted(matter.item)
    if code is None or not matter.number:
        return
    until = None if kinds.of[code].validity == "lasting" else matter.valid_until
    if until is None and kinds.of[code].terms is not None:
        return  # its end is on the licence, and nowhere else
    number, told = matter.number.strip().upper(), _holder_of(case, matter.number)
    known = next((one for one in tables.licences.numbered(number) if one.kind == code), None)
    before = tables.licences.holder(known.holder) if known else None
    if known and before:  # what the ledger knows stays; only its end is new
        told = (before.name, before.code, before.phone, known.shop, known.address)
    tables.licences.take([Entry(code, number, *told, expires_on=until)], now, source=f"case {case.reference}")
    new = next(one for one in tables.licences.numbered(number) if one.kind == code)
    if before is None or (before.conversation is None and before.phone == case.values.get("phone")):
        tables.licences.bind(new.holder, case.conversation_id, now)


def _holder_of(case: Case, number: str) -> tuple[str, str, str, str, str]:
    """Who holds what a case gave: name, code, telephone, shop and address, as far as it was asked for."""
    values = case.values
    name = values.get("holder_name") or values.get("operator") or values.get("shop_name") or number
    code, phone, shop, address = (values.get(id, "") for id in ("uscc", "phone", "shop_name", "address"))
    return name, code, phone, shop, address


def handed_in(tables: Tables, kinds: Kinds, case: Case) -> None:
    """An application to renew has been handed in by the holder of a licence: nothing more is said of it meanwhile."""
    for code, kind in kinds.of.items():
        for way in (kind.same, kind.changed):
            if way is None or way.bundle != case.bundle.get("id"):
                continue
            asked = next((id for id, text in way.answers.items() if text == "{number}"), "")
            for one in tables.licences.numbered(case.values.get(asked, "").strip().upper()):
                holder = tables.licences.holder(one.holder)
                own = holder is not None and holder.conversation == case.conversation_id
                if own and one.kind == code and one.state == "active":
                    tables.licences.set(one.id, "renewing", case_reference=case.reference)
