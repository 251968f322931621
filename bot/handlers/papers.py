"""Papers: photos that come, papers that follow or are brought, and promises in the place of papers."""

from dataclasses import replace

from bot.bundles import papers
from bot.bundles.model import Item, Material, Question
from bot.bundles.papers import BROUGHT, BY_HAND, DEFERRED, ORDINARY, PROMISED, SENT
from bot.domain.case import Kept
from bot.domain.messages import OutboundMessage
from bot.errors import CitizenError
from bot.handlers import asking, casework, following, handing_in, photos
from bot.handlers.casework import Work
from bot.turn import Turn


def take(turn: Turn) -> None:
    """A photo or a file: for the paper that is asked for, for one that was to follow, or kept until we know."""
    kept = keep(turn)
    work = casework.current(turn)
    if work is not None:
        _for_draft(turn, work, kept)
        return
    following.take(turn, kept)


def keep(turn: Turn, video: bool = False) -> Kept:
    """A row for what was sent, if it has none yet. CitizenError where it cannot be taken, or is of a case already."""
    picture = turn.heard.picture
    if picture is None or isinstance(picture, CitizenError):
        raise picture or CitizenError("photo.unreadable")
    if picture.kind == "mp4" and not video:
        raise CitizenError("photo.video")
    known = turn.tables.kept.find(turn.event.media)
    if known is not None and known.case:
        raise CitizenError("photo.used")
    kept = Kept(turn.event.media, turn.conversation.id, picture.kind, picture.size, turn.heard.sha256, turn.now)
    turn.tables.kept.put(kept)
    return kept


def _for_draft(turn: Turn, work: Work, kept: Kept) -> None:
    part = work.paper if isinstance(work.paper, Material) else None
    report = turn.heard.report
    if report is not None and not photos.accepted(turn, work, part, kept, report):
        return
    turn.tables.kept.give([kept.file], work.case.reference, part.id if part else "")
    if part is not None and papers.consent(part) in ("", *work.values):
        _receive_whole(turn, work, part)
    elif report is None:
        turn.say("paper.early" if work.step else "paper.beside")
    _go_on(turn, work)


def _receive_whole(turn: Turn, work: Work, part: Material) -> None:
    """Settle a paper all of whose pages have come."""
    all_sheets = len(part.photo) > 1 and not photos.missing(turn, work, part)
    if all_sheets or casework.photos(turn, work, part) >= part.pages:
        _receive(turn, work, part)


def _receive(turn: Turn, work: Work, part: Material) -> None:
    work.give(turn, {papers.key(part): SENT})
    if turn.heard.report is None:  # otherwise it was said what came of it
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


def use_early(turn: Turn) -> None:
    """Photos that came before they were asked for are looked at now, as if they came again."""
    work, part = _asked(turn)
    early = casework.early(turn, work, part) if isinstance(part, Material) else []
    if not isinstance(part, Material) or not early:
        raise CitizenError("form.old_choice")
    _come_again(turn, early[-part.pages :], "early")
    casework.keep(turn, work)
    turn.conclude("step", 1.0)


def bring(turn: Turn) -> None:
    work, part = _asked(turn)
    if not isinstance(part, Material):
        raise CitizenError("form.old_choice")
    sent = [kept.file for kept in turn.tables.kept.of_case(work.case.reference) if kept.material == part.id]
    turn.tables.kept.discard(sent)
    _settle(turn, work, part, BROUGHT)
    turn.say("paper.brought", name=part.name)
    _go_on(turn, work)


def sign_it(turn: Turn) -> None:
    """Whoever is applied for signs it on their own telephone, once they have confirmed the application."""
    work, part = _asked(turn)
    if not isinstance(part, Material) or turn.resources.replies.word("sign_it") not in turn.offered:
        raise CitizenError("form.old_choice")
    _settle(turn, work, part, BY_HAND)
    turn.say("paper.to_sign", name=part.name)
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
    if isinstance(part, Material) and _read_now(turn, work, part):
        casework.keep(turn, work)
        turn.conclude("step", 1.0)
        return
    if isinstance(part, Material):
        _receive_whole(turn, work, part)
    _go_on(turn, work)


def _read_now(turn: Turn, work: Work, part: Material) -> bool:
    """What came before the consent was not read: now it is, as if it came again. False where nothing did."""
    early = [kept.file for kept in turn.tables.kept.of_case(work.case.reference) if kept.material == part.id]
    if not early or not turn.resources.eye.reads(part.photo):
        return False
    _come_again(turn, early, "consent")
    return True


def _come_again(turn: Turn, files: list[str], why: str) -> None:
    turn.tables.kept.give(files, "", "")
    for file in files:
        event = replace(turn.event, event_id=f"{why}:{file}", kind="photo", text="", media=file)
        turn.tables.inbox.accept(event, turn.now)


def done(turn: Turn) -> None:
    """All pages of the paper that is asked for have been sent."""
    if casework.current(turn) is None:
        following.done(turn)
        return
    work, part = _asked(turn)
    if not isinstance(part, Material) or not casework.photos(turn, work, part):
        raise CitizenError("form.old_choice")
    if left := photos.missing(turn, work, part):
        raise CitizenError("photo.next_sheet", sheets=asking.sheets(turn, left))
    _receive(turn, work, part)
    _go_on(turn, work)


def use_it(turn: Turn) -> None:
    """No better photo is to be had: staff look at the last one."""
    work = casework.current(turn)
    if work is None:
        following.use_it(turn)
        return
    part = work.paper
    kept = photos.last_failed(turn, work) if isinstance(part, Material) else None
    if kept is None or not isinstance(part, Material):
        raise CitizenError("form.old_choice")
    turn.say("photo.to_staff", name=part.name)
    turn.tables.kept.give([kept.file], work.case.reference, part.id)
    if not photos.missing(turn, work, part):
        work.give(turn, {papers.key(part): SENT})
    _go_on(turn, work)


def lapsed(turn: Turn) -> str:
    """What becomes of the application if the paper does not come."""
    return turn.resources.replies(f"promise.lapsed_{turn.resources.settings.promises.lapsed}")


def _asked(turn: Turn) -> tuple[Work, Material | Item]:
    work = casework.current(turn)
    if work is None or work.paper is None:
        raise CitizenError("form.old_choice" if work else "form.none")
    return work, work.paper


def _settle(turn: Turn, work: Work, part: Material | Item, value: str) -> None:
    work.give(turn, {papers.key(part): value})


def _go_on(turn: Turn, work: Work) -> None:
    if handing_in.is_sure(work):
        casework.keep(turn, work)
        handing_in.submit(turn)
        return
    asking.ask_next(turn, work)
    turn.conclude("step", 1.0)
