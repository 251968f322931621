"""A nudge is told, and what its holder says to it: go on as before, something has changed, no more, done, not me."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

from bot.domain.licence import Licence
from bot.domain.messages import OutboundMessage
from bot.errors import CitizenError
from bot.handlers import casework, renewal
from bot.ledger.days import read_day
from bot.ledger.timer import timer, way_of
from bot.store.notices import Notice, Way
from bot.turn import Turn

_HOLDS = timedelta(days=60)  # for so long the words of a nudge mean its answers


def tell(turn: Turn) -> None:
    """The turn of a nudge has come. In the quiet hours, and while a person has the word, it comes again later."""
    way, id, nth = way_of(turn.event)
    notice = turn.tables.notices.load(id)
    turn.conclude("nudged", 1.0)
    if notice is None:
        return
    local = turn.now.astimezone(turn.resources.hours.zone)
    if turn.resources.settings.nudges.is_quiet(local.time()) or turn.conversation.owner == "human":
        _put_off(turn, notice, way, nth, local)
        return
    rungs = [
        (one, row.rung)
        for row in turn.tables.notices.licences(notice.id)
        if (one := turn.tables.licences.load(row.licence_id))
    ]
    here = any(one.conversation == turn.conversation.id for one in turn.tables.licences.person(notice.holder))
    if not rungs or not here:
        turn.tables.notices.set(notice.id, way, "skipped", turn.now, ("sent",))
        return
    wording = renewal.wording_of(turn)
    if way == "notice":
        said = OutboundMessage(
            wording.text(rungs, notice.code), template="nudge", facts=wording.facts(rungs, notice.code)
        )
        turn.said.append(said)
        return
    first, genuine = wording.message(rungs, notice.code, local.date())
    if len(rungs) == 1:
        turn.tables.notices.about(notice.id, rungs[0][0].id)
        choices = wording.choices(rungs[0][0], local.date())
    else:
        choices = (*(wording.label(one) for one, _ in rungs), *wording.words("wrong"))
    turn.said += [OutboundMessage(first), OutboundMessage(genuine, choices=choices)]


def is_reply(turn: Turn) -> bool:
    """Is it an answer to a nudge: one that was offered, or in its very words while no form is being filled in?"""
    return _meant(turn) is not None


def reply(turn: Turn) -> None:
    answer = _meant(turn)
    notice = _last(turn)
    if answer is None or notice is None:
        raise CitizenError("nudge.over")
    several = notice.licence is None and answer not in (_pick, _wrong)
    if several and (held := _spoken_of(turn, notice)):
        labels = tuple(renewal.wording_of(turn).label(one) for one in held)
        turn.said.append(OutboundMessage(turn.resources.replies("nudge.which"), choices=labels))
        turn.conclude("clarify", 1.0)
        return
    answer(turn, notice)


def _pick(turn: Turn, notice: Notice) -> None:
    """One licence of several."""
    wording, today = renewal.wording_of(turn), renewal.today(turn)
    text = turn.event.text.strip()
    one = next(one for one in _spoken_of(turn, notice) if wording.label(one) == text)
    turn.tables.notices.about(notice.id, one.id)
    turn.said.append(OutboundMessage(wording.line(one), choices=wording.choices(one, today)))
    turn.conclude("clarify", 1.0)


def _done(turn: Turn, notice: Notice) -> None:
    one = renewal.subject(turn, notice)
    turn.tables.notices.answered(notice.id, one.id, "done")
    turn.tables.notices.about(notice.id, one.id)
    turn.tables.licences.set(one.id, "done")
    text = turn.resources.replies("nudge.done")
    turn.said.append(OutboundMessage(text, choices=renewal.wording_of(turn).words("no_date")))
    turn.conclude("saved", 1.0)


def _no_date(turn: Turn, _notice: Notice) -> None:
    turn.say("nudge.done_no_date")
    turn.conclude("saved", 1.0)


def _new_date(turn: Turn, notice: Notice) -> None:
    """The end of the new licence, as its holder tells it; staff look at it before it counts."""
    one, day = turn.tables.licences.load(notice.licence or 0), _day(turn)
    if one is None or one.state != "done" or day is None:
        raise CitizenError("nudge.over")
    replies = turn.resources.replies
    if one.expires_on and day <= one.expires_on:
        text = replies("nudge.done_not_later", day=replies.day(one.expires_on))
        turn.said.append(OutboundMessage(text, choices=renewal.wording_of(turn).words("no_date")))
        turn.conclude("clarify", 1.0)
        return
    turn.tables.licences.set(one.id, "done", claimed_on=day)
    turn.say("nudge.done_thanks", day=replies.day(day))
    turn.conclude("saved", 1.0)


def _wrong(turn: Turn, notice: Notice) -> None:
    """Not the person: this conversation hears of these holders no more, and staff look for the right one."""
    tables, here = turn.tables, turn.conversation.id
    mine = {one.id for one in tables.licences.holders_of(here)}
    spoken = {one.holder for one in _spoken_of(turn, notice)} & mine or mine
    for id in spoken:
        tables.licences.release(id, here, turn.now)
    tables.notices.answered(notice.id, None, "wrong")
    person = tables.licences.holders(spoken)
    tables.notices.go(
        notice.id, "phone" if any(one.phone for one in person) else "visit", "open", turn.now, why="wrong person"
    )
    turn.say("nudge.wrong")
    turn.conclude("saved", 1.0)


def _wait(turn: Turn, notice: Notice) -> None:
    """Again on the day that was offered, and nothing before."""
    one = renewal.subject(turn, notice)
    later = renewal.later_day(turn, one)
    if later is None or one.expires_on is None:
        raise CitizenError("nudge.over")
    day = later[0]
    turn.tables.notices.answered(notice.id, one.id, "later")
    turn.tables.licences.set(one.id, "active", not_before=day)
    turn.tables.nudges.ask(one.id, one.expires_on, day)
    window = renewal.kind_of(turn, one).window(one.expires_on, turn.resources.hours)
    replies = turn.resources.replies
    turn.say("nudge.waits", day=replies.day(day), latest=replies.day(window.latest) if window else "")
    turn.conclude("saved", 1.0)


Answer = Callable[[Turn, Notice], None]
_ANSWERS: dict[str, Answer] = {
    "same": renewal.same,
    "changed": renewal.changed,
    "closing": renewal.closing,
    "done": _done,
    "wrong": _wrong,
    "sure": renewal.sure,
    "no_date": _no_date,
}


def _meant(turn: Turn) -> Answer | None:
    """Which answer a message is."""
    text, offered = turn.event.text.strip(), turn.offered
    replies = turn.resources.replies
    if _is_of_form(turn, text):
        return None
    if replies("nudge.say_no_date") in offered and _day(turn):
        return _new_date
    name = next((name for name in _ANSWERS if replies(f"nudge.say_{name}") == text), None)
    if name is None:
        return _of_licence(turn, text) if text in offered else None
    notice = None if text in offered or casework.current(turn) else _last(turn)
    fresh = notice is not None and turn.now - notice.created_at < _HOLDS and name not in ("sure", "no_date")
    return _ANSWERS[name] if text in offered or fresh else None


def _is_of_form(turn: Turn, text: str) -> bool:
    """Is it a choice of the form's own question, which may be called as an answer to a nudge is?"""
    work = casework.current(turn)
    question = work.step.question if work and work.step else None
    told = turn.resources.replies("nudge.say_wrong") in turn.offered
    return not told and question is not None and any(option.value == text for option in question.options)


def _of_licence(turn: Turn, text: str) -> Answer | None:
    """One of several licences, or the later day that was offered for one."""
    notice = _last(turn)
    if notice is None:
        return None
    wording = renewal.wording_of(turn)
    if any(wording.label(one) == text for one in _spoken_of(turn, notice)):
        return _pick
    one = turn.tables.licences.load(notice.licence) if notice.licence else None
    later = renewal.later_day(turn, one) if one else None
    return _wait if later and later[1] == text else None


def _last(turn: Turn) -> Notice | None:
    """The notice that was told here last."""
    mine = turn.tables.licences.holders_of(turn.conversation.id)
    ids = {same.id for one in mine[:1] for same in turn.tables.licences.person(one.id)}
    return turn.tables.notices.last_of(ids) if ids else None


def _spoken_of(turn: Turn, notice: Notice) -> list[Licence]:
    found = (turn.tables.licences.load(row.licence_id) for row in turn.tables.notices.licences(notice.id))
    return [one for one in found if one is not None]


def _day(turn: Turn) -> date | None:
    try:
        return read_day(turn.event.text, serials=False)
    except (ValueError, OverflowError):
        return None


def _put_off(turn: Turn, notice: Notice, way: Way, nth: int, local: datetime) -> None:
    """Again at the end of the quiet hours, or in half an hour."""
    rules = turn.resources.settings.nudges
    due = turn.now + timedelta(minutes=30)
    if rules.is_quiet(local.time()):
        ends = datetime.combine(local.date(), rules.quiet_until, local.tzinfo)
        due = ends if ends > local else ends + timedelta(days=1)
    again = timer(notice.id, turn.conversation.id, turn.now, way, nth + 1)
    inbox_id, _ = turn.tables.inbox.accept(again, turn.now, due)
    turn.tables.notices.set(notice.id, way, "sent", due, ("sent",), inbox_id=inbox_id)
