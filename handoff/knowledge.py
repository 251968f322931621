"""The pages of knowledge: what could not be answered, and the life of an article."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, Response

from bot.errors import OperatorError
from handoff.accounts import Known
from handoff.pages import Frame, to

AT = "/desk/knowledge"

Word = Annotated[str, Form()]


@dataclass(frozen=True)
class Editing:
    """What may be done with articles; see bot/editing.py and bot/shelf.py. Each raises OperatorError with the reason.

    `act` is one of submit, approve, reject, publish and withdraw, with a note where one is wanted.
    """

    overview: Callable[[], Sequence[Any]]
    text_of: Callable[[str, int | None], str]
    draft: Callable[[int, str, datetime], str]
    save: Callable[[str, str, str, datetime], None]
    act: Callable[[str, str, str, str, datetime], None]
    rollback: Callable[[str, int, str, datetime], None]


@dataclass(frozen=True)
class Knowledge:
    frame: Frame
    editing: Editing

    def routes(self) -> APIRouter:
        router = APIRouter(prefix="/desk", include_in_schema=False)
        self._misses(router)
        self._articles(router)
        return router

    def _misses(self, router: APIRouter) -> None:
        Looking = Annotated[Known, Depends(self.frame.door.to("editor"))]  # noqa: N806 - a type
        Doing = Annotated[Known, Depends(self.frame.door.doing("editor"))]  # noqa: N806

        @router.get("/knowledge")
        def overview(request: Request, known: Looking, q: str = "") -> Response:
            return self.frame.page(request, known, "knowledge.html", q=q, **self._overview(q))

        @router.get("/knowledge/misses/{id}")
        def miss(id: int, request: Request, known: Looking) -> Response:
            found = self.frame.store.read(lambda tables: (tables.misses.get(id), tables.misses.questions(id)))
            if found[0] is None:
                return to(AT, fault="gone")
            return self.frame.page(request, known, "miss.html", miss=found[0], questions=found[1])

        @router.post("/knowledge/misses/{id}/draft")
        def draft(id: int, known: Doing) -> Response:
            return self._done(known, lambda: f"{AT}/articles/{self.editing.draft(id, known.staff.name, self.now())}")

        @router.post("/knowledge/misses/{id}/dismiss")
        def dismiss(id: int, known: Doing, why: Word) -> Response:
            values = {"state": "dismissed", "owner": known.staff.name, "note": why[:200]}
            self.frame.store.write(lambda tables: tables.misses.change(id, self.now(), **values))
            return to(AT, done="dismissed")

    def _articles(self, router: APIRouter) -> None:
        Looking = Annotated[Known, Depends(self.frame.door.to("editor"))]  # noqa: N806 - a type
        Doing = Annotated[Known, Depends(self.frame.door.doing("editor"))]  # noqa: N806

        @router.get("/knowledge/articles/{article}")
        def article(article: str, request: Request, known: Looking) -> Response:
            return self._article(request, known, article)

        @router.post("/knowledge/articles/{article}")
        def save(article: str, request: Request, known: Doing, text: Word) -> Response:
            try:
                self.editing.save(article, text.replace("\r\n", "\n"), known.staff.name, self.now())
            except OperatorError as error:
                return self._article(request, known, article, text, str(error))
            return to(f"{AT}/articles/{article}", done="saved")

        @router.post("/knowledge/articles/{article}/act")
        def act(article: str, request: Request, known: Doing, what: Word, note: Word = "") -> Response:
            try:
                self.editing.act(what, article, known.staff.name, note, self.now())
            except OperatorError as error:
                return self._article(request, known, article, None, str(error))
            return to(f"{AT}/articles/{article}", done=what)

        @router.post("/knowledge/articles/{article}/rollback")
        def rollback(article: str, request: Request, known: Doing, version: Annotated[int, Form()]) -> Response:
            try:
                self.editing.rollback(article, version, known.staff.name, self.now())
            except OperatorError as error:
                return self._article(request, known, article, None, str(error))
            return to(f"{AT}/articles/{article}", done="rollback")

    def _overview(self, q: str) -> dict[str, Any]:
        misses = self.frame.store.read(lambda tables: tables.misses.all(limit=50))
        articles = self.editing.overview()
        return {
            "misses": misses,
            "moving": [one for one in articles if one.waiting],
            "edited": [one for one in articles if one.state != "shipped"][:50],
            "found": [one for one in articles if q and q in one.article][:50],
            "count": len(articles),
        }

    def now(self) -> datetime:
        return self.frame.store.now()

    def _done(self, known: Known, act: Callable[[], str]) -> Response:
        try:
            return to(act())
        except OperatorError:
            return to(AT, fault="gone")

    def _article(
        self, request: Request, known: Known, article: str, text: str | None = None, faults: str = ""
    ) -> Response:
        """The text that was typed stays on the page with what is wrong with it."""
        history = self.frame.store.read(lambda tables: tables.articles.history(article))
        try:
            standing = self.editing.text_of(article, None)
        except OperatorError:
            standing = None
        if standing is None and text is None:
            return to(AT, fault="gone")
        shown = {"article": article, "text": standing if text is None else text, "history": history[::-1]}
        return self.frame.page(request, known, "article.html", faults=faults, **shown)
