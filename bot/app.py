"""The composition root: the only module that knows all the parts."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from fastapi import FastAPI

import bot.web
from bot.attending import Attendant
from bot.bundles.catalogue import Catalogue, load_catalogue
from bot.calendar import load_hours
from bot.channels import connect_all, groups_of
from bot.channels.base import Channel
from bot.desk import open_desk, open_queue
from bot.domain.hours import Hours
from bot.domain.rota import Rota
from bot.engine import rasa_beside
from bot.errors import ConfigError, OperatorError
from bot.groups import Groups
from bot.hearing import Ear
from bot.ledger.kinds import load_licence_kinds
from bot.materials.eye import Eye
from bot.materials.files import Files
from bot.materials.kinds import load_kinds
from bot.materials.scanner import Scanner
from bot.materials.worker import Workers
from bot.nudging import open_nudger
from bot.offices import load_offices
from bot.paperwork import Clerk
from bot.registers import load_credit
from bot.registry.ports import Ports, load_departments
from bot.replies import Replies
from bot.rota import load_rota
from bot.rounds import Round
from bot.seal import open_seal
from bot.settings import ARTICLES as ARTICLES
from bot.settings import ROOT, Settings
from bot.store.db import Store
from bot.turn import Resources
from bot.walks import load_walks
from knowledge.embedding import Embedder, Latest, ModelMissing, load_embedder
from knowledge.library import Library
from nlu.dates import spans
from nlu.engine import Engine
from nlu.entities import Dates, Finder
from nlu.evaluate import Learner
from nlu.examples import DataFault, read
from nlu.features import Floats
from nlu.inprocess import InProcess
from nlu.model import digest
from nlu.rasa_trial import RasaTrial
from nlu.understand import SHIPPED, Understand, checked, remembered
from nlu.vectors import Progress, remade

TRAINING = ROOT / "nlu" / "data"
MODEL, VECTORS = Path("nlu") / "model.npz", "vectors.npz"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class App:
    """Everything that a process needs to answer; `channels` by name."""

    resources: Resources
    channels: dict[str, Channel]
    round: Round

    def close(self) -> None:
        self.resources.store.close()
        self.resources.eye.close()


def build(settings: Settings, *, group_commit: bool = True, embedder: Embedder | None = None) -> App:
    """All the parts, put together. ConfigError or StoreError where one of them cannot work."""
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OperatorError(f"{settings.home}: {error.strerror}") from error
    channels = connect_all(settings.channels)
    seal = open_seal(settings.home, *settings.keys)
    files = Files(settings.home / "files", seal)
    ear = build_ear(settings, embedder or open_embedder(settings), channels)
    store = Store(settings.database_url.get_secret_value(), seal=seal, group_commit=group_commit)
    config = settings.config
    pieces = frozenset(name for name, channel in channels.items() if channel.capabilities.pieces)
    counted = frozenset(name for name, channel in channels.items() if channel.capabilities.counted)
    hours, catalogue = open_hours(settings), load_catalogue(config, settings.hall.region)
    credit, replies = load_credit(config / "credit.csv", settings.promises), load_replies(config)
    departments = load_departments(config / "departments.yml")
    rota = load_rota(config / "teams.yml", hours, catalogue.bundles)
    kinds, eye = load_licence_kinds(config / "licences.yml", catalogue.bundles), open_eye(settings, catalogue)
    walks = load_walks(config, catalogue.questions, catalogue.bundles)
    resources = Resources(
        settings,
        store,
        ear,
        replies,
        hours,
        catalogue,
        files,
        credit,
        rota,
        pieces,
        counted,
        kinds,
        eye,
        load_offices(config / "offices.yml", catalogue.bundles),
        walks,
    )
    ports = Ports(settings.home / "departments", settings.registry_token.get_secret_value(), departments)
    clerk, groups = Clerk(settings, replies, hours), Groups(resources, groups_of(channels))
    more = (open_queue(resources).go, open_nudger(resources).go, Attendant(resources).go, groups.go)
    return App(resources, channels, Round(resources, clerk, ports, more))


def open_eye(settings: Settings, catalogue: Catalogue) -> Eye:
    """How photos are looked at. ConfigError also where a paper wants to be shown as a kind that photos.yml has not."""
    kinds = load_kinds(settings.config / "photos.yml", catalogue.questions)
    wanted = {kind for bundle in catalogue.bundles.values() for part in bundle.materials for kind in part.photo}
    if strange := sorted(wanted - set(kinds)):
        raise ConfigError(f"{settings.config / 'photos.yml'}: materials.yml wants {', '.join(strange)}")
    address = settings.photos.scanner
    return Eye(kinds, Workers(), Scanner(address) if address else None)


def build_ear(settings: Settings, embedder: Embedder | None, channels: dict[str, Channel]) -> Ear:
    """What is wanted to understand and to look up, without a database."""
    embedder = Latest(embedder) if embedder else None
    return Ear(
        open_engine(settings, embedder),
        Library(settings.kb, embedder),
        load_replies(settings.config).commands,
        settings.hall.region,
        ZoneInfo(settings.hall.timezone),
        min((channel.capabilities.max_text for channel in channels.values()), default=2000),
    )


def open_engine(settings: Settings, embedder: Embedder | None = None) -> Engine:
    """What understands, by the settings."""
    own = open_understanding(settings, embedder)
    if settings.nlu.engine == "inprocess":
        return own
    return rasa_beside(settings, own, Finder.of(read(TRAINING), settings.hall.region, _dates(settings)))


def open_understanding(settings: Settings, embedder: Embedder | None = None) -> Understand:
    """With the model that fits the training files: this home's, or the shipped one; otherwise it is trained first."""
    embedder, models = embedder or open_embedder(settings), (settings.home / MODEL, SHIPPED)
    known = _known(settings, TRAINING, models, embedder)
    if known is None:
        log.warning(
            "no model of understanding fits the training files and the embedder: training, which takes half a minute"
        )
        train_understanding(settings)
        known = _known(settings, TRAINING, models, embedder)
    assert known is not None
    return known


def _known(settings: Settings, folder: Path, models: Sequence[Path], embedder: Embedder | None) -> Understand | None:
    mark = digest(folder, embedder.name if embedder else "none")
    embed, region = embedder.queries if embedder else None, settings.hall.region
    try:
        return remembered(folder, models, mark, embed, region=region, dates=_dates(settings))
    except DataFault as error:
        raise ConfigError(str(error)) from error


def train_understanding(settings: Settings, progress: Progress | None = None, into: Path | None = None) -> Path:
    """Train on nlu/data, and keep the model in this home, or in the file `into`. ConfigError for faults in the data."""
    own = settings.home / MODEL
    file = into or own
    _train(settings, TRAINING, file, [own, SHIPPED], progress)
    return file


def _train(
    settings: Settings, folder: Path, file: Path, earlier: Sequence[Path] = (), progress: Progress | None = None
) -> None:
    """Into a file. Examples that the `earlier` models knew are not embedded again."""
    from nlu.training import train  # scikit-learn, which nobody waits for who has a model

    embedder, kept = open_embedder(settings, workers=2), [one.with_name(VECTORS) for one in earlier]

    def embed(texts: Sequence[str]) -> Floats:
        assert embedder is not None
        return remade(texts, embedder.queries, embedder.name, kept, file.with_name(VECTORS), progress)

    try:
        training, mark = checked(folder), digest(folder, embedder.name if embedder else "none")
        finder = Finder.of(training, dates=_dates(settings))
        train(training, finder, embed if embedder else None, mark, progress).save(file)
    except DataFault as error:
        raise ConfigError(str(error)) from error


def engine_for_trial(settings: Settings, name: str) -> Learner:
    """An engine to be evaluated: it learns only what it is given."""
    if name == "rasa":
        return RasaTrial(ROOT / ".venv-rasa", _dates(settings))
    return InProcess(partial(_train, settings), partial(_trained, settings))


def _trained(settings: Settings, folder: Path, file: Path) -> Understand:
    found = _known(settings, folder, [file], open_embedder(settings))
    assert found is not None
    return found


def _dates(settings: Settings) -> Dates:
    """Where a text names dates. Which ones they are depends on the day; where they stand does not."""
    hours = open_hours(settings)
    now = datetime(2026, 1, 5, 8, tzinfo=hours.zone)

    return lambda text: spans(text, now, hours)


def open_embedder(settings: Settings, *, workers: int = 1) -> Embedder | None:
    """The embedder of the settings; `workers` texts are embedded at a time in bulk."""
    try:
        return load_embedder(settings.knowledge.embedder, workers=workers)
    except ModelMissing as error:
        raise ConfigError(str(error)) from error


def open_hours(settings: Settings) -> Hours:
    return load_hours(settings.config / "calendar.yml", ZoneInfo(settings.hall.timezone))


def open_rota(settings: Settings) -> Rota:
    catalogue = load_catalogue(settings.config, settings.hall.region)
    return load_rota(settings.config / "teams.yml", open_hours(settings), catalogue.bundles)


def web(parts: App) -> tuple[FastAPI, str]:
    """The web application with the staff desk in it, and the desk's address."""
    groups = groups_of(parts.channels)
    desk = open_desk(parts.resources, [name for name in parts.channels if groups.get(name) != "notice"], groups)
    return bot.web.create(parts.resources, parts.channels, parts.round, [desk]), "/desk"


def load_replies(config: Path) -> Replies:
    return Replies.load(config / "replies.yml")
