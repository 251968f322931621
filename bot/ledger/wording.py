"""What a nudge says: the day, the window, the place, what to bring, and how to see that it is genuine."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bot.domain.hours import Hours
from bot.domain.licence import Licence, Window
from bot.ledger.kinds import Kind, Kinds
from bot.replies import Replies
from bot.store.nudges import ASKED

# From the least pressing on. Of several licences in one message the most pressing rung counts.
ORDER: tuple[str, ...] = (ASKED, "prepare", "open", "hurry", "hurry_again", "last_days", "closed", "expired")
PRESSING = frozenset({"hurry_again", "last_days", "closed", "expired"})

FACTS = ("kind", "tail", "day", "latest", "count", "code", "hall")  # what templates of notices may name


def plain(rung: str) -> str:
    """The name of a rung without the day that its holder named."""
    return rung.partition(" ")[0]


def most_pressing(rungs: Sequence[str]) -> str:
    return max(map(plain, rungs), key=ORDER.index)


@dataclass(frozen=True)
class Wording:
    replies: Replies
    kinds: Kinds
    hours: Hours
    hall: str

    def message(self, rungs: Sequence[tuple[Licence, str]], code: str, today: date) -> list[str]:
        """One message about all of them, in one or two bubbles."""
        if len(rungs) == 1:
            first = self._one(*rungs[0], today)
        else:
            lines = "\n".join(
                self.replies("words.number", number=str(n), choice=self.line(one))
                for n, (one, _) in enumerate(rungs, 1)
            )
            first = self.replies("nudge.several", count=str(len(rungs)), lines=lines, hall=self.hall)
        return [first, self.replies("nudge.genuine", code=code)]

    def text(self, rungs: Sequence[tuple[Licence, str]], code: str) -> str:
        """The same as one text to a telephone, which names neither the shop nor the holder."""
        one = min((licence for licence, _ in rungs), key=lambda licence: licence.expires_on or date.max)
        kind, ends = self.kinds.of[one.kind], one.expires_on
        assert ends is not None
        if len(rungs) > 1:
            fields = {"count": str(len(rungs)), "day": self.replies.day(ends)}
            return self.replies("nudge.text_several", hall=self.hall, code=code, **fields)
        found = kind.window(ends, self.hours)
        latest = self.replies.day(found.latest) if found else ""
        fields = {"kind": kind.name, "tail": one.number[-4:], "day": self.replies.day(ends), "latest": latest}
        act, brought = self._act(kind), self._materials(kind)
        return self.replies("nudge.text", hall=self.hall, code=code, act=act, materials=brought, **fields)

    def facts(self, rungs: Sequence[tuple[Licence, str]], code: str) -> tuple[tuple[str, str], ...]:
        """What a notice by template may tell of the most pressing licence; see FACTS."""
        one = min((licence for licence, _ in rungs), key=lambda licence: licence.expires_on or date.max)
        kind, ends = self.kinds.of[one.kind], one.expires_on
        assert ends is not None
        found = kind.window(ends, self.hours)
        told = (kind.name, one.number[-4:], ends.isoformat(), found.latest.isoformat() if found else "")
        return tuple(zip(FACTS, (*told, str(len(rungs)), code, self.hall), strict=True))

    def label(self, one: Licence) -> str:
        """A licence as a choice."""
        return self.replies("nudge.label", shop=self._shop(one), kind=self.kinds.of[one.kind].name, number=one.number)

    def line(self, one: Licence) -> str:
        kind, ends = self.kinds.of[one.kind], one.expires_on
        found = kind.window(ends, self.hours) if ends else None
        if ends is None or found is None:
            return self.label(one)
        fields = {"day": self.replies.day(ends), "latest": self.replies.day(found.latest)}
        return self.replies("nudge.line", shop=self._shop(one), kind=kind.name, **fields)

    def notice_line(self, code: str, count: int, latest: date) -> str:
        """How many of a kind end, and the day on which the first of them is to be applied for."""
        kind = self.kinds.of[code]
        told = {"kind": kind.name, "count": str(count), "latest": self.replies.day(latest), "act": self._act(kind)}
        return self.replies("nudge.notice_line", **told)

    def choices(self, one: Licence, today: date) -> tuple[str, ...]:
        """The replies that a nudge offers: the renewal only where it can be applied for."""
        renews = ("same", "changed") if self.renewable(one, today) else ()
        return self.words(*renews, "closing", "done", "wrong")

    def renewable(self, one: Licence, today: date) -> bool:
        """Can its renewal be applied for today?"""
        kind, ends = self.kinds.of[one.kind], one.expires_on
        found = kind.window(ends, self.hours) if ends else None
        if ends is None or found is None or not found.earliest <= today <= ends:
            return False
        return today <= found.latest or kind.late in ("pause", "ordered", "unaffected")

    def words(self, *names: str) -> tuple[str, ...]:
        return tuple(self.replies(f"nudge.say_{name}") for name in names)

    def _one(self, one: Licence, rung: str, today: date) -> str:
        kind, ends = self.kinds.of[one.kind], one.expires_on
        assert ends is not None
        found = kind.window(ends, self.hours)
        assert found is not None
        fields = {"shop": self._shop(one), "kind": kind.name, "day": self.replies.day(ends), "hall": self.hall}
        what = self.what(kind, found, rung, today)
        return self.replies("nudge.one", what=what, materials=self._materials(kind), **fields)

    def what(self, kind: Kind, found: Window, rung: str, today: date) -> str:
        """What a rung says of a window."""
        rung, act = plain(rung), self._act(kind)
        latest, earliest = self.replies.day(found.latest), self.replies.day(found.earliest)
        after = self.replies(f"nudge.after_{kind.late}")
        if found.provisional:
            after += self.replies("nudge.provisional")
        if rung == "closed":
            return self.replies(f"nudge.closed_{kind.late}", latest=latest, act=act)
        if rung == "expired":
            return self.replies(f"nudge.expired_{kind.late}", act=act)
        fields = {"earliest": earliest, "latest": latest, "act": act, "after": after}
        return self.replies(f"nudge.{rung}", left=str(self.hours.between(today, found.latest)), **fields)

    def _act(self, kind: Kind) -> str:
        return kind.act or self.replies("words.renewal")

    def _materials(self, kind: Kind) -> str:
        return self.replies("nudge.materials", materials=kind.materials) if kind.materials else ""

    def _shop(self, one: Licence) -> str:
        return one.shop or self.replies("nudge.no_shop")
