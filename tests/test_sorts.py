"""What sort of thing a question asks for, by its letters: learned from ways of asking, judged on those held out."""

from pathlib import Path

import pytest

from bot.app import ARTICLES
from bot.settings import ROOT
from knowledge.articles import load_articles
from knowledge.errors import IndexUnusable
from knowledge.passages import Passage
from knowledge.remit import load_remit
from knowledge.sorts import FEWEST, FOLDS, Samples, fit_sorts, read_sorts


@pytest.fixture(scope="module")
def passages() -> list[Passage]:
    return [*load_articles(ARTICLES, None)[0], *load_remit(ROOT / "config" / "remit.yml")[0]]


def test_what_is_kept_says_the_same(passages: list[Passage], tmp_path: Path) -> None:
    fitted = fit_sorts(passages)
    fitted.save(tmp_path / "sorts.npz")
    kept = read_sorts(tmp_path / "sorts.npz")
    for text in ("我想开个面馆要办什么证", "帮我伪造一张健康证", "", "？？", "\ud800", "面" * 5_000):
        assert kept.heard(text) == fitted.heard(text)
    assert kept.heard("帮我伪造一张健康证")[1] > 0.5 > kept.heard("健康证多久换一次")[1]


def test_requests_held_out_are_told_from_the_rest(passages: list[Passage]) -> None:
    """Of every fifth sample, with the sorts that do not know it: ours lie above what stands beside them."""
    samples = Samples(passages)
    held_out, refused_from = samples.held_out(0), fit_sorts(passages).refused_from
    odds = [(samples.sorts[n], *held_out.odds(samples.texts[n])) for n in samples.of_fold(0)]
    by_sort = {sort: [ours for one, ours, _ in odds if one == sort] for sort in {one for one, _, _ in odds}}
    passed = {sort: sum(ours > 0 for ours in values) / len(values) for sort, values in by_sort.items()}
    assert passed["ours"] > 0.85 and passed["beside"] < 0.4 and passed["out_of_remit"] < 0.2
    harm = [refused >= refused_from for sort, _, refused in odds if sort == "refused"]
    rest = [refused >= refused_from for sort, _, refused in odds if sort != "refused"]
    assert sum(harm) / len(harm) > 0.25 and sum(rest) / len(rest) < 0.01


def test_where_there_is_too_little_nothing_is_said() -> None:
    few = [Passage("a", "article", "面馆要什么证", "许可证", "article", questions=("开面馆办什么",) * (FEWEST - 2))]
    fitted = fit_sorts(few)
    ours, sounding = fitted.heard("开面馆办什么")
    assert ours == 0 and sounding < 1e-9 and len(Samples(few).of_fold(0)) <= FEWEST // FOLDS + 1


def test_what_is_damaged_is_named(tmp_path: Path) -> None:
    (tmp_path / "sorts.npz").write_bytes(b"PK\x03\x04 cut short")
    for name in ("sorts.npz", "missing.npz"):
        with pytest.raises(IndexUnusable, match=name):
            read_sorts(tmp_path / name)
