"""Our own articles: front matter, questions, a body whose first paragraph is the short answer."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import yaml

from knowledge.errors import SourceFault
from knowledge.passages import Passage, Source

KINDS = ("fact", "list", "condition", "table", "correction")
KEYS = {"title", "kind", "region", "valid_from", "valid_until", "sources", "check", "questions"}
SOURCE_KEYS = {"title", "number", "article", "valid_from", "quote"}
FENCE = re.compile(r"^---[ \t]*$", re.MULTILINE)


@dataclass
class _Reading:
    """One file being read: its nodes by key, and the faults found so far."""

    path: Path
    faults: list[SourceFault] = field(default_factory=list)

    def fault(self, node: yaml.Node | None, what: str) -> None:
        # The front matter opens on line 1, so a mark's line (from nought) is two less than the file's.
        line = node.start_mark.line + 2 if node is not None else 1
        self.faults.append(SourceFault(self.path, line, what))

    def pairs(self, node: yaml.Node, known: set[str]) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            self.fault(node, "expected keys and values")
            return {}
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            if key.value not in known:
                self.fault(key, f"unknown key {key.value!r}")
            elif key.value in found:
                self.fault(key, f"key {key.value!r} stands twice")
            found[key.value] = value
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

    def items(self, nodes: dict[str, yaml.Node], key: str) -> list[yaml.Node]:
        node = nodes.get(key)
        if isinstance(node, yaml.SequenceNode) and node.value:
            return list(node.value)
        self.fault(node, f"{key!r} must be a list with at least one entry")
        return []


def load_articles(folder: Path) -> tuple[list[Passage], list[SourceFault]]:
    """All `*.md` of a folder, by name; every fault of every file is reported and none is raised."""
    passages: list[Passage] = []
    faults: list[SourceFault] = []
    asked: dict[str, str] = {}
    for path in sorted(folder.rglob("*.md")):
        passage, found = _article(path)
        faults += found
        if passage is None:
            continue
        if any(passage.id == other.id for other in passages):
            faults.append(SourceFault(path, 0, f"two articles are called {passage.id!r}"))
            continue
        for question in passage.questions:
            other = asked.setdefault(question + passage.region, passage.id)
            if other != passage.id:
                faults.append(SourceFault(path, 0, f"question {question!r} also stands in {other!r}"))
        passages.append(passage)
    return passages, faults


def _article(path: Path) -> tuple[Passage | None, list[SourceFault]]:
    reading = _Reading(path)
    try:
        raw = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        return None, [SourceFault(path, 0, f"cannot be read as UTF-8: {error}")]
    fences = list(FENCE.finditer(raw))
    if len(fences) < 2 or fences[0].start() != 0:
        return None, [SourceFault(path, 1, "no front matter between two lines of ---")]
    try:
        root = yaml.compose(raw[fences[0].end() + 1 : fences[1].start()], Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 2 if error.problem_mark else 1
        return None, [SourceFault(path, line, f"not YAML: {error.problem}")]
    if root is None:
        return None, [SourceFault(path, 1, "the front matter is empty")]
    passage = _passage(reading, root, raw[fences[1].end() :].strip())
    return (None if reading.faults else passage), reading.faults


def _passage(reading: _Reading, root: yaml.Node, body: str) -> Passage:
    nodes = reading.pairs(root, KEYS)
    if (kind := reading.text(nodes, "kind", required=True)) and kind not in KINDS:
        reading.fault(nodes["kind"], f"kind {kind!r} is none of {', '.join(KINDS)}")
    region = reading.text(nodes, "region")
    if region and not re.fullmatch(r"[1-9]\d{5}", region):
        reading.fault(nodes["region"], f"region {region!r} is not six digits")
    first, last = reading.day(nodes, "valid_from"), reading.day(nodes, "valid_until")
    if first and last and first >= last:
        reading.fault(nodes["valid_until"], "valid_until is not after valid_from")
    if not body:
        reading.fault(root.value[-1][1] if root.value else root, "the body is empty")
    return Passage(
        id=reading.path.stem,
        kind="article",
        title=reading.text(nodes, "title", required=True),
        text=body,
        authority="article",
        region=region,
        valid_from=first,
        valid_until=last,
        questions=tuple(_questions(reading, nodes)),
        sources=tuple(_sources(reading, nodes)),
        check=reading.text(nodes, "check"),
    )


def _questions(reading: _Reading, nodes: dict[str, yaml.Node]) -> Iterator[str]:
    seen: set[str] = set()
    for node in reading.items(nodes, "questions"):
        if not isinstance(node, yaml.ScalarNode) or not node.value.strip():
            reading.fault(node, "a question must be a text")
        elif node.value.strip() in seen:
            reading.fault(node, f"question {node.value.strip()!r} stands twice")
        else:
            seen.add(node.value.strip())
            yield node.value.strip()


def _sources(reading: _Reading, nodes: dict[str, yaml.Node]) -> Iterator[Source]:
    for node in reading.items(nodes, "sources"):
        keys = reading.pairs(node, SOURCE_KEYS)
        yield Source(
            title=reading.text(keys, "title", required=bool(keys), within=node),
            number=reading.text(keys, "number") or None,
            article=reading.text(keys, "article") or None,
            valid_from=reading.day(keys, "valid_from"),
            quote=reading.text(keys, "quote"),
        )
