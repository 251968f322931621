"""What every page of the desk shares: its templates, its frame, and its words for a refusal."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from fastapi.templating import Jinja2Templates

from bot.domain.staff import Role, Staff
from bot.store.db import Store
from handoff.accounts import Known
from handoff.desk import Refused
from handoff.door import Door

HERE = Path(__file__).parent
# Every page by its path, its name in the templates, and for whom it is. A new page adds its line here.
NAVIGATION: tuple[tuple[str, str, tuple[Role, ...]], ...] = (
    ("/desk/chats", "chats", ("agent",)),
    ("/desk/cases", "cases", ("reviewer",)),
    ("/desk/inspections", "inspections", ("inspector",)),
    ("/desk/appointments", "appointments", ("agent", "reviewer")),
    ("/desk/licences", "licences", ("licences",)),
    ("/desk/knowledge", "knowledge", ("editor",)),
    ("/desk/people", "people", ("supervisor",)),
    ("/desk/reports", "reports", ("supervisor",)),
    ("/desk/accounts", "accounts", ("admin",)),
    ("/desk/audit", "audit", ("supervisor", "admin")),
)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SEEN_AGAIN = timedelta(minutes=10)


@dataclass(frozen=True)
class Frame:
    """A page within the desk: who looks, where they may go, and what the hall is called."""

    store: Store
    door: Door
    templates: Jinja2Templates
    shared: Mapping[str, Any]
    looked: dict[tuple[str, str, str], datetime]

    def page(self, request: Request, known: Known, template: str, **shown: Any) -> Response:
        staff = known.staff
        frame = {
            **self.shared,
            "me": staff,
            "csrf": known.session.csrf,
            "ways": ways(staff),
            "here": request.url.path,
            "now": self.store.now(),
            "fault": request.query_params.get("fault", ""),
            "done": request.query_params.get("done", ""),
        }
        answer = self.templates.TemplateResponse(request, template, {**frame, **shown})
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def look(self, known: Known, what: str, about: str, why: str = "") -> None:
        """Audit that somebody looked at what is a citizen's; once in ten minutes, since pages renew themselves."""
        now, key = self.store.now(), (known.staff.name, what, about)
        if now - self.looked.get(key, now - 2 * _SEEN_AGAIN) < _SEEN_AGAIN:
            return
        self.store.write(lambda tables: tables.audits.put(known.staff.name, what, about, now, why=why))
        self.looked[key] = now


def ways(staff: Staff) -> list[tuple[str, str]]:
    """The pages that somebody may open."""
    return [(path, name) for path, name, roles in NAVIGATION if any(staff.may(role) for role in roles)]


def to(path: str, **query: str) -> Response:
    """Go on with another page; a reload does nothing twice."""
    told = "&".join(f"{name}={value}" for name, value in query.items() if value)
    return RedirectResponse(f"{path}?{told}" if told else path, 303)


def picture(small: bytes) -> Response:
    """What a list shows of a photo."""
    return Response(small, media_type="image/jpeg", headers={"Cache-Control": "no-store"})


def day_of(written: str) -> date | None:
    """The day of a form's field; None where it holds none."""
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None


def tried(act: Callable[[], object], path: str, done: str = "") -> Response:
    """Do something and go on; what is refused is told on the page."""
    try:
        act()
    except Refused as error:
        return to(path, fault=error.why)
    return to(path, done=done)
