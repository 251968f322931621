"""The web desk, put together. A view is a query; every route says for whose eyes it is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from fastapi import APIRouter, Response
from fastapi.responses import FileResponse
from fastapi.templating import Jinja2Templates

from bot.diary import Diary
from bot.domain.rota import Rota
from bot.handover import Handover
from bot.inspections import Inspector
from bot.ledger.kinds import Kinds
from bot.ledger.wording import Wording
from bot.materials.kinds import Kinds as PhotoKinds
from bot.provider import Provider
from bot.replies import Replies
from bot.reporting import Voice
from bot.store.db import Store
from bot.walks import Walks
from handoff.accounts import Accounts
from handoff.admin import Admin, Entrance
from handoff.appointments import Appointments
from handoff.cases import Cases
from handoff.chats import Chats, Found
from handoff.desk import Desk
from handoff.devices import Devices
from handoff.door import Door
from handoff.drafts import CaseHelp, Drafts
from handoff.elsewhere import Elsewhere
from handoff.inspections import Inspections, Pictures
from handoff.knowledge import Editing, Knowledge
from handoff.licences import Licences, Take
from handoff.news import News
from handoff.pages import HERE, Frame
from handoff.people import People, Rights
from handoff.reports import Reports
from handoff.specialists import Naming
from handoff.statements import Statements
from handoff.thumbnails import Thumbnails
from handoff.waivers import Waivers


@dataclass(frozen=True)
class Needs:
    """What the desk is given by whoever puts the program together: data to read, and what others know how to do."""

    store: Store
    rota: Rota
    replies: Replies
    hall: str
    demo: bool
    channels: Sequence[str]
    help: CaseHelp
    editing: Editing
    rights: Rights
    content: Callable[[str], bytes]
    search: Callable[[str], list[Found]]
    candidate: Callable[[str, str, str, datetime], None]
    kinds: Kinds
    photo_kinds: PhotoKinds
    diary: Diary
    walks: Walks
    pictures: Pictures
    take_ledger: Take
    has_group: bool
    provider: Provider | None
    url: str
    names: Mapping[str, str]


def router(needs: Needs) -> APIRouter:
    """All pages under /desk."""
    routes = APIRouter(include_in_schema=False)
    store, rota = needs.store, needs.rota
    handover, voice = (
        Handover(rota, needs.replies),
        Voice(needs.replies, rota.hours, needs.hall, needs.kinds, needs.walks),
    )
    shared = {
        "hall": needs.hall,
        "zone": rota.hours.zone,
        "demo": needs.demo,
        "rota": rota,
        "has_group": needs.has_group,
        "called": needs.names,
        "elsewhere": needs.provider.settings.label if needs.provider else "",
    }
    templates = Jinja2Templates(HERE / "templates")
    frame = Frame(store, Door(store, Accounts(store, demo=needs.demo)), templates, shared, {})
    parts = (
        Entrance(frame),
        Chats(frame, Desk(store, handover), rota, News(store), needs.search, needs.candidate),
        Cases(frame, voice, needs.content, needs.photo_kinds),
        Drafts(frame, needs.help),
        Thumbnails(frame),
        Waivers(frame, voice),
        Statements(frame, needs.content),
        Inspections(frame, Inspector(needs.replies, rota.hours, needs.walks), needs.pictures),
        Appointments(frame, needs.diary, needs.replies),
        Licences(frame, Wording(needs.replies, needs.kinds, rota.hours, needs.hall), needs.take_ledger),
        Knowledge(frame, needs.editing),
        People(frame, needs.rights, voice),
        Reports(frame, rota),
        Admin(frame, rota, needs.channels),
        Devices(frame),
        Naming(frame, handover),
    )
    if needs.provider is not None:
        routes.include_router(Elsewhere(frame, needs.provider, needs.url).routes())
    for part in parts:
        routes.include_router(part.routes())

    @routes.get("/desk/static/{name}")
    def static(name: Literal["desk.css", "desk.js"]) -> Response:
        """How the desk looks; nothing here is secret."""
        return FileResponse(HERE / "static" / name)

    return routes
