"""What understands a message: the engine of this process, or Rasa beside it."""

from typing import Protocol

from nlu.features import Floats
from nlu.understand import Understanding


class Engine(Protocol):
    """Safe to use from many threads; never raises on any text."""

    def __call__(self, text: str, vector: Floats | None = None) -> Understanding:
        """`vector` (dimensions,) is the message's, as a query, where somebody has it already."""
        ...
