"""The composition root: the only module that knows all the parts."""

from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from fastapi import FastAPI

import bot.web
import handoff.web
from bot.calendar import load_hours
from bot.channels import connect_all
from bot.channels.base import Channel
from bot.domain.hours import Hours
from bot.errors import ConfigError, OperatorError
from bot.hearing import Ear
from bot.replies import Replies
from bot.settings import ARTICLES as ARTICLES
from bot.settings import ROOT, Settings
from bot.store.db import Store
from bot.turn import Resources
from handoff.key import desk_key
from knowledge.embedding import Embedder, ModelMissing, load_embedder
from knowledge.library import Library
from nlu.understand import DataFault, Understand

TRAINING = ROOT / "nlu" / "data"


@dataclass(frozen=True)
class App:
    """Everything that a process needs to answer; `channels` by name."""

    resources: Resources
    channels: dict[str, Channel]

    def close(self) -> None:
        self.resources.store.close()


def build(settings: Settings, *, group_commit: bool = True, embedder: Embedder | None = None) -> App:
    """All the parts, put together. ConfigError or StoreError where one of them cannot work."""
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OperatorError(f"{settings.home}: {error.strerror}") from error
    channels = connect_all(settings.channels)
    ear = build_ear(settings, embedder or open_embedder(settings), channels)
    store = Store(settings.database_url.get_secret_value(), group_commit=group_commit)
    return App(Resources(settings, store, ear, load_replies(settings.config), open_hours(settings)), channels)


def build_ear(settings: Settings, embedder: Embedder | None, channels: dict[str, Channel]) -> Ear:
    """What is wanted to understand and to look up, without a database."""
    try:
        understand = Understand.load(TRAINING)
    except DataFault as error:
        raise ConfigError(str(error)) from error
    return Ear(
        understand,
        Library(settings.kb, embedder),
        load_replies(settings.config).commands,
        settings.hall.region,
        ZoneInfo(settings.hall.timezone),
        min((channel.capabilities.max_text for channel in channels.values()), default=2000),
    )


def open_embedder(settings: Settings, *, workers: int = 1) -> Embedder | None:
    """The embedder of the settings; `workers` texts are embedded at a time in bulk."""
    try:
        return load_embedder(settings.knowledge.embedder, workers=workers)
    except ModelMissing as error:
        raise ConfigError(str(error)) from error


def open_hours(settings: Settings) -> Hours:
    return load_hours(settings.config / "calendar.yml", ZoneInfo(settings.hall.timezone))


def web(parts: App) -> tuple[FastAPI, str]:
    """The web application with the staff desk in it, and the desk's address, which opens it."""
    resources = parts.resources
    key = desk_key(resources.settings.home)
    desk = handoff.web.router(resources.store, key, resources.settings.hall.name, resources.hours.zone)
    return bot.web.create(resources, parts.channels, [desk]), f"/desk?key={key}"


def load_replies(config: Path) -> Replies:
    return Replies.load(config / "replies.yml")
