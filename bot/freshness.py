"""How fresh the base is and how it does: the lines of /metrics that come from the database, looked up once a minute."""

import threading
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.shelf import review_list
from bot.store.db import Store
from knowledge.errors import IndexUnusable
from knowledge.generations import PASSAGES, live

HOLDS = 60.0  # seconds
QUANTILES = (0.5, 0.9, 1.0)


class Freshness(Collector):
    """Thread-safe; a scrape between two looks costs nothing."""

    def __init__(self, store: Store, kb: Path, articles: Path) -> None:
        self._store, self._kb, self._articles = store, kb, articles
        self._lock, self._at, self._said = threading.Lock(), -HOLDS, b""
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def text(self) -> bytes:
        """The lines, at most a minute old."""
        with self._lock:
            if time.monotonic() - self._at >= HOLDS:
                self._said, self._at = generate_latest(self._registry), time.monotonic()
            return self._said

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterable[Metric]:
        now = self._store.now()
        rows = review_list(self._store, self._articles, now)
        yield GaugeMetricFamily("banshi_kb_articles", "Articles in force", value=len(rows))
        ages = [row.days for row in rows if row.days is not None]
        age = GaugeMetricFamily(
            "banshi_kb_article_age_days",
            "Days since an article was last looked at; 1 is the oldest",
            labels=["quantile"],
        )
        for quantile in QUANTILES if ages else ():
            age.add_metric([f"{quantile:g}"], float(np.quantile(ages, quantile)))
        yield age
        built = _built(self._kb)
        if built is not None:
            seconds = max(0.0, time.time() - built)
            yield GaugeMetricFamily("banshi_kb_index_age_seconds", "Since the live index was built", value=seconds)
        open_, (outcomes, votes) = self._store.read(
            lambda tables: (tables.misses.count_open(), tables.answers.counts())
        )
        yield GaugeMetricFamily("banshi_kb_misses_open", "What the base could not answer, and nobody dealt with", open_)
        yield _counter("banshi_kb_answers", "Answers kept", "outcome", outcomes)
        yield _counter("banshi_kb_votes", "Votes on answers", "vote", votes)


def _counter(name: str, what: str, label: str, counts: dict[str, int]) -> CounterMetricFamily:
    family = CounterMetricFamily(name, what, labels=[label])
    for value, count in counts.items():
        family.add_metric([value], count)
    return family


def _built(kb: Path) -> float | None:
    """When the texts of the live index were read, in seconds since 1970."""
    try:
        return (live(kb) / PASSAGES).stat().st_mtime
    except (IndexUnusable, OSError):
        return None
