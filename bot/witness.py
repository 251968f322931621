"""Signing from afar: who signs proves to be who was asked, reads point by point, and signs just that."""

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from bot.documents.papers import Paper, Signed, plain
from bot.domain.case import Kept
from bot.domain.messages import InboundEvent
from bot.domain.signing import SIGNED, TO_SIGN, Point, Signing, Stroke, basis, is_signature
from bot.dossier import Dossier, dossier
from bot.errors import CitizenError, StoreError
from bot.evidence import attested
from bot.materials.files import digest
from bot.materials.pages import sheets
from bot.paperwork import Clerk
from bot.registry.sms import Sms
from bot.store.db import Tables
from bot.testimony import Where, points, proxy_of, testimony
from bot.texting import fault
from bot.turn import Resources

CODES, TRIES = 3, 5  # codes that one link sends, and how often it may be given a wrong one
_BETWEEN = timedelta(minutes=1)

T = TypeVar("T")


@dataclass(frozen=True)
class Witness:
    """Every step is refused by a CitizenError, and kept before it is answered."""

    resources: Resources
    clerk: Clerk
    sms: Sms | None

    def find(self, token: str, now: datetime) -> Signing:
        """CitizenError where the link opens nothing (any more)."""
        return self.resources.store.read(lambda tables: live(tables, token, now))

    def knows(self, one: Signing, browser: str) -> bool:
        """Is it the browser in which the code was given?"""
        return bool(browser) and hmac.compare_digest(self._digest(one, browser), one.steps.browser)

    def send_code(self, token: str, phone: str, now: datetime) -> None:
        """A fresh code to the signer's telephone: to the one of the form, or to `phone` where the signer names it."""
        code = f"{secrets.randbelow(1_000_000):06}"

        def reserve(tables: Tables) -> Signing:
            one = live(tables, token, now, hold=True)
            _may_send(one, phone, now)
            steps = one.steps
            steps.phone = phone if steps.own_phone else steps.phone
            steps.code, steps.code_sent_at, steps.codes = self._digest(one, code), now, steps.codes + 1
            tables.signings.save(one)
            return one

        if self.sms is None:
            raise CitizenError("sign.not_sent")
        one = self.resources.store.write(reserve)
        replies, hall = self.resources.replies, self.resources.settings.hall.name
        minutes = str(self.resources.settings.signing.code_minutes)
        told = {"code": code, "document": replies(f"sign.name_{one.document}"), "minutes": minutes, "hall": hall}
        if fault(self.sms, one.steps.phone, replies("sign.code", **told), f"signing:{one.id}:{one.steps.codes}"):
            raise CitizenError("sign.not_sent")

    def prove(self, token: str, code: str, now: datetime) -> str:
        """What the browser keeps from now on, to be known by. After so many wrong codes the link is void."""
        browser, holds = secrets.token_urlsafe(24), timedelta(minutes=self.resources.settings.signing.code_minutes)

        def judge(tables: Tables) -> str:
            one = live(tables, token, now, hold=True)
            steps = one.steps
            if not steps.code or steps.code_sent_at is None or steps.code_sent_at + holds < now:
                raise CitizenError("sign.old_code")
            right = hmac.compare_digest(self._digest(one, code), steps.code)
            if right:
                steps.code, steps.proven_at, steps.browser = "", now, self._digest(one, browser)
            else:
                steps.wrong += 1
                one.state = "void" if steps.wrong >= TRIES else "open"
            tables.signings.save(one)
            return "" if right else "sign.wrong_code" if one.state == "open" else "sign.locked"

        if refused := self.resources.store.write(judge):
            raise CitizenError(refused)
        return browser

    def opened(self, token: str, browser: str, now: datetime) -> Signing:
        """With its paper made out, which does not change any more."""
        one = self.proven(token, browser, now)
        if one.steps.file or one.state == "signed" or one.lacks_agent:
            return one
        about = self._about(one, token, now)
        papers = self.clerk.to_sign(one.document, about, now, proxy=proxy_of(self.resources, one, about))
        content = self.clerk.printed(papers)
        file, count = self.resources.files.keep(content), sheets(content)

        def keep(tables: Tables) -> Signing:
            one = live(tables, token, now, hold=True)
            if one.steps.file:
                tables.kept.put(Kept(file, "", "", len(content), digest(content), now))  # another was first; swept
                return one
            tables.kept.put(_kept(file, about, content, TO_SIGN + one.document, now))
            steps = one.steps
            steps.sheets = count
            steps.opened_at, steps.file, steps.sha256, steps.papers = now, file, digest(content), _digest(papers)
            steps.points = [Point(text) for text in points(self.resources, self.clerk, one, about)]
            tables.signings.save(one)
            return one

        return self._with(file, keep)

    def confirm(self, token: str, browser: str, place: int, now: datetime) -> None:
        """A point was read. Only the next one can be; one that was confirmed stays so."""

        def keep(tables: Tables) -> None:
            one = live(tables, token, now, hold=True)
            if self.knows(one, browser) and place == one.next_point():
                one.steps.points[place].at = now
                tables.signings.save(one)

        self.resources.store.write(keep)

    def sign(self, token: str, browser: str, strokes: Sequence[Stroke], where: Where, now: datetime) -> None:
        """Put the signature into the paper, and keep the evidence. Once."""
        one = self.proven(token, browser, now)
        if one.state == "signed":
            return
        if not one.steps.points or one.next_point() is not None:
            raise CitizenError("sign.points_first")
        if not is_signature(strokes):
            raise CitizenError("sign.too_little")
        about = self._about(one, token, now)
        content = self._signed(one, about, tuple(strokes), now, token)
        file = self.resources.files.keep(content)
        sums = {"document_sha256": one.steps.sha256, "signed_sha256": digest(content)}

        def keep(tables: Tables) -> None:
            one = live(tables, token, now, hold=True)
            if one.state == "signed":
                tables.kept.put(Kept(file, "", "", len(content), digest(content), now))
                return
            one.state, one.steps.signed_at, one.steps.signed_file = "signed", now, file
            evidence = {**testimony(self.resources, one, where), "strokes": strokes, **sums}
            one.steps.key, private = tables.signings.key(now)
            one.steps.evidence, one.steps.signature = attested(evidence, private)
            tables.signings.save(one)
            tables.kept.put(_kept(file, about, content, SIGNED + one.document, now))
            tables.audits.put("signer", "sign", one.case, now)
            tables.inbox.accept(self._event(one, now), now)

        self._with(file, keep)

    def _signed(self, one: Signing, about: Dossier, strokes: tuple[Stroke, ...], now: datetime, token: str) -> bytes:
        """The paper with the signature, if it still says what was read."""
        steps, replies = one.steps, self.resources.replies
        at = now.astimezone(self.resources.hours.zone)
        assert steps.opened_at is not None  # it has points
        proxy = proxy_of(self.resources, one, about)
        if _digest(self.clerk.to_sign(one.document, about, steps.opened_at, proxy=proxy)) != steps.papers:
            raise self._changed(token, now)
        signed = {"applicant": Signed(steps.signer, replies.day(at.date()), strokes=strokes)}
        made = self.clerk.to_sign(one.document, about, steps.opened_at, signed, proxy)
        time = f"{replies.day(at.date())} {at:%H:%M}"
        note = replies("sign.note", name=steps.signer, time=time, sum=steps.sha256)
        return self.clerk.printed([replace(paper, notes=(*paper.notes, note)) for paper in made])

    def _with(self, file: str, keep: Callable[[Tables], T]) -> T:
        """Save what speaks of a file; where it is not saved, nothing stays of that."""
        try:
            return self.resources.store.write(keep)
        except (CitizenError, StoreError):
            self.resources.files.delete(file)
            raise

    def proven(self, token: str, browser: str, now: datetime) -> Signing:
        one = self.find(token, now)
        if not self.knows(one, browser):
            raise CitizenError("sign.prove_first")
        return one

    def _about(self, one: Signing, token: str, now: datetime) -> Dossier:
        """The case, if it stands as it did when it was asked to be signed."""
        about = dossier(self.resources.store, one.case)
        if basis(one.document, about.bundle.questions, about.case.values) != one.steps.basis:
            raise self._changed(token, now)
        return about

    def _changed(self, token: str, now: datetime) -> CitizenError:
        """The link is void: what it was for does not stand so any more."""

        def void(tables: Tables) -> None:
            one = live(tables, token, now, hold=True)
            if one.state == "open":
                one.state = "void"
                tables.signings.save(one)

        self.resources.store.write(void)
        return CitizenError("sign.changed")

    def _event(self, one: Signing, now: datetime) -> InboundEvent:
        """The signer's word that it is done, which the conversation goes on with."""
        channel, account, sender = one.conversation_id.split(":", 2)
        word = self.resources.replies.word("signed")
        return InboundEvent(channel, f"signed:{one.id}", sender, "text", now, account, word)

    def _digest(self, one: Signing, secret: str) -> str:
        return self.resources.files.seal.digest(f"signing {one.id} {secret}")


def live(tables: Tables, token: str, now: datetime, *, hold: bool = False) -> Signing:
    one = tables.signings.find(token, hold=hold)
    if one is None or one.state == "void" or one.until < now:
        raise CitizenError("sign.gone")
    return one


def _may_send(one: Signing, phone: str, now: datetime) -> None:
    steps = one.steps
    if one.state != "open" or steps.codes >= CODES:
        raise CitizenError("sign.no_more_codes")
    if steps.code_sent_at is not None and now < steps.code_sent_at + _BETWEEN:
        raise CitizenError("sign.wait")
    if steps.own_phone and not (len(phone) == 11 and phone.isascii() and phone.isdecimal() and phone[0] == "1"):
        raise CitizenError("sign.phone")


def _kept(file: str, about: Dossier, content: bytes, what: str, now: datetime) -> Kept:
    case = about.case
    return Kept(file, case.conversation_id, "pdf", len(content), digest(content), now, case.reference, what)


def _digest(papers: Sequence[Paper]) -> str:
    """Of all that stands on them."""
    return hashlib.sha256(json.dumps(plain(list(papers)), default=str, sort_keys=True).encode()).hexdigest()
