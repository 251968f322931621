"""The articles as they stand: shipped or edited here, how much they are used, and which should be looked through."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from bot.domain.knowledge import Version
from bot.errors import ConfigError
from bot.store.answers import Use
from bot.store.articles import edits_of
from bot.store.db import Store
from knowledge.articles import load_articles

USED_WITHIN = timedelta(days=90)
UNKNOWN_AGE = 3650  # days that an article counts as old of which nobody knows when it was looked at


@dataclass(frozen=True)
class Standing:
    """One article: what is in force (`state` shipped, published or withdrawn), and what is on its way.

    `shipped_changed`: the program ships another text by now than the one that was edited here.
    """

    article: str
    state: str
    version: int
    by: str
    since: datetime | None
    waiting: str
    shipped_changed: bool


@dataclass(frozen=True)
class Reviewed:
    """One article: answers in the last 90 days, share of down-votes, days since it was looked at (None: unknown)."""

    article: str
    title: str
    answers: int
    down: float
    days: int | None
    check: str


def shipped_text(folder: Path, article: str) -> str | None:
    """The program's own text of an article; None where it has none of that name."""
    found = next((path for path in sorted(folder.rglob("*.md")) if path.stem == article), None)
    return None if found is None else found.read_text("utf-8-sig")


def digest(text: str | None) -> str:
    return "" if text is None else hashlib.sha256(text.encode()).hexdigest()


def overview(store: Store, shipped: Path) -> list[Standing]:
    """Every article, by name."""
    versions, live = store.read(lambda tables: (tables.articles.all(), tables.articles.live()))
    texts = {path.stem: digest(path.read_text("utf-8-sig")) for path in shipped.rglob("*.md")}
    waiting: dict[str, str] = {}
    for one in versions:
        if one.state in ("draft", "review"):
            approved = "approved" if one.state == "review" and one.reviewer else one.state
            waiting[one.article] = f"{approved} {one.number} by {one.author}"
    every = sorted({*texts, *live, *waiting})
    return [_standing(id, live.get(id), texts.get(id, ""), waiting.get(id, "")) for id in every]


def _standing(article: str, version: Version | None, shipped: str, waiting: str) -> Standing:
    if version is None:
        return Standing(article, "shipped" if shipped else "", 0, "shipped" if shipped else "", None, waiting, False)
    changed = version.state != "shipped" and shipped != version.shipped_sha256
    number, by = version.number, version.author
    return Standing(article, version.state, number, by, version.published_at, waiting, changed)


def text_of(store: Store, shipped: Path, article: str, number: int | None) -> str:
    """The text of one version; without a number of the newest that has one, or the shipped text."""
    versions = {one.number: one for one in store.read(lambda tables: tables.articles.history(article))}
    if number is None:
        number = max((one.number for one in versions.values() if one.text), default=0)
    text = versions[number].text if number in versions else shipped_text(shipped, article) if number == 0 else None
    if text is None:
        raise ConfigError(f"{article}: there is no version {number}")
    return text


def stamp(store: Store, shipped: Path, article: str, by: str, now: datetime) -> None:
    """Keep that somebody has looked through an article that is in force."""
    live = store.read(lambda tables: tables.articles.live()).get(article)
    if live.state == "withdrawn" if live else shipped_text(shipped, article) is None:
        raise ConfigError(f"{article}: no such article is in force")
    if not by.strip():
        raise ConfigError("--by: who is doing this?")
    store.write(lambda tables: tables.articles.reviewed(article, by.strip(), now))


def review_list(store: Store, articles: Path, now: datetime) -> list[Reviewed]:
    """Every article in force, the most pressing first."""
    used, live, stamps = store.read(
        lambda tables: (tables.answers.used(now - USED_WITHIN), tables.articles.live(), tables.articles.reviews())
    )
    edited = edits_of(live)
    rows = []
    for one in load_articles(articles, edited)[0]:
        version = live.get(one.id)
        looked_at = [at for at in (stamps.get(one.id), version.published_at if version else None) if at]
        use = used.get(one.id, Use())
        days = _days(max(looked_at, default=None), one.valid_from, now)
        rows.append(Reviewed(one.id, one.title, use.answers, use.down / max(use.answers, 1), days, one.check))
    return sorted(rows, key=lambda row: (-_pressing(row), row.article))


def _days(looked_at: datetime | None, valid_from: date | None, now: datetime) -> int | None:
    if looked_at is not None:
        return (now - looked_at).days
    if valid_from is not None:
        return max(0, (now.date() - valid_from).days)
    return None


def _pressing(row: Reviewed) -> float:
    return (1 + row.answers) * (UNKNOWN_AGE if row.days is None else row.days)
