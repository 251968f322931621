"""What is done now and then, beside the turns: departments are told and heard, and time brings about what it must."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError

from bot import timers
from bot.errors import OperatorError, StoreError, TryLater
from bot.paperwork import Clerk, Dossier, dossier
from bot.registry.base import Parcel, Port
from bot.registry.ports import Ports
from bot.reporting import Report, Voice, report
from bot.store.matters import Registration
from bot.turn import Resources

log = logging.getLogger(__name__)

_AT_ONCE = 8
_LEASE = timedelta(minutes=5)
_GIVE_UP_AT = 12


@dataclass(frozen=True)
class Round:
    """What the rounds need: the resources of every turn, who makes papers out, and the ways to departments."""

    resources: Resources
    clerk: Clerk
    ports: Ports

    def go(self, now: datetime) -> int:
        """One round; how much there was to do. A department that cannot be reached keeps nobody else waiting."""
        done = timers.run(self.resources, now) + timers.sweep(self.resources)
        return done + self._tell(now) + self._hear(now)

    def _tell(self, now: datetime) -> int:
        store = self.resources.store
        claims = store.write(lambda tables: tables.matters.claim(now, _LEASE, _AT_ONCE))
        for one in claims:
            try:
                self.ports.to(one.department).hand_over(self._parcel(one, now))
            except StoreError:
                raise
            except OperatorError as error:
                self._failed(one, error, now)
            else:
                self._registered(one)
        return len(claims)

    def _registered(self, one: Registration) -> None:
        self.resources.store.write(lambda tables: tables.matters.registered(one.id))

    def _failed(self, one: Registration, error: OperatorError, now: datetime) -> None:
        give_up = one.tries >= _GIVE_UP_AT
        log.log(logging.ERROR if give_up else logging.WARNING, "not registered: %s", one.key, extra={"case": one.case})
        wait = timedelta(seconds=min(30 * 2 ** (one.tries - 1), 6 * 3600))
        why = f"{type(error).__name__}: {error}" if not isinstance(error, TryLater) else str(error)
        self.resources.store.write(lambda tables: tables.matters.again(one.id, now + wait, why, give_up=give_up))

    def _parcel(self, one: Registration, now: datetime) -> Parcel:
        about = dossier(self.resources.store, one.case)
        files = {} if one.what == "withdraw" else self.clerk.application(about, one.item, self.resources.files, now)
        return Parcel(one.key, one.department, content_of(about, one), files)

    def _hear(self, now: datetime) -> int:
        return sum(self._hear_one(port, now) for port in self.ports.all())

    def _hear_one(self, port: Port, now: datetime) -> int:
        try:
            reports = port.reports()
            for name, text in reports:
                port.taken(name, self._take(text, now))
        except OperatorError as error:
            log.warning("reports were not fetched: %s", error)
            return 0
        return len(reports)

    def _take(self, text: str, now: datetime) -> str:
        """What is wrong with a report; "" where it was taken in."""
        resources = self.resources
        voice = Voice(resources.replies, resources.hours, resources.settings.hall.name)
        try:
            told = Report.model_validate_json(text)
            resources.store.write(lambda tables: report(tables, voice, told, now))
        except ValidationError as error:
            return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        except StoreError:
            raise
        except OperatorError as error:
            return str(error)
        return ""


def content_of(about: Dossier, one: Registration) -> Mapping[str, Any]:
    """The application for one matter as JSON values: what was answered, by whom it was told, and which papers came."""
    case, items = about.case, {item.id: item for item in about.bundle.items}
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
            if id in case.values
        },
        "materials": [
            {"id": material.id, "name": material.name, "state": case.values.get(f"paper.{material.id}", material.how)}
            for material in about.bundle.materials
            if one.item in material.items
        ],
        "promises": [
            {
                "subject": promise.subject,
                "kind": promise.kind,
                "due_on": promise.due_on.isoformat() if promise.due_on else None,
            }
            for promise in about.promises
        ],
    }
