"""What understands a message: the engine of this process, or Rasa beside it."""

from typing import Protocol

from nlu.understand import Understanding


class Engine(Protocol):
    """Safe to use from many threads; never raises on any text."""

    def __call__(self, text: str) -> Understanding: ...
