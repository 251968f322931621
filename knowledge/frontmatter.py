"""Keys and values that an editor writes: YAML read node by node, every fault with its line."""

import re
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import yaml

from knowledge.errors import SourceFault

FENCE = re.compile(r"^---[ \t]*$", re.MULTILINE)


@dataclass
class Reading:
    """One file being read: its nodes by key, and the faults found so far.

    `above` is what a mark's line, which counts from nought, lacks to the line of the file: front matter opens
    on line 1, so two; one where the whole file is YAML.
    """

    path: Path
    above: int = 2
    faults: list[SourceFault] = field(default_factory=list)

    def fault(self, node: yaml.Node | None, what: str) -> None:
        line = node.start_mark.line + self.above if node is not None else 1
        self.faults.append(SourceFault(self.path, line, what))

    def root(self, text: str) -> yaml.Node | None:
        """The uppermost node of a text; None, with a fault, where it is empty or no YAML."""
        try:
            root: yaml.Node | None = yaml.compose(text, Loader=yaml.BaseLoader)
        except yaml.YAMLError as error:
            mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
            line = mark.line + self.above if mark else 1
            self.faults.append(SourceFault(self.path, line, f"not YAML: {problem or error}"))
            return None
        if root is None:
            self.fault(None, "the front matter is empty" if self.above > 1 else "the file is empty")
        return root

    def pairs(self, node: yaml.Node, known: set[str]) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            self.fault(node, "expected keys and values")
            return {}
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = str(key.value)
            if name not in known:
                self.fault(key, f"unknown key {name!r}")
            elif name in found:
                self.fault(key, f"key {name!r} stands twice")
            found[name] = value
        return found

    def text(
        self, nodes: dict[str, yaml.Node], key: str, *, required: bool = False, within: yaml.Node | None = None
    ) -> str:
        node = nodes.get(key)
        if isinstance(node, yaml.ScalarNode) and (node.value.strip() or not required):
            return str(node.value).strip()
        if node is not None:
            self.fault(node, f"{key!r} must be a text")
        elif required:
            self.fault(within, f"key {key!r} is missing")
        return ""

    def day(self, nodes: dict[str, yaml.Node], key: str) -> date | None:
        written = self.text(nodes, key)
        if not written:
            return None
        try:
            return date.fromisoformat(written)
        except ValueError:
            self.fault(nodes[key], f"{key!r} is no date (YYYY-MM-DD): {written!r}")
            return None

    def region(self, nodes: dict[str, yaml.Node]) -> str:
        """Six digits, or "" for the whole country."""
        region = self.text(nodes, "region")
        if region and not re.fullmatch(r"[1-9]\d{5}", region):
            self.fault(nodes["region"], f"region {region!r} is not six digits")
        return region

    def period(self, nodes: dict[str, yaml.Node]) -> tuple[date | None, date | None]:
        """The first day on which something holds, and the first on which it no longer does."""
        first, last = self.day(nodes, "valid_from"), self.day(nodes, "valid_until")
        if first and last and first >= last:
            self.fault(nodes["valid_until"], "valid_until is not after valid_from")
        return first, last

    def items(self, nodes: dict[str, yaml.Node], key: str) -> list[yaml.Node]:
        node = nodes.get(key)
        if isinstance(node, yaml.SequenceNode) and node.value:
            return list(node.value)
        self.fault(node, f"{key!r} must be a list with at least one entry")
        return []


def fenced(raw: str) -> tuple[str, str] | None:
    """Front matter and body of a text that opens with front matter between two lines of ---; otherwise None."""
    fences = list(FENCE.finditer(raw))
    if len(fences) < 2 or fences[0].start() != 0:
        return None
    return raw[fences[0].end() + 1 : fences[1].start()], raw[fences[1].end() :].strip()
