"""What each paper of a case tells, out of what stands in the database."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.bundles import papers
from bot.bundles.model import Item, Material
from bot.bundles.plan import plan
from bot.documents import facts
from bot.documents.papers import Stage, Track
from bot.domain.hours import Hours
from bot.domain.progress import ItemState, Matter
from bot.dossier import Dossier, Made
from bot.replies import Replies
from bot.settings import Settings

_WAY: tuple[ItemState, ...] = ("received", "accepted", "granted")


@dataclass(frozen=True)
class Telling:
    _settings: Settings
    _replies: Replies
    _hours: Hours

    def of(self, kind: Made, about: Dossier) -> facts.Facts:
        make: dict[Made, Callable[[Dossier], facts.Facts]] = {
            "plan": self._plan,
            "receipt": self._receipt,
            "progress": self._progress,
            "deferral": self._deferral,
            "commitment": self._commitment,
            "defects": self._defects,
            "certificate": self._certificate,
            "collection": self._collection,
        }
        return make[kind](about)

    def _plan(self, about: Dossier) -> facts.PlanPage:
        values, bundle = about.case.values, about.bundle
        found, names = plan(bundle, values), {item.id: item.name for item in bundle.items}
        answered = {id: one for id, one in bundle.questions.items() if id in values}
        known = [(question, values[id]) for id, question in answered.items() if not question.sensitive]
        return facts.PlanPage(
            bundle.name,
            tuple(facts.Item(one.name, one.department, one.result, self._days(one)) for one in found.items),
            tuple(facts.Needed(one.name, self._replies(f"plan.how_{one.how}"), one.why) for one in found.materials),
            tuple(tuple(names[id] for id in group) for group in found.order),
            tuple(facts.Known(question.name, value + question.unit) for question, value in known),
            self._replies("plan.days", days=str(found.promised)),
            self._replies("plan.saved", visits=str(found.visits_saved)) if found.visits_saved else "",
            found.stop.stop if found.stop else "",
            found.stop.basis if found.stop else "",
        )

    def _receipt(self, about: Dossier) -> facts.Receipt:
        values, replies = about.case.values, self._replies
        parts = [part for part in papers.asked(about.bundle, values) if isinstance(part, Material)]
        states = {part.id: replies(f"paper.is_{values.get(papers.key(part), 'window')}") for part in parts}
        at = about.case.submitted_at or about.case.updated_at
        return facts.Receipt(
            about.applicant,
            about.bundle.name,
            self._moment(at),
            tuple(facts.Item(one.name, one.department, one.result, self._deadline(one)) for one in about.matters),
            tuple(facts.Received(part.name, states[part.id]) for part in parts),
            replies("plan.following"),
        )

    def _progress(self, about: Dossier) -> facts.Progress:
        tracks = tuple(Track(one.name, one.department, self._stages(one)) for one in about.matters)
        return facts.Progress(about.bundle.name, about.applicant, tracks, self._replies("plan.following"))

    def _stages(self, one: Matter) -> tuple[Stage, ...]:
        """Received, accepted, decided; what went another way is told at the place where it left this one."""
        reached = {"waiting": 0, "received": 1, "defective": 1, "accepted": 2, "granted": 3}.get(one.state, 3)
        names = [self._replies(f"progress.stage_{state}") for state in _WAY]
        if one.state in ("refused", "withdrawn"):
            names[-1] = self._replies(f"progress.{one.state}")
        note = self._replies(f"progress.{one.state}") if one.state in ("waiting", "defective") else self._deadline(one)
        shown = zip(names, range(len(names)), strict=True)
        return tuple(
            Stage(
                name, "done" if n < reached else "now" if n == reached else "todo", note if n == min(reached, 2) else ""
            )
            for name, n in shown
        )

    def _deferral(self, about: Dossier) -> facts.Deferral:
        replies = self._replies
        open_ = [one for one in about.promises if one.kind == "deferral" and one.due_on]
        days = {one.subject: replies.day(one.due_on) for one in open_ if one.due_on}
        missing = tuple(facts.Missing(one.name, replies("paper.how_later"), days[one.subject]) for one in open_)
        last = max((one.due_on for one in open_ if one.due_on), default=None)
        lapsed = replies(f"promise.lapsed_{self._settings.promises.lapsed}")
        return facts.Deferral(
            about.applicant, about.bundle.name, missing, replies.day(last) if last else "", (), lapsed
        )

    def _commitment(self, about: Dossier) -> facts.Commitment:
        made = [one for one in about.promises if one.kind == "commitment"]
        terms = [terms for part in papers.promised(about.bundle, about.case.values) if (terms := part.commitment)]
        return facts.Commitment(
            about.applicant,
            self._replies("words.between").join(one.name for one in made),
            self._replies("words.between").join(one.basis for one in terms),
            tuple(point for one in made for point in one.points),
            tuple(one.consequence for one in terms),
            self._replies.word("agree"),
            self._moment(made[0].agreed_at) if made else "",
        )

    def _defects(self, about: Dossier) -> facts.Defects:
        told = [(one.name, what) for one in about.matters if one.state == "defective" for what in one.defects]
        rows = tuple(facts.Defect(name, what, self._replies("paper.how_defect")) for name, what in told)
        return facts.Defects(about.applicant, about.bundle.name, rows, "")

    def _certificate(self, about: Dossier) -> facts.Combined:
        one, values, replies = about.certificate, about.case.values, self._replies
        assert one is not None  # kinds() names it only where there is one
        rows = tuple(
            facts.Listed(
                part.name,
                part.number,
                part.department,
                part.valid_until.isoformat() if part.valid_until else replies("certificate.undated"),
                replies(f"certificate.{part.state}"),
            )
            for part in one.parts
        )
        edition = replies("certificate.edition", edition=str(one.edition), day=self._moment(one.made_at))
        trade = about.bundle.combined.trade if about.bundle.combined else ""
        shop, address = values.get("shop_name", ""), values.get("address", "")
        return facts.Combined(trade, shop, about.applicant, address, edition, rows)

    def _collection(self, about: Dossier) -> facts.Collection:
        replies, hall = self._replies, self._settings.hall.name
        granted = tuple(facts.Granted(one.result, one.number) for one in about.matters if one.state == "granted")
        spans = [replies("progress.hours", opens=f"{a:%H:%M}", closes=f"{b:%H:%M}") for a, b in self._hours.spans]
        hours = replies("collection.hours", hours=replies("words.between").join(spans))
        bring = tuple(replies(f"collection.bring_{what}") for what in ("self", "other"))
        window = replies("collection.window", how=about.case.values.get("delivery", ""))
        return facts.Collection(about.applicant, about.bundle.name, granted, window, hours, hall, bring)

    def _moment(self, at: datetime) -> str:
        local = at.astimezone(self._hours.zone)
        return f"{self._replies.day(local.date())} {local:%H:%M}"

    def _days(self, item: Item) -> str:
        if not item.days.promised:
            return self._replies("plan.on_the_spot")
        return self._replies("plan.working_days", legal=str(item.days.legal), promised=str(item.days.promised))

    def _deadline(self, one: Matter) -> str:
        due = one.due_on(self._hours.after)
        if due or not one.working_days:
            return self._replies.day(due) if due else self._replies("plan.on_the_spot")
        return self._replies("plan.from_acceptance", days=str(one.working_days))
