"""Asking for the next thing of a case: a question, a paper, a promise; and at the end, whether all of it is right."""

from collections.abc import Sequence

from bot.bundles import engine, papers
from bot.bundles.engine import SKIPPED
from bot.bundles.model import Item, Material, Question, Step
from bot.bundles.plan import Plan, plan
from bot.domain.masking import masked_value
from bot.domain.messages import OutboundMessage
from bot.handlers import readout, signing
from bot.handlers.casework import Work, early, keep, listed, photos, remembered, shown
from bot.turn import Turn

_PROXY = "authorization"  # the kind of document that gives somebody authority to act
SHOWN = "plan"  # the answer that says for which plan the list was shown


def ask_next(turn: Turn, work: Work) -> None:
    """Show what needs no answer, then ask for what comes next, tell of a stop, or show all answers to be checked."""
    while (step := work.step) is not None and step.say:
        turn.said.append(OutboundMessage(step.say))
        work.give(turn, {step.id: SKIPPED}, "told")
    if step is None:
        _show_plan(turn, work)
    keep(turn, work)
    if (read := readout.message(turn, work)) is not None:
        turn.said.append(read)
    elif step is None:
        _ask_paper(turn, work)
    elif step.question:
        ask(turn, work, step.question)
    elif step.ticks:
        _ask_ticks(turn, work, step)
    else:
        text = turn.resources.replies("form.stop", why=step.stop, basis=step.basis)
        turn.said.append(OutboundMessage(text, choices=words(turn, "back", "human", "cancel")))


def ask(turn: Turn, work: Work, question: Question) -> None:
    """One question, with its place, why it is asked, and what we remember of it."""
    if _asks_consent(turn, work, question, "human"):
        return
    replies = turn.resources.replies
    answered = [id for id in work.values if id in work.bundle.questions]
    if question.sensitive and not any(work.bundle.questions[id].sensitive for id in answered):
        turn.say("form.privacy")
    why = replies("form.why", why=question.why) if question.why else ""
    known = remembered(turn, question)
    if known:
        text = replies("form.remembered", name=question.name, value=masked_value(question.kind, known))
        choices = words(turn, "same", "another")
    else:
        text, choices = question.ask + why, tuple(option.value for option in question.options)
        choices += words(turn, "skip") if question.optional else ()
    _ask(turn, work, text, choices)


def _ask_ticks(turn: Turn, work: Work, step: Step) -> None:
    """What is still open of a step that asks for several things at once."""
    names = tuple(question.name for question in step.ticks if question.id not in work.values)
    _ask(turn, work, step.ask + (turn.resources.replies("form.tick") if len(names) > 1 else ""), (*names, step.none))


def _ask(turn: Turn, work: Work, text: str, choices: tuple[str, ...]) -> None:
    number, of = engine.place(work.bundle, work.values)
    text = turn.resources.replies("form.question", number=str(number), all=str(of), ask=text)
    turn.said.append(OutboundMessage(text, choices=choices))


def _show_plan(turn: Turn, work: Work) -> None:
    """The list of what is to be done, once for each plan that the answers come to."""
    found = plan(work.bundle, work.values)
    mark = " ".join([*(item.id for item in found.items), *(material.id for material in found.materials)])
    if work.values.get(SHOWN) == mark or not found.items:
        return
    sentence = "plan.items" if len(found.items) > 1 else "plan.item"
    turn.say(sentence, count=str(len(found.items)), items=_in_order(turn, found), days=str(found.promised))
    groups = {how: _names(turn, found, how) for how in ("photo", "defer", "promise", "form", "exempt", "keep")}
    lines = [turn.resources.replies(f"plan.{how}", names=names) for how, names in groups.items() if names]
    turn.said.append(OutboundMessage("\n".join(lines), links=(turn.resources.paper_link(work.case.reference, "plan"),)))
    work.give(turn, {SHOWN: mark}, "told")


def _in_order(turn: Turn, found: Plan) -> str:
    """What comes first, and what goes side by side."""
    names = {item.id: item.name for item in found.items}
    replies = turn.resources.replies
    groups = [replies("plan.beside").join(names[id] for id in group) for group in found.order]
    return replies("plan.then").join(groups)


def _names(turn: Turn, found: Plan, how: str) -> str:
    between = turn.resources.replies("words.between")
    return between.join(material.name for material in found.materials if material.how == how)


def _ask_paper(turn: Turn, work: Work) -> None:
    part = work.paper
    if part is None:
        show_all(turn, work)
    elif isinstance(part, Item) or part.how == "promise":
        _offer_promise(turn, part)
    else:
        _ask_photo(turn, work, part)


def _by_hand(turn: Turn, part: Material) -> tuple[str, ...]:
    """A letter of authority can be made out here, and signed by whoever gives it."""
    return ("sign_it",) if _PROXY in part.photo and signing.is_possible(turn) else ()


def _asks_consent(turn: Turn, work: Work, part: Material | Question, *otherwise: str) -> bool:
    """Where a class of sensitive things was not agreed to: who keeps it, why, for how long, and the way without it."""
    wanted = papers.consent(part)
    if not wanted or wanted in work.values:
        return False
    text = turn.resources.replies(f"privacy.{part.sensitive}", name=part.name, hall=turn.hall)
    turn.said.append(OutboundMessage(text, choices=words(turn, "consent", *otherwise)))
    return True


def _ask_photo(turn: Turn, work: Work, part: Material) -> None:
    if _asks_consent(turn, work, part, *_by_hand(turn, part), "bring"):
        return
    sent = photos(turn, work, part)
    if sent and len(part.photo) > 1:
        seen = {one.kind for one in turn.tables.photos.of_case(work.case.reference).values()}
        left = [kind for kind in part.photo if kind not in seen]
        text = turn.resources.replies("photo.next_sheet", sheets=sheets(turn, left))
        turn.said.append(OutboundMessage(text, choices=words(turn, "bring")))
        return
    if sent:
        text = turn.resources.replies("paper.more", name=part.name, count=str(sent), most=str(part.pages))
        turn.said.append(OutboundMessage(text, choices=words(turn, "sent_all")))
        return
    every = [one for one in papers.asked(work.bundle, work.values) if isinstance(one, Material)]
    replies = turn.resources.replies
    sample = replies("paper.sample", sample=part.sample) if part.sample else ""
    sample += replies("paper.pages", most=str(part.pages)) if part.pages > 1 else ""
    choices = words(turn, *(["later"] if part.defer_days else []), *_by_hand(turn, part))
    if waiting := early(turn, work, part):
        choices = (*words(turn, "use_early"), *choices)
        sample += replies("paper.earlier", count=str(len(waiting)), word=choices[0])
    number = {"number": str(every.index(part) + 1), "all": str(len(every))}
    text = replies("paper.ask", name=part.name, why=part.why, sample=sample, **number)
    turn.said.append(OutboundMessage(text, choices=(*choices, *words(turn, "bring"))))


def sheets(turn: Turn, kinds: Sequence[str]) -> str:
    """The names of kinds of document."""
    return turn.resources.replies("words.between").join(turn.resources.eye.kinds[kind].name for kind in kinds)


def _offer_promise(turn: Turn, part: Item | Material) -> None:
    """What would be promised, point by point, and its price. Nothing is agreed to but in so many words."""
    promise, replies = part.commitment, turn.resources.replies
    assert promise is not None  # papers.asked names no others
    points = "\n".join(
        replies("words.number", number=str(n), choice=point) for n, point in enumerate(promise.points, 1)
    )
    told = {"name": part.name, "points": points, "consequence": promise.consequence, "basis": promise.basis}
    turn.say("promise.offer", name=part.name)
    other = "ordinary" if isinstance(part, Item) else "instead"
    turn.said.append(OutboundMessage(replies("promise.points", **told), choices=words(turn, "agree", other)))


def show_all(turn: Turn, work: Work) -> None:
    """Check your answers: everything by number, to be handed in or changed."""
    text = turn.resources.replies("form.check", name=work.bundle.name, lines=all_lines(turn, work))
    turn.said.append(OutboundMessage(text, choices=words(turn, "submit", "change")))


def all_lines(turn: Turn, work: Work) -> str:
    """Every answer, and how each paper is settled."""
    replies = turn.resources.replies
    lines = [
        replies("form.line", number=str(number), name=question.name, value=shown(turn, question, work.values[id]))
        for number, (id, question) in enumerate(listed(work).items(), 1)
    ]
    for part in papers.asked(work.bundle, work.values):
        state = replies(f"paper.is_{work.values[papers.key(part)]}")
        lines.append(replies("paper.line", name=part.name, state=state))
    return "\n".join(lines)


def words(turn: Turn, *commands: str) -> tuple[str, ...]:
    """The words of these commands, as choices."""
    return tuple(turn.resources.replies.word(command) for command in commands)
