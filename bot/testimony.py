"""What a signer reads point by point, and what is told of a signature ever after."""

from dataclasses import asdict, dataclass
from datetime import timedelta

from bot.bundles import papers
from bot.bundles.plan import plan
from bot.documents.facts import Proxy
from bot.domain.signing import Signing
from bot.dossier import Dossier
from bot.paperwork import Clerk
from bot.turn import Resources


@dataclass(frozen=True)
class Where:
    """From where a signature came."""

    address: str
    browser: str


def points(resources: Resources, clerk: Clerk, one: Signing, about: Dossier) -> list[str]:
    """Each in a sentence: what is promised and what it costs, what has still to come, what the forms declare."""
    replies = resources.replies
    if (proxy := proxy_of(resources, one, about)) is not None:
        told = {"agent": proxy.agent, "matter": proxy.matter, "powers": replies("words.between").join(proxy.powers)}
        return [
            replies("proxy.point_who", **told),
            replies("proxy.point_not"),
            replies("proxy.point_until", until=proxy.until),
        ]
    if one.document == "commitment":
        terms = [part.commitment for part in papers.promised(about.bundle, about.case.values) if part.commitment]
        prices = dict.fromkeys(one.consequence for one in terms)
        promised = [point for one in terms for point in one.points]
        return [*promised, *(replies("sign.price", consequence=price) for price in prices)]
    if one.document == "deferral":
        late = [(promise.name, promise.due_on) for promise in about.promises if promise.kind == "deferral"]
        lines = [replies("sign.late", name=name, due=replies.day(due)) for name, due in late if due]
        return [*lines, replies(f"promise.lapsed_{resources.settings.promises.lapsed}")]
    forms = [clerk.layout(item.id) for item in plan(about.bundle, about.case.values).items]
    declared = dict.fromkeys(point for form in forms for point in form.declared)
    return [replies("sign.forms", count=str(len(forms))), *declared]


def proxy_of(resources: Resources, one: Signing, about: Dossier) -> Proxy | None:
    """The letter of authority, where that is to be signed. Signing and promising are never among the powers."""
    if one.document != "proxy":
        return None
    replies, since = resources.replies, one.made_at.astimezone(resources.hours.zone).date()
    until = since + timedelta(days=resources.settings.signing.proxy_days)
    powers = (replies("proxy.hand_in"), replies("proxy.supplement"), replies("proxy.collect"))
    steps, days = one.steps, (replies.day(since), replies.day(until))
    return Proxy(steps.signer, steps.own_id, steps.agent, steps.agent_id, about.bundle.name, powers, *days)


def testimony(resources: Resources, one: Signing, where: Where) -> dict[str, object]:
    """Who signed what, when and from where: the evidence, but for the strokes and the sums."""
    steps = one.steps
    times = ("opened_at", "code_sent_at", "proven_at", "signed_at")
    spoke = {"statement_sha256": steps.statement_sha256, "statement_declined": steps.declined}
    agent = {"agent": steps.agent, "agent_id": steps.agent_id, "signer_id": steps.own_id} if steps.agent else {}
    return {
        "hall": resources.settings.hall.name,
        "case": one.case,
        "document": one.document,
        "title": resources.replies(f"sign.name_{one.document}"),
        "signer": steps.signer,
        "phone": steps.phone,
        "phone_from": "signer" if steps.own_phone else "form",
        "asked_at": one.made_at.isoformat(),
        **{name: getattr(steps, name).isoformat() for name in times},
        "points": [{"text": p.text, "confirmed_at": p.at.isoformat() if p.at else None} for p in steps.points],
        **spoke,
        **agent,
        **asdict(where),
    }
