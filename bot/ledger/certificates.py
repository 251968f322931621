"""The certificate of a trade: made from what the parts of a case came to, and again where one of them changes."""

from datetime import date, datetime

from bot.bundles.model import Bundle
from bot.domain.certificate import Certificate, Part, PartState
from bot.domain.licence import Licence
from bot.domain.progress import ENDED, Matter
from bot.ledger.kinds import Kinds
from bot.store.db import Tables

_LEAST = 2  # licences, below which there is nothing to combine


def certify(
    tables: Tables, kinds: Kinds, reference: str, bundle: Bundle, now: datetime, today: date
) -> Certificate | None:
    """The next edition, where something differs from the last one; otherwise None.

    The first waits until all that it can list is decided.
    """
    of = set(bundle.combined.items) if bundle.combined else set()
    matters = [one for one in tables.matters.of(reference) if one.item in of]
    parts = tuple(_part(tables, kinds, one, today) for one in matters if one.state == "granted")
    before = tables.certificates.load(reference)
    wanted = before is not None or (len(parts) >= _LEAST and all(one.state in ENDED for one in matters))
    if not wanted or (before and before.parts == parts):
        tables.certificates.looked(reference)
        return None
    return tables.certificates.make(reference, parts, now)


def _part(tables: Tables, kinds: Kinds, one: Matter, today: date) -> Part:
    """What the ledger says counts, since a licence lives on behind the case that gave it."""
    licence = _licence(tables, kinds, one)
    until = licence.expires_on if licence else one.valid_until
    state: PartState = "expired" if until and until < today else "valid"
    if licence and licence.state == "ended":
        state = "ended"
    return Part(one.item, one.result, one.number, one.department, until, state, licence.id if licence else None)


def _licence(tables: Tables, kinds: Kinds, one: Matter) -> Licence | None:
    code, number = kinds.granted(one.item), one.number.strip().upper()
    held = tables.licences.numbered(number) if number else []
    return next((licence for licence in held if licence.kind == code), None)
