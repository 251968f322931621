"""Where an application stands: one's own, or any by its number and the last digits of the telephone that it names."""

import re

from bot.bundles.model import Bundle
from bot.domain.case import Case
from bot.domain.messages import OutboundMessage
from bot.domain.progress import ENDED, Matter, stage
from bot.dossier import is_done
from bot.errors import CitizenError
from bot.filing import withdraw as take_back
from bot.handlers import asking, bundle, casework, mine
from bot.store.cases import GUESS
from bot.turn import Turn

GUESSES = 5  # a day, by one conversation, of the last digits of a telephone
GUESSES_OF_ALL = 20  # a day, of those of one case


def ask(turn: Turn) -> None:
    """By number, or of the only case; of several, all of them. A number may stand behind words that are a command."""
    command = turn.resources.replies.command(_rest(turn))
    if command in ("withdraw", "withdraw_sure"):
        withdraw(turn) if command == "withdraw" else withdraw_sure(turn)
        return
    number = next(iter(turn.heard.entities.get("case_number", ())), "")
    if number:
        _of_number(turn, number)
        return
    submitted = [case for case in turn.tables.cases.of_conversation(turn.conversation.id) if _is_handed_in(case)]
    if len(submitted) == 1:
        show(turn, submitted[0])
    else:
        mine.cases(turn)


def has_none(turn: Turn) -> bool:
    """Has this citizen handed nothing in?"""
    return not any(_is_handed_in(case) for case in turn.tables.cases.of_conversation(turn.conversation.id))


def is_number(turn: Turn) -> bool:
    """Is it the number of a case, with or without digits behind it, and little else?"""
    return "case_number" in turn.heard.entities and len(re.sub(r"[\s\d]", "", _rest(turn))) <= 6


def show(turn: Turn, case: Case) -> None:
    """In words, with the receipt and a picture of how far it is; all files of it are for whose it is alone."""
    matters, replies = turn.tables.matters.of(case.reference), turn.resources.replies
    lines = "\n".join(_line(turn, one) for one in matters)
    told = {"name": str(case.bundle.get("name", "")), "number": case.reference, "lines": lines}
    text = replies("status.case", **told, stage=replies(f"progress.{stage(matters)}"))
    shown = ["progress", "receipt", *(["defects"] if stage(matters) == "defective" else [])]
    certificate = turn.tables.certificates.load(case.reference)
    if certificate and certificate.holds:
        shown.append("certificate")
    if casework.is_own(turn, case):
        shown += [*(["collection"] if is_done(matters) else []), "forms", "zip"]
    links = tuple(turn.resources.paper_link(case.reference, kind) for kind in shown)
    turn.said.append(OutboundMessage(text, links=links))
    turn.conclude("status", 1.0)


def withdraw(turn: Turn) -> None:
    case = _to_withdraw(turn)
    text = turn.resources.replies("status.withdraw_sure", name=str(case.bundle.get("name", "")), number=case.reference)
    sure, keep = asking.words(turn, "withdraw_sure", "keep_case")
    if len(_going(turn)) > 1:
        sure = f"{sure} {case.reference}"
    turn.said.append(OutboundMessage(text, choices=(sure, keep)))
    turn.conclude("clarify", 1.0)


def withdraw_sure(turn: Turn) -> None:
    if turn.event.text.strip() not in turn.offered:
        raise CitizenError("form.old_choice")
    case = _to_withdraw(turn)
    take_back(turn.tables, case, turn.now)
    turn.say("status.withdrawn", name=str(case.bundle.get("name", "")), number=case.reference)
    turn.conclude("saved", 1.0)


def keep_case(turn: Turn) -> None:
    turn.say("status.kept")
    turn.conclude("saved", 1.0)


def _of_number(turn: Turn, number: str) -> None:
    case = turn.tables.cases.load(number)
    if case is not None and casework.is_own(turn, case) and _is_handed_in(case):
        show(turn, case)
        return
    digits = re.findall(r"(?<!\d)\d{4}(?!\d)", turn.event.text.replace(number, " "))
    if len(digits) != 1:
        turn.say("status.phone", number=number)
        turn.conclude("needs_identity", 1.0)
        return
    today = f"{GUESS}{turn.now.astimezone(turn.resources.hours.zone).date()}"
    count_up = turn.tables.cases.count_up
    if count_up(f"{today} {turn.conversation.id}") > GUESSES or count_up(f"{today} {number}") > GUESSES_OF_ALL:
        _refuse(turn, "status.too_often")
    elif case is None or not _is_handed_in(case) or digits[0] not in _last_digits(case):
        _refuse(turn, "status.no_match")
    else:
        show(turn, case)


def _refuse(turn: Turn, sentence: str) -> None:
    """Said and not raised, which would undo the count."""
    if not bundle.ask_again(turn, CitizenError(sentence)):
        turn.say(sentence)
        turn.conclude("clarify")
    turn.missed = True


def _rest(turn: Turn) -> str:
    """What a message says beside the numbers of cases."""
    rest = turn.event.text
    for number in turn.heard.entities.get("case_number", ()):
        rest = rest.replace(number, "")
    return rest.strip()


def _last_digits(case: Case) -> list[str]:
    questions = Bundle.model_validate(case.bundle).questions
    return [
        case.values[id][-4:] for id, question in questions.items() if question.kind == "phone" and id in case.values
    ]


def _line(turn: Turn, one: Matter) -> str:
    replies = turn.resources.replies
    due = one.due_on(turn.resources.hours.after)
    until = replies("status.until", day=replies.day(due)) if due else ""
    defects = (
        "".join(replies("status.defect", defect=defect) for defect in one.defects) if one.state == "defective" else ""
    )
    return replies("status.line", name=one.name, state=replies(f"progress.{one.state}"), until=until) + defects


def _is_handed_in(case: Case) -> bool:
    return case.state in ("submitted", "withdrawn")


def _to_withdraw(turn: Turn) -> Case:
    """The case that is named, or the only one that still goes on."""
    named, going = turn.heard.entities.get("case_number", ()), _going(turn)
    chosen = [case for case in going if case.reference in named] or (going if not named else [])
    if not chosen:
        raise CitizenError("status.nothing_to_withdraw")
    if len(chosen) > 1:
        raise CitizenError("status.withdraw_which", number=chosen[0].reference)
    return chosen[0]


def _going(turn: Turn) -> list[Case]:
    """What was handed in and is not decided yet."""
    mine = [case for case in turn.tables.cases.of_conversation(turn.conversation.id) if case.state == "submitted"]
    return [case for case in mine if any(one.state not in ENDED for one in turn.tables.matters.of(case.reference))]
