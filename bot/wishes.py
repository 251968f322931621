"""Which words and which wishes lead to which handler."""

from collections.abc import Callable

from bot.afterwards import RATINGS
from bot.domain.knowledge import REASONS
from bot.handlers import (
    booked,
    bundle,
    checking,
    easing,
    following,
    form,
    handing_in,
    helped,
    human,
    inspecting,
    joining,
    ledger,
    mine,
    minors,
    nearby,
    nudged,
    papers,
    photos,
    question,
    rating,
    signed,
    smalltalk,
    status,
    subscribing,
    uploading,
    visit,
    vote,
    walking,
)
from bot.turn import Turn

Handler = Callable[[Turn], None]

COMMANDS: dict[str, Handler] = {
    "human": human.ask,
    "no_human": human.back,
    "help": smalltalk.help,
    "useful": vote.useful,
    "useless": vote.useless,
    **dict.fromkeys(REASONS, vote.reason),
    "back": form.back,
    "skip": form.skip,
    "repeat": form.repeat,
    "where": form.where,
    "restart": form.restart,
    "restart_sure": form.restart_sure,
    "cancel": form.cancel,
    "cancel_sure": form.cancel_sure,
    "pause": form.pause,
    "submit": handing_in.submit,
    "later": papers.later,
    "bring": papers.bring,
    "use_early": papers.use_early,
    "sign_it": papers.sign_it,
    "consent": papers.consent,
    "sent_all": papers.done,
    "use_it": papers.use_it,
    "filled_right": helped.right,
    "filled_wrong": helped.wrong,
    "agree": papers.agree,
    "ordinary": papers.ordinary,
    "instead": papers.instead,
    "supplement": following.supplements,
    "new_code": handing_in.new_code,
    "carry": handing_in.carry,
    "mine": handing_in.confirm,
    "not_mine": handing_in.refuse,
    "status": status.ask,
    "withdraw": status.withdraw,
    "withdraw_sure": status.withdraw_sure,
    "keep_case": status.keep_case,
    "change": form.change,
    "another": form.another,
    "same": bundle.go_on,
    "just_asking": smalltalk.just_asking,
    "continue": mine.carry_on,
    "cases": mine.cases,
    "remember": mine.remember,
    "dont_remember": mine.dont_remember,
    "join": joining.begin,
    "part": joining.part,
    "forget": mine.forget,
    "forget_sure": mine.forget_sure,
    "keep": mine.keep,
    "my_licences": ledger.mine,
    "stop_nudges": ledger.stop,
    "resume_nudges": ledger.resume,
    "subscribe": subscribing.ask,
    "confirm_visit": booked.confirm,
    "other_time": visit.other_time,
    "drop_visit": booked.drop,
    "my_visits": booked.mine,
    "cancel_visit_sure": booked.cancel_sure,
    "keep_visit": booked.mine,
    "self_check": checking.start,
    "shoot": walking.shoot,
    "live_visit": walking.live_visit,
    "spot_visit": walking.spot_visit,
    "next_shot": inspecting.at_hand(inspecting.next_shot),
    "lacks_it": inspecting.at_hand(inspecting.lacks),
    "put_off": inspecting.at_hand(inspecting.put_off),
    "fits": inspecting.at_hand(inspecting.fits),
    "not_yet": inspecting.at_hand(inspecting.not_yet),
    "why_so": inspecting.at_hand(inspecting.why),
    **dict.fromkeys(("hold_shots", "hold_check"), inspecting.at_hand(inspecting.hold)),
    "hand_over": inspecting.at_hand(inspecting.hand_over),
    "reshoot": inspecting.redo,
    "sign": signed.ask,
    "upload": uploading.ask,
    **dict.fromkeys(RATINGS, rating.give),
    **dict.fromkeys(rating.REASONS, rating.reason),
    "signed": signed.signed,
    "eased": easing.on,
    "usual": easing.off,
}

# Words about a form, while an inspection is at hand in its place.
OF_SHOTS: dict[str, Handler] = {
    "skip": inspecting.at_hand(inspecting.put_off),
    "later": inspecting.at_hand(inspecting.put_off),
    "pause": inspecting.at_hand(inspecting.hold),
    "repeat": inspecting.at_hand(inspecting.ask),
    "continue": inspecting.at_hand(inspecting.ask),
    "where": inspecting.at_hand(inspecting.where),
    "consent": inspecting.at_hand(inspecting.agree),
    "sent_all": inspecting.at_hand(inspecting.next_shot),
    "back": inspecting.redo,
}


def of_command(turn: Turn, command: str) -> Handler:
    """What a command leads to."""
    if command in OF_SHOTS and inspecting.current(turn) is not None:
        return OF_SHOTS[command]
    return COMMANDS[command]


# What the bot still does while a person has the word: what they offer is judged, and they are let go.
WITH_A_PERSON = frozenset({"filled_right", "filled_wrong", "no_human", "signed"})

# Events that are no words of a citizen's.
OF_KIND: dict[str, Handler] = {"agent": human.relay, "vote": vote.on_answer, "timer": nudged.tell}

WITHOUT_WORDS: dict[str, Handler] = {"location": nearby.tell, "file": uploading.ask}

OF_CASES: dict[str, Handler] = {
    "check_status": status.ask,
    "supplement_materials": following.supplements,
    "withdraw_case": status.withdraw,
}

INTENTS: dict[str, Handler] = {
    "ask_human": human.ask,
    "ask_helper": human.help_fill,
    "complain": human.complain,
    "express_anger": smalltalk.soothe,
    "my_cases": mine.cases,
    **OF_CASES,
    "continue_case": mine.carry_on,
    "erase_me": mine.forget,
    **dict.fromkeys(visit.MEANT, visit.ask),
    "show_my_data": mine.told,
}

# What a message is as a whole, whatever its intent.
WHOLE: dict[Callable[[Turn], bool], Handler] = {
    ledger.is_code: ledger.bind,  # first, with the next: letters by chance may look like anything
    joining.is_code: joining.join,
    handing_in.is_code: handing_in.on_code,
    inspecting.is_redo: inspecting.redo,
    walking.is_pick: walking.shoot,
    checking.is_meant: checking.start,
    nudged.is_reply: nudged.reply,
    rating.is_reason: rating.reason,
    ledger.names_phone: ledger.ask_code,
    minors.is_told: minors.refuse,
    (lambda turn: bundle.is_refused(turn) or turn.heard.answerable): question.answer,
    following.is_choice: following.choose,
    photos.is_reply: photos.reply,
    easing.is_meant: easing.on,
    visit.is_reply: visit.reply,
    nearby.is_meant: nearby.tell,
    status.is_number: status.ask,
}

IN_A_FORM: dict[str, Handler] = {
    "go_back": form.back,
    "skip_step": form.skip,
    "repeat": form.repeat,
    "where_am_i": form.where,
    "start_over": form.restart,
    "cancel_case": form.cancel,
}
