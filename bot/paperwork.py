"""The papers of a case, made out from what stands in the database: nothing of them is kept but that."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import Any, get_args

from bot.bundles.engine import SKIPPED
from bot.bundles.plan import plan
from bot.documents import facts
from bot.documents.compose import compose
from bot.documents.docx import docx
from bot.documents.forms import FormLayout, fill, form_of, load_forms
from bot.documents.pack import File, archive, bind, joined
from bot.documents.papers import Imprint, Paper, Signed
from bot.documents.pdf import Press
from bot.documents.wording import Wording, load_wording
from bot.domain.hours import Hours
from bot.domain.signing import SIGNED, STATEMENT, TO_SIGN, Signable
from bot.dossier import Dossier as Dossier
from bot.dossier import Kind as Kind
from bot.dossier import Made
from bot.dossier import dossier as dossier
from bot.dossier import kinds as kinds
from bot.materials.files import Files
from bot.replies import Replies
from bot.settings import Settings
from bot.telling import Telling


class Clerk:
    """Makes papers out. Made once and kept: it holds the layouts, and from the first paper on the fonts."""

    def __init__(self, settings: Settings, replies: Replies, hours: Hours) -> None:
        self._wording: Wording = load_wording(settings.config)
        self._forms: dict[str, FormLayout] = load_forms(settings.config)
        self._settings, self._replies, self._hours = settings, replies, hours
        self._telling = Telling(settings, replies, hours)

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
        imprint = self._imprint(about, link, now)
        if kind == "certificate" and about.certificate:
            imprint = replace(imprint, number=about.certificate.number)
        return compose(self._wording, self._telling.of(kind, about), imprint, signed)

    def _imprint(self, about: Dossier, link: str, now: datetime) -> Imprint:
        hall = self._settings.hall.name
        return Imprint(about.case.reference, hall, now.astimezone(self._hours.zone), hall, "", link)


def _ending(kind: str) -> Any:
    return {"jpeg": "jpg"}.get(kind, kind)
