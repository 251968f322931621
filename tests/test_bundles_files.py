"""Every bundle file, walked by machine over all its choices to the end; and the walk-through of the documentation."""

import json
import re
import shutil
from collections.abc import Iterator
from functools import cache
from itertools import combinations, product
from pathlib import Path

import pytest
import yaml

from bot.bundles import engine
from bot.bundles.catalogue import load_catalogue
from bot.bundles.conditions import clauses, facts
from bot.bundles.model import Bundle, Item, Material, Question, Step
from bot.bundles.plan import Plan, plan
from bot.bundles.saying import Said, accept
from bot.materials.kinds import load_kinds
from bot.placed import Placed
from bot.settings import ROOT
from tests.test_commands import banshi

CATALOGUE = load_catalogue(ROOT / "config")
PLACES = (CATALOGUE, load_catalogue(ROOT / "config", "370000"))  # nowhere, and where the figures are a province's own
BUNDLES = sorted(CATALOGUE.bundles)
PHOTOS = load_kinds(ROOT / "config/photos.yml")
DOCUMENT = ROOT / "docs/add-a-bundle.md"
MOST = 64  # combinations on one way that are all tried; where there are more, every pair of choices is

SOUND = {
    "text": "原来是一家，现在是两家",
    "name": "老王小店",
    "phone": "13800138000",
    "id_number": "610328190001010101",
    "uscc": "92610328MAC0DEM24U",
    "area": "60",
    "number": "500000",
    "date": "2026-12-01",
    "address": "千阳县南大街12号一楼",
}
Answers = dict[str, str]
Factors = tuple[tuple[str, tuple[str, ...]], ...]


def parts(bundle: Bundle) -> list[Step | Item | Material]:
    return [*bundle.steps, *bundle.items, *bundle.materials]


def choices(bundle: Bundle, question: Question) -> tuple[str, ...]:
    """Every option; of a number what lies below, on and above each figure that something rests on."""
    if question.options:
        return tuple(option.value for option in question.options)
    found = {clause.value for part in parts(bundle) for clause in clauses(part.when) if clause.fact == question.id}
    figures = sorted({max(float(value) + by, 0.5) for value in found for by in (-1, 0, 1)})
    return tuple(f"{figure:g}" for figure in figures) or (SOUND[question.kind],)


@cache
def pairs(factors: Factors) -> tuple[Answers, ...]:
    """As few rows as will do for every two choices to stand in one of them."""
    sides = [[(name, value) for value in values] for name, values in factors]
    left = {pair for one, other in combinations(sides, 2) for pair in product(one, other)}
    rows: list[Answers] = []
    while left:
        row = dict(min(left))
        for name, values in factors:
            if name not in row:
                chosen = [(other, row[other]) for other, _ in factors if other in row]
                row[name] = max(
                    values,
                    key=lambda value: sum(
                        (one, (name, value)) in left or ((name, value), one) in left for one in chosen
                    ),
                )
        left -= {(one, other) for one, other in left if row[one[0]] == one[1] and row[other[0]] == other[1]}
        rows.append(row)
    return tuple(rows)


def paths(bundle: Bundle, answers: Answers) -> Iterator[Answers]:
    """Every way through the steps: all choices on which a step rests; of the others, one."""
    turns_on = {fact for step in bundle.steps for fact in facts(step.when)}
    for _ in range(len(bundle.steps) + 1):
        step = engine.next_step(bundle, answers)
        if step is None or step.stop:
            yield answers
            return
        if step.say:
            answers = answers | {step.id: engine.SKIPPED}
            continue
        open_ = [question for question in step.questions if question.id not in answers]
        sides = [choices(bundle, one) if one.id in turns_on else choices(bundle, one)[:1] for one in open_]
        ways = [answers | dict(zip([one.id for one in open_], row, strict=True)) for row in product(*sides)]
        for way in ways[1:]:
            yield from paths(bundle, way)
        answers = ways[0]
    raise AssertionError(f"{bundle.id}: no end after {answers}")


def ways(bundle: Bundle) -> Iterator[Answers]:
    """Each path, with all choices on which its items and materials rest, or with every pair of them."""
    turns_on = {fact for step in bundle.steps for fact in facts(step.when)}
    rests_on = {fact for part in parts(bundle) for fact in facts(part.when)} - turns_on
    for path in paths(bundle, {}):
        asked = [id for id in path if id in rests_on]
        factors: Factors = tuple((id, choices(bundle, bundle.questions[id])) for id in asked)
        many = 1
        for _, values in factors:
            many *= len(values)
        if many <= MOST or len(factors) < 2:
            rows = [dict(zip(asked, row, strict=True)) for row in product(*(values for _, values in factors))]
        else:
            rows = list(pairs(factors))
        yield from (path | row for row in rows)


def impossible(found: Plan) -> list[str]:
    """What is wrong with the order of a plan."""
    at = {id: place for place, group in enumerate(found.order) for id in group}
    faults = [item.id for item in found.items if item.id not in at]
    return faults + [
        f"{item.id} after {before}"
        for item in found.items
        for before in item.after
        if before in at and at[before] >= at[item.id]
    ]


@pytest.mark.parametrize("id", BUNDLES)
def test_every_way_comes_to_an_end_and_every_part_is_on_one(id: str) -> None:
    whole, reached = set[str](), set[str]()
    for bundle in (place.bundles[id] for place in PLACES):
        whole |= {f"step {step.id}" for step in bundle.steps} | {f"item {item.id}" for item in bundle.items}
        whole |= {f"material {material.id}" for material in bundle.materials}
        reached |= walked(bundle)
    assert not whole - reached, f"never reached: {sorted(whole - reached)}"


def walked(bundle: Bundle) -> set[str]:
    """The parts that at least one way reaches; no way is without an end, and no plan without an order."""
    reached = set[str]()
    for answers in ways(bundle):
        found = plan(bundle, answers)
        asked = {question.id for step in engine.applying(bundle, answers) for question in step.questions}
        assert found.stop or asked <= set(answers), f"{asked - set(answers)} never asked for: {answers}"
        assert found.stop or found.items, f"nothing to do and no reason why: {answers}"
        assert not impossible(found), answers
        reached |= {f"step {step.id}" for step in engine.applying(bundle, answers)}
        if not found.stop:
            reached |= {f"item {item.id}" for item in found.items}
            reached |= {f"material {material.id}" for material in found.materials}
    return reached


@pytest.mark.parametrize("id", BUNDLES)
def test_no_fact_is_asked_for_twice_on_any_way(id: str) -> None:
    """Nor under two names: what stands in one place of a document, or is called the same, is one fact."""
    one_place = [field.fills for kind in PHOTOS.values() for field in kind.fields.values() if len(field.fills) > 1]
    for bundle in (place.bundles[id] for place in PLACES):
        for answers in paths(bundle, {}):
            asked = [question for step in engine.applying(bundle, answers) for question in step.questions]
            ids, names = [one.id for one in asked], [one.name for one in asked]
            assert len(set(ids)) == len(ids) and len(set(names)) == len(names), (ids, names)
            twice = [fills for fills in one_place if len(set(fills) & set(ids)) > 1]
            assert not twice, (answers, twice)
            assert len({one.ask for one in asked}) == len(asked)


@pytest.mark.parametrize("id", BUNDLES)
def test_every_choice_is_understood_by_its_own_words(id: str) -> None:
    bundle = CATALOGUE.bundles[id]
    for question in bundle.questions.values():
        for place, option in enumerate(question.options, 1):
            assert accept(question, Said(option.value)) == option.value
            assert accept(question, Said(str(place))) == option.value
    for step in bundle.steps:
        no = {question.id: question.option("no") for question in step.ticks}
        for question in step.ticks:
            yes = question.option("yes")
            given = engine.answered(step, {}, Said(question.name))
            assert yes and given == {one: value.value for one, value in no.items() if value} | {question.id: yes.value}
        if step.ticks:
            none = engine.answered(step, {}, Said(step.none))
            assert none == {one: value.value for one, value in no.items() if value}


@pytest.mark.parametrize("id", BUNDLES)
def test_every_scenario_comes_to_something(id: str) -> None:
    bundle = CATALOGUE.bundles[id]
    names = [scenario.name for scenario in bundle.scenarios]
    assert len(names) >= 4 and len(set(names)) == len(names)
    for scenario in bundle.scenarios:
        found = plan(bundle, scenario.answers)
        assert found.items or found.stop, scenario.name
        assert not impossible(found), scenario.name


def test_there_are_as_many_as_are_wanted() -> None:
    kinds = [kind for bundle in CATALOGUE.bundles.values() for kind in bundle.begins]
    assert len(kinds) >= 27
    assert sum(len(bundle.scenarios) for bundle in CATALOGUE.bundles.values()) >= 63
    nameless = [bundle.id for bundle in CATALOGUE.bundles.values() if not bundle.intents]
    assert not nameless, "each has an intent with which it begins"


def test_the_table_of_the_documentation_is_what_the_command_prints() -> None:
    written = (ROOT / "docs/measurements.md").read_text("utf-8")
    table = {cells[0]: cells[1:] for row in written.splitlines() if (cells := row.strip("| ").split(" | "))}
    shown = json.loads(banshi("bundles", "--json").stdout)["bundles"]
    columns = ("items", "materials", "questions", "items at once", "materials alone", "materials together")
    columns += ("questions alone", "questions together")
    for row in shown:
        assert table[row["name"]] == [str(row[name]) for name in columns], row["name"]


def test_what_is_shared_is_used() -> None:
    used: dict[str, set[str]] = {"items": set(), "materials": set(), "steps": set()}
    for path in (ROOT / "config/bundles").glob("*.yml"):
        written = yaml.load(path.read_text("utf-8"), yaml.BaseLoader)
        for key, found in used.items():
            found |= {part["use"] for part in written.get(key, []) if isinstance(part, dict) and "use" in part}
    for key, found in used.items():
        shared = yaml.load((ROOT / f"config/{key}.yml").read_text("utf-8"), yaml.BaseLoader)
        assert not set(shared) - found, f"{key}.yml holds what no bundle uses"
    asked = {id for bundle in CATALOGUE.bundles.values() for id in bundle.questions}
    assert not set(CATALOGUE.questions) - asked, "fields.yml holds what no bundle asks"


def documented() -> list[tuple[str, str]]:
    """The YAML of the walk-through, each block with the file that its first line names."""
    blocks = re.findall(r"```yaml\n# (\S+)\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    assert len(blocks) == 4
    return blocks


def test_the_walk_through_of_the_documentation_can_be_gone(tmp_path: Path) -> None:
    config = tmp_path / "config"
    shutil.copytree(ROOT / "config", config)
    for name, text in documented():
        path = tmp_path / name
        before = path.read_text("utf-8") if path.exists() else ""
        path.write_text(f"{before}\n{text}", "utf-8")
    catalogue = load_catalogue(config)
    bundle = catalogue.bundles["open-laundry"]
    assert catalogue.meant("start_bundle", ["干洗店"]) is None, "a draft is not begun"
    items = [[item.id for item in plan(bundle, scenario.answers).items] for scenario in bundle.scenarios]
    assert items == [["business_license", "signboard"], ["signboard", "drainage_licence"]]
    assert walked(bundle) >= {f"material {material.id}" for material in bundle.materials}


def test_the_walk_through_names_every_kind() -> None:
    text = DOCUMENT.read_text("utf-8")
    kinds = [*Step.model_fields, *Item.model_fields, *Material.model_fields, *Question.model_fields]
    hidden = {"question", "ticks"}  # written as ask and tick
    missing = [kind for kind in {*kinds, *SOUND, "choose", "ask", "tick", "use"} - hidden if f"`{kind}`" not in text]
    assert not missing
    assert not [how for how in ("photo", "exempt", "form", "keep", "promise", "defer") if f"`{how}`" not in text]


def test_what_stands_twice_in_a_file_is_a_fault(tmp_path: Path) -> None:
    """YAML would let the last one win, without a word."""
    (tmp_path / "materials.yml").write_text("report: {name: a}\nform: [{x: 1, x: 2}]\nreport: {name: b}\n", "utf-8")
    read = Placed(tmp_path / "materials.yml")
    assert [fault.removeprefix(f"{tmp_path}/") for fault in read.faults] == [
        "materials.yml:2: 'x' stands here before",
        "materials.yml:3: 'report' stands here before",
    ]
