"""Papers to be signed by hand: which a case still wants, and the link with which its signer does it."""

from datetime import timedelta

from bot.bundles import papers
from bot.bundles.model import Bundle
from bot.domain.case import Case
from bot.domain.messages import Link, OutboundMessage
from bot.domain.signing import Signable, Signing, Steps, basis
from bot.dossier import applicant
from bot.errors import CitizenError
from bot.timers import LINKS_COUNT
from bot.turn import Turn

LINKS = 5  # for one case in a day: each may send texts


def is_possible(turn: Turn) -> bool:
    """Can a code be sent to who is to sign?"""
    return bool(turn.resources.settings.nudges.sms_url)


def signed(turn: Turn, case: Case) -> list[Signing]:
    """What was signed of a case."""
    return [one for one in turn.tables.signings.of_case(case.reference) if one.state == "signed"]


def missing(turn: Turn, case: Case, bundle: Bundle) -> Signable | None:
    """The first paper that must be signed, as it stands now, before the case is handed in."""
    wanted: tuple[Signable, ...] = turn.resources.settings.signing.handwritten
    done = {
        one.document
        for one in signed(turn, case)
        if one.steps.basis == basis(one.document, bundle.questions, case.values)
    }
    promised = bool(papers.promised(bundle, case.values))
    wanted = ("proxy", *wanted) if papers.by_hand(bundle, case.values) else wanted
    return next((one for one in wanted if one not in done and (promised or one != "commitment")), None)


def ask_for(turn: Turn, case: Case, bundle: Bundle, document: Signable) -> None:
    """A link for whoever is in this conversation: it is theirs to sign, and nobody else's."""
    made = turn.tables.signings.of_case(case.reference)
    if sum(one.made_at > turn.now - LINKS_COUNT for one in made) >= LINKS:
        raise CitizenError("sign.too_many")
    phones = (case.values.get(id, "") for id, question in bundle.questions.items() if question.kind == "phone")
    phone = next(filter(None, phones), "") if case.conversation_id == turn.conversation.id else ""
    asked = basis(document, bundle.questions, case.values)
    steps = Steps(applicant(case), phone, not phone, asked)
    minutes = turn.resources.settings.signing.link_minutes
    token = turn.tables.signings.ask(
        case.reference, turn.conversation.id, document, steps, turn.now, timedelta(minutes=minutes)
    )
    replies = turn.resources.replies
    text = replies("sign.ask", document=replies(f"sign.name_{document}"), minutes=str(minutes))
    link = Link(replies("link.sign"), f"{turn.resources.settings.hall.url}/sign/{token}")
    turn.said.append(OutboundMessage(text, links=(link,)))
    turn.conclude("step", 1.0)
