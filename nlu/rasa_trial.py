"""Rasa, trained and served by itself, as something to be evaluated."""

import atexit
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from nlu.entities import Dates, Finder
from nlu.examples import read
from nlu.rasa_runs import Served, Workshop
from nlu.understand import Understanding

FEWEST, MOST = 12, 100
SEEN = 65_000  # examples, the same one counted in every epoch


def enough(examples: int) -> int:
    """Epochs in which a small file is seen as often as nlu/data is in its own, up to those that Rasa advises."""
    return min(MOST, max(FEWEST, SEEN // max(examples, 1)))


class RasaTrial:
    """Trains in a folder that goes with it. The server starts with the first message, and stays until `close`."""

    def __init__(self, environment: Path, dates: Dates | None = None, epochs: int | None = None) -> None:
        """RasaFailed where there is no Rasa in the environment."""
        self._epochs, self._dates = epochs, dates
        self._stack = ExitStack()
        atexit.register(self.close)
        self._workshop = Workshop(environment, Path(self._stack.enter_context(TemporaryDirectory("-banshi-rasa"))))
        self._workshop.program()  # sooner than after the training of whatever it is compared with
        self._model: Path | None = None
        self._finder: Finder | None = None
        self._served: Served | None = None

    def train(self, folder: Path) -> None:
        """DataFault, RasaFailed."""
        training = read(folder).checked()
        self._finder = Finder.of(training, dates=self._dates)
        self._model = self._workshop.train(folder, self._epochs or enough(len(training.examples)))

    def __call__(self, text: str) -> Understanding:
        """RasaFailed where the server does not start, Unanswered where it does not answer: nobody stands in for it."""
        if self._served is None:
            assert self._model and self._finder, "train first"
            self._served = self._stack.enter_context(self._workshop.serving(self._model, self._finder))
        return self._served.parse(text)

    def memory_mb(self) -> float:
        """Resident memory of the server and its children; nought until it is started."""
        return self._served.rss_mb() if self._served else 0.0

    def close(self) -> None:
        self._stack.close()
        self._served = None
