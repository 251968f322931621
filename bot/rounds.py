"""What is done now and then, beside the turns: departments are told and heard, and time brings about what it must."""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from pydantic import ValidationError

from bot import findings, timers
from bot.bundles.conditions import facts
from bot.bundles.model import Bundle
from bot.bundles.papers import key
from bot.bundles.plan import plan
from bot.documents.forms import FormLayout
from bot.errors import OperatorError, StoreError, TryLater, place, trail
from bot.paperwork import Clerk, Dossier, dossier
from bot.registry.base import Parcel, Port
from bot.registry.ports import Ports
from bot.reporting import Report, Voice, report
from bot.store.db import Tables
from bot.store.matters import Registration
from bot.turn import Resources

log = logging.getLogger(__name__)

_AT_ONCE = 8
_LEASE = timedelta(minutes=5)
_LONGEST_WAIT = 3600.0
# Attempts: five hours where something is wrong with it, eight days where the department cannot be reached.
_GIVE_UP_AT, _GIVE_UP_AWAY = 12, 200
_REST = timedelta(minutes=1)


@dataclass(frozen=True)
class Round:
    """What the rounds need: the resources of every turn, who makes papers out, and the ways to departments.

    `more` is what others do in a round: the desk's queue. `_done` says when what is not done in every round was done
    last.
    """

    resources: Resources
    clerk: Clerk
    ports: Ports
    more: Sequence[Callable[[datetime], int]] = ()
    _done: dict[object, datetime] = field(default_factory=dict, init=False, repr=False, compare=False)

    def go(self, now: datetime) -> int:
        """One round; how much there was to do. What fails in one of its parts stops no other."""
        done = 0
        for part in (self._pass_time, self._tell, self._hear, *self.more):
            try:
                done += part(now)
            except StoreError:
                raise
            except Exception as error:  # noqa: BLE001 - the next round comes whatever is wrong with this one
                log.error("a part of a round failed: %s", trail(error))
        return done

    def _pass_time(self, now: datetime) -> int:
        if self._rests("time", now):
            return 0
        done = timers.run(self.resources, now) + findings.run(self.resources, now) + timers.sweep(self.resources)
        if not done:  # otherwise there may be more
            self._done["time"] = now
        return done

    def _rests(self, what: object, now: datetime) -> bool:
        last = self._done.get(what)
        return last is not None and last <= now < last + _REST

    def _tell(self, now: datetime) -> int:
        """A department that cannot be reached keeps no other waiting: it is not tried again in this round."""
        store, away, count = self.resources.store, set[str](), 0
        while count < _AT_ONCE:
            one = store.write(lambda tables: tables.matters.claim(now, _LEASE, away))
            if one is None:
                break
            count += 1
            if not self._told(one, now):
                away.add(one.department)
        return count

    def _told(self, one: Registration, now: datetime) -> bool:
        """Hand one over, and keep that it was, or why not. False where the department cannot be reached."""
        store = self.resources.store
        try:
            self.ports.to(one.department).hand_over(self._parcel(one, now))
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - a paper that cannot be made out must not be tried for ever
            store.write(partial(self._failed, one, error, now))
            return not isinstance(error, TryLater)
        store.write(lambda tables: tables.matters.registered(one))
        return True

    def _failed(self, one: Registration, error: Exception, now: datetime, tables: Tables) -> None:
        away = isinstance(error, TryLater)
        why = str(error) if isinstance(error, OperatorError) else place(error)
        last = one.tries >= (_GIVE_UP_AWAY if away else _GIVE_UP_AT)
        log.log(logging.ERROR if last else logging.WARNING, "not registered: %s", one.key, extra={"case": one.case})
        if last:
            tables.matters.give_up(one, now, why)
            return
        asked = error.wait if isinstance(error, TryLater) else None
        wait = 30 * 2 ** min(one.tries - 1, 10) if asked is None else asked
        tables.matters.again(one, now + timedelta(seconds=min(wait, _LONGEST_WAIT)), why)

    def _parcel(self, one: Registration, now: datetime) -> Parcel:
        about = dossier(self.resources.store, one.case)
        files = (
            {}
            if one.what in ("withdraw", "inspected")
            else self.clerk.application(about, one.item, self.resources.files, now)
        )
        return Parcel(
            one.key,
            one.department,
            content_of(about, one, needed(about.bundle, one.item, self.clerk.layout(one.item))),
            files,
        )

    def _hear(self, now: datetime) -> int:
        return sum(self._hear_one(port, now) for port in self.ports.all() if not self._rests(port, now))

    def _hear_one(self, port: Port, now: datetime) -> int:
        """How many reports of one port were taken in, or refused."""
        count = 0
        try:
            for name, text in port.reports():
                fault = self._fault(port, text, now)
                if fault is not None:
                    port.taken(name, fault)
                    count += 1
        except StoreError:
            raise
        except OperatorError as error:
            log.warning("reports were not fetched: %s", error)
            self._done[port] = now
        return count

    def _fault(self, port: Port, text: str, now: datetime) -> str | None:
        """What is wrong with a report; "" where it was taken in, None where the fault is ours, and it stays."""
        resources = self.resources
        voice = Voice(
            resources.replies, resources.hours, resources.settings.hall.name, resources.kinds, resources.walks
        )
        try:
            told = Report.model_validate_json(text)
        except ValidationError as error:
            return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        try:
            resources.store.write(
                lambda tables: report(tables, voice, told, now, lambda department: self.ports.to(department) == port)
            )
        except StoreError:
            raise
        except OperatorError as error:
            return str(error)
        except Exception as error:  # noqa: BLE001 - of one report; the others are heard
            log.error("a report was not taken in: %s", trail(error), extra={"case": told.case})
            return None
        return ""


def needed(bundle: Bundle, item: str, form: FormLayout) -> set[str]:
    """The facts that the department of an item is told: those of its form, and of the conditions of its papers."""
    conditions = [one.when for one in bundle.items if one.id == item]
    conditions += [one.when for one in bundle.materials if item in one.items]
    return {id for id in bundle.questions if form.tells(id)}.union(*map(facts, conditions))


def content_of(about: Dossier, one: Registration, needed: Collection[str]) -> Mapping[str, Any]:
    """The application for one matter as JSON values: the answers that it needs, and which papers came."""
    case, items = about.case, {item.id: item for item in about.bundle.items}
    materials = [part for part in plan(about.bundle, case.values).materials if one.item in part.items]
    return {
        "key": one.key,
        "what": one.what,
        "case": case.reference,
        "bundle": about.bundle.id,
        "item": {"id": one.item, "name": items[one.item].name},
        "submitted_at": case.submitted_at.isoformat() if case.submitted_at else None,
        "answers": {
            id: {"name": question.name, "value": case.values[id], "by": case.answers[id].by}
            for id, question in about.bundle.questions.items()
            if id in case.values and id in needed
        },
        "materials": [
            {"id": material.id, "name": material.name, "state": case.values.get(key(material), material.how)}
            for material in materials
        ],
        "promises": [
            {
                "subject": promise.subject,
                "kind": promise.kind,
                "due_on": promise.due_on.isoformat() if promise.due_on else None,
            }
            for promise in about.promises
            if promise.subject in (one.item, *(material.id for material in materials))
        ],
    }
