"""The case in progress: loading and saving it, and showing what it holds."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.bundles import engine, papers
from bot.bundles.engine import SKIPPED
from bot.bundles.model import Bundle, Item, Material, Question, Step
from bot.bundles.saying import Said
from bot.domain.case import By, Case, Given
from bot.domain.masking import masked_value
from bot.turn import Turn
from nlu.codes import case_check


@dataclass
class Work:
    """A case with its definition. What handlers change here is saved by `keep`."""

    case: Case
    bundle: Bundle

    @property
    def values(self) -> dict[str, str]:
        return self.case.values

    @property
    def step(self) -> Step | None:
        return engine.next_step(self.bundle, self.values)

    @property
    def paper(self) -> Material | Item | None:
        """What is to be handed in or promised next, once all questions are answered."""
        return papers.wanted(self.bundle, self.values) if self.step is None else None

    def give(self, turn: Turn, values: Mapping[str, str], by: By = "said") -> None:
        self.case.answers |= {id: Given(value, by, turn.now) for id, value in values.items()}

    def settle(self, turn: Turn, values: Mapping[str, str]) -> None:
        """Keep exactly these answers; those that stay as they were keep where they come from."""
        before = self.case.answers
        same = {id: before[id] for id, value in values.items() if id in before and before[id].value == value}
        self.case.answers = same
        self.give(turn, {id: value for id, value in values.items() if id not in same})


def said(turn: Turn) -> Said:
    """The message as an answer."""
    yes = {"affirm": True, "deny": False}.get(turn.heard.intent)
    return Said(turn.event.text.strip(), turn.heard.entities, yes)


def current(turn: Turn) -> Work | None:
    """The case that is being filled in, in this conversation and no other."""
    if turn.conversation.case is None:
        return None
    case = turn.tables.cases.load(turn.conversation.case)
    if case is None or case.state != "filling" or case.conversation_id != turn.conversation.id:
        turn.conversation.case = None
        return None
    return Work(case, Bundle.model_validate(case.bundle))


def is_own(turn: Turn, case: Case) -> bool:
    """Is it of whoever talks here, in this channel or in another?"""
    return case.conversation_id in turn.tables.people.of(turn.conversation.id)


def bring_here(turn: Turn, case: Case) -> Work:
    """What was begun in another conversation is gone on with in this one, and only here."""
    if case.conversation_id != turn.conversation.id:
        turn.tables.conversations.let_go(case.conversation_id, case.reference)
    case.conversation_id, turn.conversation.case = turn.conversation.id, case.reference
    turn.tables.cases.save(case, turn.now)
    return Work(case, Bundle.model_validate(case.bundle))


def begin(turn: Turn, bundle: Bundle) -> Work:
    """A new case, with a number of its own."""
    day = turn.now.astimezone(turn.resources.hours.zone)
    series = f"{day:%Y%m%d}-{bundle.code}"
    number = f"{series}-{turn.tables.cases.count_up(series):05}"
    reference = f"{number}-{case_check(number)}"
    case = turn.tables.cases.open(reference, turn.conversation.id, bundle.model_dump(mode="json"), turn.now)
    turn.conversation.case = reference
    return Work(case, bundle)


def keep(turn: Turn, work: Work) -> None:
    turn.tables.cases.save(work.case, turn.now)


def remembered(turn: Turn, question: Question) -> str:
    """What the citizen let us keep of it; "" where nothing is, or where it may not be used again."""
    if question.reuse == "never":
        return ""
    return turn.tables.memories.of(turn.conversation.id).get(question.id, "")


def photos(turn: Turn, work: Work, part: Material) -> int:
    """How many were sent of this paper."""
    return sum(kept.material == part.id for kept in turn.tables.kept.of_case(work.case.reference))


def early(turn: Turn, work: Work, part: Material) -> list[str]:
    """Photos that came before anything asked for them, and may be of this paper: the draft's, and those of no case."""
    of_case = turn.tables.kept.of_case(work.case.reference)
    loose = [kept for kept in turn.tables.kept.of_conversation(turn.conversation.id) if not kept.case]
    waiting = sorted((kept for kept in (*of_case, *loose) if not kept.material), key=lambda kept: kept.kept_at)
    return [kept.file for kept in waiting if kept.kind not in ("", "mp4") and _may_be(turn, kept.file, part)]


def _may_be(turn: Turn, file: str, part: Material) -> bool:
    """Was it not looked at yet, or is it what is wanted?"""
    seen = turn.tables.photos.find(file)
    report = seen.report if seen else None
    return report is None or (report.kind in part.photo and report.verdict not in ("retake", "reject"))


def listed(work: Work) -> dict[str, Question]:
    """The questions that have an answer, as they are numbered on the page of all answers."""
    return {id: question for id, question in work.bundle.questions.items() if id in work.values}


def shown(turn: Turn, question: Question, value: str) -> str:
    """An answer as it stands on the screen: masked where it is a person's, with its unit."""
    if value == SKIPPED:
        return turn.resources.replies("form.skipped")
    return (masked_value(question.kind, value) if question.sensitive else value) + question.unit


def facts(turn: Turn, work: Work, values: Mapping[str, str]) -> str:
    """Answers in one line, as they are echoed."""
    replies = turn.resources.replies
    questions = work.bundle.questions
    told = [
        replies("form.fact", name=questions[id].name, value=shown(turn, questions[id], value))
        for id, value in values.items()
    ]
    return replies("form.between").join(told)
