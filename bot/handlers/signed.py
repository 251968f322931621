"""Whoever wants to sign by hand gets a link; once it is signed, what waited for it goes on."""

from bot.bundles.model import Bundle
from bot.domain.case import Case
from bot.domain.messages import OutboundMessage
from bot.domain.signing import Signable
from bot.errors import CitizenError
from bot.handlers import handing_in, signing
from bot.handlers.casework import Work
from bot.turn import Turn


def ask(turn: Turn) -> None:
    """A link for the first paper that can be signed here."""
    if not signing.is_possible(turn):
        raise CitizenError("sign.unavailable")
    here = turn.conversation.id
    asked = [one.case for one in turn.tables.signings.of_conversation(here)]
    own = [case.reference for case in turn.tables.cases.of_conversation(here)]
    for reference in dict.fromkeys((*asked, *own)):
        case = turn.tables.cases.load(reference)
        work = Work(case, Bundle.model_validate(case.bundle)) if case else None
        document = _next(turn, work) if work else None
        if work and document:
            if work.case.conversation_id == here and handing_in.is_by_agent(work.bundle, work.case):
                raise CitizenError("sign.not_the_agent")
            signing.ask_for(turn, work.case, work.bundle, document)
            return
    raise CitizenError("sign.nothing")


def signed(turn: Turn) -> None:
    """It is signed: the receipt, and handing in what waited for it."""
    done = [one for one in turn.tables.signings.of_conversation(turn.conversation.id) if one.state == "signed"]
    case = turn.tables.cases.load(done[0].case, hold=True) if done else None
    if case is None:
        raise CitizenError("sign.not_yet")
    document, replies = done[0].document, turn.resources.replies
    text = replies("sign.done", document=replies(f"sign.name_{document}"), number=case.reference)
    link = turn.resources.paper_link(case.reference, f"signed_{document}")
    turn.said.append(OutboundMessage(text, links=(link,)))
    turn.conclude("saved", 1.0)
    work = Work(case, Bundle.model_validate(case.bundle))
    if case.state in ("filling", "confirming") and _is_complete(work):
        _go_on(turn, case, work)


def _go_on(turn: Turn, case: Case, work: Work) -> None:
    """The next paper to be signed; or else it is handed in, and an agent who waits is told."""
    paper = signing.missing(turn, case, work.bundle)
    if paper is not None:
        signing.ask_for(turn, case, work.bundle, paper)
        return
    for_another = case.conversation_id != turn.conversation.id
    turn.conversation.case = None
    handing_in.file(turn, case, work.bundle)
    if for_another:
        handing_in.tell_agent(turn, case, "agent.confirmed")


def _next(turn: Turn, work: Work) -> Signable | None:
    """What can be signed of a case: what must be, before it is handed in; afterwards whatever was not."""
    if work.case.state in ("filling", "confirming"):
        return signing.missing(turn, work.case, work.bundle) if _is_complete(work) else None
    if work.case.state != "submitted":
        return None
    done = {one.document for one in signing.signed(turn, work.case)}
    has = {one.kind for one in turn.tables.matters.promises(work.case.reference)}
    papers: tuple[Signable, ...] = ("commitment", "deferral", "forms")
    return next((one for one in papers if one not in done and (one in has or one == "forms")), None)


def _is_complete(work: Work) -> bool:
    return work.step is None and work.paper is None
