"""Papers that come after the application was handed in: what has still to come, and taking it page by page."""

from collections.abc import Iterable

from bot.bundles.model import Bundle, Material
from bot.domain.case import Case, Given, Kept
from bot.domain.messages import OutboundMessage
from bot.errors import CitizenError
from bot.filing import outstanding, supplement
from bot.handlers import asking, photos
from bot.handlers.casework import Work
from bot.turn import Turn

PAGES = "pages."  # and a material: the files of it that have come, while more may


def take(turn: Turn, kept: Kept) -> None:
    """A photo where nothing is being filled in: for the paper that has to come, or kept until we know."""
    wanted = list(_outstanding(turn))
    if len(wanted) == 1:
        _page(turn, *wanted[0], kept)
    elif wanted:
        names = tuple(material.name for _, material in wanted)
        turn.said.append(OutboundMessage(turn.resources.replies("paper.for_which"), choices=names))
        turn.conclude("clarify")
    else:
        turn.say("paper.loose", days=str(turn.resources.settings.keeping.loose))
        turn.conclude("saved")


def done(turn: Turn) -> None:
    """All pages of it have been sent."""
    for case, part in _outstanding(turn):
        if files := _pages(case, part):
            _follow(turn, case, part, files)
            return
    raise CitizenError("form.old_choice")


def use_it(turn: Turn) -> None:
    """No better photo is to be had: staff look at the last one."""
    for case, part in _outstanding(turn):
        kept = photos.last_failed(turn, _work(case))
        if kept is not None:
            turn.say("photo.to_staff", name=part.name)
            _follow(turn, case, part, [*_pages(case, part), kept.file])
            return
    raise CitizenError("form.old_choice")


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
    sent = turn.tables.kept.of_conversation(turn.conversation.id)
    loose = [kept.file for kept in sent if kept.kind and not kept.case]
    if not loose:
        raise CitizenError("paper.send_it", name=name)
    _follow(turn, case, material, loose)


def _page(turn: Turn, case: Case, part: Material, kept: Kept) -> None:
    """One page of the paper. Where it may have several, the citizen says which is the last."""
    report = turn.heard.report
    if report is not None and not photos.accepted(turn, _work(case), part, kept, report):
        return
    files = [*_pages(case, part), kept.file]
    if len(files) >= part.pages:
        _follow(turn, case, part, files)
        return
    case.answers[PAGES + part.id] = Given(" ".join(files), "told", turn.now)
    turn.tables.cases.save(case, turn.now)
    turn.tables.kept.give([kept.file], case.reference, "")
    text = turn.resources.replies("paper.more", name=part.name, count=str(len(files)), most=str(part.pages))
    turn.said.append(OutboundMessage(text, choices=asking.words(turn, "sent_all")))
    turn.conclude("step", 1.0)


def _pages(case: Case, part: Material) -> list[str]:
    return case.values.get(PAGES + part.id, "").split()


def _work(case: Case) -> Work:
    return Work(case, Bundle.model_validate(case.bundle))


def _outstanding(turn: Turn) -> Iterable[tuple[Case, Material]]:
    for case in turn.tables.cases.of_conversation(turn.conversation.id):
        if case.state == "submitted":
            yield from ((case, one) for one in outstanding(turn.tables, case, Bundle.model_validate(case.bundle)))


def _follow(turn: Turn, case: Case, material: Material, files: list[str]) -> None:
    case.answers.pop(PAGES + material.id, None)
    left = supplement(turn.tables, case, material, files, turn.now)
    turn.say("paper.made_good", name=material.name, number=case.reference)
    turn.say("paper.still" if left else "paper.complete", count=str(left))
    turn.conclude("saved", 1.0)
