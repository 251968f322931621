"""Photos and files that come before the event that names them: looked at, kept, and given a row."""

from bot.domain.case import Kept
from bot.errors import OperatorError, StoreError
from bot.materials.files import Files, digest
from bot.materials.picture import look
from bot.store.db import Store


def take_in(store: Store, files: Files, conversation_id: str, content: bytes) -> Kept:
    """Keep what was sent. What no event names goes with the loose ones, see bot/timers.py.

    CitizenError where it can never be taken, StoreError where there is no room; then nothing of it is kept.
    """
    picture = look(content)
    try:
        file = files.keep(content)
    except OperatorError as error:
        raise StoreError(str(error)) from error
    kept = Kept(file, conversation_id, picture.kind, picture.size, digest(content), store.now())
    try:
        store.write(lambda tables: tables.kept.put(kept))
    except StoreError:
        files.delete(file)
        raise
    return kept
