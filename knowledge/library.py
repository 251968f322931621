"""The index that is live now: opened once, and opened again when a build has put another in its place."""

import logging
import threading
import time
from pathlib import Path

from knowledge.answer import Answers
from knowledge.embedding import Embedder
from knowledge.errors import IndexUnusable
from knowledge.search import Search, live_generation

log = logging.getLogger(__name__)

_LOOK_EVERY = 5.0  # seconds


class Library:
    """Thread-safe. `live()` is cheap: it looks at the folder every few seconds at most."""

    def __init__(self, folder: Path, embedder: Embedder | None) -> None:
        self._folder, self.embedder = folder, embedder
        self._lock = threading.Lock()
        self._looked_at = -_LOOK_EVERY
        self._generation: str | None = None
        self._answers: Answers | None = None

    def live(self) -> Answers | None:
        """The answers of the live index; None while there is none."""
        if time.monotonic() - self._looked_at < _LOOK_EVERY:
            return self._answers
        with self._lock:
            if time.monotonic() - self._looked_at < _LOOK_EVERY:
                return self._answers
            generation = live_generation(self._folder)
            if generation is not None and generation != self._generation:
                self._open(generation)
            self._looked_at = time.monotonic()
        return self._answers

    def _open(self, generation: str) -> None:
        try:
            self._generation = generation
            self._answers = Answers.open(Search.open(self._folder, self.embedder))
        except IndexUnusable as error:
            log.error("the index cannot be opened, going on with the one before: %s", error)
