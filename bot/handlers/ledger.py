"""The licences of whoever talks here: to be matched with them by a code, shown, and told of or not."""

from bot.domain.licence import Licence
from bot.domain.messages import OutboundMessage
from bot.errors import CitizenError
from bot.handlers import subscribing
from bot.handlers.renewal import kind_of, today, wording_of
from bot.store.cases import GUESS
from bot.store.invitations import CODE, CODES_HOLD
from bot.turn import Turn

TRIES = 3  # a day, by one conversation
_MOST = 6


def mine(turn: Turn) -> None:
    """When each ends, and from when to when it can be renewed."""
    held = turn.tables.licences.of_conversation(turn.conversation.id)
    if not held:
        turn.say("nudge.none")
    else:
        lines = "\n".join(_line(turn, number, one) for number, one in enumerate(held[:_MOST], 1))
        turn.say("nudge.mine", lines=lines)
    turn.conclude("status", 1.0)


def names_phone(turn: Turn) -> bool:
    """Does it ask to be matched by a telephone number?"""
    return turn.event.text.strip().startswith(turn.resources.replies("nudge.bind_word"))


def ask_code(turn: Turn) -> None:
    """A code goes to that telephone, if the ledger knows it: the answer here is the same, whether it does or not."""
    phone = next(iter(turn.heard.entities.get("phone", ())), "")
    if not phone:
        raise CitizenError("nudge.bind_phone")
    if not turn.resources.settings.nudges.sms_url:
        raise CitizenError("nudge.bind_no_sms")
    if turn.tables.cases.count_up(f"{GUESS}{today(turn)} bind {turn.conversation.id}") > TRIES:
        raise CitizenError("nudge.bind_often")
    for one in turn.tables.licences.with_phone(phone)[:1]:
        code = turn.tables.invitations.make(str(one.id), "holder", turn.now)
        text = turn.resources.replies("nudge.bind_text", hall=turn.hall, code=code)
        turn.tables.outbox.put(f"sms:main:{one.id}", [OutboundMessage(text)], turn.now, f"bind:{turn.inbox_id}")
    turn.say("nudge.bind_sent", days=str(CODES_HOLD.days))
    turn.conclude("needs_identity", 1.0)


def is_code(turn: Turn) -> bool:
    return _holder(turn) is not None


def bind(turn: Turn) -> None:
    """Whoever has the code of a holder is talked with as such: here, and with all that have the same telephone."""
    id, found = _holder(turn), CODE.search(turn.event.text.upper())
    if id is None or found is None or not turn.tables.invitations.use(found[0], turn.now):
        raise CitizenError("agent.no_such_code")
    for one in turn.tables.licences.person(id):
        turn.tables.licences.bind(one.id, turn.conversation.id, turn.now)
    turn.say("nudge.bound")
    mine(turn)
    subscribing.offer(turn)


def stop(turn: Turn) -> None:
    stopped = turn.tables.licences.mute(turn.conversation.id, turn.now)
    turn.say("nudge.stopped" if stopped else "nudge.nothing_to_stop")
    turn.conclude("saved", 1.0)


def resume(turn: Turn) -> None:
    resumed = turn.tables.licences.mute(turn.conversation.id, None)
    turn.say("nudge.resumed" if resumed else "nudge.nothing_to_stop")
    turn.conclude("saved", 1.0)


def _holder(turn: Turn) -> int | None:
    """The holder whose code a message holds."""
    found = CODE.search(turn.event.text.upper())
    held = turn.tables.invitations.open(found[0], "holder", turn.now - CODES_HOLD) if found else None
    return int(held) if held else None


def _line(turn: Turn, number: int, one: Licence) -> str:
    replies, wording = turn.resources.replies, wording_of(turn)
    told = {"number": str(number), "label": wording.label(one)}
    if one.state == "done":
        return replies("nudge.mine_done", **told)
    kind = kind_of(turn, one)
    told |= {"duty": replies("nudge.duty", duty=kind.duty) if kind.duty else ""}
    window = kind.window(one.expires_on, turn.resources.hours) if one.expires_on else None
    if one.expires_on is None or window is None:
        return replies("nudge.mine_lasting", **told)
    told |= {"earliest": replies.day(window.earliest), "latest": replies.day(window.latest)}
    told |= {"act": kind.act or replies("words.renewal")}
    provisional = replies("nudge.provisional") if window.provisional else ""
    return replies("nudge.mine_line", day=replies.day(one.expires_on), provisional=provisional, **told)
