"""Every sentence of ours that a citizen can see, by name, and the command words."""

import string
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cached_property
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
        faults += _strange(sentences)
        if faults:
            raise ConfigError("\n".join(f"{path}: {fault}" for fault in faults))
        return cls(sentences, commands)

    def __call__(self, reply: str, /, **fields: str) -> str:
        if reply not in self.sentences:
            raise ConfigError(f"replies.yml has no {reply!r}")
        return self.sentences[reply].format_map(fields)

    @cached_property
    def eased(self) -> "Replies":
        """The same for whoever wants few words: a sentence that has a shorter one under `short` is said so."""
        sentences = {name: self.sentences.get(f"short.{name}", text) for name, text in self.sentences.items()}
        return Replies(sentences, self._commands)

    def day(self, day: date) -> str:
        """A date with its weekday."""
        weekday = self("words.weekdays").split()[day.weekday()]
        return self("words.day", year=str(day.year), month=str(day.month), day=str(day.day), weekday=weekday)

    def word(self, command: str) -> str:
        """The first word that is this command; "" where it has none."""
        return next((word for word, name in self._commands.items() if name == command), "")

    def command(self, text: str) -> str | None:
        return self._commands.get(text)


def _strange(sentences: Mapping[str, str]) -> Iterator[str]:
    """Short sentences that stand for none, or want to be told what the long one is not."""
    for name, text in sentences.items():
        whole = sentences.get(name.removeprefix("short."))
        if not name.startswith("short."):
            continue
        if whole is None:
            yield f"{name}: there is no such sentence without short"
        elif more := _names(text) - _names(whole):
            yield f"{name}: is not told {', '.join(sorted(more))}"


def _names(sentence: str) -> set[str]:
    try:
        return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}
    except ValueError:  # told of already
        return set()


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
