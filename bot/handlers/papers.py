"""Papers: photos that come, papers that follow or are brought, and promises in the place of papers."""

from collections.abc import Iterable

from bot.bundles import papers
from bot.bundles.model import Bundle, Item, Material, Question
from bot.bundles.papers import BROUGHT, DEFERRED, ORDINARY, PROMISED, SENT
from bot.domain.case import Case, Kept
from bot.domain.messages import OutboundMessage
from bot.errors import CitizenError
from bot.filing import outstanding, supplement
from bot.handlers import asking, casework
from bot.handlers.casework import Work
from bot.turn import Turn


def take(turn: Turn) -> None:
    """A photo or a file: for the paper that is asked for, for one that was to follow, or kept until we know."""
    kept = keep(turn)
    work = casework.current(turn)
    if work is not None:
        _for_draft(turn, work, kept)
        return
    wanted = list(_outstanding(turn))
    if len(wanted) == 1:
        _follow(turn, *wanted[0], [kept.file])
    elif wanted:
        names = tuple(material.name for _, material in wanted)
        turn.said.append(OutboundMessage(turn.resources.replies("paper.for_which"), choices=names))
        turn.conclude("clarify")
    else:
        turn.say("paper.loose", days=str(turn.resources.settings.keeping.loose))
        turn.conclude("saved")


def keep(turn: Turn) -> Kept:
    """A row for what was sent, if it has none yet. CitizenError where it cannot be taken, or is of a case already."""
    picture = turn.heard.picture
    if picture is None or isinstance(picture, CitizenError):
        raise picture or CitizenError("photo.unreadable")
    known = turn.tables.kept.find(turn.event.media)
    if known is not None and known.case:
        raise CitizenError("photo.used")
    kept = Kept(turn.event.media, turn.conversation.id, picture.kind, picture.size, turn.heard.sha256, turn.now)
    turn.tables.kept.put(kept)
    return kept


def _for_draft(turn: Turn, work: Work, kept: Kept) -> None:
    part = work.paper
    material = part.id if isinstance(part, Material) else ""
    turn.tables.kept.give([kept.file], work.case.reference, material)
    if isinstance(part, Material) and papers.consent(part) in ("", *work.values):
        if casework.photos(turn, work, part) >= part.pages:
            _receive(turn, work, part)
    else:
        turn.say("paper.early" if work.step else "paper.beside")
    asking.ask_next(turn, work)
    turn.conclude("step", 1.0)


def _receive(turn: Turn, work: Work, part: Material) -> None:
    work.give(turn, {papers.key(part): SENT})
    turn.say("paper.received", name=part.name)


def later(turn: Turn) -> None:
    """The paper follows: as many as may, within its days."""
    work, part = _asked(turn)
    if not isinstance(part, Material) or not part.defer_days:
        raise CitizenError("paper.not_later", name=part.name)
    most = turn.resources.credit.deferrals(work.values)
    if len(papers.deferred(work.bundle, work.values)) >= most:
        raise CitizenError("paper.no_more_later" if most else "paper.none_later", most=str(most))
    day = turn.now.astimezone(turn.resources.hours.zone).date()
    due = turn.resources.replies.day(turn.resources.hours.after(day, part.defer_days))
    _settle(turn, work, part, DEFERRED)
    turn.say("paper.later", name=part.name, days=str(part.defer_days), due=due, lapsed=lapsed(turn))
    _go_on(turn, work)


def bring(turn: Turn) -> None:
    work, part = _asked(turn)
    if not isinstance(part, Material):
        raise CitizenError("form.old_choice")
    sent = [kept.file for kept in turn.tables.kept.of_case(work.case.reference) if kept.material == part.id]
    turn.tables.kept.discard(sent)
    _settle(turn, work, part, BROUGHT)
    turn.say("paper.brought", name=part.name)
    _go_on(turn, work)


def agree(turn: Turn) -> None:
    """A promise: only to what was shown, only where the law and one's standing allow it."""
    work, part = _asked(turn)
    if part.commitment is None or turn.resources.replies.word("agree") not in turn.offered:
        raise CitizenError("form.old_choice")
    if not turn.resources.credit.may_promise(work.values):
        raise CitizenError("promise.not_allowed")
    _settle(turn, work, part, PROMISED)
    turn.say("promise.agreed", name=part.name)
    _go_on(turn, work)


def ordinary(turn: Turn) -> None:
    work, part = _asked(turn)
    if not isinstance(part, Item):
        raise CitizenError("form.old_choice")
    _settle(turn, work, part, ORDINARY)
    turn.say("promise.ordinary", name=part.name)
    _go_on(turn, work)


def instead(turn: Turn) -> None:
    """The paper itself rather than a promise."""
    _, part = _asked(turn)
    text = turn.resources.replies("promise.instead", name=part.name)
    turn.said.append(OutboundMessage(text, choices=asking.words(turn, "bring")))
    turn.conclude("step", 1.0)


def consent(turn: Turn) -> None:
    """The citizen agrees that a class of sensitive things is kept for this case."""
    work = casework.current(turn)
    part = work and (work.paper or (work.step and work.step.question))
    wanted = papers.consent(part) if isinstance(part, Material | Question) else ""
    if work is None or not wanted or turn.resources.replies.word("consent") not in turn.offered:
        raise CitizenError("form.old_choice")
    work.give(turn, {wanted: turn.now.isoformat()})
    if isinstance(part, Material) and casework.photos(turn, work, part) >= part.pages:
        _receive(turn, work, part)
    _go_on(turn, work)


def done(turn: Turn) -> None:
    """All pages of the paper that is asked for have been sent."""
    work, part = _asked(turn)
    if not isinstance(part, Material) or not casework.photos(turn, work, part):
        raise CitizenError("form.old_choice")
    _receive(turn, work, part)
    _go_on(turn, work)


def supplements(turn: Turn) -> None:
    """What still has to come, and by when."""
    wanted = list(_outstanding(turn))
    if not wanted:
        turn.say("paper.nothing_outstanding")
    else:
        replies = turn.resources.replies
        due = {
            (one.case, one.subject): one.due_on
            for case, _ in wanted
            for one in turn.tables.matters.promises(case.reference)
        }
        lines = []
        for number, (case, material) in enumerate(wanted, 1):
            day = due.get((case.reference, material.id))
            until = replies("paper.until", day=replies.day(day)) if day else ""
            lines.append(replies("paper.outstanding_line", number=str(number), name=material.name, until=until))
        turn.say("paper.outstanding", lines="\n".join(lines))
    turn.conclude("status", 1.0)


def is_choice(turn: Turn) -> bool:
    """Does the message name a paper that has to come, of those that we asked about?"""
    name = turn.event.text.strip()
    return name in turn.offered and any(material.name == name for _, material in _outstanding(turn))


def choose(turn: Turn) -> None:
    """The photos that came last are for this paper."""
    name = turn.event.text.strip()
    case, material = next((case, one) for case, one in _outstanding(turn) if one.name == name)
    loose = [kept.file for kept in turn.tables.kept.of_conversation(turn.conversation.id) if not kept.case]
    if not loose:
        raise CitizenError("paper.send_it", name=name)
    _follow(turn, case, material, loose)


def lapsed(turn: Turn) -> str:
    """What becomes of the application if the paper does not come."""
    return turn.resources.replies(f"promise.lapsed_{turn.resources.settings.promises.lapsed}")


def _outstanding(turn: Turn) -> Iterable[tuple[Case, Material]]:
    for case in turn.tables.cases.of_conversation(turn.conversation.id):
        if case.state == "submitted":
            yield from ((case, one) for one in outstanding(turn.tables, case, Bundle.model_validate(case.bundle)))


def _follow(turn: Turn, case: Case, material: Material, files: list[str]) -> None:
    left = supplement(turn.tables, case, material, files, turn.now)
    turn.say("paper.made_good", name=material.name, number=case.reference)
    turn.say("paper.still" if left else "paper.complete", count=str(left))
    turn.conclude("saved", 1.0)


def _asked(turn: Turn) -> tuple[Work, Material | Item]:
    work = casework.current(turn)
    if work is None or work.paper is None:
        raise CitizenError("form.old_choice" if work else "form.none")
    return work, work.paper


def _settle(turn: Turn, work: Work, part: Material | Item, value: str) -> None:
    work.give(turn, {papers.key(part): value})


def _go_on(turn: Turn, work: Work) -> None:
    asking.ask_next(turn, work)
    turn.conclude("step", 1.0)
