"""The versions of our articles: who wrote, approved and published what, and when."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.domain.knowledge import Version, VersionState
from bot.store.tables import article_review, article_version

LIVE: tuple[VersionState, ...] = ("published", "withdrawn", "shipped")
_COLUMNS = [article_version.c[field.name] for field in fields(Version)]


def edits_of(live: Mapping[str, Version]) -> dict[str, str | None]:
    """What stands in the place of shipped texts: a text by article, None for one that was withdrawn."""
    return {
        one.article: None if one.state == "withdrawn" else one.text for one in live.values() if one.state != "shipped"
    }


class Articles:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, version: Version) -> Version:
        """A new version under the next number of its article, whatever number it has."""
        highest = sa.select(sa.func.max(article_version.c.number)).where(article_version.c.article == version.article)
        values = asdict(version) | {"number": int(self._connection.scalar(highest) or 0) + 1}
        self._connection.execute(sa.insert(article_version).values(values))
        return Version(**values)

    def put_live(self, version: Version) -> Version:
        """A new version that stands at once, in the place of the one that did."""
        self._retire(version.article)
        return self.add(version)

    def publish(self, version: Version, publisher: str, now: datetime) -> None:
        self._retire(version.article)
        self.change(version, state="published", publisher=publisher, published_at=now)

    def change(self, version: Version, **values: Any) -> None:
        this = sa.and_(article_version.c.article == version.article, article_version.c.number == version.number)
        self._connection.execute(sa.update(article_version).where(this).values(values))

    def get(self, article: str, number: int) -> Version | None:
        found = self._select(article_version.c.article == article, article_version.c.number == number)
        return next(iter(found), None)

    def history(self, article: str) -> list[Version]:
        """All versions, oldest first."""
        return self._select(article_version.c.article == article)

    def all(self) -> list[Version]:
        return self._select()

    def live(self) -> dict[str, Version]:
        """What was decided here about each article; the others are as they were shipped."""
        return {one.article: one for one in self._select(article_version.c.state.in_(LIVE))}

    def edits(self) -> dict[str, str | None]:
        """The text of each article that was published here, None for one that was withdrawn."""
        return edits_of(self.live())

    def put_back(self, article: str, versions: Iterable[Version]) -> None:
        """The history of an article from an export, in the place of the one here."""
        self._connection.execute(sa.delete(article_version).where(article_version.c.article == article))
        self._connection.execute(sa.insert(article_version), [asdict(one) for one in versions])

    def reviewed(self, article: str, reviewer: str, now: datetime) -> None:
        values = {"article": article, "reviewer": reviewer, "reviewed_at": now}
        self._connection.execute(sa.insert(article_review).values(values))

    def reviews(self) -> dict[str, datetime]:
        """When each article was last looked through without being changed."""
        last = sa.select(article_review.c.article, sa.func.max(article_review.c.reviewed_at))
        return {row[0]: row[1] for row in self._connection.execute(last.group_by(article_review.c.article))}

    def _retire(self, article: str) -> None:
        this = sa.and_(article_version.c.article == article, article_version.c.state.in_(LIVE))
        self._connection.execute(sa.update(article_version).where(this).values(state="superseded"))

    def _select(self, *where: sa.ColumnElement[bool]) -> list[Version]:
        statement = sa.select(*_COLUMNS).where(*where).order_by(article_version.c.article, article_version.c.number)
        return [Version(*row) for row in self._connection.execute(statement)]
