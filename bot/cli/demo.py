"""`banshi demo`: a home with a county in it that does not exist, so that a newcomer sees a living desk."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import typer
import yaml

from bot import app as composition
from bot import loops
from bot.app import App
from bot.cli.options import Home
from bot.desk import open_accounts
from bot.domain.aftercare import Delivered
from bot.domain.licence import Entry
from bot.domain.messages import InboundEvent, OutboundMessage
from bot.errors import ConfigError
from bot.handover import Handover
from bot.reporting import Report, Voice, deliver, report
from bot.settings import ROOT, load_settings
from bot.store.db import Tables

_FILE = ROOT / "deploy" / "demo.yml"
_BETWEEN = timedelta(seconds=40)


def demo(home: Home = None) -> None:
    """Fill a new home for a demonstration; nothing in it is true. Needs BANSHI_DEMO=1."""
    settings = load_settings(home)
    if not settings.demo:
        raise ConfigError("a demonstration wants BANSHI_DEMO=1: its accounts have no second factor")
    work = settings.work.model_copy(update={"thought": 0.0})
    parts = composition.build(settings.model_copy(update={"work": work}))
    try:
        content = yaml.safe_load(_FILE.read_text("utf-8"))
        if parts.resources.store.read(lambda tables: tables.staff.all()):
            raise ConfigError(f"{settings.home}: there are accounts already; a demonstration wants a new home")
        people = add_staff(parts, content)
        add_licences(parts, content["licences"])
        for talk in content["talks"]:
            Talk(parts, talk["who"], _moment(parts, *talk["at"]), content["reviewer"]).play(talk["said"])
    finally:
        parts.close()
    typer.echo(f"{people} accounts, each with the password {content['password']}", err=True)


def add_staff(parts: App, content: dict[str, Any]) -> int:
    """Everybody with the same password, which is right for nothing but a demonstration."""
    store = parts.resources.store
    accounts, now = open_accounts(store), store.now()
    for name, one in content["staff"].items():
        accounts.add(name, one["roles"], one["teams"], now, content["password"])
    return len(content["staff"])


def add_licences(parts: App, rows: list[dict[str, Any]]) -> None:
    """A small ledger; `ends` is in how many days."""
    store = parts.resources.store
    now = store.now()
    today = now.astimezone(parts.resources.hours.zone).date()
    entries = [Entry(expires_on=today + timedelta(days=row.pop("ends")), **row) for row in rows]
    store.write(lambda tables: tables.licences.take(entries, now))


def _moment(parts: App, days: int, hour: str) -> datetime:
    """An hour of a day before today; "-00:40" is so long before now."""
    now = parts.resources.store.now()
    hours, minutes = (int(part) for part in hour.removeprefix("-").split(":"))
    if hour.startswith("-"):
        return now - timedelta(hours=hours, minutes=minutes)
    day = now.astimezone(parts.resources.hours.zone) - timedelta(days=days)
    return day.replace(hour=hours, minute=minutes, second=0, microsecond=0)


@dataclass
class Talk:
    """A conversation of days gone by, through the core as it is."""

    parts: App
    who: str
    now: datetime
    reviewer: str
    said: int = field(default=0)

    def play(self, lines: list[Any]) -> None:
        for line in lines:
            if isinstance(line, str):
                self._say(line)
            elif "days" in line:
                self.now += timedelta(days=line["days"])
            elif "report" in line:
                place, state = line.pop("report")
                self._report(place, state, line)
            elif "staff" in line:
                self._answer(line["staff"], line["text"])
            elif "deliver" in line:
                self._deliver(line["deliver"])
            elif "specialist" in line:
                self._name(line["specialist"])
            else:
                self._end()
            self.now += _BETWEEN

    @property
    def id(self) -> str:
        return f"webchat:main:{self.who}"

    def _say(self, text: str) -> None:
        resources = self.parts.resources
        self.said += 1
        event = InboundEvent("webchat", f"{self.who}:{self.said}", self.who, "text", self.now, text=text)
        resources.store.write(lambda tables: tables.inbox.accept(event, self.now))
        for claimed in loops.claim_turns(resources, ["webchat"], self.now, 1, self.id):
            loops.run_turn(resources, claimed, self.now)

    def _answer(self, name: str, text: str) -> None:
        """A member of staff takes it, if they have not, and says this."""
        handover = Handover(self.parts.resources.rota, self.parts.resources.replies)

        def work(tables: Tables) -> None:
            ticket, staff = tables.tickets.of(self.id), tables.staff.get(name)
            if ticket is None or staff is None:
                return
            handover.give(tables, ticket, staff, self.now)
            tables.tickets.spoken(ticket.id, self.now)
            said = [OutboundMessage(text, by=name)]
            tables.outbox.put(self.id, said, self.now, f"staff:{ticket.id}:{self.now.timestamp()}")

        self.parts.resources.store.write(work)

    def _end(self) -> None:
        handover = Handover(self.parts.resources.rota, self.parts.resources.replies)

        def work(tables: Tables) -> None:
            if ticket := tables.tickets.of(self.id):
                handover.close(tables, ticket, "agent", self.now)

        self.parts.resources.store.write(work)

    def _name(self, name: str) -> None:
        handover = Handover(self.parts.resources.rota, self.parts.resources.replies)

        def work(tables: Tables) -> None:
            handover.name(tables, self.id, self.id, tables.staff.get(name), self.reviewer, self.now)

        self.parts.resources.store.write(work)

    def _deliver(self, way: Delivered) -> None:
        def work(tables: Tables) -> None:
            reference = tables.cases.of_conversation(self.id)[0].reference
            deliver(tables, self._voice, reference, way, "", self.reviewer, self.now)
            tables.audits.put(self.reviewer, f"deliver {way}", reference, self.now)

        self.parts.resources.store.write(work)

    @property
    def _voice(self) -> Voice:
        resources = self.parts.resources
        hall = resources.settings.hall.name
        return Voice(resources.replies, resources.hours, hall, resources.kinds, resources.walks)

    def _report(self, place: int, state: str, more: dict[str, Any]) -> None:
        resources = self.parts.resources

        def work(tables: Tables) -> None:
            cases = tables.cases.of_conversation(self.id)
            matters = tables.matters.of(cases[0].reference) if cases else []
            if place < len(matters):
                told = {"case": cases[0].reference, "item": matters[place].item, "state": state, **more}
                report(tables, self._voice, Report.model_validate(told), self.now)
                what = f"decide {matters[place].item} {state}"
                tables.audits.put(self.reviewer, what, cases[0].reference, self.now)

        resources.store.write(work)


def add_to(app: typer.Typer) -> None:
    app.command()(demo)
