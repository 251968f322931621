"""Coming to the hall: a time in one's own words or picked from a list, held until it is confirmed."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from bot.domain.appointment import Appointment, Slot, Wanted
from bot.domain.messages import OutboundMessage
from bot.errors import CitizenError
from bot.handlers import booked, casework, human, visiting
from bot.handlers.visiting import diary
from bot.turn import Turn
from nlu.dates import When, is_lunar, when

MEANT = frozenset({"book_appointment", "change_appointment", "cancel_appointment"})
_SHOWN, _A_DAY = 5, 3
_YES = ("affirm", "acknowledge")
_SHOWN_AS = ("visit.pick", "visit.move", "visit.queue")


@dataclass(frozen=True)
class Ask:
    """What somebody wants: at which counter, and in the place of which appointment."""

    counter: str
    replaces: Appointment | None = None


def is_meant(turn: Turn) -> bool:
    """Does somebody probably want to come, and names a day for it?"""
    probably = turn.heard.understanding.intent in MEANT
    return probably and _names_day(turn)


def is_reply(turn: Turn) -> bool:
    """Is it a word on what was just shown: one of the times, another day, yes or no?"""
    text = turn.event.text.strip()
    asked = turn.resources.replies.word("confirm_visit") in turn.offered
    if asked and turn.heard.intent in (*_YES, "deny"):
        return True
    shown = [label for label in turn.offered if label.startswith(visiting.begins(turn, *_SHOWN_AS))]
    return text in shown or ((asked or bool(shown)) and _is_date(turn))


def reply(turn: Turn) -> None:
    """What was picked is held, a day that is full is waited for; another day is looked at."""
    text = turn.event.text.strip()
    if turn.resources.replies.word("confirm_visit") in turn.offered and not _is_date(turn):
        (booked.drop if turn.heard.intent == "deny" else booked.confirm)(turn)
        return
    for slot, labels in _labelled(turn):
        if text == labels[-1]:
            visiting.wait(turn, slot)
            return
        if text in labels:
            _hold(turn, Ask(slot.counter, visiting.booked(turn) if text == labels[1] else None), slot)
            return
    ask(turn)


def _labelled(turn: Turn) -> Iterator[tuple[Slot, tuple[str, str, str]]]:
    """Every time that can be booked with the choices that it may have been shown as: to pick, to move to, to wait."""
    book = diary(turn)
    for slot in (one for counter in book.offices.counters for one in book.slots(counter, turn.now)):
        picked, moved = (visiting.label(turn, begin, slot) for begin in ("visit.pick", "visit.move"))
        yield slot, (picked, moved, visiting.day_label(turn, slot))


def _said(turn: Turn) -> When | None:
    """When somebody wants to come; a time without a day is one of the day that was talked of."""
    hours = turn.resources.hours
    found = when(turn.event.text, turn.now.astimezone(hours.zone), hours)
    if found is None or found.dated:
        return found
    held = visiting.held(turn)
    slot = held.slot if held else next((slot for slot, labels in _labelled(turn) if {*labels} & {*turn.offered}), None)
    if slot is None:
        return found
    later = slot.starts_at.date() - found.start.date()
    return replace(found, start=found.start + later, end=found.end + later)


def ask(turn: Turn) -> None:
    """To book, to change or to cancel, in one's own words."""
    text, found = turn.event.text, _said(turn)
    if turn.heard.understanding.intent == "cancel_appointment" and (found is None or _is_booked(turn, found)):
        booked.cancel(turn)
        return
    counter, replaces = _counter(turn, text), _replaced(turn)
    if is_lunar(text) and found is None:
        turn.say("visit.lunar")
        turn.conclude("clarify")
    elif counter is None:
        _to_staff(turn, found)
    else:
        _look(turn, Ask(counter, replaces), found)


def _replaced(turn: Turn) -> Appointment | None:
    """The appointment that is to be another one, if that is what is said, or what was talked of."""
    held = visiting.held(turn)
    moves = any(one.startswith(visiting.begins(turn, "visit.move")) for one in turn.offered)
    if (
        moves
        or (held is not None and held.replaces is not None)
        or turn.heard.understanding.intent in MEANT - {"book_appointment"}
    ):
        return visiting.booked(turn)
    return None


def _counter(turn: Turn, text: str) -> str | None:
    """The one that is named; otherwise the one that was talked of, or that is to be changed."""
    offices, work = turn.resources.offices, casework.current(turn)
    if not offices.names_counter(text):
        if known := visiting.held(turn) or _replaced(turn):
            return known.slot.counter
        shown = [id for id, one in offices.counters.items() if any(label.endswith(one.name) for label in turn.offered)]
        if shown:
            return shown[0]
    return offices.counter_for(text, work.bundle.id if work else "")


def _look(turn: Turn, asked: Ask, found: When | None) -> None:
    """A time of its own is held; of a day or of a stretch the free times are shown."""
    visiting.may_book(turn, asked.replaces)
    book = diary(turn)
    zone = turn.resources.hours.zone
    if found is None:
        _offer(turn, asked, "visit.when", _free(turn, asked))
        return
    first, last = found.start.astimezone(zone).date(), (found.end - timedelta(microseconds=1)).astimezone(zone).date()
    last = max(first, last)
    every = book.slots(asked.counter, turn.now, first, last)
    if found.grain in ("minute", "hour") and found.start == found.end:
        exact = next((slot for slot in every if slot.starts_at <= found.start < slot.ends_at), None)
        if exact is not None:
            _hold(turn, asked, exact)
            return
    within = [slot for slot in every if slot.starts_at < found.end and slot.ends_at > found.start]
    free = list(book.free(turn.tables, within, "online", turn.now))
    if free:
        _offer(turn, asked, "visit.free", free, said=visiting.written(turn, found))
    elif within:
        _full(turn, asked, within[0])
    else:
        days = book.days(asked.counter, turn.now)
        far = bool(days) and first > days[-1]
        others = _free(turn, asked, None if far else first)
        _offer(turn, asked, "visit.too_far" if far else "visit.closed", others, said=visiting.written(turn, found))


def _hold(turn: Turn, asked: Ask, slot: Slot) -> None:
    """Kept for a few minutes, with what it is, what is missing and what is to be brought."""
    visiting.may_book(turn, asked.replaces)
    book, replaced = diary(turn), asked.replaces
    visiting.release(turn)
    if replaced is not None and replaced.slot == slot:
        raise CitizenError("visit.twice")
    case = turn.conversation.case or visiting.inspected(turn)
    id = turn.conversation.id
    wanted = Wanted(slot, {}, "online", id, id, case, replaces=replaced.id if replaced else None)
    held = book.hold(turn.tables, wanted, turn.now)
    if held is None:
        _full(turn, asked, slot)
        return
    visiting.show_held(turn, held)


def _full(turn: Turn, asked: Ask, slot: Slot) -> None:
    """Nothing left: the nearest times that are free, and a place in the line where the day is full."""
    said = visiting.words(turn)
    others = diary(turn).others(turn.tables, slot, "online", turn.now, _SHOWN - 1)
    today = any(one.starts_at.date() == slot.starts_at.date() for one in others)
    begin = "visit.move" if asked.replaces else "visit.pick"
    picks = tuple(visiting.label(turn, begin, one) for one in others)
    text = turn.resources.replies(
        f"visit.full_{'hour' if today else 'day'}", said=said.moment(slot), place=said.place(slot)
    )
    turn.said.append(OutboundMessage(text, choices=picks if today else (*picks, visiting.day_label(turn, slot))))
    turn.conclude("clarify", 1.0)


def _offer(turn: Turn, asked: Ask, name: str, slots: list[Slot], said: str = "") -> None:
    counter = diary(turn).offices.counters[asked.counter]
    if not slots:
        turn.say("visit.none", place=counter.name)
        turn.conclude("clarify")
        return
    begin = "visit.move" if asked.replaces else "visit.pick"
    chosen = slots if len(slots) <= _SHOWN else [slots[n * (len(slots) - 1) // (_SHOWN - 1)] for n in range(_SHOWN)]
    text = turn.resources.replies(name, place=counter.name, said=said)
    turn.said.append(OutboundMessage(text, choices=tuple(visiting.label(turn, begin, one) for one in chosen)))
    turn.conclude("clarify", 1.0)


def other_time(turn: Turn) -> None:
    """Another time in the place of the one that is held, or else of the one that is booked."""
    one = visiting.held(turn) or visiting.booked(turn)
    if one is None:
        ask(turn)
        return
    replaced = one if one.state == "booked" else turn.tables.appointments.load(one.replaces) if one.replaces else None
    asked = Ask(one.slot.counter, replaced)
    _offer(turn, asked, "visit.when", [slot for slot in _free(turn, asked) if slot != one.slot])


def _to_staff(turn: Turn, found: When | None) -> None:
    """Nothing can be booked here: staff make the appointment, with the date that we understood."""
    if found is None:
        turn.say("visit.which_day")
        turn.conclude("clarify")
        return
    ticket = human.open_ticket(turn, "appointment")
    by = human.reply_by(turn, ticket.reply_by)
    turn.say("visit.passed_on", when=visiting.written(turn, found), number=str(ticket.id), reply_by=by)
    turn.conclude("handed_off")


def _is_booked(turn: Turn, found: When) -> bool:
    return any(one.starts_at.date() == found.start.date() for one in visiting.live(turn))


def _is_date(turn: Turn) -> bool:
    """Is it little but a date? Then it is one that was asked for."""
    found = when(turn.event.text, turn.now.astimezone(turn.resources.hours.zone), turn.resources.hours)
    return found is not None and 2 * len(found.text) >= len(turn.event.text.strip())


def _names_day(turn: Turn) -> bool:
    return bool(turn.heard.entities.get("date")) or is_lunar(turn.event.text)


def _free(turn: Turn, asked: Ask, after: date | None = None) -> list[Slot]:
    """The next free times, a few of each day; only of later days, where one is given."""
    book, found = diary(turn), list[Slot]()
    for day in book.days(asked.counter, turn.now):
        if after and day <= after:
            continue
        found += list(book.free(turn.tables, book.slots(asked.counter, turn.now, day, day), "online", turn.now))[
            :_A_DAY
        ]
        if len(found) >= _SHOWN:
            break
    return found[:_SHOWN]
