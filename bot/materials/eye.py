"""How photos are looked at: what is known of documents, and the processes that clean and read."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from bot.domain.photo import Report
from bot.materials.cleaning import Cleaned, clean
from bot.materials.figures import Figures
from bot.materials.judge import judge, look_over
from bot.materials.kinds import Kinds
from bot.materials.scanner import Scanner
from bot.materials.worker import Lost, Workers

_LOST = Report("human", ("failed",))


@dataclass(frozen=True)
class Eye:
    """Without workers photos are cleaned in this process, and nothing is read. A scanner looks before anybody does."""

    kinds: Kinds = field(default_factory=dict)
    workers: Workers | None = None
    scanner: Scanner | None = None

    def clean(self, content: bytes) -> tuple[Cleaned, bytes]:
        """CitizenError where it cannot be taken."""
        if self.scanner is not None:
            self.scanner.look(content)
        return clean(content) if self.workers is None else self.workers.clean(content)

    def reads(self, wanted: Sequence[str]) -> bool:
        """Is there anything to be read for one of these kinds?"""
        return self.workers is not None and any(not self.kinds[one].looked_at for one in wanted)

    def judged(
        self, content: bytes, figures: Figures, wanted: Sequence[str], today: date, others: bool = False
    ) -> Report:
        """The verdict on a cleaned photo, as one of the kinds `wanted`; see bot/materials/judge.py.

        One over which the reader is lost twice is left to staff. Busy where it is at work on another: nobody waits.
        """
        if not self.reads(wanted):
            return look_over(figures)
        assert self.workers is not None
        for _ in range(2):
            try:
                page = self.workers.read(content, wait=False)
            except Lost:
                continue
            return judge(page, figures, self.kinds, wanted, today, others)
        return _LOST

    def close(self) -> None:
        if self.workers is not None:
            self.workers.close()
