"""Training files in Rasa's YAML format: examples with their entities, synonyms, lookups, regular expressions."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from nlu.annotations import Annotation, annotated
from nlu.text import fold

LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
KINDS = ("intent", "synonym", "lookup", "regex")


class DataFault(Exception):
    """Faults in training files, one a line: `file:line: what`."""


@dataclass(frozen=True)
class Example:
    """A message, what it wants, and what it names. Offsets are those of `text`, end exclusive."""

    text: str
    intent: str
    entities: tuple[Annotation, ...] = ()


@dataclass
class Training:
    """All that the files say. `synonyms`: what people write → its proper name; the others by name of the entity."""

    examples: list[Example] = field(default_factory=list)
    synonyms: dict[str, str] = field(default_factory=dict)
    lookups: dict[str, list[str]] = field(default_factory=dict)
    regexes: dict[str, list[str]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def checked(self) -> "Training":
        """Itself. DataFault with all the faults, where there are any."""
        if self.faults:
            raise DataFault("\n".join(self.faults))
        return self


def files(path: Path) -> list[Path]:
    """The training files that a path stands for: itself, or those of the folder."""
    return sorted([*path.rglob("*.yml"), *path.rglob("*.yaml")]) if path.is_dir() else [path]


def read(path: Path) -> Training:
    """The file, or all files of the folder. Faults are collected, and all that is sound is there."""
    found = Training()
    for file in files(path):
        _File(file, found).read()
    return found


def conflicts(examples: Sequence[Example]) -> list[str]:
    """What stands in two intents, punctuation aside."""
    known: dict[str, str] = {}
    faults = []
    for one in examples:
        other = known.setdefault(fold(one.text), one.intent)
        if other != one.intent:
            faults.append(f"{one.text!r} is an example of {other} and of {one.intent}")
    return faults


class _File:
    """One file being read into a Training."""

    def __init__(self, path: Path, into: Training) -> None:
        self._path, self._into = path, into

    def read(self) -> None:
        try:
            root = yaml.compose(self._path.read_text("utf-8"), LOADER)
        except (OSError, UnicodeDecodeError) as error:
            return self._fault(0, getattr(error, "strerror", "") or str(error))
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            return self._fault(mark.line if mark else 0, str(getattr(error, "problem", error)))
        blocks = _values(root).get("nlu") if root is not None else None
        if blocks is None:
            return None  # a file of stories, rules or a domain beside them
        if not isinstance(blocks, yaml.SequenceNode):
            return self._fault(blocks.start_mark.line, "`nlu` is no list")
        for block in blocks.value:
            self._block(block)
        return None

    def _fault(self, line: int, what: str) -> None:
        """`line` counts from nought, as YAML's marks do."""
        self._into.faults.append(f"{self._path}:{line + 1}: {what}")

    def _block(self, block: yaml.Node) -> None:
        values, line = _values(block), block.start_mark.line
        kind = next((one for one in KINDS if one in values), None)
        if kind is None:
            return self._fault(line, f"neither of {', '.join(KINDS)}")
        name, content = values[kind].value, values.get("examples")
        if not isinstance(name, str) or not name.strip():
            return self._fault(line, f"the {kind} has no name")
        if content is None or not content.value:
            return self._fault(line, f"{kind} {name}: no examples")
        for at, text in self._examples(content):
            getattr(self, f"_{kind}")(name.strip(), text, at)
        return None

    def _examples(self, content: yaml.Node) -> Iterator[tuple[int, str]]:
        """Lines that begin with a hyphen, a list of texts, or a list of mappings with `text`."""
        if isinstance(content, yaml.ScalarNode):
            yield from self._lines(content)
        for item in content.value if isinstance(content, yaml.SequenceNode) else ():
            node = _values(item).get("text") if isinstance(item, yaml.MappingNode) else item
            if isinstance(node, yaml.ScalarNode) and node.value.strip():
                text = node.value.strip()
                yield node.start_mark.line, text.removeprefix("- ") if isinstance(item, yaml.MappingNode) else text
            else:
                self._fault(item.start_mark.line, "an example without text")

    def _lines(self, content: yaml.ScalarNode) -> Iterator[tuple[int, str]]:
        first = content.start_mark.line + (content.style in ("|", ">"))
        for number, line in enumerate(content.value.splitlines(), first):
            text = line.strip()
            if text.startswith("-") and text[1:].strip():
                yield number, text[1:].strip()
            elif text:
                self._fault(number, f"an example begins with a hyphen and has a text, unlike {text[:40]!r}")

    def _intent(self, name: str, text: str, line: int) -> None:
        try:
            plain, entities = annotated(text)
        except ValueError as error:
            return self._fault(line, str(error))
        # `faq/opening_hours` is an answer of the intent `faq`, as Rasa has it
        self._into.examples.append(Example(plain, name.split("/")[0], entities))
        return None

    def _synonym(self, name: str, text: str, line: int) -> None:
        known = self._into.synonyms.setdefault(text, name)
        if known != name:
            self._fault(line, f"{text!r} is a synonym of {known} and of {name}")

    def _lookup(self, name: str, text: str, line: int) -> None:
        self._into.lookups.setdefault(name, []).append(text)

    def _regex(self, name: str, text: str, line: int) -> None:
        try:
            re.compile(text)
        except re.error as error:
            return self._fault(line, f"{text!r}: {error}")
        self._into.regexes.setdefault(name, []).append(text)
        return None


def _values(node: yaml.Node) -> dict[str, yaml.Node]:
    """The values of a mapping by key; nothing where it is none."""
    return {key.value: value for key, value in node.value} if isinstance(node, yaml.MappingNode) else {}
