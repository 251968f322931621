"""What is known of photos: what each is, what was read from it, and which others look the same."""

from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from pydantic import TypeAdapter

from bot.domain.photo import Report
from bot.seal import Seal
from bot.store.case_tables import kept_file
from bot.store.photo_tables import photo, photo_mark, thumbnail

_report = TypeAdapter(Report)
_MOST_ALIKE = 200


@dataclass(frozen=True)
class Photo:
    """`seen` is JSON of what it is, see bot/materials/cleaning.py. `told`: the citizen knows that it is being read."""

    file: str
    sha256: str
    likeness: str
    seen: str
    told: bool = False
    report: Report | None = None


@dataclass(frozen=True)
class Twin:
    """Another photo that may be the same one, and what it was sent for."""

    photo: Photo
    conversation_id: str
    case: str
    material: str


class Photos:
    """What is seen in them is sealed."""

    def __init__(self, connection: sa.Connection, seal: Seal) -> None:
        self._connection, self._seal = connection, seal

    def put(self, one: Photo, marks: Sequence[str], now: datetime, small: bytes = b"") -> None:
        """Keep what a new photo is. By `marks`, pieces of its likeness, others find it; `small` is for lists."""
        self.delete([one.file])
        known = {"file": one.file, "sha256": one.sha256, "likeness": one.likeness, "kept_at": now}
        told = {"told_at": now} if one.told else {}
        self._connection.execute(sa.insert(photo).values(**known, **told, seen=self._seal.write(one.seen)))
        self._connection.execute(sa.insert(photo_mark), [{"mark": mark, "file": one.file} for mark in marks])
        if small:
            written = self._seal.write(b64encode(small).decode())
            self._connection.execute(sa.insert(thumbnail).values(file=one.file, content=written))

    def small(self, file: str) -> bytes:
        """What lists show of it; nothing of a video, and of what came before these were kept."""
        found = self._connection.scalar(sa.select(thumbnail.c.content).where(thumbnail.c.file == file))
        return b64decode(self._seal.read(found)) if found else b""

    def find(self, file: str) -> Photo | None:
        row = self._connection.execute(sa.select(photo).where(photo.c.file == file)).first()
        return None if row is None else self._photo(row)

    def told(self, file: str, now: datetime) -> None:
        self._connection.execute(sa.update(photo).where(photo.c.file == file).values(told_at=now))

    def judged(self, file: str, report: Report) -> None:
        written = self._seal.write(_report.dump_json(report).decode())
        self._connection.execute(sa.update(photo).where(photo.c.file == file).values(report=written))

    def of_case(self, case: str) -> dict[str, Report]:
        """What was made of the photos of a case, by file."""
        return self._reports(kept_file.c.case_reference == case)

    def of_conversation(self, conversation_id: str) -> dict[str, Report]:
        return self._reports(kept_file.c.conversation_id == conversation_id)

    def alike(self, one: Photo, marks: Sequence[str]) -> list[Twin]:
        """Photos that were kept for something, and share the content or a mark with this one; the latest first."""
        near = sa.select(photo_mark.c.file).where(photo_mark.c.mark.in_(marks))
        both = photo.join(kept_file, kept_file.c.file == photo.c.file)
        columns = (photo, kept_file.c.conversation_id, kept_file.c.case_reference, kept_file.c.material)
        statement = (
            sa.select(*columns)
            .select_from(both)
            .where(sa.or_(photo.c.sha256 == one.sha256, photo.c.file.in_(near)), photo.c.file != one.file)
            .where(kept_file.c.material != "")
            .order_by(photo.c.kept_at.desc())
            .limit(_MOST_ALIKE)
        )
        return [
            Twin(self._photo(row), row.conversation_id, row.case_reference, row.material)
            for row in self._connection.execute(statement)
        ]

    def delete(self, files: Sequence[str]) -> None:
        for table in (photo, photo_mark, thumbnail):
            self._connection.execute(sa.delete(table).where(table.c.file.in_(files)))

    def _reports(self, where: sa.ColumnElement[bool]) -> dict[str, Report]:
        both = photo.join(kept_file, kept_file.c.file == photo.c.file)
        rows = self._connection.execute(sa.select(photo).select_from(both).where(where, photo.c.report.is_not(None)))
        found = (self._photo(row) for row in rows)
        return {one.file: one.report for one in found if one.report is not None}

    def _photo(self, row: sa.Row[tuple[object, ...]]) -> Photo:
        report = _report.validate_json(self._seal.read(row.report)) if row.report is not None else None
        return Photo(row.file, row.sha256, row.likeness, self._seal.read(row.seen), row.told_at is not None, report)
