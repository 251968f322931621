"""Every sentence of ours that a citizen can see, by name, and the command words."""

import string
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from bot.errors import ConfigError


class Replies:
    """`replies("name", field=…)` is the sentence; `replies.command(text)` the command that a text is, if any."""

    def __init__(self, sentences: Mapping[str, str], commands: Mapping[str, str]) -> None:
        self.sentences, self._commands = dict(sentences), dict(commands)
        self.commands = frozenset(commands)

    @classmethod
    def load(cls, path: Path) -> "Replies":
        """ConfigError names file, line and fault."""
        try:
            content = yaml.load(path.read_text("utf-8"), yaml.BaseLoader)
        except OSError as error:
            raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 0
            raise ConfigError(f"{path}:{line}: {error.problem}") from error
        if not isinstance(content, dict) or not {"replies", "commands"} == set(content):
            raise ConfigError(f"{path}: holds two keys, replies and commands")
        faults: list[str] = []
        sentences = dict(_flat(content["replies"], "", faults))
        commands = {word: name for name, words in content["commands"].items() for word in words}
        if faults:
            raise ConfigError("\n".join(f"{path}: {fault}" for fault in faults))
        return cls(sentences, commands)

    def __call__(self, reply: str, /, **fields: str) -> str:
        if reply not in self.sentences:
            raise ConfigError(f"replies.yml has no {reply!r}")
        return self.sentences[reply].format_map(fields)

    def day(self, day: date) -> str:
        """A date with its weekday."""
        weekday = self("words.weekdays").split()[day.weekday()]
        return self("words.day", year=str(day.year), month=str(day.month), day=str(day.day), weekday=weekday)

    def word(self, command: str) -> str:
        """The first word that is this command; "" where it has none."""
        return next((word for word, name in self._commands.items() if name == command), "")

    def command(self, text: str) -> str | None:
        return self._commands.get(text)


def _flat(tree: Any, prefix: str, faults: list[str]) -> list[tuple[str, str]]:
    """`question: {answered: …}` becomes ("question.answered", …)."""
    if isinstance(tree, str):
        try:
            list(string.Formatter().parse(tree))
        except ValueError as error:
            faults.append(f"{prefix}: {error}")
        return [(prefix, tree)]
    if not isinstance(tree, dict):
        faults.append(f"{prefix or 'replies'}: expected a sentence or a group of sentences")
        return []
    found = []
    for key, value in tree.items():
        found += _flat(value, f"{prefix}.{key}" if prefix else key, faults)
    return found
