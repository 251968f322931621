"""Looking after the base: every answer a row, misses gathered, articles with a life, votes, export and import."""

import json
import shutil
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot import carrying, editing, shelf
from bot.domain.knowledge import Version, masked
from bot.errors import ConfigError
from bot.grouping import group_misses
from bot.settings import Settings, load_settings
from bot.store.db import Store
from knowledge.answer import Answers
from knowledge.build import build_index, silent
from knowledge.embedding import Embedder
from knowledge.errors import SourceFault
from knowledge.evaluate import Query
from knowledge.portable import pack, unpack
from knowledge.refit import refit
from knowledge.search import Search
from tests.test_knowledge_index import Hashing

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
ON = NOW.date()
TEXT = """---
title: {title}
kind: fact
region: ""
valid_from: 2020-01-01
sources:
  - title: 食品安全法
    article: 第三十五条
    quote: {body}
questions:
  - {title}吗
  - 请问{title}
---
{body}
"""


def text(title: str = "奶茶店办什么证", body: str = "先办营业执照，再办食品经营许可证。") -> str:
    return TEXT.format(title=title, body=body)


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    folder = tmp_path / "shipped"
    folder.mkdir()
    (folder / "naicha.md").write_text(text(), "utf-8")
    (folder / "lifa.md").write_text(text("理发店办什么证", "办公共场所卫生许可证。"), "utf-8")
    return folder


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return new_home(tmp_path / "home")


def new_home(folder: Path) -> Settings:
    """A home whose configuration says nothing of what is not ours: what is built is ours alone."""
    (folder / "kb").mkdir(parents=True)
    return load_settings(folder).model_copy(update={"config": folder})


def keep(store: Store, number: int, question: str, outcome: str = "not_found", passage: str | None = None) -> None:
    store.write(
        lambda tables: tables.answers.keep(
            number,
            f"webchat:main:{number}",
            NOW,
            outcome=outcome,
            passage_id=passage,
            confidence=0.2,
            region="",
            question=question,
        )
    )


# --- answers and misses ---


def test_of_a_miss_the_words_are_kept_without_long_numbers_and_of_an_answer_none(store: Store) -> None:
    keep(store, 1, "我的号是11010519491231002X，怎么办")
    keep(store, 2, "食品证几年", "answered", "naicha")
    (row,) = store.read(lambda tables: tables.answers.ungrouped())
    assert row.question == "我的号是••••，怎么办"
    assert masked("第12345号，2026年") == "第12345号，2026年"
    given = store.read(lambda tables: tables.answers.given(2))
    assert given is not None and given.outcome == "answered"


@pytest.mark.parametrize("vectors", [False, True], ids=["words", "vectors"])
def test_questions_like_one_another_are_one_miss(
    store: Store, tmp_path: Path, embedder: Embedder, vectors: bool
) -> None:
    model = embedder if vectors else None
    asked = ["南极开店办什么证", "南极开店办什么证？", "请问南极开店办什么证", "今天天气怎么样"]
    for number, question in enumerate(asked, 1):
        keep(store, number, question)
    assert group_misses(store, model, tmp_path / "misses.db", NOW) == 4
    assert group_misses(store, model, tmp_path / "misses.db", NOW) == 0
    first, second = store.read(lambda tables: tables.misses.all())
    assert (first.title, first.votes, first.state) == ("南极开店办什么证", 3, "open")
    assert (second.title, second.votes) == ("今天天气怎么样", 1)
    keep(store, 9, "南极开店，办什么证")
    group_misses(store, model, tmp_path / "misses.db", NOW)
    assert store.read(lambda tables: tables.misses.all())[0].votes == 4
    assert [one.question for one in store.read(lambda tables: tables.misses.questions(first.id))][:3] == asked[:3]


def test_an_answer_to_something_else_becomes_a_miss_and_a_later_vote_takes_it_back(
    store: Store, tmp_path: Path
) -> None:
    keep(store, 1, "", "answered", "naicha")
    vote = store.write
    vote(lambda tables: tables.answers.vote(1, "down", "not_asked", NOW, "奶茶加盟费多少13800138000"))
    group_misses(store, None, tmp_path / "misses.db", NOW)
    (miss,) = store.read(lambda tables: tables.misses.all())
    assert (miss.title, miss.votes) == ("奶茶加盟费多少••••", 1)
    vote(lambda tables: tables.answers.vote(1, "up", "", NOW))
    assert store.read(lambda tables: tables.misses.all())[0].votes == 0
    assert store.read(lambda tables: tables.answers.votes("webchat:main:1")) == {1: "up"}
    assert store.read(lambda tables: tables.answers.counts()) == ({"answered": 1}, {"up": 1, "down": 0})


# --- the life of an article ---


def published(store: Store, shipped: Path, name: str, written: str) -> Version:
    editing.save(store, shipped, Path(f"{name}.md"), written, "李敏", NOW)
    editing.submit(store, name, "李敏")
    editing.approve(store, name, "王强", NOW)
    return editing.publish(store, name, "王强", NOW)


def test_draft_review_publish_and_back(store: Store, shipped: Path, settings: Settings) -> None:
    build_index(settings.kb, shipped, [], None)

    def said() -> str:
        editing.rebuild(store, settings, shipped, None, silent, ON)
        search = Search.open(settings.kb, None)
        if search.store.row_of("naicha") is None:
            return ""
        answer = Answers.open(search).answer("请问奶茶店办什么证", on=ON)
        return answer.text

    assert said() == "先办营业执照，再办食品经营许可证。"
    draft = editing.save(store, shipped, Path("naicha.md"), text(body="只办食品经营许可证。"), "李敏", NOW)
    assert (draft.number, draft.state) == (1, "draft")
    with pytest.raises(ConfigError, match="state review"):
        editing.publish(store, "naicha", "李敏", NOW)
    editing.submit(store, "naicha", "李敏")
    with pytest.raises(ConfigError, match="not been approved"):
        editing.publish(store, "naicha", "李敏", NOW)
    with pytest.raises(ConfigError, match="somebody else"):
        editing.approve(store, "naicha", " 李敏 ", NOW)
    editing.reject(store, "naicha", "王强", "缺依据", NOW)
    assert store.read(lambda tables: tables.articles.history("naicha"))[0].note == "缺依据"
    assert said() == "先办营业执照，再办食品经营许可证。"
    published(store, shipped, "naicha", text(body="只办食品经营许可证。"))
    assert said() == "只办食品经营许可证。"
    published(store, shipped, "naicha", text(body="两个证都要办。"))
    assert said() == "两个证都要办。"
    editing.rollback(store, shipped, "naicha", 2, "王强", NOW)
    assert said() == "只办食品经营许可证。"
    editing.rollback(store, shipped, "naicha", 0, "王强", NOW)
    assert said() == "先办营业执照，再办食品经营许可证。"
    editing.withdraw(store, shipped, "naicha", "王强", NOW)
    assert said() == ""
    history = store.read(lambda tables: tables.articles.history("naicha"))
    assert [one.state for one in history] == ["draft", *["superseded"] * 4, "withdrawn"]
    assert [one.number for one in history] == [1, 2, 3, 4, 5, 6]
    with pytest.raises(ConfigError, match="never published"):
        editing.rollback(store, shipped, "naicha", 1, "王强", NOW)


def test_a_fault_is_named_with_its_line_and_nothing_is_saved(store: Store, shipped: Path) -> None:
    with pytest.raises(ConfigError, match=r"naicha\.md:3: kind 'no' is none of"):
        editing.save(store, shipped, Path("naicha.md"), text().replace("kind: fact", "kind: no"), "李敏", NOW)
    with pytest.raises(ConfigError, match="the name of an article"):
        editing.save(store, shipped, Path("../a b.md"), text(), "李敏", NOW)
    with pytest.raises(ConfigError, match="--by"):
        editing.save(store, shipped, Path("naicha.md"), text(), " ", NOW)
    assert store.read(lambda tables: tables.articles.all()) == []


def test_a_bad_text_that_got_in_all_the_same_is_skipped_and_the_rest_is_built(shipped: Path, tmp_path: Path) -> None:
    edited = {"naicha": "no front matter", "lifa": None, "neu": text("新店办什么证")}
    report = build_index(tmp_path / "kb", shipped, [], None, edited=edited)
    assert report.articles == 1
    assert [(Path(path).name, line) for path, line, _ in report.skipped] == [("naicha.md", 1)]


def test_a_newer_shipped_text_is_seen(store: Store, shipped: Path) -> None:
    published(store, shipped, "naicha", text(body="只办食品经营许可证。"))
    assert {one.article: one.shipped_changed for one in shelf.overview(store, shipped)} == {
        "naicha": False,
        "lifa": False,
    }
    (shipped / "naicha.md").write_text(text(body="新版。"), "utf-8")
    changed = {one.article: (one.state, one.shipped_changed) for one in shelf.overview(store, shipped)}
    assert changed == {"naicha": ("published", True), "lifa": ("shipped", False)}


def test_a_miss_becomes_an_article_and_is_answered_once_that_is_published(
    store: Store, shipped: Path, tmp_path: Path
) -> None:
    for number, question in enumerate(["宠物店办什么证", "开宠物店办什么证"], 1):
        keep(store, number, question)
    group_misses(store, None, tmp_path / "misses.db", NOW)
    (miss,) = store.read(lambda tables: tables.misses.all())
    draft = editing.draft_from_miss(store, shipped, miss.id, "李敏", NOW)
    assert draft.article == f"miss-{miss.id}"
    with pytest.raises(ConfigError, match="body is empty"):
        editing.submit(store, draft.article, "李敏")
    written = (
        draft.text.replace("title: ''\n  article: ''\n  quote: ''", "title: 动物防疫法\n  quote: 办动物防疫条件合格证")
        + "办动物防疫条件合格证。\n"
    )
    assert "宠物店办什么证" in written and "开宠物店办什么证" in written
    published(store, shipped, draft.article, written)
    after = store.read(lambda tables: tables.misses.get(miss.id))
    assert after is not None and (after.state, after.owner) == ("answered", "李敏")


def test_what_is_used_most_and_looked_at_least_is_reviewed_first(store: Store, shipped: Path) -> None:
    for number in range(1, 4):
        keep(store, number, "", "answered", "lifa")
    store.write(lambda tables: tables.answers.vote(1, "down", "wrong", NOW))
    rows = shelf.review_list(store, shipped, NOW)
    assert [(row.article, row.answers, round(row.down, 2)) for row in rows] == [("lifa", 3, 0.33), ("naicha", 0, 0)]
    shelf.stamp(store, shipped, "lifa", "王强", NOW)
    rows = shelf.review_list(store, shipped, NOW + timedelta(days=2))
    assert [(row.article, row.days) for row in rows] == [("naicha", 2519), ("lifa", 2)]
    with pytest.raises(ConfigError, match="no such article"):
        shelf.stamp(store, shipped, "nothing", "王强", NOW)


# --- export and import ---


class Other(Hashing):
    """Another model: of another name and size."""

    def __init__(self) -> None:
        super().__init__()
        self.name, self.dimensions = "another", 32


@pytest.fixture
def base(tmp_path: Path, shipped: Path, settings: Settings) -> carrying.Holding:
    """A home with an edited article, an article of its own, a miss, and a document."""
    store = Store(f"sqlite:///{tmp_path / 'home' / 'banshi.db'}")
    published(store, shipped, "naicha", text(body="只办食品经营许可证。"))
    published(store, shipped, "huadian", text("花店办什么证", "只办营业执照。"))
    keep(store, 1, "宠物店办什么证")
    group_misses(store, None, tmp_path / "misses.db", NOW)
    folder = tmp_path / "papers" / "sub"
    folder.mkdir(parents=True)
    (folder / "hours.txt").write_text("办事大厅周六上午照常开门，可以办理营业执照。", "utf-8")
    made = carrying.Holding(store, settings, shipped, Hashing())
    edits = store.read(lambda tables: tables.articles.edits())
    build_index(settings.kb, shipped, [tmp_path / "papers"], Hashing(), edited=edits)
    return made


def another(tmp_path: Path, shipped: Path, model: Hashing, name: str = "new") -> carrying.Holding:
    home = new_home(tmp_path / name)
    return carrying.Holding(Store(f"sqlite:///{home.home / 'banshi.db'}"), home, shipped, model)


def bring(base: carrying.Holding, file: Path) -> dict[str, int]:
    return carrying.import_(base, file, take_remit=False, on=ON, now=NOW, progress=silent)


def told(base: carrying.Holding, question: str) -> str:
    search = Search.open(base.settings.kb, base.embedder)
    assert search.mode == "hybrid"
    return Answers.open(search).answer(question, on=ON).text


@pytest.mark.parametrize("model", [Hashing, Other])
def test_an_export_answers_alike_in_a_new_home_with_any_model(
    base: carrying.Holding, tmp_path: Path, model: Callable[[], Hashing]
) -> None:
    file = tmp_path / "base.zip"
    assert carrying.export(base, file, "0.1.0", NOW) == {"articles": 3, "versions": 2, "misses": 1, "documents": 1}
    upgraded = tmp_path / "upgraded"
    upgraded.mkdir()
    shutil.copy(base.shipped / "naicha.md", upgraded)  # the newer program ships lifa no more
    embedder = model()
    new = another(tmp_path, upgraded, embedder)
    counts = bring(new, file)
    assert (counts["articles"], counts["versions"], counts["misses"]) == (1, 2, 1)
    assert (counts["vectors"] > 0, counts["embedded"] > 0) == (model is Hashing, model is Other)
    assert told(new, "请问奶茶店办什么证") == "只办食品经营许可证。"
    assert told(new, "请问花店办什么证") == "只办营业执照。"
    assert told(new, "请问理发店办什么证") == "办公共场所卫生许可证。"
    hits = Search.open(new.settings.kb, embedder).find("大厅周六开门吗", on=ON)
    assert any("周六上午照常开门" in hit.passage.text for hit in hits)
    before = (new.settings.kb / "current").read_text()
    again = bring(new, file)
    assert (again["articles"], again["versions"], again["misses"], again["embedded"]) == (0, 0, 0, 0)
    assert (new.settings.kb / "current").read_text() == before
    assert carrying.export(new, tmp_path / "b.zip", "0.1.0", NOW)["documents"] == 1
    assert [miss.title for miss in new.store.read(lambda tables: tables.misses.all())] == ["宠物店办什么证"]


def repacked(file: Path, change: Callable[[dict[str, bytes]], None], manifest: dict[str, object] | None = None) -> Path:
    """The same export with some of its parts changed, the manifest made to fit."""
    import hashlib

    with zipfile.ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    said = json.loads(parts.pop("manifest.json"))
    change(parts)
    said["files"] = {name: hashlib.sha256(content).hexdigest() for name, content in parts.items()}
    target = file.with_name("changed.zip")
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
        archive.writestr("manifest.json", json.dumps({**said, **(manifest or {})}))
    return target


def test_an_export_of_an_older_schema_still_imports(base: carrying.Holding, tmp_path: Path) -> None:
    """Format 1 as it may have been: fewer keys in every row, one that is no longer known, no vectors."""
    carrying.export(base, tmp_path / "base.zip", "0.1.0", NOW)

    def older(parts: dict[str, bytes]) -> None:
        for name, gone in (("versions.jsonl", ("publisher", "shipped_sha256", "note")), ("misses.jsonl", ("votes",))):
            rows = [json.loads(line) for line in parts[name].splitlines()]
            kept = [{key: value for key, value in row.items() if key not in gone} | {"old": 1} for row in rows]
            parts[name] = "\n".join(json.dumps(row | ({"note": ""} if name[0] == "v" else {})) for row in kept).encode()
        del parts["vectors.db"], parts["sources/0/sub/hours.txt"]

    new = another(tmp_path, base.shipped, Other())
    counts = bring(new, repacked(tmp_path / "base.zip", older, {"schema": "0003", "program": "0.0.9"}))
    assert (counts["versions"], counts["misses"]) == (2, 1)
    assert told(new, "请问奶茶店办什么证") == "只办食品经营许可证。"


@pytest.mark.parametrize(
    ("name", "content", "manifest", "what"),
    [
        ("../evil.md", b"x", {}, "not a name"),
        ("/etc/evil", b"x", {}, "not a name"),
        ("sources/..\\x", b"x", {}, "not a name"),
        ("other/x", b"x", {}, "not a name"),
        ("versions.jsonl", b"{}\n", {}, "versions.jsonl:1"),
        ("versions.jsonl", b"no\n", {}, "not JSON"),
        ("articles/more.md", b"no front matter", {}, "no front matter"),
        ("remit.yml", b"x", {"format": 2}, "reads formats up to 1"),
        ("remit.yml", b"x", {"files": {}}, "do not agree"),
        ("remit.yml", b"x", {"files": "no"}, "says nothing"),
    ],
)
def test_what_is_no_export_is_refused_and_changes_nothing(
    base: carrying.Holding, tmp_path: Path, name: str, content: bytes, manifest: dict[str, object], what: str
) -> None:
    carrying.export(base, tmp_path / "base.zip", "0.1.0", NOW)
    file = repacked(tmp_path / "base.zip", lambda parts: parts.update({name: content}), manifest)
    new = another(tmp_path, base.shipped, Other())
    with pytest.raises((ConfigError, SourceFault), match=what):
        bring(new, file)
    assert new.store.read(lambda tables: tables.articles.all()) == []
    assert sorted(path.name for path in new.settings.home.iterdir() if path.is_dir()) == ["kb"]
    assert not (tmp_path / "evil.md").exists()


def test_a_damaged_export_and_one_of_another_way_are_refused(base: carrying.Holding, tmp_path: Path) -> None:
    file = tmp_path / "base.zip"
    carrying.export(base, file, "0.1.0", NOW)
    new = another(tmp_path, base.shipped, Other())
    (tmp_path / "half.zip").write_bytes(file.read_bytes()[:-1000])
    for bad in (tmp_path / "half.zip", base.shipped / "naicha.md"):
        with pytest.raises(SourceFault):
            bring(new, bad)
    published(new.store, base.shipped, "naicha", text(body="另一种写法。"))
    with pytest.raises(ConfigError, match="naicha: was edited here and there"):
        bring(new, file)
    assert len(new.store.read(lambda tables: tables.articles.all())) == 1


def test_wherever_a_byte_is_damaged_it_is_seen_or_does_no_harm(tmp_path: Path) -> None:
    parts = {"remit.yml": "办证".encode() * 50, "articles/a.md": "一二三四五六七八九十".encode()}
    pack(tmp_path / "a.zip", {}, parts)
    raw, refused = (tmp_path / "a.zip").read_bytes(), 0
    for place in range(len(raw)):
        (tmp_path / "b.zip").write_bytes(raw[:place] + bytes([raw[place] ^ 0xFF]) + raw[place + 1 :])
        try:
            unpack(tmp_path / "b.zip", tmp_path / "out")
        except SourceFault:
            refused += 1
        else:
            assert {name: (tmp_path / "out" / name).read_bytes() for name in parts} == parts
    assert refused > len(raw) // 2


# --- the line ---


def test_the_line_is_fitted_again_as_a_generation_of_its_own(tmp_path: Path) -> None:
    folder, model = tmp_path / "articles", Hashing()
    folder.mkdir()
    shops = [f"{one}店" for one in "面花药书茶鱼菜酒米布鞋帽灯伞琴棋画表糖肉"]
    for shop in shops:
        (folder / f"{shop}.md").write_text(text(f"{shop}办什么证", f"{shop}要办许可。"), "utf-8")
    build_index(tmp_path / "kb", folder, [], model)
    before = (tmp_path / "kb/current").read_text()
    queries = [Query("1", "开面店要哪些证", frozenset({"面店"})), Query("2", "今天天气怎么样", frozenset())]
    found = refit(tmp_path / "kb", model, queries, on=ON, progress=silent)
    assert (tmp_path / "kb/current").read_text().strip() == found.generation > before
    assert found.trials >= 2 * len(shops)
    for bands in (found.before, found.after):
        shares = (bands.answer.share, bands.offer.share, bands.hand_over.share)
        assert sum(shares) == pytest.approx(1, abs=0.001)
    answer = Answers.open(Search.open(tmp_path / "kb", model)).answer("请问面店办什么证", on=ON)
    assert answer.outcome == "answered"
