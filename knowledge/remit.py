"""What is not ours to answer: harmful requests, and the business of other offices, each with its own sentence."""

from collections.abc import Iterator
from pathlib import Path

import yaml

from knowledge.errors import SourceFault
from knowledge.frontmatter import Reading
from knowledge.passages import Kind, Passage

OUTCOMES: tuple[Kind, ...] = ("refused", "out_of_remit")
KEYS = {"id", "name", "say", "ask"}


def load_remit(file: Path) -> tuple[list[Passage], list[SourceFault]]:
    """One passage a subject of the file, `text` being what is said and `questions` how it is asked for.

    A subject of other offices may have no text: it is there to be told from the rest, and nothing is found for it.

    The file has a list for each outcome; every fault is reported with its line, and none is raised.
    """
    reading = Reading(file, above=1)
    try:
        raw = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        return [], [SourceFault(file, 0, f"cannot be read as UTF-8: {error}")]
    root = reading.root(raw)
    if root is None:
        return [], reading.faults
    nodes = reading.pairs(root, set(OUTCOMES))
    found = [one for kind in OUTCOMES if kind in nodes for one in _subjects(reading, nodes, kind)]
    seen: dict[str, str] = {}
    for one in found:
        for key in (one.id, *one.questions):
            other = seen.setdefault(key, one.id)
            if other != one.id or (key == one.id and sum(each.id == key for each in found) > 1):
                reading.fault(None, f"{key!r} stands in {other!r} and in {one.id!r}")
    return found, reading.faults


def _subjects(reading: Reading, nodes: dict[str, yaml.Node], kind: Kind) -> Iterator[Passage]:
    for node in reading.items(nodes, kind):
        keys = reading.pairs(node, KEYS)
        name = reading.text(keys, "name", required=True, within=node)
        asked = [str(one.value).strip() for one in reading.items(keys, "ask") if isinstance(one, yaml.ScalarNode)]
        yield Passage(
            id=f"remit:{reading.text(keys, 'id', required=True, within=node)}",
            kind=kind,
            title=name,
            text=reading.text(keys, "say", required=kind == "refused", within=node),
            authority="guide",
            questions=tuple(dict.fromkeys(filter(None, asked))),
        )
