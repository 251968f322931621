"""Understanding: how right, how fast and how large; Rasa beside it, trained on the same files in the same run."""

import dataclasses
from pathlib import Path

from bot import app as composition
from bot.bench import Row
from bot.settings import Settings
from nlu.evaluate import Report, evaluate

COMPARED = ("train_s", "ready_s", "ms_p50", "ms_p95", "per_second_at_8", "rss_mb")


def measure(settings: Settings, train_on: Path, judge_by: Path, peer: bool) -> list[Row]:
    """A row an engine, and ours in terms of the peer's. DataFault, RasaFailed, Unanswered."""
    names = ["inprocess", "rasa"] if peer else ["inprocess"]
    engines = {name: composition.engine_for_trial(settings, name) for name in names}
    rows = [_row(name, evaluate(engine, train_on, judge_by)) for name, engine in engines.items()]
    if peer:
        ours, theirs = rows
        ratio = {name: float(ours[name]) / float(theirs[name]) for name in COMPARED}
        rows.append({"engine": "ratio", **{name: ratio.get(name, "") for name in ours if name != "engine"}})
    return rows


def _row(engine: str, found: Report) -> Row:
    figures = dataclasses.asdict(found)
    del figures["by_intent"]
    return {"engine": engine, **{name: "" if value is None else value for name, value in figures.items()}}
