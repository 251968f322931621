"""The papers of a case, made out from what stands in the database: nothing of them is kept but that."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import Any, get_args

from bot.bundles import papers
from bot.bundles.engine import SKIPPED
from bot.bundles.model import Item, Material
from bot.bundles.plan import plan
from bot.documents import facts
from bot.documents.compose import compose
from bot.documents.docx import docx
from bot.documents.forms import FormLayout, fill, form_of, load_forms
from bot.documents.pack import File, archive, bind, joined
from bot.documents.papers import Imprint, Paper, Signed, Stage, Track
from bot.documents.pdf import Press
from bot.documents.wording import Wording, load_wording
from bot.domain.hours import Hours
from bot.domain.progress import Matter
from bot.domain.signing import SIGNED, STATEMENT, TO_SIGN, Signable
from bot.dossier import Dossier as Dossier
from bot.dossier import Kind as Kind
from bot.dossier import Made
from bot.dossier import dossier as dossier
from bot.dossier import kinds as kinds
from bot.materials.files import Files
from bot.replies import Replies
from bot.settings import Settings


class Clerk:
    """Makes papers out. Made once and kept: it holds the layouts, and from the first paper on the fonts."""

    def __init__(self, settings: Settings, replies: Replies, hours: Hours) -> None:
        self._wording: Wording = load_wording(settings.config)
        self._forms: dict[str, FormLayout] = load_forms(settings.config)
        self._settings, self._replies, self._hours = settings, replies, hours

    @cached_property
    def _press(self) -> Press:
        return Press(self._wording.words)

    def pdf(self, kind: Made, about: Dossier, link: str, now: datetime) -> bytes:
        return self._press.pdf(self._paper(kind, about, link, now))

    def picture(self, kind: Made, about: Dossier, link: str, now: datetime) -> bytes:
        return self._press.picture(self._paper(kind, about, link, now))

    def to_sign(
        self,
        document: Signable,
        about: Dossier,
        at: datetime,
        signed: Mapping[str, Signed] | None = None,
        proxy: facts.Proxy | None = None,
    ) -> list[Paper]:
        """The papers that one signature signs, as made out then; a `proxy` is a letter of authority."""
        if proxy is not None:
            return [compose(self._wording, proxy, self._imprint(about, "", at), signed)]
        assert document != "proxy"
        if document == "forms":
            return [self._form(about, item.id, at, signed) for item in plan(about.bundle, about.case.values).items]
        return [self._paper(document, about, "", at, signed)]

    def printed(self, made: list[Paper]) -> bytes:
        return joined([self._press.pdf(one) for one in made])

    def application(self, about: Dossier, item: str, files: Files, now: datetime) -> dict[str, bytes]:
        """What one department is given: its own form, to be read and to be edited, and the photos of its materials."""
        wanted = {material.id for material in about.bundle.materials if item in material.items}
        alone = len(plan(about.bundle, about.case.values).items) == 1  # otherwise forms of others are among them
        wanted |= {SIGNED + kind for kind in get_args(Signable) if alone or kind != "forms"}
        paper = self._form(about, item, now)
        found = {"application.pdf": self._press.pdf(paper), "application.docx": docx(paper, self._wording.words)}
        for number, kept in enumerate((one for one in about.files if one.material in wanted), 1):
            found[f"{number:02}-{kept.material}.{_ending(kept.kind)}"] = files.read(kept.file)
        return found

    def layout(self, item: str) -> FormLayout:
        """The form of an item's department."""
        return form_of(self._forms, item)

    def bound(self, about: Dossier, files: Files, now: datetime) -> bytes:
        """Every form and material of the case as one PDF."""
        every, imprint = self._all(about, files, now, editable=False), self._imprint(about, "", now)
        return bind(self._press, self._wording, every, imprint, applicant=about.applicant, matter=about.bundle.name)

    def packed(self, about: Dossier, files: Files, now: datetime) -> bytes:
        """The same as one zip, with the forms as DOCX too."""
        return archive(self._all(about, files, now, editable=True), now)

    def _all(self, about: Dossier, files: Files, now: datetime, *, editable: bool) -> list[File]:
        found = []
        for item in plan(about.bundle, about.case.values).items:
            paper = self._form(about, item.id, now)
            found.append(File(f"{paper.title} {item.name}", "pdf", self._press.pdf(paper)))
            if editable:
                found.append(File(f"{paper.title} {item.name}", "docx", docx(paper, self._wording.words)))
        names = {material.id: material.name for material in about.bundle.materials}
        names |= {SIGNED + kind: self._replies(f"link.signed_{kind}") for kind in get_args(Signable)}
        for kept in (one for one in about.files if not one.material.startswith((TO_SIGN, STATEMENT))):
            name = names.get(kept.material, self._replies("paper.other"))
            found.append(File(name, _ending(kept.kind), files.read(kept.file)))
        return found

    def _form(self, about: Dossier, item: str, now: datetime, signed: Mapping[str, Signed] | None = None) -> Paper:
        values = {id: value for id, value in about.case.values.items() if value != SKIPPED}
        imprint, questions = self._imprint(about, "", now), about.bundle.questions
        return fill(self.layout(item), values, questions, imprint, self._wording.words, signed)

    def _paper(
        self, kind: Made, about: Dossier, link: str, now: datetime, signed: Mapping[str, Signed] | None = None
    ) -> Paper:
        make: dict[Made, Callable[[Dossier], facts.Facts]] = {
            "plan": self._plan,
            "receipt": self._receipt,
            "progress": self._progress,
            "deferral": self._deferral,
            "commitment": self._commitment,
            "defects": self._defects,
            "certificate": self._certificate,
        }
        imprint = self._imprint(about, link, now)
        if kind == "certificate" and about.certificate:
            imprint = replace(imprint, number=about.certificate.number)
        return compose(self._wording, make[kind](about), imprint, signed)

    def _imprint(self, about: Dossier, link: str, now: datetime) -> Imprint:
        hall = self._settings.hall.name
        return Imprint(about.case.reference, hall, now.astimezone(self._hours.zone), hall, "", link)

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
        last = {"refused": "progress.refused", "withdrawn": "progress.withdrawn"}.get(
            one.state, "progress.stage_granted"
        )
        names = [self._replies(key) for key in ("progress.stage_received", "progress.stage_accepted", last)]
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
        how, lacking = self._replies("paper.how_defect"), [one for one in about.matters if one.state == "defective"]
        rows = tuple(facts.Defect(one.name, what, how) for one in lacking for what in one.defects)
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


def _ending(kind: str) -> Any:
    return {"jpeg": "jpg"}.get(kind, kind)
