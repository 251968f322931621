"""A YAML file as plain values, with the line of each: so that every fault can be told with its place."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

Part = TypeVar("Part", bound=BaseModel)


class Placed:
    """`content` is the file's mapping with every scalar as text; faults are collected, never raised.

    An `optional` file that is not there is empty.
    """

    def __init__(self, path: Path, *, optional: bool = False) -> None:
        self.path, self.faults = path, list[str]()
        self.moved: dict[tuple[str, int], tuple[str, int]] = {}  # where a part stands that is counted elsewhere
        self._root: yaml.Node | None = None
        self.content: dict[str, Any] = {} if optional and not path.exists() else self._read()

    def fault(self, what: str, at: Sequence[str | int] = ()) -> None:
        self.faults.append(f"{self.path}:{self.line(at)}: {what}")

    def line(self, at: Sequence[str | int]) -> int:
        """The line of the nearest thing that the path `at` of keys and places leads to."""
        if len(at) > 1:
            first = (str(at[0]), int(at[1]) if isinstance(at[1], int) else -1)
            at = (*self.moved.get(first, at[:2]), *at[2:])
        node = self._root
        line = node.start_mark.line + 1 if node else 1
        for step in at:
            key, node = _within(node, step)
            if node is None:
                break
            line = (key or node).start_mark.line + 1
        return line

    def read(self, shape: type[Part], content: Any, at: Sequence[str | int] = ()) -> Part | None:
        """`content` in its shape; None where it is broken, with one fault for each thing that is wrong."""
        try:
            return shape.model_validate(content)
        except ValidationError as error:
            for one in error.errors():
                place = ".".join(map(str, one["loc"]))
                self.fault(f"{place + ': ' if place else ''}{one['msg']}", (*at, *one["loc"]))
        return None

    def _read(self) -> dict[str, Any]:
        try:
            text = self.path.read_text("utf-8-sig")
            self._root = yaml.compose(text, yaml.BaseLoader)
            content = yaml.load(text, yaml.BaseLoader)
        except (OSError, UnicodeDecodeError) as error:
            self.fault(f"cannot be read as UTF-8: {error}")
            return {}
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            self.faults.append(f"{self.path}:{mark.line + 1 if mark else 1}: {getattr(error, 'problem', error)}")
            return {}
        if not isinstance(content, dict):
            self.fault("holds no keys")
            return {}
        for key in _again(self._root):
            self.faults.append(f"{self.path}:{key.start_mark.line + 1}: {key.value!r} stands here before")
        return content


def _again(node: yaml.Node | None) -> Iterator[yaml.ScalarNode]:
    """Keys that their mapping has already: YAML would let the last one win, without a word."""
    if isinstance(node, yaml.SequenceNode):
        for one in node.value:
            yield from _again(one)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                yield key
            seen.add(key.value)
            yield from _again(value)


def _within(node: yaml.Node | None, step: str | int) -> tuple[yaml.Node | None, yaml.Node | None]:
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return None, node.value[step]
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == step), (None, None))
    return None, None
