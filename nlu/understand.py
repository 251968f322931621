"""What somebody wants, from the examples in nlu/data (Rasa's YAML format)."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from nlu.text import fold


class DataFault(Exception):
    """A fault in a training file: `file: what`."""


@dataclass(frozen=True)
class Understanding:
    """`intent` is "" where nothing fits; confidence is 0..1."""

    intent: str
    confidence: float


NOTHING = Understanding("", 0.0)


class Understand:
    """Knows the examples by heart. A message that is one of them, but for punctuation, has its intent."""

    def __init__(self, examples: dict[str, str]) -> None:
        self._examples = examples

    @classmethod
    def load(cls, folder: Path) -> "Understand":
        examples: dict[str, str] = {}
        for path in sorted(folder.glob("*.yml")):
            for intent, text in _examples(path):
                known = examples.setdefault(fold(text), intent)
                if known != intent:
                    raise DataFault(f"{path}: {text!r} is an example of {known} and of {intent}")
        return cls(examples)

    def __call__(self, text: str) -> Understanding:
        intent = self._examples.get(fold(text))
        return Understanding(intent, 1.0) if intent else NOTHING


def _examples(path: Path) -> list[tuple[str, str]]:
    try:
        content: Any = yaml.load(path.read_text("utf-8"), yaml.BaseLoader)
        return [
            (block["intent"], line.removeprefix("- ").strip())
            for block in content["nlu"]
            if "intent" in block
            for line in block["examples"].splitlines()
            if line.strip()
        ]
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise DataFault(f"{path}: {error}") from error
