"""What was said, put to the base: alone, in the parts of it that ask, or with the subject of the question before."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from knowledge.answer import CERTAIN, HARMFUL, Answer, Answers
from knowledge.line import EXACT
from knowledge.parts import asks, joined, leans, parts
from knowledge.remit import OUTCOMES
from knowledge.search import Found, Hit
from knowledge.subjects import subjects, subjects_of
from knowledge.wording import bare

BETTER = 0.1  # by how much a question must be surer with the subject before, where it could be answered alone
FOLLOWS = 20  # letters up to which a question that cannot be answered alone is read with the subject before
# Weights of log odds, by a logistic regression over the pairs of tests/data/follow_ups.yml and of the examination's
# development half: that something else is asked for than what was just said.
WITH_SUBJECT, ALONE, USUALLY_OTHER, STRANGE = 0.57, 0.42, 2.0, -1.8
UNSURE = 0.3  # log odds up to which both are offered
HARDLY = 0.02  # how likely, of what is not even among the first


def answers_to(
    base: Answers, question: str, *, on: date, region: str = "", earlier: str = "", harmful: float = HARMFUL
) -> tuple[Answer, ...]:
    """What holds on the day and in the place: one answer, or one for each part of a question that asks several.

    `earlier` is the question before, as it was understood: what leans on it is read with its subject.
    `harmful`: how likely it must be that what is refused is asked for; lower where somebody else suspects it too,
    above one where somebody knows that it is not.
    """
    return _Asking(base, on, region, harmful).answers(question, earlier)


@dataclass(frozen=True)
class _Asking:
    base: Answers
    on: date
    region: str
    harmful: float

    def answers(self, question: str, earlier: str) -> tuple[Answer, ...]:
        whole = self._answer(question)
        if whole.confidence == EXACT or (whole.outcome == "refused" and not _may_lean(question, earlier, whole)):
            return (whole,)
        if earlier and (followed := self._followed(question, earlier, whole)):
            return (followed,)
        asked = parts(question)
        if len(asked) == 1:
            return (whole,)
        several = [self._answer(part) for part in asked]
        different = tuple({one.passage_id or one.asked: one for one in reversed(several)}.values())[::-1]
        return different if any(one.outcome == "answered" for one in different) else (whole,)

    def _answer(self, question: str) -> Answer:
        return self.base.answer(question, on=self.on, region=self.region, harmful=self.harmful)

    def _found(self, question: str) -> Found:
        return self.base.search.look(question, on=self.on, region=self.region)

    def _followed(self, question: str, earlier: str, alone: Answer) -> Answer | None:
        """The answer to a question with the subject of the one before; None where it is better read alone."""
        points_back = leans(question)
        could = asks(question) and alone.outcome != "out_of_remit" and len(bare(question)) <= FOLLOWS
        if not (points_back or could):
            return None
        together = joined(question, earlier)
        followed = self._answer(together)
        if alone.outcome == "refused":
            return followed if followed.outcome in ("answered", "clarify") else None
        if points_back or not subjects(question):
            weighed = self._weighed(question, together, earlier, followed)
            if weighed is not None and (weighed is not followed or alone.outcome == "answered"):
                return weighed
        if followed.outcome != "answered":
            return followed if points_back and alone.outcome != "answered" else None
        lead = 0.0 if points_back or alone.outcome != "answered" else BETTER
        return followed if followed.confidence >= alone.confidence + lead else None

    def _weighed(self, question: str, together: str, earlier: str, followed: Answer) -> Answer | None:
        """What was just said or something else, by how likely each is asked for, alone and with the subject before.

        Both are offered where that does not tell; None where neither is likely enough.
        """
        before, alone, both = self._ours(earlier), self._ours(question), self._ours(together)
        said = max(before, key=lambda id: self._odds(before[id]), default="")
        others = {*alone, *both} - {said}
        if not others or not self.base.line.answers(before[said]):
            return None
        named = subjects(earlier) | subjects(question)

        def odds_of(id: str) -> float:
            with_subject = self._odds(both.get(id)) - self._odds(both.get(said))
            by_itself = self._odds(alone.get(id)) - self._odds(alone.get(said))
            about = subjects_of(*_named(alone.get(id) or both[id]))
            strange = STRANGE if about and not about & named else 0.0
            return WITH_SUBJECT * with_subject + ALONE * by_itself + USUALLY_OTHER + strange

        other = max(others, key=lambda id: self._odds(alone.get(id)) + self._odds(both.get(id)))
        odds = odds_of(other)
        hit = self._best(other, alone, both) if odds > -UNSURE else None
        if hit is None:
            return followed if followed.passage_id == said else None
        again = self._best(said, alone, both) if odds < UNSURE else None
        if again is not None:
            near = (hit.passage.title, again.passage.title)
            return Answer("clarify", self.base.line.confidence(hit), asked=together, near=near)
        return replace(self.base.told(question, hit), asked=together)

    def _ours(self, question: str) -> dict[str, Hit]:
        found = self._found(question).articles
        return {hit.passage.id: hit for hit in found if hit.evidence and hit.passage.kind not in OUTCOMES}

    def _odds(self, hit: Hit | None) -> float:
        """Log odds that a question asks for a hit, within bounds."""
        likely = min(max(self.base.line.confidence(hit) if hit else 0.0, HARDLY), 1 - HARDLY)
        return math.log(likely / (1 - likely))

    def _best(self, id: str, *found: Mapping[str, Hit]) -> Hit | None:
        """A hit in the reading in which it is the likelier, where that is enough to answer with it."""
        hits = [one[id] for one in found if id in one and self.base.line.answers(one[id])]
        return max(hits, key=self.base.line.confidence, default=None)


def _may_lean(question: str, earlier: str, refused: Answer) -> bool:
    """Whether what seems to ask for harm may be the rest of a harmless question."""
    return bool(earlier) and refused.confidence < CERTAIN and leans(question)


def _named(hit: Hit) -> tuple[str, Sequence[str]]:
    return hit.passage.title, hit.passage.questions
