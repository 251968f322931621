"""Photos whose truth is known: are they recognised, read and refused as they should be, and how fast."""

import io
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image

from bot.bench import Row, processor_seconds
from bot.domain.photo import Report
from bot.errors import CitizenError, ConfigError
from bot.materials.eye import Eye
from bot.materials.figures import Figures
from bot.materials.judge import judge
from bot.materials.reading import Page
from bot.settings import ROOT

CODES = ("uscc", "id", "agent_id", "license_no", "valid_to")  # what must be read exactly
TODAY = date(2026, 11, 22)  # on which the documents of the set hold
_LARGE = (4000, 3000)


@dataclass(frozen=True)
class Truth:
    """`kind` is "" where it is none that we know; `fault` is "" where a person can read it."""

    name: str
    kind: str
    fault: str
    fields: Mapping[str, str]

    @property
    def is_over(self) -> bool:
        return self.fields.get("valid_to", TODAY.isoformat()) < TODAY.isoformat()


@dataclass
class Score:
    """How often it was right, of how many."""

    photos: int = 0
    right: dict[str, int] = field(default_factory=dict)
    of: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def count(self, what: str, right: bool, name: str) -> None:
        self.of[what] = self.of.get(what, 0) + 1
        self.right[what] = self.right.get(what, 0) + right
        if not right:
            self.faults.append(f"{what}: {name}")

    def share(self, what: str) -> float:
        return self.right.get(what, 0) / max(1, self.of.get(what, 0))

    def row(self, name: str) -> Row:
        p50, p95 = np.percentile(self.seconds or [0.0], [50, 95])
        shares = {
            what: f"{self.right.get(what, 0)}/{self.of.get(what, 0)}" for what in ("kind", "codes", "sound", "advice")
        }
        return {"what": name, "photos": self.photos, **shares, "p50 s": float(p50), "p95 s": float(p95)}


def large(folder: Path | None, count: int) -> list[bytes]:
    """Photos of the set that a person can read, as large as telephones make them."""
    with tempfile.TemporaryDirectory() as made:
        shots = _read(folder or _made(Path(made)))
        return [_enlarged(content) for _, content in islice((one for one in shots if not one[0].fault), count)]


def _enlarged(content: bytes) -> bytes:
    made = io.BytesIO()
    Image.open(io.BytesIO(content)).resize(_LARGE, Image.Resampling.BICUBIC).save(made, "JPEG", quality=90)
    return made.getvalue()


def measure(eye: Eye, folder: Path | None) -> list[Row]:
    """A row for each kind, one for all, and two for photos of twelve megapixels: by the clock, and by what the
    processor spent. Without a folder the photos are made.

    `sound`: of all kinds that a photo might be sent as, those as which it does not pass wrongly.
    """
    with tempfile.TemporaryDirectory() as made:
        shots = list(_read(folder or _made(Path(made))))
        scores = scored(eye, shots)
        telephones, spent = _large(eye, [content for truth, content in shots if not truth.fault][:20])
    rows = [score.row(name or "none of these") for name, score in scores.items()]
    return [*rows, telephones.row("12 megapixels"), spent.row("12 megapixels, of a processor")]


def scored(eye: Eye, shots: Iterable[tuple[Truth, bytes]]) -> dict[str, Score]:
    """By kind, and for "all" of them."""
    scores: dict[str, Score] = {"all": Score()}
    for truth, content in shots:
        began = time.perf_counter()
        figures, page = _seen(eye, content)
        took = time.perf_counter() - began
        for score in (scores["all"], scores.setdefault(truth.kind, Score())):
            score.photos += 1
            score.seconds.append(took)
            _judge(eye, score, truth, page, figures)
    return scores


def _seen(eye: Eye, content: bytes) -> tuple[Figures, Page]:
    assert eye.workers is not None
    cleaned, made = eye.clean(content)
    return cleaned.figures, eye.workers.read(made)


def _judge(eye: Eye, score: Score, truth: Truth, page: Page, figures: Figures) -> None:
    report = judge(page, figures, eye.kinds, (truth.kind,) if truth.kind else (), TODAY)
    if not truth.fault:
        score.count("kind", report.kind == truth.kind, f"{truth.name} {report.kind}")
        for code in CODES:
            if code in truth.fields:
                seen = report.fields.get(code)
                score.count("codes", seen is not None and seen.value == truth.fields[code], f"{truth.name} {code}")
    elif report.verdict == "retake":
        score.count("advice", report.reasons[0] == truth.fault, f"{truth.name} {report.reasons[0]}")
    for kind in eye.kinds.values():
        if not kind.looked_at and not kind.is_:
            sent = judge(page, figures, eye.kinds, (kind.id,), TODAY)
            score.count("sound", not _passes_wrongly(sent, kind.id, truth), f"{truth.name} as {kind.id}")


def _passes_wrongly(report: Report, sent_as: str, truth: Truth) -> bool:
    if report.verdict != "pass":
        return False
    misread = any(code in report.fields and report.fields[code].value != truth.fields.get(code, "") for code in CODES)
    return sent_as != truth.kind or truth.is_over or misread


def _large(eye: Eye, contents: list[bytes]) -> tuple[Score, Score]:
    """Photos of the size that telephones make, from the file to the text: by the clock, and of a processor."""
    clock, spent = Score(), Score()
    for content in contents:
        whole, before, began = _enlarged(content), _spent(eye), time.perf_counter()
        try:
            _seen(eye, whole)
        except CitizenError as error:
            raise ConfigError("a photo of twelve megapixels was refused") from error
        clock.seconds.append(time.perf_counter() - began)
        spent.seconds.append(_spent(eye) - before)
    clock.photos = spent.photos = len(contents)
    return clock, spent


def _spent(eye: Eye) -> float:
    """Seconds of a processor that the two processes have had so far."""
    assert eye.workers is not None
    running = [one._process for one in (eye.workers.cleaner, eye.workers.reader)]
    return sum(processor_seconds(one.pid) for one in running if one)


def _made(folder: Path) -> Path:
    maker = ROOT / "tests" / "photos" / "make.py"
    if not maker.exists():
        raise ConfigError("the photos are made by tests/photos/make.py, which is not installed: name a --folder")
    command = [sys.executable, "-m", "tests.photos.make", str(folder), "--set", "judge"]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return folder


def _read(folder: Path) -> Iterator[tuple[Truth, bytes]]:
    try:
        known = json.loads((folder / "truth.json").read_text("utf-8"))
        for one in known:
            content = (folder / f"{one['name']}.jpg").read_bytes()
            yield Truth(one["name"], one["kind"], one["fault"], one["truth"]), content
    except (OSError, ValueError, KeyError) as error:
        raise ConfigError(f"{folder}: not the photos that tests/photos/make.py makes: {error}") from error
