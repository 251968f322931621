"""Our own articles: front matter, questions, a body whose first paragraph is the short answer."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import yaml

from knowledge.errors import SourceFault
from knowledge.frontmatter import Reading, fenced
from knowledge.passages import Passage, Source

KINDS = ("fact", "list", "condition", "table", "correction")
KEYS = {"title", "kind", "region", "valid_from", "valid_until", "sources", "check", "questions", "beside"}
SOURCE_KEYS = {"title", "number", "article", "valid_from", "quote", "gist"}


def load_articles(
    folder: Path, edited: Mapping[str, str | None] | None = None
) -> tuple[list[Passage], list[SourceFault]]:
    """All `*.md` of a folder, by name; every fault of every file is reported and none is raised.

    `edited` has the texts by id that stand in the place of files or beside them; None takes an article away.
    """
    passages: list[Passage] = []
    faults: list[SourceFault] = []
    asked: dict[str, str] = {}
    for path, text in _texts(folder, edited or {}):
        passage, found = _file(path) if text is None else read_article(path, text)
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


def _texts(folder: Path, edited: Mapping[str, str | None]) -> list[tuple[Path, str | None]]:
    """Every article's path with its edited text; None where the file itself is read."""
    files = sorted(folder.rglob("*.md"))
    stems = {path.stem for path in files}
    own = [(path, edited.get(path.stem)) for path in files if path.stem not in edited or edited[path.stem] is not None]
    more = [(folder / f"{id}.md", text) for id, text in edited.items() if id not in stems and text is not None]
    return sorted([*own, *more], key=lambda pair: pair[0])


def _file(path: Path) -> tuple[Passage | None, list[SourceFault]]:
    try:
        return read_article(path, path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        return None, [SourceFault(path, 0, f"cannot be read as UTF-8: {error}")]


def read_article(path: Path, raw: str) -> tuple[Passage | None, list[SourceFault]]:
    """The article that a text is, or None; every fault with its line in `path`, whose stem is the article's id."""
    reading = Reading(path)
    parts = fenced(raw)
    if parts is None:
        return None, [SourceFault(path, 1, "no front matter between two lines of ---")]
    root = reading.root(parts[0])
    passage = _passage(reading, root, parts[1]) if root is not None else None
    return (None if reading.faults else passage), reading.faults


def _passage(reading: Reading, root: yaml.Node, body: str) -> Passage:
    nodes = reading.pairs(root, KEYS)
    if (kind := reading.text(nodes, "kind", required=True)) and kind not in KINDS:
        reading.fault(nodes["kind"], f"kind {kind!r} is none of {', '.join(KINDS)}")
    asked = tuple(_asked(reading, nodes, "questions"))
    region = reading.region(nodes)
    first, last = reading.period(nodes)
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
        questions=asked,
        beside=tuple(_beside(reading, nodes, asked)) if "beside" in nodes else (),
        sources=tuple(_sources(reading, nodes)),
        check=reading.text(nodes, "check"),
    )


def _asked(reading: Reading, nodes: dict[str, yaml.Node], key: str) -> Iterator[str]:
    seen: set[str] = set()
    for node in reading.items(nodes, key):
        if not isinstance(node, yaml.ScalarNode) or not node.value.strip():
            reading.fault(node, "a question must be a text")
        elif node.value.strip() in seen:
            reading.fault(node, f"question {node.value.strip()!r} stands twice")
        else:
            seen.add(node.value.strip())
            yield node.value.strip()


def _beside(reading: Reading, nodes: dict[str, yaml.Node], asked: Sequence[str]) -> Iterator[str]:
    for question in _asked(reading, nodes, "beside"):
        if question in asked:
            reading.fault(nodes["beside"], f"question {question!r} also stands under questions")
        yield question


def _sources(reading: Reading, nodes: dict[str, yaml.Node]) -> Iterator[Source]:
    for node in reading.items(nodes, "sources"):
        keys = reading.pairs(node, SOURCE_KEYS)
        yield Source(
            title=reading.text(keys, "title", required=bool(keys), within=node),
            number=reading.text(keys, "number") or None,
            article=reading.text(keys, "article") or None,
            valid_from=reading.day(keys, "valid_from"),
            quote=reading.text(keys, "quote"),
            gist=reading.text(keys, "gist"),
        )
