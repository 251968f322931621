"""How well an engine understands: Rasa-format files to train on, others to be judged by."""

import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nlu.examples import DataFault, Example, read
from nlu.model import OUT_OF_SCOPE
from nlu.understand import Understanding

BINS = 15
AT_ONCE = 8


class Learner(Protocol):
    """Something that learns from Rasa-format files, is ready with its first message, and then understands.

    `train` may be called once.
    """

    def train(self, folder: Path) -> None: ...

    def __call__(self, text: str) -> Understanding: ...

    def memory_mb(self) -> float: ...


@dataclass(frozen=True)
class Report:
    """The figures of `banshi nlu eval`. `oos_auroc` and `entities_f1` are None where the test has nothing of them.

    `ready_s` is the time from the trained model to its first answer; `rss_mb` the memory that understanding adds to
    this process, or that a server takes for it, without training.
    """

    n: int
    accuracy: float
    macro_f1: float
    ece: float
    oos_auroc: float | None
    train_s: float
    ready_s: float
    ms_p50: float
    ms_p95: float
    per_second_at_8: float
    rss_mb: float
    entities_f1: float | None
    by_intent: tuple[tuple[str, int, float], ...]


def evaluate(engine: Learner, train_on: Path, judge_by: Path) -> Report:
    """Train, understand every example of the test, and count. DataFault for files that cannot be read."""
    tests = read(judge_by).checked().examples
    if not tests:
        raise DataFault(f"{judge_by}: holds no examples")
    texts = [one.text for one in tests]
    began = time.perf_counter()
    engine.train(train_on)
    trained, before = time.perf_counter(), engine.memory_mb()
    engine(texts[0])
    ready = time.perf_counter()
    told, seconds = _each(engine, texts)
    rate = _at_once(engine, texts)
    memory = engine.memory_mb() - before
    from sklearn.metrics import f1_score, roc_auc_score  # not sooner: its memory is not the engine's

    truth = [one.intent for one in tests]
    found = [one.intent for one in told]
    right = np.array([a == b for a, b in zip(truth, found, strict=True)])
    outside = np.array([one == OUT_OF_SCOPE for one in truth])
    scope = np.array([one.scope for one in told])
    return Report(
        n=len(tests),
        accuracy=float(right.mean()),
        macro_f1=float(f1_score(truth, found, average="macro", labels=sorted(set(truth)), zero_division=0)),
        ece=calibration_error(np.array([one.confidence for one in told]), right),
        oos_auroc=float(roc_auc_score(~outside, scope)) if 0 < outside.sum() < len(outside) else None,
        train_s=trained - began,
        ready_s=ready - trained,
        ms_p50=float(np.percentile(seconds, 50)) * 1000,
        ms_p95=float(np.percentile(seconds, 95)) * 1000,
        per_second_at_8=rate,
        rss_mb=memory,
        entities_f1=_entities(tests, told),
        by_intent=_by_intent(truth, right),
    )


def resident_mb(*processes: int) -> float:
    """Memory of these processes, or of this one."""
    pages = sum(int(Path(f"/proc/{one}/statm").read_text("utf-8").split()[1]) for one in processes or ["self"])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def calibration_error(confidence: NDArray[np.floating], right: NDArray[np.bool_]) -> float:
    """Expected calibration error over BINS of equal width."""
    bins = np.clip((confidence * BINS).astype(int), 0, BINS - 1)
    gaps = [
        abs(float(right[bins == one].mean()) - float(confidence[bins == one].mean())) * float((bins == one).mean())
        for one in np.unique(bins)
    ]
    return float(sum(gaps))


def _each(engine: Callable[[str], Understanding], texts: Sequence[str]) -> tuple[list[Understanding], list[float]]:
    told, seconds = [], []
    for text in texts:
        began = time.perf_counter()
        told.append(engine(text))
        seconds.append(time.perf_counter() - began)
    return told, seconds


def _at_once(engine: Callable[[str], Understanding], texts: Sequence[str]) -> float:
    """Parses a second with AT_ONCE callers."""
    began = time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(engine, texts))
    return len(texts) / (time.perf_counter() - began)


def _entities(tests: Sequence[Example], told: Sequence[Understanding]) -> float | None:
    """Micro F1 of exact spans with their kinds."""
    meant = [{(one.entity, one.start, one.end) for one in test.entities} for test in tests]
    if not any(meant):
        return None
    found = [{(one.entity, one.start, one.end) for one in one_told.entities} for one_told in told]
    both = sum(len(a & b) for a, b in zip(meant, found, strict=True))
    return 2 * both / (sum(map(len, meant)) + sum(map(len, found)))


def _by_intent(truth: Sequence[str], right: NDArray[np.bool_]) -> tuple[tuple[str, int, float], ...]:
    all_, good = Counter(truth), Counter(one for one, ok in zip(truth, right, strict=True) if ok)
    return tuple((one, count, good[one] / count) for one, count in sorted(all_.items()))
