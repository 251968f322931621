"""The page of appointments: who comes on a day, who came, and times booked for those who call or stand there."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Request, Response

from bot.diary import Diary
from bot.domain.appointment import Slot, Wanted
from bot.domain.masking import masked_value
from bot.domain.messages import OutboundMessage
from bot.errors import CitizenError, OperatorError
from bot.replies import Replies
from bot.store.db import Tables
from bot.visit_words import VisitWords
from handoff.accounts import Known
from handoff.pages import Frame, day_of, to

AT = "/desk/appointments"

Word = Annotated[str, Form()]
Done = Literal["arrived", "missed", "cancel"]


@dataclass(frozen=True)
class Appointments:
    frame: Frame
    diary: Diary
    replies: Replies

    def routes(self) -> APIRouter:
        router, door = APIRouter(prefix="/desk", include_in_schema=False), self.frame.door
        Looking = Annotated[Known, Depends(door.to("agent", "reviewer"))]  # noqa: N806 - a type
        Doing = Annotated[Known, Depends(door.doing("agent", "reviewer"))]  # noqa: N806

        @router.get("/appointments")
        def appointments(request: Request, known: Looking, day: str = "", counter: str = "") -> Response:
            return self._page(request, known, day_of(day) or self._today(), counter)

        @router.post("/appointments/book")
        def book(
            known: Doing,
            slot: Word,
            counter: Word,
            name: Word = "",
            phone: Word = "",
            way: Annotated[Literal["phone", "walkin"], Form()] = "phone",
        ) -> Response:
            found = self._slot(counter, slot)
            day = found.starts_at.date().isoformat() if found else ""
            digits = "".join(sign for sign in phone if sign.isascii() and sign.isdigit())
            if found is None or not 7 <= len(digits) <= 15:
                return to(AT, day=day, counter=counter, fault="caller")
            wanted = Wanted(found, {}, way, "", name=name.strip()[:40], phone=digits)
            fault = self.frame.store.write(lambda tables: self._book(tables, wanted, known.staff.name))
            return to(AT, day=day, counter=counter, fault=fault, done="" if fault else "booked")

        @router.post("/appointments/{id}/{what}")
        def mark(id: int, what: Done, known: Doing, day: Word = "", counter: Word = "") -> Response:
            done = self.frame.store.write(lambda tables: self._mark(tables, id, what, known.staff.name))
            where = {
                "day": day if day_of(day) else "",
                "counter": counter if counter in self.diary.offices.counters else "",
            }
            return to(AT, **where, fault="" if done else "gone", done="marked" if done else "")

        return router

    def _page(self, request: Request, known: Known, day: date, counter: str) -> Response:
        diary, store = self.diary, self.frame.store
        counters = diary.offices.counters
        counter = counter if counter in counters else next(iter(counters), "")
        now = store.now()
        times = [one for one in diary.offices.slots(counter, day, diary.hours) if one.ends_at > now] if counter else []
        rows, free = store.read(
            lambda tables: (diary.of_day(tables, day, counter), diary.free(tables, times, "phone", now))
        )
        self.frame.look(known, "view appointments", f"{counter} {day}")
        shown = {"day": day, "counter": counter, "counters": counters, "rows": rows, "free": free}
        return self.frame.page(request, known, "appointments.html", **shown, masked=masked_value)

    def _book(self, tables: Tables, wanted: Wanted, who: str) -> str:
        """What is wrong; "" where it is booked."""
        try:
            found = self.diary.book(tables, wanted, who, self.frame.store.now())
        except (CitizenError, OperatorError):
            return "twice"
        return "" if found else "no_seat"

    def _mark(self, tables: Tables, id: int, what: Done, who: str) -> bool:
        """Somebody who is in the chat is told that staff have cancelled."""
        diary, now = self.diary, self.frame.store.now()
        act: dict[Done, Callable[[Tables, int, str, datetime], bool]]
        act = {"arrived": diary.arrived, "missed": diary.missed, "cancel": diary.cancel}
        if not act[what](tables, id, who, now):
            return False
        one = tables.appointments.load(id, diary.hours.zone)
        if what == "cancel" and one is not None and one.conversation:
            words = VisitWords(self.replies, diary.offices, diary.hours)
            text = self.replies("visit.cancelled", said=words.moment(one.slot), place=words.place(one.slot))
            tables.outbox.put(one.conversation, [OutboundMessage(text)], now, f"cancelled:{id}")
        return True

    def _slot(self, counter: str, begins: str) -> Slot | None:
        try:
            at = datetime.fromisoformat(begins)
        except ValueError:
            return None
        if counter not in self.diary.offices.counters or at.tzinfo is None:
            return None
        day = at.astimezone(self.diary.hours.zone).date()
        every = self.diary.offices.slots(counter, day, self.diary.hours)
        return next((one for one in every if one.starts_at == at and one.ends_at > self.frame.store.now()), None)

    def _today(self) -> date:
        return self.frame.store.now().astimezone(self.diary.hours.zone).date()
