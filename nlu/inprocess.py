"""The engine inside this process, as something to be evaluated."""

import resource
from pathlib import Path

from nlu.entities import Dates
from nlu.training import Embed, Progress
from nlu.understand import Understand, Understanding, learnt


class InProcess:
    """Trained by `train` on the files it is given, without a model being kept."""

    def __init__(self, embed: Embed | None, dates: Dates | None = None, progress: Progress | None = None) -> None:
        self._embed, self._dates, self._progress = embed, dates, progress
        self._understand: Understand | None = None

    def train(self, folder: Path) -> None:
        self._understand = learnt(folder, self._embed, dates=self._dates, progress=self._progress)

    def __call__(self, text: str) -> Understanding:
        assert self._understand is not None, "train first"
        return self._understand(text)

    def memory_mb(self) -> float:
        """The most that this process has held so far, the embedder's memory with it once it has been used."""
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
