"""Which photos and files were sent, by whom, and for which material. Their content stands in bot/materials/files.py."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.domain.case import Kept
from bot.store.case_tables import kept_file
from bot.store.photo_tables import photo, photo_mark, thumbnail


class KeptFiles:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def put(self, kept: Kept) -> None:
        """A row for a file. One that stands already is kept from now on; what it is for stays."""
        row = {"case_reference": kept.case, "material": kept.material, "kept_at": kept.kept_at}
        mine = {name: getattr(kept, name) for name in ("file", "conversation_id", "kind", "size", "sha256")}
        insert = postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
        anew = {"conversation_id": kept.conversation_id, "kept_at": kept.kept_at}
        statement = insert(kept_file).values(**row, **mine)
        self._connection.execute(statement.on_conflict_do_update(index_elements=["file"], set_=anew))

    def cleaned(self, file: str, kind: str, size: int) -> bool:
        """What it is, now that it was cleaned. False where it has no row, or is nobody's any more."""
        mine = sa.and_(kept_file.c.file == file, kept_file.c.conversation_id != "")
        found = self._connection.execute(sa.update(kept_file).where(mine).values(kind=kind, size=size))
        return found.rowcount == 1

    def refuse(self, file: str, now: datetime) -> None:
        """Nobody's, whether or not it has a row yet: what lies of it goes with the next sweep."""
        self.put(Kept(file, "", "", 0, "", now))

    def find(self, file: str) -> Kept | None:
        return next(iter(self._select(kept_file.c.file == file)), None)

    def of_case(self, case: str) -> list[Kept]:
        return self._select(kept_file.c.case_reference == case)

    def of_conversation(self, conversation_id: str) -> list[Kept]:
        return self._select(kept_file.c.conversation_id == conversation_id)

    def loose(self, before: datetime) -> list[Kept]:
        """What belongs to no case, and came before then."""
        return self._select(kept_file.c.case_reference == "", kept_file.c.kept_at < before)

    def discard(self, files: list[str]) -> None:
        """Nobody's from now on; the content goes with the next sweep, see bot/sweeping.py."""
        values = {"conversation_id": "", "case_reference": "", "material": ""}
        self._connection.execute(sa.update(kept_file).where(kept_file.c.file.in_(files)).values(**values))
        for table in (photo, photo_mark, thumbnail):  # what was read and is shown in lists goes at once
            self._connection.execute(sa.delete(table).where(table.c.file.in_(files)))

    def give(self, files: list[str], case: str, material: str) -> None:
        """These are for this material of this case."""
        mine = kept_file.c.file.in_(files)
        self._connection.execute(sa.update(kept_file).where(mine).values(case_reference=case, material=material))

    def delete(self, files: list[str]) -> None:
        self._connection.execute(sa.delete(kept_file).where(kept_file.c.file.in_(files)))

    def _select(self, *where: sa.ColumnElement[bool]) -> list[Kept]:
        statement = sa.select(kept_file).where(*where).order_by(kept_file.c.kept_at, kept_file.c.file)
        return [
            Kept(
                row.file,
                row.conversation_id,
                row.kind,
                row.size,
                row.sha256,
                row.kept_at,
                row.case_reference,
                row.material,
            )
            for row in self._connection.execute(statement)
        ]
