"""A signature by hand: what was asked of whom, how far they are, and whether strokes are one."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from math import dist
from typing import Literal

Signable = Literal["commitment", "deferral", "forms", "proxy"]
Sameness = Literal["", "same", "unclear", "other"]  # is it the signer who speaks, as somebody at the desk sees it?
SigningState = Literal["open", "signed", "void"]
Stroke = tuple[tuple[int, int, int], ...]  # points: across, down, and milliseconds since the first

# And a paper: what a file of a case is that was made out to be signed, was signed, or shows the signer speaking.
TO_SIGN, SIGNED, STATEMENT = "sign.", "signed.", "statement."

WIDTH, HEIGHT = 1000, 500  # of the field that is signed in, however large a screen shows it
MOST_POINTS = 6000
_LEAST_WAY, _LEAST_SIDE = 400, 60


@dataclass
class Point:
    """Something to be read, and when the signer said to have read it."""

    text: str
    at: datetime | None = None


@dataclass
class Steps:
    """How far a signer is. Of the code and of the browser that was let in, only digests stand here.

    `basis` is what the paper was to say when it was asked for, `papers` what it says: see `basis` and
    bot/witness.py. `own_phone`: the signer names the telephone, because somebody else filled in the form.
    `agent` and the two numbers are told by a principal who lets somebody act. `statement` is a video in which the
    signer speaks; `declined`: they would not.
    """

    signer: str
    phone: str
    own_phone: bool
    basis: str
    opened_at: datetime | None = None
    file: str = ""
    sheets: int = 0
    sha256: str = ""
    papers: str = ""
    points: list[Point] = field(default_factory=list)
    code: str = ""
    code_sent_at: datetime | None = None
    codes: int = 0
    wrong: int = 0
    browser: str = ""
    proven_at: datetime | None = None
    signed_at: datetime | None = None
    signed_file: str = ""
    evidence: str = ""
    key: str = ""
    signature: str = ""
    agent: str = ""
    agent_id: str = ""
    own_id: str = ""
    statement: str = ""
    statement_sha256: str = ""
    statement_at: datetime | None = None
    declined: bool = False
    verdict: Sameness = ""
    judged_by: str = ""


@dataclass
class Signing:
    """One link: for one signer, one paper of one case. `conversation_id` is where the signer is."""

    id: int
    case: str
    conversation_id: str
    document: Signable
    state: SigningState
    made_at: datetime
    until: datetime
    steps: Steps

    @property
    def lacks_agent(self) -> bool:
        """Has the principal still to say whom they let act?"""
        return self.document == "proxy" and not self.steps.agent

    def next_point(self) -> int | None:
        """The place of the first point that was not confirmed."""
        return next((place for place, one in enumerate(self.steps.points) if one.at is None), None)


def basis(document: Signable, questions: Collection[str], values: Mapping[str, str]) -> str:
    """A digest of everything that a paper of a case rests on: what was answered, and how its papers are settled."""
    told = {id: value for id, value in values.items() if id in questions or id.startswith(("paper.", "way."))}
    return hashlib.sha256(json.dumps([document, told], ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def is_signature(strokes: Sequence[Stroke]) -> bool:
    """More than a dot or a dash: a way of some length, that goes both across and down."""
    points = [point for stroke in strokes for point in stroke]
    if not points or len(points) > MOST_POINTS or not all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y, _ in points):
        return False
    way = sum(dist(a[:2], b[:2]) for stroke in strokes for a, b in pairwise(stroke))
    sides = [max(one[axis] for one in points) - min(one[axis] for one in points) for axis in (0, 1)]
    return way >= _LEAST_WAY and min(sides) >= _LEAST_SIDE
