"""Hearing: everything slow about a message, before any transaction is open."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.messages import InboundEvent
from bot.domain.photo import Report
from bot.errors import CitizenError
from bot.materials.cleaning import Picture
from knowledge.answer import HARMFUL, Answer
from knowledge.asking import answers_to
from knowledge.library import Library
from knowledge.parts import asks
from nlu.clauses import clauses
from nlu.engine import Engine
from nlu.negation import negated
from nlu.reckoning import Reckoning, reckoning
from nlu.text import has_words
from nlu.understand import NOTHING, Understanding

# What is wanted here is never found in the base: talk, and what concerns this conversation alone.
NOT_LOOKED_UP = frozenset(
    [
        "greet",
        "thank",
        "goodbye",
        "ask_identity",
        "ask_ability",
        "acknowledge",
        "affirm",
        "deny",
        "express_anger",
        "rate_service",
        "ask_human",
        "continue_case",
        "my_cases",
    ]
)

# What is asked of the base, and what is wanted of this conversation: one message may hold both.
QUESTIONS = frozenset(
    {"ask_policy", "ask_materials", "ask_time", "ask_fee", "ask_place", "ask_expiry", "verify_notice"}
)
ACTIONS = frozenset(
    {"start_bundle", "ask_human", "inform", "affirm", "deny", "correct_answer", "skip_step", "choose_delivery"}
)
TELLING = frozenset({"inform", "affirm", "deny"})  # what is told beside a question is what the question is about
THINKABLE = 0.02  # how likely a message must be to want, as a whole, what a part of it seems to want
MOST_CLAUSES = 4
# Talk about ourselves that the base has articles on too: a question is answered from there, if it can be.
ABOUT_US = frozenset({"ask_privacy", "erase_me", "show_my_data", "complain"})
SUSPECTED, LITTLE, THREAT, NEVER = 0.5, 0.3, 0.9, 2.0  # see _harmful


@dataclass(frozen=True)
class Heard:
    """`reckoning` is a date to be worked out. `answers` has one for each thing asked.

    They are empty where there was nothing to look up, or nowhere to look. `entities` are by kind what is named and
    not denied. `beside`: the answers are to a question beside what is wanted. `picture` is of the photo or file that
    came with it, or what is wrong with that; `sha256` of its content; `report` what was read from it, if it was.
    """

    event: InboundEvent
    understanding: Understanding = NOTHING
    reckoning: Reckoning | None = None
    answers: tuple[Answer, ...] = ()
    entities: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    beside: bool = False
    picture: Picture | CitizenError | None = None
    sha256: str = ""
    report: Report | None = None

    @property
    def intent(self) -> str:
        """What is wanted, where we are sure of it; otherwise ""."""
        return self.understanding.intent if self.understanding.sure else ""

    @property
    def answerable(self) -> bool:
        """Is it a question about ourselves, rather than something to be done, and has the base its answer?"""
        asked = self.intent in ABOUT_US and asks(self.event.text)
        return asked and any(one.outcome == "answered" for one in self.answers)

    @property
    def refused(self) -> bool:
        """Does it ask for what is never done?"""
        return bool(self.answers) and self.answers[0].outcome == "refused"

    @property
    def clear(self) -> bool:
        """Did the message make sense by itself?"""
        known = any(one.outcome in ("answered", "refused", "out_of_remit") for one in self.answers)
        return bool(self.intent or self.reckoning or known) or not self.answers


def _affirmed(understanding: Understanding, text: str) -> dict[str, tuple[str, ...]]:
    """What a message names, by kind, without what it denies."""
    found: dict[str, tuple[str, ...]] = {}
    for one in understanding.entities:
        if not negated(text, one.start):
            found[one.entity] = (*found.get(one.entity, ()), one.value)
    return found


def _harmful(understanding: Understanding) -> float:
    """How likely the base must find it that a message asks for what is refused.

    Two readers judge it: the intents by what a message wants, the base by what it is about. Where the first suspects
    it too, little is enough; where it is sure of something else, only what is word for word refused.
    """
    if dict(understanding.ranking).get("manipulate", 0.0) >= SUSPECTED:
        return LITTLE
    if not understanding.sure:
        return HARMFUL
    return THREAT if understanding.intent in ("complain", "express_anger") else NEVER


@dataclass(frozen=True)
class Ear:
    """`longest` is the number of characters up to which a message is looked up; `commands` are not looked up."""

    understand: Engine
    library: Library
    commands: frozenset[str]
    region: str
    zone: ZoneInfo
    longest: int

    def hear(self, event: InboundEvent, now: datetime, topic: str = "") -> Heard:
        """`topic` is the question before, on which this one may lean."""
        text = event.text.strip()
        if text in self.commands or not has_words(text) or len(text) > self.longest:
            return Heard(event)
        understanding, asked = self._understood(text)
        entities = _affirmed(understanding, text)
        beside = bool(asked)
        if understanding.sure and understanding.intent in NOT_LOOKED_UP and not beside:
            return Heard(event, understanding, entities=entities)
        if sum_ := reckoning(text, now.astimezone(self.zone).date()):
            return Heard(event, understanding, sum_, entities=entities)
        question = asked if asked and understanding.intent not in TELLING else text
        answers = self.look_up(question, now, topic=topic, harmful=_harmful(understanding))
        return Heard(event, understanding, None, answers, entities, beside)

    def _understood(self, text: str) -> tuple[Understanding, str]:
        """What is wanted, and the part that asks, where it stands beside one that acts or tells; otherwise ""."""
        whole = self.understand(text)
        pieces = clauses(text)
        if not 1 < len(pieces) <= MOST_CLAUSES:
            return whole, ""
        parts = [(piece, found) for piece in pieces if (found := self.understand(piece)).sure]
        asked = [piece for piece, found in parts if found.intent in QUESTIONS and asks(piece)]
        likely = dict(whole.ranking)
        acts = [one for _, one in parts if one.intent in ACTIONS and likely.get(one.intent, 0.0) >= THINKABLE]
        if not asked or not acts or (whole.sure and whole.intent in QUESTIONS and len(asked) == len(parts)):
            return whole, ""
        return replace(acts[0], entities=whole.entities), " ".join(asked)

    def look_up(
        self,
        question: str,
        now: datetime,
        region: str | None = None,
        topic: str = "",
        harmful: float = HARMFUL,
    ) -> tuple[Answer, ...]:
        """The answers that hold on the day of `now`, in the hall's zone; empty without an index.

        `harmful`: how likely it must be that a harmful thing is asked for, to be refused.
        """
        answers = self.library.live()
        if answers is None:
            return ()
        day = now.astimezone(self.zone).date()
        region = self.region if region is None else region
        return answers_to(answers, question, on=day, region=region, earlier=topic, harmful=harmful)
