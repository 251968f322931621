"""What each paper tells: the contract between whoever makes one out and its layout in config/papers.yml.

All texts are ready for reading: dates with their weekday, names and numbers masked where they must be.
"""

from dataclasses import dataclass
from typing import get_args, get_type_hints

from bot.documents.papers import Track

Texts = tuple[str, ...]


@dataclass(frozen=True)
class Item:
    name: str
    department: str
    result: str = ""
    deadline: str = ""


@dataclass(frozen=True)
class Received:
    name: str
    state: str


@dataclass(frozen=True)
class Missing:
    name: str
    how: str
    due: str


@dataclass(frozen=True)
class Defect:
    what: str
    why: str
    cure: str


@dataclass(frozen=True)
class Needed:
    name: str
    how: str
    why: str


@dataclass(frozen=True)
class Known:
    label: str
    value: str


@dataclass(frozen=True)
class Granted:
    name: str
    number: str = ""


@dataclass(frozen=True)
class Enclosed:
    name: str
    page: str


@dataclass(frozen=True)
class Receipt:
    """What was received when. It is not yet acceptance."""

    applicant: str
    matter: str
    received_at: str
    items: tuple[Item, ...]
    materials: tuple[Received, ...]
    following: str = ""


@dataclass(frozen=True)
class Deferral:
    """Accepted now, minor papers later."""

    applicant: str
    matter: str
    missing: tuple[Missing, ...]
    due: str
    conditions: Texts = ()
    consequence: str = ""


@dataclass(frozen=True)
class Commitment:
    """What was told point by point, and what was answered: `agreed` are the applicant's own words."""

    applicant: str
    matter: str
    basis: str
    told: Texts
    consequences: Texts
    agreed: str
    agreed_at: str
    checked: str = ""


@dataclass(frozen=True)
class Defects:
    """All that is wrong, at once, and how to put each right."""

    applicant: str
    matter: str
    defects: tuple[Defect, ...]
    due: str
    consequence: str = ""


@dataclass(frozen=True)
class PlanPage:
    """The guide's result. `order`: names of items that may go side by side, group after group."""

    matter: str
    items: tuple[Item, ...]
    materials: tuple[Needed, ...]
    order: tuple[Texts, ...]
    known: tuple[Known, ...] = ()
    days: str = ""
    saved: str = ""
    stop: str = ""
    stop_basis: str = ""


@dataclass(frozen=True)
class Collection:
    """Where and when licences can be fetched."""

    applicant: str
    matter: str
    licences: tuple[Granted, ...]
    window: str
    hours: str
    address: str
    bring: Texts
    until: str = ""


@dataclass(frozen=True)
class Listed:
    name: str
    number: str
    department: str
    until: str
    state: str


@dataclass(frozen=True)
class Combined:
    """The one certificate of a trade: every licence with its own number, department and end."""

    trade: str
    shop: str
    holder: str
    address: str
    edition: str
    licences: tuple[Listed, ...]


@dataclass(frozen=True)
class Proxy:
    """Who acts for whom. Signing and promising are never among the powers."""

    principal: str
    principal_id: str
    agent: str
    agent_id: str
    matter: str
    powers: Texts
    since: str
    until: str


@dataclass(frozen=True)
class Progress:
    """How far each sub-case is."""

    matter: str
    applicant: str
    tracks: tuple[Track, ...]
    following: str = ""


@dataclass(frozen=True)
class Contents:
    """What a bound file holds, and on which page each begins."""

    applicant: str
    matter: str
    enclosed: tuple[Enclosed, ...]


Facts = Receipt | Deferral | Commitment | Defects | PlanPage | Collection | Combined | Proxy | Progress | Contents

KINDS: dict[str, type[Facts]] = {
    "receipt": Receipt,
    "deferral": Deferral,
    "commitment": Commitment,
    "defects": Defects,
    "plan": PlanPage,
    "collection": Collection,
    "certificate": Combined,
    "proxy": Proxy,
    "progress": Progress,
    "contents": Contents,
}


def kind_of(facts: Facts) -> str:
    return next(kind for kind, shape in KINDS.items() if isinstance(facts, shape))


def texts(shape: type) -> set[str]:
    """The names of the facts that are plain texts."""
    return {name for name, hint in get_type_hints(shape).items() if hint is str}


def lists(shape: type) -> dict[str, type]:
    """The names of the facts that are lists, each with the type of its entries: str for groups too."""
    found = {name: get_args(hint)[0] for name, hint in get_type_hints(shape).items() if get_args(hint)}
    return {name: of if isinstance(of, type) else tuple for name, of in found.items()}
