"""Staff fill in for a citizen; nothing of it counts until the citizen has said that it is right."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.bundles import engine
from bot.bundles.model import Bundle, Question
from bot.bundles.saying import Said, accept
from bot.domain.case import Case, Given
from bot.domain.masking import masked_value
from bot.domain.messages import OutboundMessage
from bot.errors import CitizenError, OperatorError
from bot.replies import Replies
from bot.store.db import Store, Tables

OFFERED = "offer."  # and a question: what staff would answer


@dataclass(frozen=True)
class Row:
    """A question as staff see it: what was answered is masked where it is a person's."""

    id: str
    name: str
    ask: str
    options: tuple[str, ...]
    value: str
    open: bool


@dataclass(frozen=True)
class Sheet:
    reference: str
    bundle: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Help:
    """What the desk may do with a draft. Every look at it is audited."""

    store: Store
    replies: Replies

    def sheet(self, reference: str, who: str, now: datetime) -> Sheet:
        """The questions that apply. OperatorError where there is no such draft."""

        def look(tables: Tables) -> Sheet:
            case = _draft(tables, reference)
            tables.audits.put(who, "view", reference, now)
            bundle = Bundle.model_validate(case.bundle)
            steps = engine.applying(bundle, case.values)
            rows = [_row(question, case.values) for step in steps for question in step.questions]
            return Sheet(reference, bundle.name, tuple(rows))

        return self.store.write(look)

    def propose(self, reference: str, values: Mapping[str, str], who: str, now: datetime) -> dict[str, str]:
        """Offer these answers to the citizen, if all of them are sound; otherwise what is wrong, by question."""

        def offer(tables: Tables) -> dict[str, str]:
            case = _draft(tables, reference)
            questions = Bundle.model_validate(case.bundle).questions
            found, faults = self._sound(questions, values)
            if faults or not found:
                return faults
            case.answers |= {OFFERED + id: Given(value, "staff", now) for id, value in found.items()}
            tables.cases.save(case, now)
            tables.audits.put(who, "propose", reference, now, {"fields": len(found)})
            key = f"offer:{reference}:{now.timestamp()}"
            tables.outbox.put(case.conversation_id, [self._asked(questions, found)], now, key)
            return {}

        return self.store.write(offer)

    def _sound(
        self, questions: Mapping[str, Question], values: Mapping[str, str]
    ) -> tuple[dict[str, str], dict[str, str]]:
        """The answers that can be kept, and what is wrong with the others."""
        found: dict[str, str] = {}
        faults: dict[str, str] = {}
        for id, typed in values.items():
            if not typed.strip() or id not in questions:
                continue
            try:
                found[id] = accept(questions[id], Said(typed))
            except CitizenError as error:
                faults[id] = self.replies(error.reply, **error.fields)
        return found, faults

    def _asked(self, questions: Mapping[str, Question], found: Mapping[str, str]) -> OutboundMessage:
        lines = [
            self.replies("form.line", number=str(n), name=questions[id].name, value=value + questions[id].unit)
            for n, (id, value) in enumerate(found.items(), 1)
        ]
        choices = (self.replies.word("filled_right"), self.replies.word("filled_wrong"))
        return OutboundMessage(self.replies("helped.offer", lines="\n".join(lines)), choices=choices)


def offered(case: Case) -> dict[str, str]:
    """What staff have filled in and the citizen has not judged yet, by question."""
    return {id.removeprefix(OFFERED): value for id, value in case.values.items() if id.startswith(OFFERED)}


def _draft(tables: Tables, reference: str) -> Case:
    case = tables.cases.load(reference)
    if case is None or case.state != "filling":
        raise OperatorError(f"no draft {reference}")
    return case


def _row(question: Question, values: Mapping[str, str]) -> Row:
    given = values.get(question.id, "")
    shown = masked_value(question.kind, given) if question.sensitive else given
    options = tuple(option.value for option in question.options)
    return Row(question.id, question.name, question.ask, options, shown, question.id not in values)
