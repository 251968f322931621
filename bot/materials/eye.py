"""How photos are looked at: what is known of documents, and the processes that clean and read."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from bot.domain.photo import Report
from bot.materials.cleaning import Cleaned, clean
from bot.materials.figures import Figures
from bot.materials.judge import judge, look_over, stands_in
from bot.materials.kinds import Kinds
from bot.materials.reading import Page
from bot.materials.scanner import Scanner
from bot.materials.worker import Busy, Lost, Workers

_LOST = Report("human", ("failed",))


@dataclass(frozen=True)
class Eye:
    """Without workers photos are cleaned in this process, and nothing is read. A scanner looks before anybody does."""

    kinds: Kinds = field(default_factory=dict)
    workers: Workers | None = None
    scanner: Scanner | None = None
    _one: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False, compare=False)

    def clean(self, content: bytes, *, wait: bool = True) -> tuple[Cleaned, bytes]:
        """CitizenError where it cannot be taken; Busy where another is cleaned, and that was not to be waited for."""
        if not self._one.acquire(blocking=wait):
            raise Busy("another photo is cleaned")
        try:
            if self.scanner is not None:
                self.scanner.look(content)
            return clean(content) if self.workers is None else self.workers.clean(content)
        finally:
            self._one.release()

    def reads(self, wanted: Sequence[str], code: str = "") -> bool:
        """Is there anything to be read for one of these kinds, or a code to be found?"""
        return self.workers is not None and (bool(code) or any(not self.kinds[one].looked_at for one in wanted))

    def seen(self, content: bytes, figures: Figures, code: str = "") -> Report:
        """The verdict on a picture of no document. One in which the `code` is not found is to be taken again.

        Busy where the reader is at work on another.
        """
        report = look_over(figures)
        if report.verdict != "pass" or not code:
            return report
        page = self._read(content)
        return report if page is not None and stands_in(page, code) else Report("retake", ("no_code",))

    def judged(
        self, content: bytes, figures: Figures, wanted: Sequence[str], today: date, others: bool = False
    ) -> Report:
        """The verdict on a cleaned photo, as one of the kinds `wanted`; see bot/materials/judge.py.

        One over which the reader is lost twice is left to staff. Busy where it is at work on another: nobody waits.
        """
        if not self.reads(wanted):
            return look_over(figures)
        page = self._read(content)
        return _LOST if page is None else judge(page, figures, self.kinds, wanted, today, others)

    def _read(self, content: bytes) -> Page | None:
        """None where there is no reader, or where it is lost twice over this one."""
        for _ in range(2 if self.workers is not None else 0):
            assert self.workers is not None
            try:
                return self.workers.read(content, wait=False)
            except Lost:
                continue
        return None

    def close(self) -> None:
        if self.workers is not None:
            self.workers.close()
