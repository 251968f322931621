"""The index: built, killed, resumed, swapped; searched by day, place, name and words."""

import fcntl
import hashlib
import threading
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from knowledge import shipped
from knowledge.build import BuildReport, build_index, build_passages
from knowledge.calibration import article_trials
from knowledge.embedding import SHIPPED, ModelMissing, OnnxEmbedder, Vectors, load_embedder
from knowledge.errors import IndexUnusable
from knowledge.generations import CACHE
from knowledge.passages import Passage
from knowledge.search import Hit, Search, live_generation
from knowledge.units import asking_key, beside_key, units, windows
from knowledge.vectors import VectorIndex, save_vectors
from knowledge.wording import words

LAWS = Path(__file__).parent / "data" / "laws"
ON = date(2026, 1, 15)

ARTICLE = """---
title: 奶茶店办什么证
kind: condition
region: "{region}"
sources:
  - title: 食品安全法
    article: 第三十五条
questions:
  - 开奶茶店要办哪些手续
  - 奶茶铺子办证
  - 饮品店许可怎么选项目
---
先办营业执照，再办食品经营许可证。

经营项目选自制饮品。
"""


class Hashing:
    """A model without a model: the words of a text, thrown into 64 bins; it counts what it embeds."""

    def __init__(self, fails_after: int = 10**9) -> None:
        self.name = "hashing"
        self.dimensions = 64
        self.embedded = self.asked = 0
        self._fails_after = fails_after

    def queries(self, texts: Sequence[str]) -> Vectors:
        self.asked += len(texts)
        return self._all(texts)

    def passages(self, texts: Sequence[str]) -> Vectors:
        if self.embedded + len(texts) > self._fails_after:
            raise KeyboardInterrupt
        self.embedded += len(texts)
        return self._all(texts)

    def _all(self, texts: Sequence[str]) -> Vectors:
        rows = np.full((len(texts), self.dimensions), 1e-3, np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in words(text):
                row[hashlib.sha256(word.encode("utf-8", "replace")).digest()[0] % self.dimensions] += 1
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def articles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("articles")
    (folder / "naicha.md").write_text(ARTICLE.format(region=""), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def statutes(tmp_path_factory: pytest.TempPathFactory, articles: Path) -> Path:
    folder = tmp_path_factory.mktemp("kb")
    report = build_index(folder, articles, [LAWS], Hashing())
    assert (report.articles, report.laws, report.documents, report.passages) == (1, 11, 0, 1211)
    assert 1000 < report.embedded < report.passages and not report.skipped  # what two versions share is one text
    return folder


@pytest.fixture(scope="module")
def search(statutes: Path) -> Search:
    return Search.open(statutes, Hashing())


def labels(hits: Sequence[Hit]) -> list[str]:
    return [f"{hit.passage.title}{hit.passage.article or ''}" for hit in hits]


def test_what_is_named_comes_first(search: Search) -> None:
    for question, expected in {
        "公司法第四十七条": "公司法第四十七条",
        "《行政许可法》第50条怎么规定的": "行政许可法第五十条",
        "中华人民共和国食品安全法实施条例第15条": "食品安全法实施条例第十五条",
        "国务院令第721号第十五条": "食品安全法实施条例第十五条",
        "烟草专卖法实施条例里面第六十五条说了什么": "烟草专卖法实施条例第六十五条",
        "北京市优化营商环境条例第三十三条": "北京市优化营商环境条例第三十三条",
        "道路运输条例（2023修订）第三十八条": "道路运输条例第三十八条",
    }.items():
        assert labels(search.find(question, on=ON, k=3))[0] == expected


def test_a_named_statute_is_lifted(search: Search) -> None:
    hits = search.find("按公司法股东出资期限是多久", on=ON, k=5)
    assert {hit.passage.title for hit in hits} == {"公司法"}
    assert hits[0].evidence["named"] == 1


def test_a_longer_name_that_the_base_lacks_is_not_the_shorter_law(search: Search) -> None:
    hits = search.find("公司法司法解释第四十七条", on=ON, k=1)
    assert not hits or hits[0].evidence["named"] == 0


def test_only_what_holds_on_the_day_is_found(search: Search) -> None:
    for on, begins in ((date(2024, 6, 30), date(2018, 10, 26)), (date(2024, 7, 1), date(2024, 7, 1))):
        hits = search.find("公司法 有限责任公司 注册资本 出资", on=on, k=10)
        assert {hit.passage.valid_from for hit in hits if hit.passage.title == "公司法"} == {begins}
    assert search.find("公司法第四十七条", on=date(2000, 1, 1)) == [] or all(
        hit.passage.kind == "article" for hit in search.find("公司法第四十七条", on=date(2000, 1, 1))
    )


@pytest.mark.parametrize(
    ("question", "region", "found"),
    [
        ("优化营商环境 告知承诺制", "", False),
        ("优化营商环境 告知承诺制", "110105", True),
        ("优化营商环境 告知承诺制", "370100", False),
        ("北京的告知承诺制", "370100", True),
        ("山东优化营商环境 告知承诺制", "110105", False),
    ],
)
def test_only_what_holds_in_the_place_is_found(search: Search, question: str, region: str, found: bool) -> None:
    hits = search.find(question, on=ON, region=region, k=10)
    assert hits and any(hit.passage.region == "110000" for hit in hits) is found


def test_a_way_of_asking_word_by_word_is_found_by_it(search: Search) -> None:
    for question in ("奶茶铺子，办证？", "奶茶店办什么证"):
        assert search.find(question, on=ON, k=1)[0].passage.id == "naicha"
    hits = search.find("奶茶铺子办证", on=ON, k=300, without=[asking_key("naicha", 1)])
    assert not next(hit for hit in hits if hit.passage.id == "naicha").exact
    assert all(hit.passage.id != "naicha" for hit in search.find("奶茶铺子办证", on=ON, k=300, without=["naicha"]))


def test_words_alone(statutes: Path) -> None:
    search = Search.open(statutes, None)
    assert (search.mode, search.vectors_count, search.passages_count) == ("words", 0, 1211)
    hits = search.find("行政许可有效期届满三十日前申请延续", on=ON)
    assert labels(hits)[0] == "行政许可法第五十条"
    assert all(0 <= hit.score <= 1 for hit in hits) and len({hit.passage.id for hit in hits}) == 10


def test_no_text_can_break_a_search(search: Search) -> None:
    for text in (
        "",
        " ",
        "？！",
        "\ud800\udfff",
        "\x00\x07许可",
        "许可\ud83d",
        "🙂",
        "a" * 100_000,
        "许" * 50_000,
        "'; drop table",
    ):
        assert isinstance(search.find(text, on=ON), list)
    assert len(search.find("许可", on=ON, k=300)) == 300


def test_threads_find_the_same(search: Search) -> None:
    questions = ["延续许可", "注册资本", "烟草零售", "学校食堂"] * 5
    alone = [labels(search.find(question, on=ON)) for question in questions]
    found: dict[int, list[str]] = {}

    def ask(n: int) -> None:
        found[n] = labels(search.find(questions[n], on=ON))

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(len(questions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[n] for n in range(len(questions))] == alone


def test_what_stands_beside_an_article_speaks_against_it(tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    beside = "beside:\n  - 奶茶店加盟费多少\n  - 奶茶店怎么起名\n"
    text = ARTICLE.format(region="").replace("\n---\n先", f"\n{beside}---\n先")
    (folder / "naicha.md").write_text(text, encoding="utf-8")
    build_index(tmp_path / "kb", folder, [], Hashing())
    search = Search.open(tmp_path / "kb", Hashing())
    asked = "奶茶店加盟费多少"
    seen = search.look(asked, on=ON).articles[0].evidence["beside"]
    held_out = search.look(asked, on=ON, without=[beside_key("naicha", 0)]).articles[0].evidence["beside"]
    elsewhere = search.look("奶茶铺子办证", on=ON).articles[0].evidence["beside"]
    assert seen == pytest.approx(1, abs=1e-3) and max(held_out, elsewhere) < 0.9
    trials = list(article_trials(search, on=ON))
    assert sorted(trial.right for trial in trials) == [False, False, True, True, True]


def test_vectors_that_come_with_the_program_are_as_good_as_made(tmp_path: Path, articles: Path) -> None:
    model = Hashing()
    model.name = SHIPPED
    build_index(tmp_path / "kb", articles, [], model)
    shipped.pack(tmp_path / "kb" / CACHE, tmp_path / "packed.npz")
    texts = [f"query: {n}" for n in range(3)]
    assert shipped.shipped("another", [], tmp_path / "packed.npz") == {} == shipped.shipped(SHIPPED, [b"x" * 32])
    keys = {hashlib.sha256(f"?{text}".encode()).digest(): text for text in ("奶茶铺子办证", *texts)}
    (found,) = shipped.shipped(SHIPPED, keys, tmp_path / "packed.npz").values()
    assert float(found @ model.queries(["奶茶铺子办证"])[0]) == pytest.approx(1, abs=1e-3)


def build(folder: Path, embedder: Hashing | None, articles: Path) -> BuildReport:
    return build_index(folder, articles, [LAWS / "行政许可法(2019-04-23).md"], embedder)


def test_a_killed_build_leaves_words_and_goes_on(tmp_path: Path, articles: Path) -> None:
    source = [LAWS / "公司法(2023-12-29).md"]
    with pytest.raises(KeyboardInterrupt):
        build_index(tmp_path, articles, source, Hashing(fails_after=200))
    search = Search.open(tmp_path, Hashing())
    assert search.mode == "words" and labels(search.find("公司法第四十七条", on=ON))[0] == "公司法第四十七条"
    again = Hashing()
    report = build_index(tmp_path, articles, source, again)
    assert report.reused == 200 and 0 < again.embedded <= report.embedded == report.units - 200
    assert Search.open(tmp_path, Hashing()).mode == "hybrid"
    unchanged = Hashing()
    assert build_index(tmp_path, articles, source, unchanged).embedded == unchanged.embedded == 0


def test_a_new_generation_takes_over_in_one_step(tmp_path: Path, articles: Path) -> None:
    assert live_generation(tmp_path) is None
    first = build(tmp_path, None, articles)
    old = Search.open(tmp_path, None)
    assert live_generation(tmp_path) == first.generation == old.generation
    for _ in range(3):
        latest = build(tmp_path, Hashing(), articles)
    assert live_generation(tmp_path) == latest.generation
    assert len([path for path in tmp_path.iterdir() if path.is_dir()]) == 2
    assert labels(old.find("行政许可法第五十条", on=ON))[0] == "行政许可法第五十条"  # whoever reads goes on reading


def test_one_builder_at_a_time(tmp_path: Path, articles: Path) -> None:
    with (tmp_path / "build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(IndexUnusable, match="another build is running"):
            build(tmp_path, None, articles)
    build(tmp_path, None, articles)


def test_an_index_that_is_missing_or_damaged_says_so(tmp_path: Path, articles: Path) -> None:
    with pytest.raises(IndexUnusable, match="no index has been built"):
        Search.open(tmp_path, None)
    with pytest.raises(IndexUnusable, match="nothing to index"):
        build_index(tmp_path, tmp_path, [tmp_path / "nowhere"], None)
    generation = tmp_path / build(tmp_path, None, articles).generation
    (generation / "words" / "codes.npy").unlink()
    with pytest.raises(IndexUnusable, match="word index"):
        Search.open(tmp_path, None)
    (generation / "passages.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(IndexUnusable, match="damaged"):
        Search.open(tmp_path, None)


def test_a_model_of_another_size_is_refused(tmp_path: Path, articles: Path) -> None:
    build(tmp_path, Hashing(), articles)
    other = Hashing()
    other.dimensions = 32
    with pytest.raises(IndexUnusable, match="64 dimensions"):
        Search.open(tmp_path, other)


def test_texts_without_words_and_with_surrogates_can_be_indexed(tmp_path: Path) -> None:
    passages = [
        Passage(id=f"p{n}", kind="document", title=title, text=text, authority="guide")
        for n, (title, text) in enumerate(
            [("", "……"), ("\ud800", "许可\udfff证"), ("指南", "办理许可"), ("长", "许可。" * 400)]
        )
    ]
    build_passages(tmp_path, passages, Hashing())
    hits = Search.open(tmp_path, Hashing()).find("办理许可", on=ON)
    assert {hit.passage.id for hit in hits} >= {"p1", "p2", "p3"}


def test_long_texts_have_windows() -> None:
    text = "".join(f"第{n}句话说的是许可证的办理。" for n in range(100))
    assert "".join(windows(text)) == text and all(len(one) <= 365 for one in windows(text))
    passage = Passage(id="x", kind="document", title="指南", text=text, authority="guide")
    assert [unit.passage for unit in units([passage, passage])] == [0] * 6 + [1] * 6


def test_embedders() -> None:
    assert load_embedder("none") is None
    with pytest.raises(ModelMissing, match=r"banshi\[models\]|cannot be loaded"):
        load_embedder("/no/such/model")
    with pytest.raises(ModelMissing, match="needs model"):
        OnnxEmbedder(Path("/no/such/model"))
    shipped = load_embedder("")
    assert shipped is not None and (shipped.name, shipped.dimensions) == ("e5-small-zh", 384)
    near, far = shipped.passages(["营业执照的办理", "红烧肉的做法"])
    asked = shipped.queries(["怎么办营业执照\ud800\x00"])[0]
    assert asked @ near > asked @ far and abs(float(np.linalg.norm(asked)) - 1) < 1e-3
    assert shipped.queries([]).shape == (0, 384)


def test_many_vectors_are_clustered_and_still_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("knowledge.vectors.FLAT_UP_TO", 1_000)
    random = np.random.default_rng(7)
    rows = random.normal(size=(6_000, 32)).astype(np.float32) + 3 * random.normal(size=(40, 32)).repeat(150, 0)
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    save_vectors(rows, tmp_path / "vectors.faiss")
    index = VectorIndex(tmp_path / "vectors.faiss")
    allowed = np.arange(6_000) % 2 == 0
    share = []
    for query in rows[:100]:
        found, cosines = index.nearest(query, allowed, 10)
        exact = np.argsort(-np.where(allowed, rows @ query, -1))[:10]
        share.append(len(set(found.tolist()) & set(exact.tolist())) / 10)
        assert allowed[found].all() and (np.diff(cosines) <= 1e-6).all()
    assert np.mean(share) >= 0.9
    assert np.allclose(index.rows(np.array([5, 4_000])), rows[[5, 4_000]], atol=0.02)
