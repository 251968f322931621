"""The house keeps its own rules."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from bot.replies import Replies
from bot.settings import ROOT

PACKAGES = ("bot", "nlu", "knowledge", "handoff")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
HAN = re.compile("[\u3400-\u9fff]")
ALLOWED_AT_ROOT = {"bot", "nlu", "knowledge", "handoff", "tests", "config", "docs", "deploy"}


def functions(path: Path) -> list[tuple[str, int]]:
    tree = ast.parse(path.read_text("utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [
        (f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", (node.end_lineno or 0) - node.lineno + 1)
        for node in ast.walk(tree)
        if isinstance(node, kinds)
    ]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_small_says_what_it_is_for_and_holds_no_chinese(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= 250
    assert ast.get_docstring(ast.parse(text)), "every module says what it is for"
    assert not HAN.search(text), "Chinese lives in config, data, articles, templates and tests"


def test_functions_are_short() -> None:
    lengths = sorted((length, name) for path in MODULES for name, length in functions(path))
    assert lengths[-1][0] <= 60, lengths[-1]
    assert lengths[int(len(lengths) * 0.9)][0] <= 30


def test_every_reply_that_is_used_is_there_and_every_one_that_is_there_is_used() -> None:
    replies = Replies.load(ROOT / "config/replies.yml")
    code = "\n".join(path.read_text("utf-8") for path in MODULES)
    called = set(re.findall(r'(?:say|replies|self|CitizenError)\(\s*"([a-z_]+(?:\.[a-z_]+)?)"', code)) - {"name"}
    assert called <= set(replies.sentences)
    begun = tuple(re.findall(r'f"([a-z_]+\.[a-z_]*)\{', code))  # a name whose end is put in
    named = set(re.findall(r'"([a-z_]+(?:\.[a-z_]+)?)"', code))
    assert not [name for name in replies.sentences if name not in named and not name.startswith(begun)]


def test_no_word_is_two_commands() -> None:
    commands = yaml.safe_load((ROOT / "config/replies.yml").read_text("utf-8"))["commands"]
    words = [word for group in commands.values() for word in group]
    assert len(words) == len(set(words))


def test_only_the_agreed_folders_stand_at_the_root() -> None:
    tracked = subprocess.run(
        ["git", "-c", "core.quotePath=false", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    folders = {line.split("/")[0] for line in tracked.splitlines() if "/" in line and not line.startswith(".")}
    assert folders <= ALLOWED_AT_ROOT


def test_no_folder_or_class_has_an_empty_name() -> None:
    empty = re.compile(r"^(utils|common|helpers|core|services)$")
    vague = re.compile(r"^class (\w*(Manager|Processor)|Base\w*|Abstract\w*)\b", re.MULTILINE)
    for path in MODULES:
        assert not empty.match(path.stem) and not empty.match(path.parent.name), path
        assert not vague.search(path.read_text("utf-8")), path


def documented() -> str:
    return "\n".join(path.read_text("utf-8") for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))])


def test_the_docs_name_every_command() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "bot", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    commands = re.findall(r"^│ (\w+) ", shown.stdout, re.MULTILINE)
    assert {"serve", "chat", "ask", "check", "backup", "restore", "failed", "requeue", "kb", "db", "bench"} <= set(
        commands
    )
    text = documented()
    missing = [command for command in commands if f"banshi {command}" not in text]
    assert not missing


def test_the_docs_name_every_setting() -> None:
    names = re.findall(r"^(\w+) =", (ROOT / "config/settings.toml").read_text("utf-8"), re.MULTILINE)
    names += ["BANSHI_HOME", "BANSHI_CONFIG", "BANSHI_DATABASE_URL", "BANSHI_LOG"]
    text = documented()
    assert not [name for name in names if f"`{name}`" not in text]


def test_the_glossary_has_the_terms_of_the_field() -> None:
    glossary = (ROOT / "docs/glossary.md").read_text("utf-8")
    terms = re.findall(r"\| [a-z]+ \| ([一-鿿]+) \|", glossary)
    assert {
        "一件事",
        "事项",
        "材料",
        "办件",
        "收件回执",
        "受理",
        "容缺",
        "告知承诺",
        "踏勘",
        "预约",
        "转人工",
        "工单",
        "证照",
        "提醒",
        "续证",
    } <= set(terms)
