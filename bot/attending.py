"""What time brings about for appointments: times nobody confirmed are free, whoever waits is offered one, reminders."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from bot.diary import Diary
from bot.domain.appointment import BOOKED, HELD, Appointment, Reminder, Wanted, reminder
from bot.domain.messages import OutboundMessage
from bot.errors import CitizenError, StoreError, place
from bot.store.db import Tables
from bot.store.lines import Waits
from bot.turn import Resources
from bot.visit_words import VisitWords

log = logging.getLogger(__name__)

_AT_ONCE = 50


@dataclass(frozen=True)
class Attendant:
    """A part of a round. Each thing is one short transaction that looks again, so that a kill loses none."""

    resources: Resources

    def go(self, now: datetime) -> int:
        """How much there was to do."""
        offices, store = self.resources.offices, self.resources.store
        if not offices.counters:
            return 0
        late = store.read(lambda tables: tables.appointments.expired(now, _AT_ONCE))
        done = self._each([partial(self._lapse, one.id, now) for one in late])
        if self.resources.settings.nudges.is_quiet(now.astimezone(self.resources.hours.zone).time()):
            return done
        line = store.read(lambda tables: tables.lines.all())
        done += self._each([partial(self._offer, one, now) for one in line])
        soon = store.read(partial(self._soon, now))
        return done + self._each([partial(self._remind, one.id, now) for one in soon[:_AT_ONCE]])

    def _each(self, works: Sequence[Callable[[Tables], bool]]) -> int:
        """One that cannot be done keeps no other waiting."""
        done = 0
        for work in works:
            try:
                done += self.resources.store.write(work)
            except StoreError:
                raise
            except Exception as error:  # noqa: BLE001 - its text may hold what a citizen typed
                log.error("an appointment was not attended to: %s", place(error))
        return done

    def _lapse(self, id: int, now: datetime, tables: Tables) -> bool:
        """Nobody confirmed it in time."""
        one = tables.appointments.load(id, self.resources.hours.zone)
        if one is None or one.held_until is None or one.held_until >= now:
            return False
        if not tables.appointments.end(id, "lapsed", now, HELD):
            return False
        self._tell(tables, one, "visit.lapsed", f"lapsed:{id}", now)
        return True

    def _offer(self, waits: Waits, now: datetime, tables: Tables) -> bool:
        """A time that came free, to the first who waits for it; whose day has come leaves the line."""
        diary, zone = self._diary, self.resources.hours.zone
        if waits.counter not in diary.offices.counters or waits.last <= now:
            return tables.lines.leave(waits.id)
        first = waits.first.astimezone(zone).date()
        free = diary.free(tables, diary.slots(waits.counter, now, first, first), "online", now)
        if not free or not tables.lines.leave(waits.id):
            return False
        wanted = Wanted(next(iter(free)), {}, "online", waits.conversation, waits.conversation)
        try:
            held = diary.hold(tables, wanted, now, diary.offices.rules.offer)
        except CitizenError:  # they have booked something else at that time: the next one is asked
            return True
        if held is not None:
            until = f"{(held.held_until or now).astimezone(zone):%H:%M}"
            choices = [self.resources.replies.word(word) for word in ("confirm_visit", "drop_visit")]
            self._tell(tables, held, "visit.offered", f"offered:{held.id}", now, choices, until=until)
        return True

    def _soon(self, now: datetime, tables: Tables) -> list[Appointment]:
        zone = self.resources.hours.zone
        booked = tables.appointments.between(now.astimezone(zone), now + timedelta(days=2), states=BOOKED)
        return [one for one in booked if one.conversation and self._rung(one, now)]

    def _rung(self, one: Appointment, now: datetime) -> Reminder | None:
        hours = self.resources.hours
        opens = hours.usual(one.starts_at.date() - timedelta(days=1))[0][0]
        return reminder(one, now, opens, self.resources.settings.nudges.quiet_until)

    def _remind(self, id: int, now: datetime, tables: Tables) -> bool:
        one = tables.appointments.load(id, self.resources.hours.zone)
        if one is None or one.state != "booked":
            return False
        rung = self._rung(one, now)
        if rung is None:
            return False
        tables.appointments.remind(one, rung)
        choices = [self.resources.replies.word(word) for word in ("my_visits", "other_time")]
        self._tell(tables, one, f"visit.remind_{rung}", f"visit:{id}:{rung}", now, choices)
        return True

    def _tell(
        self,
        tables: Tables,
        one: Appointment,
        name: str,
        key: str,
        now: datetime,
        choices: Sequence[str] = (),
        **more: str,
    ) -> None:
        if not one.conversation:
            return
        words, slot = self._words, one.slot
        text = self.resources.replies(name, said=words.moment(slot), place=words.place(slot), **more)
        text = text if name == "visit.lapsed" else f"{text}\n{words.details(slot)}".strip()
        tables.outbox.put(one.conversation, [OutboundMessage(text, choices=tuple(choices))], now, key)

    @property
    def _diary(self) -> Diary:
        return Diary(self.resources.offices, self.resources.hours)

    @property
    def _words(self) -> VisitWords:
        return VisitWords(self.resources.replies, self.resources.offices, self.resources.hours)
