"""The engine inside this process, as something to be evaluated."""

from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from nlu.engine import Engine
from nlu.evaluate import resident_mb
from nlu.understand import Understanding

Learn = Callable[[Path, Path], None]
Load = Callable[[Path, Path], Engine]


class InProcess:
    """Learns in a process of its own, so that the memory of this one is what understanding takes, without training."""

    def __init__(self, learn: Learn, load: Load) -> None:
        """`learn` from a folder into a file, which `load` reads with that folder. `learn` goes to another process."""
        self._learn, self._load = learn, load
        self._kept = TemporaryDirectory("-banshi-nlu")
        self._model = Path(self._kept.name) / "model.npz"
        self._folder: Path | None = None
        self._engine: Engine | None = None

    def train(self, folder: Path) -> None:
        self._folder = folder
        with get_context("spawn").Pool(1) as other:
            other.apply(self._learn, (folder, self._model))

    def __call__(self, text: str) -> Understanding:
        """The model is loaded with the first message."""
        if self._engine is None:
            assert self._folder, "train first"
            self._engine = self._load(self._folder, self._model)
        return self._engine(text)

    def memory_mb(self) -> float:
        """Resident memory of this process."""
        return resident_mb()
