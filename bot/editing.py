"""The life of an article: draft, review by a second person, published, and back. Publishing rebuilds the index."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import yaml

from bot.domain.knowledge import Version, VersionState
from bot.errors import ConfigError
from bot.settings import Settings
from bot.shelf import digest, shipped_text
from bot.store.db import Store, Tables
from knowledge.articles import read_article
from knowledge.build import BuildReport, Progress, build_index
from knowledge.embedding import Embedder
from knowledge.generations import live
from knowledge.origins import read_origins
from knowledge.support import unsupported
from nlu.text import fold

_NAME = re.compile(r"[\w-]{1,100}")


def faults_of(path: Path, text: str) -> list[str]:
    """What `banshi check` would say of an article, each with file and line; empty where all is well."""
    if not _NAME.fullmatch(path.stem):
        return [f"{path}: the name of an article has letters, digits, - and _ alone, at most 100"]
    passage, faults = read_article(path, text)
    told = [str(fault) for fault in faults]
    return told if passage is None else [f"{path}: {what}" for what in unsupported(passage.text, passage.sources)]


def save(store: Store, shipped: Path, path: Path, text: str, by: str, now: datetime) -> Version:
    """A new draft of the article that the file is named after. ConfigError with every fault."""
    if faults := faults_of(path, text):
        raise ConfigError("\n".join(faults))
    based_on = digest(shipped_text(shipped, path.stem))
    draft = Version(path.stem, 0, "draft", text, "", _person(by), now, shipped_sha256=based_on)
    return store.write(lambda tables: tables.articles.add(draft))


def submit(store: Store, article: str, by: str) -> Version:
    """Hand the newest draft in for review."""
    _person(by)

    def work(tables: Tables) -> Version:
        draft = _newest(tables, article, "draft")
        _refuse_unfinished(draft)
        tables.articles.change(draft, state="review", reviewer="", decided_at=None)
        return draft

    return store.write(work)


def approve(store: Store, article: str, by: str, now: datetime) -> Version:
    """Four eyes: not by whoever wrote it."""

    def work(tables: Tables) -> Version:
        waiting = _newest(tables, article, "review")
        if fold(waiting.author) == fold(_person(by)):
            raise ConfigError(f"{article}: written by {waiting.author}; somebody else has to approve it")
        tables.articles.change(waiting, reviewer=by, decided_at=now)
        return waiting

    return store.write(work)


def reject(store: Store, article: str, by: str, note: str, now: datetime) -> Version:
    """Back to its author, with the reason."""
    _person(by)

    def work(tables: Tables) -> Version:
        waiting = _newest(tables, article, "review")
        tables.articles.change(waiting, state="draft", reviewer=by, decided_at=now, note=note)
        return waiting

    return store.write(work)


def publish(store: Store, article: str, by: str, now: datetime) -> Version:
    """Put the approved version in force, and close the misses that it was written for."""
    _person(by)

    def work(tables: Tables) -> Version:
        approved = _newest(tables, article, "review")
        if not approved.reviewer:
            raise ConfigError(f"{article}: version {approved.number} has not been approved yet")
        _refuse_unfinished(approved)
        tables.articles.publish(approved, by, now)
        for miss in tables.misses.of_article(article):
            tables.misses.change(miss.id, now, state="answered")
        return approved

    return store.write(work)


def rollback(store: Store, shipped: Path, article: str, to: int, by: str, now: datetime) -> Version:
    """Put a version that was in force before in force again, as a new version; 0 is the shipped text."""
    _person(by)
    ours = shipped_text(shipped, article)

    def work(tables: Tables) -> Version:
        state: VersionState = "published" if to else "shipped"
        former = tables.articles.get(article, to) if to else Version(article, 0, "shipped", "", "", "shipped", now)
        if former is None or (to and (former.published_at is None or not former.text)):
            raise ConfigError(f"{article}: version {to} was never published; see `banshi kb article history`")
        if not to and ours is None:
            raise ConfigError(f"{article}: there is no shipped text to go back to")
        if to:
            _refuse_unfinished(former)
        based_on = former.shipped_sha256 if to else digest(ours)
        note = f"rollback to {to}"
        again = Version(article, 0, state, former.text, note, _person(by), now, former.reviewer, former.decided_at)
        return tables.articles.put_live(_in_force(again, by, now, based_on))

    return store.write(work)


def withdraw(store: Store, shipped: Path, article: str, by: str, now: datetime) -> Version:
    """Take an article out of the base."""
    ours = shipped_text(shipped, article)

    def work(tables: Tables) -> Version:
        standing = tables.articles.live().get(article)
        if (ours is None and standing is None) or (standing is not None and standing.state == "withdrawn"):
            raise ConfigError(f"{article}: no such article is in force")
        gone = Version(article, 0, "withdrawn", "", "", _person(by), now)
        return tables.articles.put_live(_in_force(gone, by, now, digest(ours)))

    return store.write(work)


def draft_from_miss(store: Store, shipped: Path, id: int, by: str, now: datetime, body: str = "") -> Version:
    """An article to be written for a miss: its questions are there, sources wait, and the body if none is given."""
    _person(by)

    def work(tables: Tables) -> Version:
        miss = tables.misses.get(id)
        if miss is None:
            raise ConfigError(f"there is no miss {id}; see `banshi kb misses`")
        asked = {fold(one.question): one.question for one in tables.misses.questions(id)}
        head = {
            "title": miss.title,
            "kind": "fact",
            "region": "",
            "valid_from": "",
            "valid_until": "",
            "sources": [{"title": "", "article": "", "quote": ""}],
            "check": "",
            "questions": list(asked.values()),
        }
        text = f"---\n{yaml.safe_dump(head, allow_unicode=True, sort_keys=False, width=1000)}---\n\n{body}"
        article = f"miss-{id}"
        tables.misses.change(id, now, state="taken", owner=by, article_id=article)
        based_on = digest(shipped_text(shipped, article))
        return tables.articles.add(Version(article, 0, "draft", text, "", by, now, shipped_sha256=based_on))

    return store.write(work)


def rebuild(
    store: Store, settings: Settings, shipped: Path, embedder: Embedder | None, progress: Progress, on: date
) -> BuildReport:
    """The index with what is published now, from the folders that it was built from before."""
    origins = read_origins(live(settings.kb))
    if missing := origins.missing():
        raise ConfigError(f"folders of the last build are gone: {', '.join(map(str, missing))}; run `banshi kb build`")
    edited = store.read(lambda tables: tables.articles.edits())
    return build(settings, shipped, origins.folders, embedder, edited, progress, on)


def build(
    settings: Settings,
    shipped: Path,
    folders: Sequence[Path],
    embedder: Embedder | None,
    edited: Mapping[str, str | None],
    progress: Progress,
    on: date,
) -> BuildReport:
    """The index of a home: the shipped articles as they were edited, what is not ours, and folders of documents."""
    remit = settings.config / "remit.yml"
    return build_index(settings.kb, shipped, folders, embedder, remit=remit, edited=edited, progress=progress, on=on)


def _person(by: str) -> str:
    if not by.strip():
        raise ConfigError("--by: who is doing this?")
    return by.strip()


def _newest(tables: Tables, article: str, state: VersionState) -> Version:
    found = [one for one in tables.articles.history(article) if one.state == state]
    if not found:
        raise ConfigError(f"{article}: there is no version in state {state}; see `banshi kb article history {article}`")
    return found[-1]


def _refuse_unfinished(version: Version) -> None:
    """Nothing is reviewed or published that `banshi check` would refuse."""
    if faults := faults_of(Path(f"{version.article}.md"), version.text):
        raise ConfigError("\n".join(faults))


def _in_force(version: Version, by: str, now: datetime, based_on: str) -> Version:
    return replace(version, publisher=by, published_at=now, shipped_sha256=based_on)
