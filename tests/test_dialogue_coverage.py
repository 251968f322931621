"""Dialogues go through every bundle whole: each step, item and paper, each promise, both sides of each condition.

Read from the `case` lines of tests/dialogues, which test_dialogues.py holds true; nothing is played here. What no way
through a bundle can come to, at any place that a dialogue plays in, is found by walking it, and not asked for.
"""

from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.bundles import engine, papers
from bot.bundles.catalogue import Catalogue, load_catalogue
from bot.bundles.conditions import clauses, holds
from bot.bundles.model import Bundle, Item, Material
from bot.bundles.plan import plan
from bot.settings import ROOT, load_settings
from tests.test_bundles_files import Answers, ways

FOLDER = ROOT / "tests/dialogues"
HERE = load_settings().hall.region


@cache
def place(region: str) -> Catalogue:
    return load_catalogue(ROOT / "config", region)


BUNDLES = sorted(place(HERE).bundles)


def passed(bundle: Bundle, answers: Answers) -> Iterator[tuple[str, str]]:
    """What somebody with these answers comes by: a name for it, and the words by which it shows."""
    ahead = engine.next_step(bundle, answers)
    for step in engine.applying(bundle, answers):
        if step.id == (ahead.id if ahead else "") and not step.stop:
            break
        yield f"step {step.id} shown", step.ask or step.say or step.stop or step.questions[0].ask
        if step.stop:
            break
    ended = ahead is None
    for part in (*bundle.steps, *(bundle.items if ended else ()), *(bundle.materials if ended else ())):
        if part.when and holds(part.when, answers):
            yield f"condition {part.when!r} true", ""
        if any(answers.get(clause.fact) and not clause.holds(answers) for clause in clauses(part.when)):
            yield f"condition {part.when!r} false", ""
    if ended:
        found = plan(bundle, answers)
        yield from ((f"item {item.id} planned", item.name) for item in found.items)
        yield from ((f"material {material.id} planned", material.name) for material in found.materials)


def settled(part: Item | Material, value: str) -> str:
    """How a paper or a promise was settled, as far as it is of interest: "" where it is not."""
    if part.commitment:
        return f"promise of {part.id} {'agreed' if value == papers.PROMISED else 'declined'}"
    deferrable = isinstance(part, Material) and part.defer_days
    return f"material {part.id} {'deferred' if value == papers.DEFERRED else 'handed in'}" if deferrable else ""


def possible(bundle: Bundle) -> set[str]:
    """All that any way through a bundle comes by."""
    found, endings = set[str](), set[str]()
    for answers in ways(bundle):
        found |= {name for name, _ in passed(bundle, answers)}
        if engine.next_step(bundle, answers) is None:
            endings |= {part.id for part in papers.asked(bundle, answers)}
    for part in (*bundle.items, *bundle.materials):
        if part.id in endings:
            found |= {settled(part, value) for value in (papers.PROMISED, papers.DEFERRED, papers.BROUGHT)}
    return found - {""}


@cache
def cases(path: Path) -> list[tuple[str, str, dict[str, Any], str]]:
    """The cases that a dialogue shows: region, bundle, what stands in the line, and all that the bot said of it."""
    lines, found, said = yaml.safe_load(path.read_text("utf-8")), [], {"": ""}
    region = lines[0].get("region", HERE)
    for line in lines:
        if "bot" in line:
            said[""] += str(line["bot"] if isinstance(line["bot"], str) else line["bot"]["text"]) + "\n"
        if "case" in line:
            bundle = line["case"]["bundle"]
            said[bundle] = said.get(bundle, "") + said[""]
            said[""] = ""
            found.append((region, bundle, line["case"], said[bundle]))
    return found


def seen(id: str, paths: Collection[Path]) -> set[str]:
    """What the dialogues come by of a bundle, and show."""
    found = set[str]()
    for region, bundle, case, said in (one for path in paths for one in cases(path)):
        if bundle == id:
            whole, answers = place(region).bundles[id], case["answers"]
            found |= {name for name, words in passed(whole, answers) if words in said}
            parts = papers.asked(whole, answers)
            found |= {settled(part, answers[papers.key(part)]) for part in parts if papers.key(part) in answers}
    return found


@cache
def regions() -> tuple[str, ...]:
    """Where dialogues play."""
    return tuple(sorted({HERE, *(region for path in FOLDER.glob("*.yml") for region, *_ in cases(path))}))


def missing(id: str, paths: Collection[Path]) -> list[str]:
    return sorted({one for region in regions() for one in possible(place(region).bundles[id])} - seen(id, paths))


@pytest.mark.parametrize("id", BUNDLES)
def test_dialogues_go_through_every_bundle_whole(id: str) -> None:
    left = missing(id, sorted(FOLDER.glob("*.yml")))
    assert not left, f"{id}: never " + "; never ".join(left)


@pytest.mark.parametrize("id", BUNDLES)
def test_every_bundle_has_a_dialogue_of_its_name_that_is_handed_in(id: str) -> None:
    states = {case["state"] for _, bundle, case, _ in cases(FOLDER / f"{id.replace('-', '_')}.yml") if bundle == id}
    assert states & {"submitted", "confirming"}


def test_what_no_dialogue_shows_is_named() -> None:
    left = missing("open-pharmacy", [])
    assert {"step pharmacist shown", "step stop_pharmacist shown", "item drug_licence planned"} <= set(left)
    assert {"material rules_list deferred", "condition 'device_two == 卖' false"} <= set(left)


def test_the_restaurant_takes_few_words_with_two_photos_read() -> None:
    """The simplest case, from the wish to the number; what the citizen is asked for is asked for once."""
    lines = yaml.safe_load((FOLDER / "a_restaurant_in_few_words.yml").read_text("utf-8"))
    theirs = [line for line in lines if set(line) & {"citizen", "tap", "photo"}]
    said = [line["bot"] if isinstance(line["bot"], str) else line["bot"]["text"] for line in lines if "bot" in line]
    assert len(theirs) <= 14
    assert sum(text.startswith("可以了，这是") and "读到" in text for text in said) == 2
    assert lines[-1]["case"]["state"] == "submitted"
    asked = [text.split("：", 1)[1] for text in said if text.startswith("第 ") and " 问，共" in text]
    assert len(asked) == len(set(asked)), "no question twice"
