"""From folders of texts to a live index, words first, vectors when they are ready."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from knowledge.articles import load_articles
from knowledge.calibration import fit_line
from knowledge.embedding import Embedder
from knowledge.errors import IndexUnusable, SourceFault
from knowledge.fingerprint import FILE as MADE_OF
from knowledge.fingerprint import fingerprint, is_live
from knowledge.generations import (
    CACHE,
    LINE,
    PASSAGES,
    SORTS,
    VECTORS,
    WORDS,
    begin,
    carry_on,
    live,
    publish,
    sole_builder,
    sweep,
)
from knowledge.laws import superseded
from knowledge.lexicon import build_lexicon
from knowledge.line import Line, default_line, write_line
from knowledge.origins import write_origins
from knowledge.passages import Passage
from knowledge.remit import load_remit
from knowledge.search import Search
from knowledge.sorts import fit_sorts
from knowledge.sources import read_folder
from knowledge.store import write_passages
from knowledge.units import Unit, besides, units, ways_of_asking
from knowledge.vectors import save_vectors, vectors_of

Progress = Callable[[str, int, int], None]
CALIBRATED_ON = date(2026, 1, 1)  # articles without a first day are asked for as of this day


def silent(_stage: str, _done: int, _of: int) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True)
class BuildReport:
    """What went into the index. `laws` and `documents` count files; `skipped` is (path, line, why)."""

    generation: str
    articles: int
    laws: int
    documents: int
    passages: int
    units: int
    embedded: int
    reused: int
    skipped: tuple[tuple[str, int, str], ...]


@dataclass
class _Gathered:
    passages: dict[str, Passage]
    faults: list[SourceFault]
    laws: int = 0
    documents: int = 0
    folders: tuple[Path, ...] = ()


def build_index(
    folder: Path,
    articles: Path,
    sources: Sequence[Path],
    embedder: Embedder | None,
    *,
    remit: Path | None = None,
    edited: Mapping[str, str | None] | None = None,
    progress: Progress = silent,
    on: date = CALIBRATED_ON,
) -> BuildReport:
    """Build a new generation and make it live; `remit` is the file of what is not ours to answer.

    `edited` are articles' texts by id that override the files in `articles` or add to them; None is one withdrawn.

    Raises IndexUnusable while another build holds the folder, and where there is nothing to index.

    Without vectors in the cache the words go live first, so that search works while texts are embedded.
    """
    with sole_builder(folder):
        gathered = _gather(articles, edited, sources, remit, progress)
        return build_from(folder, gathered, embedder, progress=progress, on=on)


def build_passages(
    folder: Path, passages: Sequence[Passage], embedder: Embedder | None, *, progress: Progress = silent
) -> BuildReport:
    """An index of passages that are at hand already, for instance of a public test set."""
    with sole_builder(folder):
        gathered = _Gathered({one.id: one for one in passages}, [], documents=len(passages))
        return build_from(folder, gathered, embedder, progress=progress, on=CALIBRATED_ON)


def build_from(
    folder: Path, gathered: _Gathered, embedder: Embedder | None, *, progress: Progress, on: date
) -> BuildReport:
    sweep(folder)
    if not gathered.passages:
        why = "; ".join(str(fault) for fault in gathered.faults[:3]) or "no article and no document"
        raise IndexUnusable(f"nothing to index: {why}")
    passages = superseded(gathered.passages.values())
    texts, asks, beside = list(units(passages)), list(ways_of_asking(passages)), list(besides(passages))
    searched = len(texts) + len(asks) + len(beside)
    made_of, embedded = fingerprint(passages, embedder.name if embedder else ""), 0
    if is_live(folder, made_of):
        generation = live(folder)
        write_origins(generation, gathered.folders)
    else:
        generation = _with_words(folder, passages, texts, asks, beside, progress)
        write_origins(generation, gathered.folders)
        if embedder and searched:
            generation, embedded = _with_vectors(generation, texts, [*asks, *beside], embedder, on, progress)
        else:
            _line(generation, None, on, progress)
            publish(generation)
        (generation / MADE_OF).write_text(made_of, encoding="ascii")
    return BuildReport(
        generation=generation.name,
        articles=sum(one.kind == "article" for one in passages),
        laws=gathered.laws,
        documents=gathered.documents,
        passages=len(passages),
        units=searched,
        embedded=embedded,
        reused=searched - embedded if embedder else 0,
        skipped=tuple((str(fault.path), fault.line, fault.what) for fault in gathered.faults),
    )


def _with_words(
    folder: Path,
    passages: Sequence[Passage],
    texts: Sequence[Unit],
    asks: Sequence[Unit],
    beside: Sequence[Unit],
    progress: Progress,
) -> Path:
    """A new generation, not live yet, with everything but vectors and line."""
    generation = begin(folder)
    progress("words", 0, len(texts))
    write_passages(generation / PASSAGES, passages, texts, asks, beside)
    build_lexicon((unit.text for unit in texts), generation / WORDS)
    fit_sorts(passages).save(generation / SORTS)
    progress("words", len(texts), len(texts))
    return generation


def _with_vectors(
    generation: Path, texts: Sequence[Unit], asks: Sequence[Unit], embedder: Embedder, on: date, progress: Progress
) -> tuple[Path, int]:
    write_line(generation / LINE, {mode: default_line(mode) for mode in ("hybrid", "words")})
    publish(generation)
    cache = generation.parent / CACHE
    vectors, embedded = vectors_of([one.text for one in texts], [one.text for one in asks], embedder, cache, progress)
    following = carry_on(generation)
    save_vectors(vectors, following / VECTORS)
    (following / LINE).unlink()
    _line(following, embedder, on, progress)
    publish(following)
    return following, embedded


def _line(generation: Path, embedder: Embedder | None, on: date, progress: Progress) -> None:
    lines: dict[str, Line] = {}
    for mode, model in (("words", None), ("hybrid", embedder)):
        if mode == "hybrid" and embedder is None:
            lines[mode] = default_line(mode)
            continue
        search = Search(generation, model)
        try:
            lines[mode] = fit_line(search, on=on, progress=progress)
        finally:
            search.close()
    write_line(generation / LINE, lines)


def _gather(
    articles: Path,
    edited: Mapping[str, str | None] | None,
    sources: Sequence[Path],
    remit: Path | None,
    progress: Progress,
) -> _Gathered:
    ours, faults = load_articles(articles, edited)
    if remit is not None:
        others, unclear = load_remit(remit)
        ours, faults = [*ours, *others], [*faults, *unclear]
    gathered = _Gathered({one.id: one for one in ours}, faults, folders=tuple(sources))
    for folder in sources:
        for found in read_folder(folder):
            if isinstance(found, SourceFault):
                gathered.faults.append(found)
                continue
            _add(gathered, found, folder)
            progress("read", gathered.laws + gathered.documents, 0)
    return gathered


def _add(gathered: _Gathered, found: list[Passage], folder: Path) -> None:
    if found[0].id in gathered.passages:
        gathered.faults.append(SourceFault(folder, 0, f"{found[0].title}: the same text stands in the base already"))
        return
    gathered.passages |= {one.id: one for one in found}
    if found[0].kind == "law":
        gathered.laws += 1
    else:
        gathered.documents += 1
