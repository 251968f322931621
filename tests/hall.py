"""A small hall on a real database: the core as it is, one bundle of its own, and an ear without models.

The ear finds numbers (of cases, telephones, credit codes) and opens photos, as the real one does; intents it has none.
"""

import io
import itertools
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from PIL import Image
from pydantic import SecretStr

from bot import loops
from bot.app import load_replies
from bot.bundles.catalogue import Catalogue
from bot.bundles.model import Bundle
from bot.calendar import load_hours
from bot.domain.case import Case
from bot.domain.messages import InboundEvent, OutboundMessage
from bot.domain.progress import Matter
from bot.domain.promise import Promise
from bot.hearing import Ear
from bot.materials.files import Files
from bot.paperwork import Clerk
from bot.registers import Credit, Standing
from bot.registry.ports import Department, Ports
from bot.reporting import Report, Voice, report
from bot.rota import load_rota
from bot.rounds import Round
from bot.seal import open_seal
from bot.settings import ROOT, Promises, Settings, load_settings
from bot.store.db import Store
from bot.store.tables import inbox
from bot.turn import Resources
from knowledge.library import Library
from nlu.entities import Entity
from nlu.numbers import numbers
from nlu.understand import Understanding

ZONE = ZoneInfo("Asia/Shanghai")
BEGINS = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # a Monday, ten in the morning in the hall
REPLIES = load_replies(ROOT / "config")
HOURS = load_hours(ROOT / "config/calendar.yml", ZONE)
ROTA = load_rota(ROOT / "config/teams.yml", HOURS)
GOOD, POOR = "91350100M000100Y43", "91110000600037341L"  # sound credit codes

_TERMS = {"points": ["第一条属实", "第二条属实"], "consequence": "撤销许可", "basis": "某法第一条"}
_YES_NO = [{"value": "有", "means": "yes", "hears": ["有"]}, {"value": "没有", "means": "no", "hears": ["没有"]}]


def _question(id: str, name: str, kind: str = "choose", **more: Any) -> dict[str, Any]:
    return {
        "id": id,
        "question": {"id": id, "name": name, "kind": kind, "ask": f"{name}？", **more.pop("of", {})},
        **more,
    }


STEPS: list[dict[str, Any]] = [
    _question("floor", "楼层", of={"options": ["一楼", "二楼"]}),
    _question("lift", "电梯", when="floor == 二楼", of={"options": _YES_NO}),
    _question("narrow", "窄门", when="lift == 有", of={"options": ["宽的", "窄的"]}),
    _question("area", "面积", "area", of={"unit": "平方米"}),
    _question("uscc", "信用代码", "uscc", of={"optional": True, "entity": "uscc"}),
    _question("who", "谁来办", of={"options": ["自己办", {"value": "替别人办", "means": "agent"}]}),
    _question("shop", "店名", "name", of={"reuse": "confirm"}),
    _question("operator", "经营者姓名", "name", of={"sensitive": "contact"}),
    _question("phone", "联系手机", "phone", of={"sensitive": "contact", "entity": "phone"}),
]


def _item(id: str, name: str, department: str, **more: Any) -> dict[str, Any]:
    days = {"legal": 20, "promised": 10}
    return {
        "id": id,
        "name": name,
        "department": department,
        "result": f"{name}证",
        "days": days,
        "basis": "某法",
        **more,
    }


def _material(id: str, name: str, how: str, items: list[str], **more: Any) -> dict[str, Any]:
    return {"id": id, "name": name, "how": how, "items": items, "why": "核对", "basis": "某法", "pages": 1, **more}


BUNDLE = Bundle.model_validate(
    {
        "id": "open-stall",
        "name": "开办小店",
        "code": "XD",
        "steps": STEPS,
        "items": [
            _item("base", "营业执照", "登记局"),
            _item("food", "食品许可", "食品局", after=["base"], high_risk=True),
            _item("sign", "招牌备案", "城管局"),
            _item("fire", "消防检查", "消防队", when="area >= 300", commitment=_TERMS),
        ],
        "materials": [
            _material("plan", "布局图", "photo", ["food"]),
            _material("rules", "制度目录", "photo", ["food"], defer_days=10),
            _material("picture", "招牌效果图", "defer", ["sign"], defer_days=5),
            _material("door", "电梯照片", "photo", ["food"], when="narrow == 窄的"),
            _material("proof", "安全证明", "promise", ["sign"], when="floor == 二楼", commitment=_TERMS),
            _material("form", "申请书", "form", ["food"]),
        ],
    }
)


def understand(text: str) -> Understanding:
    found = (Entity(one.entity, one.value, one.start, one.end) for one in numbers(text) if one.sound is not False)
    return Understanding("", 0.0, tuple(found))


@cache
def photo(number: int = 0) -> bytes:
    """A photo like no other."""
    made = io.BytesIO()
    Image.new("RGB", (400, 300), (number % 256, number // 256 % 256, 90)).save(made, "JPEG")
    return made.getvalue()


@cache
def clerk() -> Clerk:
    return Clerk(load_settings(), REPLIES, HOURS)


@dataclass
class Hall:
    """Conversations are named by a letter or a word. Time passes only where it is let."""

    home: Path
    url: str
    now: datetime = BEGINS
    promises: Promises = field(default_factory=Promises)
    standings: dict[str, Standing] = field(default_factory=dict)
    departments: dict[str, Department] = field(default_factory=dict)
    token: str = ""

    def __post_init__(self) -> None:
        self.events = itertools.count(1)
        self.open()

    def open(self) -> None:
        """The parts, as a program that begins puts them together."""
        seal = open_seal(self.home)
        self.files = Files(self.home / "files", seal)
        self.store = Store(self.url, seal=seal, pool=4)
        library = Library(self.home / "kb", None)
        ear = Ear(understand, library, REPLIES.commands, "", ZONE, 2000)  # type: ignore[arg-type]
        settings = self._settings()
        catalogue = Catalogue(BUNDLE.questions, {BUNDLE.id: BUNDLE})
        credit = Credit(self.standings, self.promises)
        parts = (settings, self.store, ear, REPLIES, HOURS, catalogue, self.files, credit, ROTA)
        self.resources = Resources(*parts)  # type: ignore[arg-type]
        ports = Ports(self.home / "departments", self.token, self.departments)
        self.round = Round(self.resources, clerk(), ports)

    def _settings(self) -> Settings:
        known = load_settings(self.home)
        work = known.work.model_copy(update={"thought": 0.0})
        return known.model_copy(update={"work": work, "promises": self.promises, "database_url": SecretStr(self.url)})

    def restart(self) -> None:
        self.store.close()
        self.open()

    def say(self, who: str, *texts: str) -> list[OutboundMessage]:
        """What the last of these messages is answered by."""
        return [self._give(who, "text", text) for text in texts][-1]

    def send(self, who: str, content: bytes | None = None) -> list[OutboundMessage]:
        return self._give(who, "photo", "", self.files.set_aside(content or photo()))

    def _give(self, who: str, kind: Any, text: str, media: str = "") -> list[OutboundMessage]:
        event = InboundEvent("terminal", f"e{next(self.events)}", who, kind, self.now, text=text, media=media)
        id, _ = self.store.write(lambda tables: tables.inbox.accept(event, self.now))
        while claims := loops.claim_turns(self.resources, ["terminal"], self.now, 4):
            for claimed in claims:
                loops.run_turn(self.resources, claimed, self.now)
        status = self.store.read(
            lambda tables: tables.connection.scalar(sa.select(inbox.c.status).where(inbox.c.id == id))
        )
        assert status == "done", "every message is answered, and none fails"
        return self.store.read(lambda tables: tables.outbox.of_turn(id))

    def fill(self, who: str, *, area: str = "60", floor: str = "一楼", by: str = "自己办", code: str = "跳过") -> None:
        """Every question, and no paper yet."""
        self.say(who, "开办小店", floor)
        if floor == "二楼":
            self.say(who, "没有")
        self.say(who, area, code, by, "老王面馆", "张国强", "13800138000")

    def submit(self, who: str, *settled: str, **filled: str) -> Case:
        """A case handed in, its papers settled by these words; a photo where one is ""."""
        self.fill(who, **filled)
        for word in settled or ("", "到窗口交", "到窗口交"):
            self.say(who, word) if word else self.send(who)
        self.say(who, "提交")
        case = self.cases(who)[0]
        assert case.state in ("submitted", "confirming")
        return case

    def cases(self, who: str) -> list[Case]:
        return self.read(lambda tables: tables.cases.of_conversation(self.id(who)))

    def matters(self, case: Case) -> dict[str, Matter]:
        found = self.read(lambda tables: tables.matters.of(case.reference))
        return {one.item: one for one in found}

    def promised(self, case: Case) -> dict[str, Promise]:
        found = self.read(lambda tables: tables.matters.promises(case.reference))
        return {one.subject: one for one in found}

    def report(self, case: Case, item: str, state: str, **more: Any) -> Matter:
        told = Report.model_validate({"case": case.reference, "item": item, "state": state, **more})
        voice = Voice(REPLIES, HOURS, "某大厅")
        return self.store.write(lambda tables: report(tables, voice, told, self.now))

    def told(self, who: str) -> list[str]:
        """Everything that was ever said to somebody beside the answers to their messages."""
        queued = self.read(lambda tables: tables.outbox.after(self.id(who), 0, limit=None))
        return [one.message.text for one in queued if one.inbox_id is None]

    def pass_time(self, **by: float) -> None:
        self.now += timedelta(**by)
        self.go()

    def go(self) -> None:
        """Rounds, until there is nothing left to do."""
        while self.round.go(self.now):
            pass

    def read(self, look: Any) -> Any:
        return self.store.read(look)

    def id(self, who: str) -> str:
        return f"terminal:main:{who}"


def texts(said: list[OutboundMessage]) -> str:
    return "\n".join(message.text for message in said)


def choices(said: list[OutboundMessage]) -> tuple[str, ...]:
    return next((message.choices for message in reversed(said) if message.choices), ())


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """A moment in the hall's own time."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE)
