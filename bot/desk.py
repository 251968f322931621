"""What the desk is given: the parts of the program that it may use, each as a function."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from fastapi import APIRouter

import handoff.web
from bot import editing, privacy, shelf
from bot.diary import Diary
from bot.domain.knowledge import masked
from bot.errors import ConfigError
from bot.handover import Handover
from bot.helping import Help
from bot.inspection_routes import finding_link
from bot.intake import take_in
from bot.ledger.intake import import_file
from bot.provider import Provider
from bot.settings import ARTICLES, Settings
from bot.store.db import Store
from bot.turn import Resources
from handoff.accounts import Accounts
from handoff.chats import Found
from handoff.drafts import CaseHelp
from handoff.inspections import Pictures
from handoff.knowledge import Editing
from handoff.people import Rights
from handoff.queue import Queue

_FOUND = 4  # articles beside a chat


def open_desk(resources: Resources, channels: list[str], groups: Collection[str] = ()) -> APIRouter:
    """All the pages of staff. `groups`: the channels that have a group of staff."""
    work, help_ = _Work(resources), Help(resources.store, resources.replies)
    needs = handoff.web.Needs(
        resources.store,
        resources.rota,
        resources.replies,
        resources.settings.hall.name,
        resources.settings.demo,
        channels,
        CaseHelp(help_.sheet, help_.propose),
        Editing(work.overview, work.text_of, work.draft, work.save, work.act, work.rollback),
        Rights(privacy.export, privacy.erase),
        resources.files.read,
        work.search,
        work.candidate,
        resources.kinds,
        resources.eye.kinds,
        Diary(resources.offices, resources.hours),
        resources.walks,
        Pictures(
            resources.files.read,
            partial(take_in, resources.store, resources.files, resources.eye),
            partial(finding_link, resources),
        ),
        partial(import_file, resources.store, resources.kinds),
        bool(groups),
        open_provider(resources.settings),
        resources.settings.hall.url,
        _names(resources),
    )
    return handoff.web.router(needs)


def _names(resources: Resources) -> dict[str, str]:
    """What items, and points that are looked at, are called: the audit has their ids."""
    items = {one.id: one.name for bundle in resources.catalogue.bundles.values() for one in bundle.items}
    return {one.id: one.name for walk in resources.walks.walks.values() for one in walk.points} | items


def open_queue(resources: Resources) -> Queue:
    """The desk's part of a round."""
    return Queue(resources.store, Handover(resources.rota, resources.replies))


def open_provider(settings: Settings) -> Provider | None:
    """Where staff may sign in besides, if the settings name one."""
    if not settings.sign_in.issuer:
        return None
    return Provider(settings.sign_in, settings.sign_in_secret.get_secret_value())


def open_accounts(store: Store) -> Accounts:
    return Accounts(store)


@dataclass(frozen=True)
class _Work:
    """The base, as its editors and those who answer use it."""

    resources: Resources

    def search(self, words: str) -> list[Found]:
        """Articles of ours and passages that hold today, the nearest first."""
        resources = self.resources
        answers = resources.ear.library.live()
        if answers is None:
            return []
        on = resources.store.now().astimezone(resources.hours.zone).date()
        hits = answers.search.find(words[:200], on=on, region=resources.settings.hall.region, k=_FOUND)
        return [Found(hit.passage.title, hit.passage.text) for hit in hits]

    def candidate(self, question: str, answer: str, who: str, now: datetime) -> None:
        """A question and what staff answered, as a draft for the editors."""
        store = self.resources.store
        id = store.write(lambda tables: tables.misses.open(masked(question.strip())[:200], now))
        editing.draft_from_miss(store, ARTICLES, id, who, now, masked(answer.strip()))

    def overview(self) -> list[shelf.Standing]:
        return shelf.overview(self.resources.store, ARTICLES)

    def text_of(self, article: str, number: int | None) -> str:
        return shelf.text_of(self.resources.store, ARTICLES, article, number)

    def draft(self, miss: int, who: str, now: datetime) -> str:
        return editing.draft_from_miss(self.resources.store, ARTICLES, miss, who, now).article

    def save(self, article: str, text: str, who: str, now: datetime) -> None:
        editing.save(self.resources.store, ARTICLES, Path(f"{article}.md"), text, who, now)

    def act(self, what: str, article: str, who: str, note: str, now: datetime) -> None:
        store = self.resources.store
        if what == "submit":
            editing.submit(store, article, who)
        elif what == "approve":
            editing.approve(store, article, who, now)
        elif what == "reject":
            editing.reject(store, article, who, note, now)
        elif what == "publish":
            editing.publish(store, article, who, now)
            self._rebuild(now)
        elif what == "withdraw":
            editing.withdraw(store, ARTICLES, article, who, now)
            self._rebuild(now)
        else:
            raise ConfigError(f"{what}: no such act")

    def rollback(self, article: str, to: int, who: str, now: datetime) -> None:
        editing.rollback(self.resources.store, ARTICLES, article, to, who, now)
        self._rebuild(now)

    def _rebuild(self, now: datetime) -> None:
        """What was decided stands even where the index cannot be rebuilt now; the next build has it."""
        resources = self.resources
        today = now.astimezone(resources.hours.zone).date()
        embedder = resources.ear.library.embedder
        editing.rebuild(resources.store, resources.settings, ARTICLES, embedder, _silent, today)


def _silent(_stage: str, _done: int, _of: int) -> None:
    """The page waits until it is done."""
