"""Photos and files that come before the event that names them: kept, and given a row."""

import uuid
from contextlib import suppress
from dataclasses import replace

from pydantic import TypeAdapter

from bot.domain.case import Kept
from bot.errors import OperatorError, StoreError
from bot.materials.cleaning import Cleaned, sort_of
from bot.materials.eye import Eye
from bot.materials.files import Files, digest
from bot.materials.likeness import marks
from bot.materials.pages import small
from bot.store.db import Store, Tables
from bot.store.photos import Photo

_cleaned = TypeAdapter(Cleaned)


def receive(store: Store, files: Files, conversation_id: str, content: bytes) -> Kept:
    """Keep what was sent as it came: cleaning takes longer than a platform waits, so its turn does it (bot/looking.py).

    What no event names goes with the loose ones, see bot/timers.py. CitizenError where its first bytes say that it can
    never be taken, StoreError where there is no room; then nothing of it is kept.
    """
    kind, file = sort_of(content), uuid.uuid4().hex
    kept = Kept(file, conversation_id, "", len(content), digest(content), store.now())
    store.write(lambda tables: tables.kept.put(kept))  # before the file: nothing ever lies there that no row knows
    try:
        files.set_aside(content, file)
    except OperatorError as error:
        with suppress(StoreError):
            store.write(lambda tables: tables.kept.delete([file]))
        raise StoreError(str(error)) from error
    return replace(kept, kind=kind)  # what it will be


def take_in(store: Store, files: Files, eye: Eye, conversation_id: str, content: bytes) -> Kept:
    """Clean and keep what staff sent, for which no turn comes. What nothing uses goes with the loose ones.

    CitizenError where it can never be taken, StoreError where there is no room; then nothing of it is kept.
    """
    cleaned, made = eye.clean(content)
    shown = small(made)
    try:
        file = files.keep(made)
    except OperatorError as error:
        raise StoreError(str(error)) from error
    picture, photo = cleaned.picture, photo_of(file, content, cleaned)
    kept = Kept(file, conversation_id, picture.kind, picture.size, photo.sha256, store.now())

    def put(tables: Tables) -> None:
        tables.kept.put(kept)
        tables.photos.put(photo, marks(photo.likeness), kept.kept_at, shown)

    try:
        store.write(put)
    except StoreError:
        files.delete(file)
        raise
    return kept


def photo_of(file: str, content: bytes, cleaned: Cleaned) -> Photo:
    """What is known of a photo that was just cleaned; `content` is what was sent."""
    return Photo(file, digest(content), cleaned.likeness, _cleaned.dump_json(cleaned).decode())


def cleaned_of(photo: Photo) -> Cleaned:
    return _cleaned.validate_json(photo.seen)
