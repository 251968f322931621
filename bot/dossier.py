"""A case with everything that stands of it, as papers are made out from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from bot.bundles import papers
from bot.bundles.model import Bundle
from bot.domain.case import Case, Kept
from bot.domain.certificate import Certificate
from bot.domain.inspection import is_slot
from bot.domain.progress import ENDED, Matter
from bot.domain.promise import Promise
from bot.errors import OperatorError
from bot.store.db import Store

Made = Literal["plan", "receipt", "progress", "deferral", "commitment", "defects", "certificate", "collection"]
Kind = Literal[Made, "forms", "zip"]
_APPLICANTS = ("operator", "head", "legal_rep", "holder_name", "shop_name", "company_name")


@dataclass(frozen=True)
class Dossier:
    """A case with everything that stands of it."""

    case: Case
    bundle: Bundle
    matters: Sequence[Matter]
    promises: Sequence[Promise]
    files: Sequence[Kept]
    certificate: Certificate | None = None

    @property
    def applicant(self) -> str:
        return applicant(self.case)


def applicant(case: Case) -> str:
    """Who applies, as the forms name them."""
    values = case.values
    return next((values[id] for id in _APPLICANTS if values.get(id)), "")


def dossier(store: Store, reference: str) -> Dossier:
    """OperatorError where there is no such case."""
    case, matters, promises, files, certificate = store.read(
        lambda tables: (
            tables.cases.load(reference),
            tables.matters.of(reference),
            tables.matters.promises(reference),
            [kept for kept in tables.kept.of_case(reference) if not is_slot(kept.material)],
            tables.certificates.load(reference),
        )
    )
    if case is None:
        raise OperatorError(f"no case {reference}")
    bundle = Bundle.model_validate(case.bundle)
    promises = promises if case.submitted_at else _to_be(case, bundle)
    return Dossier(case, bundle, matters, promises, files, certificate)


def kinds(about: Dossier) -> tuple[Kind, ...]:
    """The papers that a case has something for."""
    promised = {one.kind for one in about.promises}
    has = dict.fromkeys(("receipt", "forms", "zip", "progress"), bool(about.matters)) | {
        "plan": bool(about.bundle.items),
        "deferral": "deferral" in promised,
        "commitment": "commitment" in promised,
        "defects": any(one.state == "defective" for one in about.matters),
        "certificate": about.certificate is not None and about.certificate.holds,
        "collection": is_done(about.matters),
    }
    return tuple(kind for kind in get_args(Kind) if has[kind])


def is_done(matters: Sequence[Matter]) -> bool:
    """Is all decided, and something granted that can be had?"""
    return all(one.state in ENDED for one in matters) and any(one.state == "granted" for one in matters)


def _to_be(case: Case, bundle: Bundle) -> list[Promise]:
    """What will have been promised once the case is handed in, as it is agreed to now."""
    return [
        Promise(0, case.reference, part.id, part.name, "commitment", terms.points, case.answers[papers.key(part)].at)
        for part in papers.promised(bundle, case.values)
        if (terms := part.commitment)
    ]
