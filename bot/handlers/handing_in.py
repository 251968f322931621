"""Handing an application in: by oneself, or by an agent once the person applied for has confirmed it."""

from bot.bundles import papers
from bot.bundles.model import Bundle
from bot.domain.case import Case
from bot.domain.messages import OutboundMessage
from bot.errors import CitizenError
from bot.filing import hand_in
from bot.handlers import asking, casework, readout, signing
from bot.handlers.casework import Work
from bot.ledger.cases import handed_in
from bot.store.cases import GUESS
from bot.store.invitations import CODE, CODES_HOLD
from bot.turn import Turn

SURE = "sure"  # the answer that says: hand it in once its papers are there, without being asked again
CODES_A_DAY = 3  # for the one applied for, of one case, beside the first


def submit(turn: Turn) -> None:
    """Submit the draft that is complete; said again, it names the number that was given."""
    work = casework.current(turn)
    if work is None:
        _again(turn)
    elif work.step is not None or work.paper is not None:
        turn.say("form.not_finished")
        asking.ask_next(turn, work)
        turn.conclude("step", 1.0)
    elif not _within_bounds(turn, work):
        asking.ask_next(turn, work)
        turn.conclude("step", 1.0)
    elif is_by_agent(work.bundle, work.case):
        _ask_principal(turn, work)
    elif (paper := signing.missing(turn, work.case, work.bundle)) is not None:
        casework.keep(turn, work)
        signing.ask_for(turn, work.case, work.bundle, paper)
    else:
        turn.conversation.case = None
        file(turn, work.case, work.bundle)
        _offer_memory(turn, work)


def is_by_agent(bundle: Bundle, case: Case) -> bool:
    """Does somebody apply for another?"""
    values = case.values
    agents = {
        question.id: option.value for question in bundle.questions.values() if (option := question.option("agent"))
    }
    return any(values.get(id) == value for id, value in agents.items())


def is_sure(work: Work) -> bool:
    """Is all there, and was it confirmed beforehand, and nothing answered otherwise since?"""
    sure, questions = work.case.answers.get(SURE), work.bundle.questions
    if sure is None or work.step or work.paper or readout.pending(work.case):
        return False
    return all(given.at <= sure.at for id, given in work.case.answers.items() if id in questions)


def is_code(turn: Turn) -> bool:
    return CODE.search(turn.event.text.upper()) is not None


def on_code(turn: Turn) -> None:
    """A code that we gave: somebody goes on with a case here, or looks at what an agent has filled in for them."""
    found = CODE.search(turn.event.text.upper())
    code, since = found[0] if found else "", turn.now - CODES_HOLD
    reference = turn.tables.invitations.open(code, "resume", since)
    if reference is not None:
        _resume(turn, code, reference)
        return
    reference = turn.tables.invitations.open(code, "confirm", since)
    case = turn.tables.cases.load(reference, hold=True) if reference else None
    if case is None or case.state != "confirming":
        raise CitizenError("agent.no_such_code")
    if case.conversation_id == turn.conversation.id:
        raise CitizenError("agent.not_yourself")
    turn.conversation.case = case.reference
    work = Work(case, Bundle.model_validate(case.bundle))
    turn.say("agent.for_you", name=work.bundle.name)
    turn.said.append(OutboundMessage(asking.all_lines(turn, work), choices=asking.words(turn, "mine", "not_mine")))
    turn.conclude("clarify", 1.0)


def confirm(turn: Turn) -> None:
    """The person applied for says so: only now is it handed in."""
    case = _to_confirm(turn, "mine")
    bundle = Bundle.model_validate(case.bundle)
    if (paper := signing.missing(turn, case, bundle)) is not None:
        signing.ask_for(turn, case, bundle, paper)
        return
    turn.conversation.case = None
    file(turn, case, bundle)
    tell_agent(turn, case, "agent.confirmed")


def refuse(turn: Turn) -> None:
    case = _to_confirm(turn, "not_mine")
    turn.conversation.case = None
    case.state = "dropped"
    turn.tables.cases.save(case, turn.now)
    turn.say("agent.refused_here")
    tell_agent(turn, case, "agent.refused")
    turn.conclude("saved", 1.0)


def new_code(turn: Turn) -> None:
    """Another code for the one applied for, where the first was lost or has expired; the earlier ones open nothing."""
    waiting = [one for one in turn.tables.cases.of_conversation(turn.conversation.id) if one.state == "confirming"]
    if not waiting:
        raise CitizenError("agent.nothing_to_confirm")
    case = max(waiting, key=lambda one: one.updated_at)
    day = turn.now.astimezone(turn.resources.hours.zone).date()
    if turn.tables.cases.count_up(f"{GUESS}{day} code {case.reference}") > CODES_A_DAY:
        turn.say("agent.no_more_codes", number=case.reference)  # said and not raised, which would undo the count
        turn.conclude("refused", 1.0)
        return
    turn.tables.invitations.revoke(case.reference, "confirm")
    code = turn.tables.invitations.make(case.reference, "confirm", turn.now)
    name = str(case.bundle.get("name", ""))
    turn.say("agent.new_code", name=name, number=case.reference, code=code, days=str(CODES_HOLD.days))
    turn.conclude("saved", 1.0)


def carry(turn: Turn) -> None:
    """A code with which this case is gone on with elsewhere."""
    work = casework.current(turn)
    if work is None:
        raise CitizenError("form.none")
    code = turn.tables.invitations.make(work.case.reference, "resume", turn.now)
    turn.say("form.carry", name=work.bundle.name, code=code, days=str(CODES_HOLD.days))
    turn.conclude("saved", 1.0)


def _within_bounds(turn: Turn, work: Work) -> bool:
    """Is all that is promised allowed by what is answered now? What is not is open again, and why is said."""
    credit, values = turn.resources.credit, work.values
    most = credit.deferrals(values)
    late = papers.deferred(work.bundle, values)[most:]
    promised = [] if credit.may_promise(values) else papers.promised(work.bundle, values)
    if late:
        turn.say("paper.no_more_later" if most else "paper.none_later", most=str(most))
    if promised:
        turn.say("promise.not_allowed")
    gone = {papers.key(part) for part in (*late, *promised)}
    work.settle(turn, {id: value for id, value in values.items() if id not in gone})
    return not gone


def file(turn: Turn, case: Case, bundle: Bundle) -> None:
    """Hand a complete case in, and give its number and papers."""
    matters = hand_in(turn.tables, case, bundle, turn.resources.hours, turn.now)
    handed_in(turn.tables, turn.resources.kinds, case)
    replies = turn.resources.replies
    first = replies("words.between").join(one.name for one in matters if one.state == "received")
    text = replies("form.submitted", name=bundle.name, number=case.reference, count=str(len(matters)), first=first)
    promises = turn.tables.matters.promises(case.reference)
    signed = {str(one.document) for one in signing.signed(turn, case)}
    kinds = ["receipt", "forms", *sorted({promise.kind for promise in promises} - signed)]
    made_out = [*kinds, *(f"signed_{document}" for document in sorted(signed))]
    links = tuple(turn.resources.paper_link(case.reference, kind) for kind in made_out)
    turn.said.append(OutboundMessage(text, links=links))
    for promise in promises:
        if promise.due_on:
            turn.say("promise.due", name=promise.name, due=replies.day(promise.due_on))
    if promises and not signed and signing.is_possible(turn) and not is_by_agent(bundle, case):
        turn.say("sign.offer")
    turn.conclude("submitted", 1.0)


def _again(turn: Turn) -> None:
    mine = turn.tables.cases.of_conversation(turn.conversation.id)
    handed = [case for case in mine if case.state in ("submitted", "confirming")]
    if not handed:
        raise CitizenError("form.none")
    done = max(handed, key=lambda case: case.submitted_at or case.updated_at)
    said = "form.already" if done.state == "submitted" else "agent.waiting"
    turn.say(said, name=str(done.bundle.get("name", "")), number=done.reference)
    turn.conclude("submitted", 1.0)


def _ask_principal(turn: Turn, work: Work) -> None:
    work.case.state = "confirming"
    casework.keep(turn, work)
    turn.conversation.case = None
    code = turn.tables.invitations.make(work.case.reference, "confirm", turn.now)
    turn.say("agent.ask", name=work.bundle.name, code=code, days=str(CODES_HOLD.days))
    turn.conclude("saved", 1.0)


def _resume(turn: Turn, code: str, reference: str) -> None:
    case = turn.tables.cases.load(reference, hold=True)
    if case is None or case.state != "filling" or not turn.tables.invitations.use(code, turn.now):
        raise CitizenError("agent.no_such_code")
    work = casework.bring_here(turn, case)
    turn.say("form.resumed", name=work.bundle.name)
    asking.ask_next(turn, work)
    turn.conclude("step", 1.0)


def _to_confirm(turn: Turn, word: str) -> Case:
    case = turn.tables.cases.load(turn.conversation.case, hold=True) if turn.conversation.case else None
    if case is None or case.state != "confirming" or turn.resources.replies.word(word) not in turn.offered:
        raise CitizenError("form.old_choice")
    return case


def tell_agent(turn: Turn, case: Case, sentence: str) -> None:
    text = turn.resources.replies(sentence, name=str(case.bundle.get("name", "")), number=case.reference)
    turn.tables.outbox.put(case.conversation_id, [OutboundMessage(text)], turn.now, f"{sentence}:{case.reference}")


def _offer_memory(turn: Turn, work: Work) -> None:
    reusable = [question.name for question in casework.listed(work).values() if question.reuse == "confirm"]
    if reusable:
        replies = turn.resources.replies
        text = replies("memory.offer", names=replies("words.between").join(reusable))
        turn.said.append(OutboundMessage(text, choices=asking.words(turn, "remember", "dont_remember")))
